package elbv2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The sockets of a laptop. Everything in this file but front.serve and front.close runs on ordinary goroutines and comes to
// the state of the service only through turns. The limits of sockets are wall time: a process does not get faster because
// the clock does.

const (
	connectTimeout = 10 * time.Second // of a connection to a target (Application Load Balancers guide, "HTTP 504")
	headerTimeout  = 60 * time.Second // of a client that does not finish its request's head
)

// Endpoint tells where a listener of a load balancer is reached on this machine.
type Endpoint struct {
	LoadBalancer string // name
	DNSName      string
	ListenerARN  string
	Protocol     string // HTTP or HTTPS; either speaks plain HTTP here
	Port         int    // of the listener
	Address      string // host:port of the real socket; "" with a Problem
	Problem      string // why there is no socket
}

// front holds the sockets. Its own lock guards it, because the clock may have stopped when they are closed.
type front struct {
	mu      sync.Mutex
	ctx     context.Context // of Serve; nil while nobody serves
	listen  func(port int) (net.Listener, error)
	open    map[string]*socket // by listener ARN
	running sync.WaitGroup
}

type socket struct {
	endpoint Endpoint
	listener net.Listener
	server   *http.Server
}

// Serve gives every listener a socket, those of today and those created later, and proxies to the targets until ctx is done;
// then it closes all of them and returns nil. listen opens the socket for a port: where a port is privileged or taken it may
// answer with another, which Endpoints tells. A socket that cannot be opened is the endpoint's Problem, not an error.
// It is called on a goroutine of its own while a paced clock runs; it returns an error on a virtual clock and when called twice.
func (s *Service) Serve(ctx context.Context, listen func(port int) (net.Listener, error)) error {
	if !s.clock.Paced() {
		return errors.New("elbv2: sockets need a paced clock; use Request in virtual time")
	}
	f := &s.front
	f.mu.Lock()
	if f.ctx != nil {
		f.mu.Unlock()
		return errors.New("elbv2: the listeners are served already")
	}
	f.ctx, f.listen = ctx, listen
	f.mu.Unlock()
	s.clock.Post("elbv2 serve", func() {
		for _, l := range sorted(s.listeners) {
			f.serve(s, l)
		}
	})
	<-ctx.Done()
	f.shut()
	return nil
}

// Endpoints lists the served listeners by load balancer and port. It may be called from any goroutine.
func (s *Service) Endpoints() []Endpoint {
	s.front.mu.Lock()
	defer s.front.mu.Unlock()
	list := make([]Endpoint, 0, len(s.front.open))
	for _, socket := range s.front.open {
		list = append(list, socket.endpoint)
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].LoadBalancer != list[j].LoadBalancer {
			return list[i].LoadBalancer < list[j].LoadBalancer
		}
		return list[i].Port < list[j].Port
	})
	return list
}

// serve opens the socket of a listener, in a turn. It does nothing while nobody serves or the socket is open.
func (f *front) serve(s *Service, l *listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ctx == nil || f.ctx.Err() != nil || f.open[l.arn()] != nil {
		return
	}
	k := &socket{endpoint: Endpoint{
		LoadBalancer: l.balancer.name(), DNSName: *l.balancer.shape.DNSName, ListenerARN: l.arn(), Protocol: string(l.shape.Protocol), Port: l.port(),
	}}
	f.open[l.arn()] = k
	var err error
	if k.listener, err = f.listen(l.port()); err != nil {
		k.endpoint.Problem = err.Error()
		return
	}
	k.endpoint.Address = k.listener.Addr().String()
	ctx, arn := f.ctx, l.arn()
	k.server = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.proxy(w, r, arn) }),
		ReadHeaderTimeout: headerTimeout,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          silent,
	}
	f.running.Go(func() { _ = k.server.Serve(k.listener) }) // always ErrServerClosed or a closed socket: both are ours
}

// silent swallows what net/http says of clients and targets that hang up; clients see it as a status.
var silent = log.New(io.Discard, "", 0)

// close closes the socket of a listener, in a turn. Requests under way are finished.
func (f *front) close(l *listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := f.open[l.arn()]
	delete(f.open, l.arn())
	if k == nil || k.server == nil {
		return
	}
	_ = k.listener.Close() // at once, because the next listener may want the port
	ctx := f.ctx
	f.running.Go(func() {
		if k.server.Shutdown(ctx) != nil {
			_ = k.server.Close()
		}
	})
}

// shut closes everything, requests under way too, and returns when the last goroutine is gone.
func (f *front) shut() {
	f.mu.Lock()
	for arn, k := range f.open {
		if k.server != nil {
			_ = k.server.Close()
			_ = k.listener.Close()
		}
		delete(f.open, arn)
	}
	f.mu.Unlock()
	f.running.Wait()
	f.mu.Lock()
	f.ctx = nil
	f.mu.Unlock()
}

// port is the real port of a listener's socket, 0 without one.
func (f *front) port(l *listener) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := f.open[l.arn()]
	if k == nil || k.listener == nil {
		return 0
	}
	if a, ok := k.listener.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}

// decision is what a turn says about a request.
type decision struct {
	target   Target // its port is the one to dial
	action   Action
	protocol string // of the listener, in lower case
	port     int    // of the listener
	idle     time.Duration
	trace    string
}

// decide routes a request in a turn. ok is false when the listener is gone or ctx is done first, for then the clock may have
// stopped and nobody would answer.
func (s *Service) decide(ctx context.Context, arn string, in *inbound) (d decision, ok bool) {
	answer := make(chan *decision, 1)
	s.clock.Post("elbv2 route", func() {
		l, there := s.listeners[arn]
		if !there {
			answer <- nil
			return
		}
		t, a, to := s.route(l, in)
		if a.Location != "" {
			a.Location = s.here(l, in, to).String()
		}
		if ports, moved := s.network.(Ports); moved {
			t.Port = ports.Port(t.Port)
		}
		trace := fmt.Sprintf("Root=1-%08x-%016x%08x", s.clock.Now().Unix(), s.clock.Rand().Uint64(), s.clock.Rand().Uint32())
		answer <- &decision{target: t, action: a, protocol: strings.ToLower(string(l.shape.Protocol)), port: l.port(), idle: l.idle(), trace: trace}
	})
	select {
	case found := <-answer:
		if found == nil {
			return d, false
		}
		return *found, true
	case <-ctx.Done():
		return d, false
	}
}

// here turns a redirect to a listener of the same load balancer into one to its socket on this machine, which has another
// port and speaks plain HTTP. Redirects to elsewhere stay as they are.
func (s *Service) here(l *listener, in *inbound, to location) location {
	if to.host != in.hostname() {
		return to
	}
	for _, other := range s.listenersOf(l.balancer.arn()) {
		if port := s.front.port(other); port != 0 && strconv.Itoa(other.port()) == to.port {
			to.protocol, to.port = "http", strconv.Itoa(port)
			return to
		}
	}
	return to
}

// proxy answers one request of a client.
func (s *Service) proxy(w http.ResponseWriter, r *http.Request, arn string) {
	in := &inbound{method: r.Method, host: r.Host, path: r.URL.EscapedPath(), query: r.URL.RawQuery, header: r.Header}
	d, ok := s.decide(r.Context(), arn, in)
	switch {
	case !ok:
		own(w, Action{StatusCode: http.StatusServiceUnavailable, ContentType: "text/html", Body: page5xx(http.StatusServiceUnavailable)})
	case d.action.StatusCode != 0:
		own(w, d.action)
	default:
		d.proxy().ServeHTTP(w, r)
	}
}

// proxy makes the way of one request to its target. A connection per request keeps Go from trying again on another one, which
// a load balancer does not do, and leaves no idle connection to a target that drains.
func (d decision) proxy() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite: d.rewrite,
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: connectTimeout}).DialContext,
			ResponseHeaderTimeout: d.idle,
			DisableKeepAlives:     true,
			DisableCompression:    true,
		},
		FlushInterval: -1, // streams pass at once
		ErrorLog:      silent,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			status := gatewayStatus(err)
			own(w, Action{StatusCode: status, ContentType: "text/html", Body: page5xx(status)})
		},
	}
}

// rewrite sets the headers that a target sees (Application Load Balancers guide, "HTTP headers and Application Load
// Balancers"): X-Forwarded-For is appended to, and the client's Host stays, as it does when nobody sets Out.Host.
func (d decision) rewrite(p *httputil.ProxyRequest) {
	out := p.Out
	out.URL.Scheme = "http"
	out.URL.Host = net.JoinHostPort(d.target.Address, strconv.Itoa(d.target.Port))
	out.URL.RawQuery = p.In.URL.RawQuery // also where Go cannot parse it
	client, _, _ := net.SplitHostPort(p.In.RemoteAddr)
	chain := append(slices.Clone(p.In.Header.Values("X-Forwarded-For")), client)
	out.Header.Set("X-Forwarded-For", strings.Join(chain, ", "))
	out.Header.Set("X-Forwarded-Proto", d.protocol)
	out.Header.Set("X-Forwarded-Port", strconv.Itoa(d.port))
	if out.Header.Get("X-Amzn-Trace-Id") == "" {
		out.Header.Set("X-Amzn-Trace-Id", d.trace)
	}
}

// own writes an answer that the load balancer gives itself.
func own(w http.ResponseWriter, a Action) {
	w.Header().Set("Server", "awselb/2.0")
	if a.ContentType != "" {
		w.Header().Set("Content-Type", a.ContentType)
	}
	if a.Location != "" {
		w.Header().Set("Location", a.Location)
	}
	w.WriteHeader(a.StatusCode)
	_, _ = io.WriteString(w, a.Body) // a client that hung up misses it
}

func page5xx(status int) string {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	return "<html><head><title>" + title + "</title></head><body><center><h1>" + title + "</h1></center></body></html>\n"
}
