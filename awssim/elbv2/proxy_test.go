package elbv2_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/awssim/clock"
	"slipway/awssim/elbv2"
	"slipway/awssim/protocol"
)

// loopback is a laptop: a fast paced clock, real sockets, health checks that always pass.
type loopback struct {
	world
	http      *http.Client
	elsewhere map[int]int // set before the first request
}

// passing answers every health check. Its machine has the ports that elsewhere says in other places.
type passing struct {
	clock     *clock.Clock
	elsewhere map[int]int
}

func (n passing) Port(port int) int {
	if at, ok := n.elsewhere[port]; ok {
		return at
	}
	return port
}

func (n passing) Request(_ string, _ int, _, _ string, _ time.Duration, done func(int, error)) {
	n.clock.After(0, "answer", func() { done(200, nil) })
}

func newLoopback(t *testing.T) *loopback {
	t.Helper()
	c, elsewhere := clock.NewPaced(1000, 1), map[int]int{}
	s := elbv2.New(c, protocol.Default, passing{c, elsewhere}, nil)
	ran, served := make(chan struct{}), make(chan error, 1)
	running, stop := context.WithCancel(ctx)
	serving, shut := context.WithCancel(ctx)
	go func() { c.Run(running); close(ran) }()
	go func() {
		served <- s.Serve(serving, func(int) (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") })
	}()
	t.Cleanup(func() {
		shut()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if left := s.Endpoints(); len(left) > 0 {
			t.Errorf("still open after Serve: %v", left)
		}
		stop()
		<-ran
	})
	l := &loopback{world: world{t: t, clock: c, service: s, client: newClient(c, s)}, elsewhere: elsewhere}
	l.http = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	l.lb = balancer(t, l.client, "shop")
	return l
}

// url is where a listener is served. Serve opens sockets in a turn of its own, so this asks until it has run.
func (l *loopback) url(listener string) string {
	l.t.Helper()
	for {
		for _, e := range l.service.Endpoints() {
			if e.ListenerARN == listener && e.Address != "" {
				return "http://" + e.Address
			}
		}
		l.clock.Do("wait", func() { l.clock.Sleep(time.Second) })
	}
}

func (l *loopback) get(url string) (*http.Response, string) {
	l.t.Helper()
	r, err := l.http.Get(url)
	if err != nil {
		l.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return r, string(body)
}

// target starts a real server and registers it.
func (l *loopback) target(group string, h http.HandlerFunc) (address string, port int) {
	l.t.Helper()
	server := httptest.NewServer(h)
	l.t.Cleanup(server.Close)
	address, text, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		l.t.Fatal(err)
	}
	port, err = strconv.Atoi(text)
	if err != nil {
		l.t.Fatal(err)
	}
	l.clock.Do("register", func() { err = l.service.Register(group, address, port, "") })
	if err != nil {
		l.t.Fatal(err)
	}
	l.clock.Do("become healthy", func() { l.clock.Sleep(5 * time.Second) })
	return address, port
}

func TestProxyToTarget(t *testing.T) {
	l := newLoopback(t)
	g := l.group("web", nil)
	seen := make(chan *http.Request, 1)
	l.target(g, func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		w.Header().Set("X-From", "target")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, "meow")
	})
	url := l.url(l.listener(80, forward(g)))
	request, err := http.NewRequest("GET", url+"/a%2Fb?x=1;y", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "shop.example.com"
	request.Header.Set("X-Forwarded-For", "203.0.113.7")
	answer, err := l.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusTeapot || string(body) != "meow" || answer.Header.Get("X-From") != "target" {
		t.Errorf("got %d %q %v", answer.StatusCode, body, answer.Header)
	}
	r := <-seen
	got := []string{r.RequestURI, r.Host, r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-Port")}
	want := []string{"/a%2Fb?x=1;y", "shop.example.com", "203.0.113.7, 127.0.0.1", "http", "80"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the target saw %q, want %q", got, want)
	}
	if !strings.HasPrefix(r.Header.Get("X-Amzn-Trace-Id"), "Root=1-") {
		t.Errorf("trace id %q", r.Header.Get("X-Amzn-Trace-Id"))
	}
}

// A port that a user may not bind lies elsewhere, and the network knows where.
func TestProxyAsksTheNetworkForThePort(t *testing.T) {
	l := newLoopback(t)
	g := l.group("web", nil)
	address, port := l.target(g, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "meow") })
	l.elsewhere[81] = port
	var err error
	l.clock.Do("register", func() {
		if err = l.service.Deregister(g, address, port); err == nil {
			err = l.service.Register(g, address, 81, "")
		}
		l.clock.Sleep(5 * time.Second)
	})
	if err != nil {
		t.Fatal(err)
	}
	if r, body := l.get(l.url(l.listener(80, forward(g)))); r.StatusCode != 200 || body != "meow" {
		t.Errorf("got %d %q, want the target's own answer", r.StatusCode, body)
	}
}

func TestProxyAnswersItself(t *testing.T) {
	l := newLoopback(t)
	g := l.group("web", nil)
	listener := l.listener(80, forward(g))
	l.rule(listener, 1, fixed("404", "nothing here"), path("/none"))
	url := l.url(listener)
	if r, body := l.get(url + "/none"); r.StatusCode != 404 || body != "nothing here" || r.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("fixed response: got %d %q %v", r.StatusCode, body, r.Header)
	}
	if r, _ := l.get(url); r.StatusCode != 503 || r.Header.Get("Server") != "awselb/2.0" {
		t.Errorf("no target: got %d %v", r.StatusCode, r.Header)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	l.clock.Do("register", func() { err = l.service.Register(g, "127.0.0.1", port, "") })
	if err != nil {
		t.Fatal(err)
	}
	if r, _ := l.get(url); r.StatusCode != 502 {
		t.Errorf("nobody listens at the target: got %d", r.StatusCode)
	}
}

func TestRedirectLeadsToTheRealSocket(t *testing.T) {
	l := newLoopback(t)
	g := l.group("web", nil)
	l.target(g, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Forwarded-Proto"), " ", r.URL.Path)
	})
	secure, err := l.client.CreateListener(ctx, &elb.CreateListenerInput{LoadBalancerArn: &l.lb, Protocol: types.ProtocolEnumHttps, Port: new(int32(443)),
		Certificates: []types.Certificate{{CertificateArn: new("arn:aws:acm:eu-west-1:123456789012:certificate/c")}}, DefaultActions: forward(g)})
	if err != nil {
		t.Fatal(err)
	}
	plain := l.listener(80, []types.Action{{Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{
		StatusCode: types.RedirectActionStatusCodeEnumHttp301, Protocol: new("HTTPS"), Port: new("443")}}})
	r, _ := l.get(l.url(plain) + "/cart?id=1")
	want := l.url(*secure.Listeners[0].ListenerArn) + "/cart?id=1"
	if got := r.Header.Get("Location"); r.StatusCode != 301 || got != want {
		t.Fatalf("got %d to %q, want 301 to %q", r.StatusCode, got, want)
	}
	if _, body := l.get(want); body != "https /cart" {
		t.Errorf("got %q, want the target told that the client spoke https", body)
	}
}

func TestRequestUnderWaySurvivesDraining(t *testing.T) {
	l := newLoopback(t)
	g := l.group("web", nil)
	arrived, finish := make(chan struct{}), make(chan struct{})
	address, port := l.target(g, func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-finish
		fmt.Fprint(w, "done")
	})
	url := l.url(l.listener(80, forward(g)))
	slow := make(chan string, 1)
	go func() {
		r, err := l.http.Get(url)
		if err != nil {
			slow <- err.Error()
			return
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		slow <- fmt.Sprint(r.StatusCode, " ", string(body))
	}()
	<-arrived
	var err error
	l.clock.Do("deregister", func() { err = l.service.Deregister(g, address, port) })
	if err != nil {
		t.Fatal(err)
	}
	if r, _ := l.get(url); r.StatusCode != 503 {
		t.Errorf("a new request went to the draining target: got %d", r.StatusCode)
	}
	close(finish)
	if got := <-slow; got != "200 done" {
		t.Errorf("got %q, want the request under way finished", got)
	}
}

func TestDeletedListenerClosesItsSocket(t *testing.T) {
	l := newLoopback(t)
	listener := l.listener(80, fixed("200", "here"))
	url := l.url(listener)
	l.get(url)
	if _, err := l.client.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: &listener}); err != nil {
		t.Fatal(err)
	}
	l.http.CloseIdleConnections()
	if r, err := l.http.Get(url); err == nil {
		r.Body.Close()
		t.Errorf("the deleted listener answered %d", r.StatusCode)
	}
}

func TestEndpointTellsWhyThereIsNoSocket(t *testing.T) {
	c := clock.NewPaced(1000, 1)
	s := elbv2.New(c, protocol.Default, passing{clock: c}, nil)
	running, stop := context.WithCancel(ctx)
	ran, served := make(chan struct{}), make(chan struct{})
	go func() { c.Run(running); close(ran) }()
	go func() {
		defer close(served)
		_ = s.Serve(running, func(int) (net.Listener, error) { return nil, errors.New("the port is taken") })
	}()
	client := newClient(c, s)
	lb := balancer(t, client, "shop")
	if _, err := client.CreateListener(ctx, &elb.CreateListenerInput{LoadBalancerArn: &lb, Protocol: types.ProtocolEnumHttp, Port: new(int32(80)), DefaultActions: fixed("200", "")}); err != nil {
		t.Fatal(err)
	}
	for len(s.Endpoints()) == 0 {
		c.Do("wait", func() { c.Sleep(time.Second) })
	}
	if e := s.Endpoints()[0]; e.Problem != "the port is taken" || e.Address != "" || e.LoadBalancer != "shop" || e.Port != 80 {
		t.Errorf("got %+v", e)
	}
	stop()
	<-served
	<-ran
}

func TestServeRefusesAVirtualClock(t *testing.T) {
	if err := newWorld(t).service.Serve(ctx, nil); err == nil {
		t.Fatal("sockets on a virtual clock must be an error")
	}
}
