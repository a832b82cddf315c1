package awssim

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strings"

	"slipway/awssim/ids"
	"slipway/awssim/protocol"
)

// maxBody is the largest request of an API: PutEvents and SendMessage take 1 MiB, Invoke 6 MB. The registry has its own bounds.
const maxBody = 8 << 20

// asked says what a request asks for.
type asked struct {
	service   string
	operation string
	serve     func(w http.ResponseWriter, r *http.Request, body []byte, requestID string) // nil: nobody answers it
	refuse    func(w http.ResponseWriter, requestID string, err error)
}

// ServeHTTP answers any request to any of the services. On a paced clock it may be called from every goroutine; on a virtual one
// by the goroutine that drives the clock, or inside a coroutine's turn.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isRegistry(r) {
		s.registry.ServeHTTP(w, r) // large and slow bodies: it takes turns for itself
		return
	}
	body, err := protocol.ReadBody(r, maxBody)
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	answer := newAnswer()
	s.inTurn("api "+r.URL.Path, func() {
		s.answer(s.route(r, body), answer, r, body)
		answer.header.Set("Date", s.Clock.Now().UTC().Format(http.TimeFormat)) // else net/http writes the wall clock's
	})
	answer.writeTo(w)
}

// isRegistry reports whether a request is for the container registry.
func isRegistry(r *http.Request) bool {
	return r.URL.Path == "/v2" || strings.HasPrefix(r.URL.Path, "/v2/")
}

// inTurn runs fn in the current turn, or in one of its own when the caller is outside the clock.
func (s *Sim) inTurn(name string, fn func()) {
	if !s.Clock.Paced() && s.Clock.InCoroutine() {
		fn()
		return
	}
	s.Clock.Do(name, fn)
}

// answer serves one request inside a turn. A bug in a handler costs a laptop this one answer, and a test its run.
func (s *Sim) answer(a asked, w *answer, r *http.Request, body []byte) {
	requestID := ids.UUID(s.Clock.Rand())
	if s.Clock.Paced() {
		defer func() {
			if p := recover(); p != nil {
				w.reset()
				a.refuse(w, requestID, protocol.Crashed(p, a.service+" "+a.operation))
			}
		}()
	}
	if a.serve == nil {
		a.refuse(w, requestID, &protocol.Error{Code: "UnknownOperationException", Status: http.StatusNotImplemented, Message: s.unknown(r, a)})
		return
	}
	if err := s.authorize(a, r, body); err != nil {
		a.refuse(w, requestID, err)
		return
	}
	a.serve(w, r, body, requestID)
}

func (s *Sim) unknown(r *http.Request, a asked) string {
	for _, api := range s.apis {
		if isForm(r) && protocol.Scope(r) == api.Service { // clients from before November 2023 ask SQS so
			return fmt.Sprintf("awssim speaks JSON for %s, not the Query protocol of older clients: use an aws CLI from 1.29.81 or 2.13.33, or boto3 from 1.28.81", api.Service)
		}
	}
	return fmt.Sprintf("awssim knows no service for %s %s (%s %s); it has %s", r.Method, r.URL.Path, a.service, a.operation, strings.Join(s.Services(), ", "))
}

// Services are the services that have an API, sorted by their endpoint prefix.
func (s *Sim) Services() []string {
	names := make([]string, 0, len(s.apis))
	for _, api := range s.apis {
		names = append(names, api.Service)
	}
	sort.Strings(names)
	return names
}

// route finds the service of a request: by X-Amz-Target, by the paths of REST services, or by the Version of a Query form.
func (s *Sim) route(r *http.Request, body []byte) (a asked) {
	if s.Clock.Paced() {
		defer func() {
			if p := recover(); p != nil {
				err := protocol.Crashed(p, "the way of "+r.Method+" "+r.URL.Path)
				a = asked{refuse: func(w http.ResponseWriter, id string, _ error) { jsonErrors.WriteError(w, id, err) }}
			}
		}()
	}
	if isRegistry(r) {
		return asked{service: "registry", operation: r.Method, refuse: jsonErrors.WriteError}
	}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		prefix, operation, _ := strings.Cut(target, ".")
		return s.find(prefix, operation)
	}
	for _, api := range s.apis {
		// The credential's scope tells whose request it is where no path does.
		if api.Format == protocol.REST && (api.Route(r).Operation != "" || protocol.Scope(r) == api.Service) {
			return asked{service: api.Service, operation: api.Operation(r, body), serve: api.Serve, refuse: api.WriteError}
		}
	}
	if isForm(r) {
		form, _ := url.ParseQuery(string(body))
		a := s.find(form.Get("Version"), form.Get("Action"))
		if a.serve == nil {
			a.refuse = queryErrors.WriteError
		}
		return a
	}
	return s.find("", r.Method)
}

// find looks for an API by its X-Amz-Target prefix or Query version.
func (s *Sim) find(target, operation string) asked {
	for _, api := range s.apis {
		if target != "" && api.Target == target {
			return asked{service: api.Service, operation: operation, serve: api.Serve, refuse: api.WriteError}
		}
	}
	return asked{service: target, operation: operation, refuse: jsonErrors.WriteError}
}

func isForm(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// jsonErrors and queryErrors write errors for requests of no service.
var (
	jsonErrors  = &protocol.API{Format: protocol.JSON11}
	queryErrors = &protocol.API{Format: protocol.Query}
)

// answer is a response that is made inside a turn and written outside it.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{header: http.Header{}} }

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// reset forgets what was written.
func (a *answer) reset() { *a = *newAnswer() }

func (a *answer) writeTo(w http.ResponseWriter) {
	for key, values := range a.header {
		w.Header()[key] = values
	}
	a.WriteHeader(http.StatusOK)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}
