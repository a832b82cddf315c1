package awssim

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sort"
	"time"

	"slipway/awssim/ids"
	"slipway/awssim/protocol"
)

// Call is a request of a Client on its way to a service.
type Call struct {
	Service, Operation string // endpoint prefix and name: "ecs", "UpdateService"
	Principal          string // access key id
	Input              []byte
	Number             int // counts the calls of all clients, from 1
	At                 time.Time
}

// Fault is what befalls a call. One with neither Error nor Broken only delays it.
type Fault struct {
	Error  *protocol.Error // answered instead of the operation's own answer
	Broken bool            // the connection breaks: the caller sees ErrConnection
	After  bool            // the failing call has had its effect; otherwise it has none
	Delay  time.Duration   // added to the latency of the call, before its effect
}

func (f Fault) fails() bool { return f.Error != nil || f.Broken }

// ErrConnection is what a caller sees of a call whose connection broke.
var ErrConnection = errors.New("awssim: connection reset by peer")

// Tally counts the calls of one operation.
type Tally struct {
	Service, Operation string
	Calls              int
	Errors             int // answered with an error, or not answered
}

// Client is the HTTP client of an SDK that reaches the handler without a socket. Each call takes a latency of 2 to 20 ms
// of the clock's time: a call that costs no time would let loops spin without end in virtual time.
type Client struct{ sim *Sim }

// HTTPClient returns a client. All clients share the Sim's counts and its Fault.
func (s *Sim) HTTPClient() *Client { return &Client{s} }

// Do answers the request. On a virtual clock it is called in a coroutine's turn or by the goroutine that drives the clock, on a
// paced one by any goroutine outside the turns.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	body, err := protocol.ReadBody(r, maxBody)
	if err != nil {
		return nil, err
	}
	e := &exchange{sim: c.sim, request: r, body: body, answer: newAnswer()}
	for _, step := range []func() error{e.send, e.serve, e.receive} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return e.answer.response(r), nil
}

// exchange is one request and its answer, in three steps that take their own turns.
type exchange struct {
	sim     *Sim
	request *http.Request
	body    []byte
	asked   asked
	tally   *Tally
	fault   Fault
	latency time.Duration
	answer  *answer
}

// send counts the call and takes the first half of its latency. The caller may have given up before the request arrives.
func (e *exchange) send() (err error) {
	s := e.sim
	s.inTurn("client "+e.request.URL.Path, func() {
		e.asked = s.route(e.request, e.body)
		e.tally = s.tally(e.asked)
		e.tally.Calls++
		e.fault = s.faultOf(Call{Service: e.asked.service, Operation: e.asked.operation, Principal: protocol.AccessKey(e.request), Input: e.body})
		e.latency = time.Duration(2+s.Clock.Rand().IntN(19)) * time.Millisecond
		s.Clock.Sleep(e.latency/2 + e.fault.Delay)
		if err = context.Cause(e.request.Context()); err != nil {
			e.tally.Errors++
		}
	})
	return err
}

// serve has the effect of the call, unless its fault comes first.
func (e *exchange) serve() error {
	switch {
	case e.fault.fails() && !e.fault.After:
	case isRegistry(e.request):
		r := e.request.Clone(e.request.Context())
		r.Body = io.NopCloser(bytes.NewReader(e.body))
		e.sim.registry.ServeHTTP(e.answer, r)
	default:
		e.sim.inTurn("client "+e.request.URL.Path, func() { e.sim.answer(e.asked, e.answer, e.request, e.body) })
	}
	return nil
}

// receive takes the second half of the latency and puts the fault in place of the answer.
func (e *exchange) receive() (err error) {
	s := e.sim
	s.inTurn("client "+e.request.URL.Path, func() {
		s.Clock.Sleep(e.latency - e.latency/2)
		if e.fault.Error != nil {
			e.answer = newAnswer()
			e.asked.refuse(e.answer, ids.UUID(s.Clock.Rand()), e.fault.Error)
		}
		err = context.Cause(e.request.Context())
		if err == nil && e.fault.Broken {
			err = ErrConnection
		}
		if err != nil || e.answer.status >= http.StatusBadRequest {
			e.tally.Errors++
		}
	})
	return err
}

// faultOf numbers a call and asks the test what befalls it.
func (s *Sim) faultOf(call Call) Fault {
	s.calls++
	if s.Fault == nil {
		return Fault{}
	}
	call.Number, call.At = s.calls, s.Clock.Now()
	if f := s.Fault(call); f != nil {
		return *f
	}
	return Fault{}
}

func (a *answer) response(r *http.Request) *http.Response {
	a.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body.Bytes())), ContentLength: int64(a.body.Len()), Request: r,
	}
}

func (s *Sim) tally(a asked) *Tally {
	key := [2]string{a.service, a.operation}
	if s.tallies[key] == nil {
		s.tallies[key] = &Tally{Service: a.service, Operation: a.operation}
	}
	return s.tallies[key]
}

// Calls counts what clients have called so far, sorted by service and operation.
func (s *Sim) Calls() []Tally {
	list := make([]Tally, 0, len(s.tallies))
	for _, t := range s.tallies {
		list = append(list, *t)
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Service != list[j].Service {
			return list[i].Service < list[j].Service
		}
		return list[i].Operation < list[j].Operation
	})
	return list
}
