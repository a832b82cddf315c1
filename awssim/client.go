package awssim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sort"
	"time"

	"slipway/awssim/events/delivery"
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
var ErrConnection = fmt.Errorf("awssim: connection reset by peer")

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

// Do answers the request. It is called in a coroutine's turn, or outside the clock as Clock.Do is.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	body, err := protocol.ReadBody(r, maxBody)
	if err != nil {
		return nil, err
	}
	var response *http.Response
	c.sim.inTurn("client "+r.URL.Path, func() { response, err = c.roundTrip(r, body) })
	return response, err
}

func (c *Client) roundTrip(r *http.Request, body []byte) (*http.Response, error) {
	s := c.sim
	a := s.route(r, body)
	tally := s.tally(a)
	tally.Calls++
	fault := s.faultOf(Call{Service: a.service, Operation: a.operation, Principal: protocol.AccessKey(r), Input: body})
	latency := time.Duration(2+s.Clock.Rand().IntN(19)) * time.Millisecond
	s.Clock.Sleep(latency/2 + fault.Delay)
	if err := context.Cause(r.Context()); err != nil {
		tally.Errors++
		return nil, err // it gave up before the request arrived
	}
	answer := newAnswer()
	if !fault.fails() || fault.After {
		s.answer(answer, r, body)
	}
	s.Clock.Sleep(latency - latency/2)
	if fault.fails() {
		answer = newAnswer()
		if fault.Error != nil {
			a.refuse(answer, delivery.NewID(s.Clock.Rand()), fault.Error)
		}
	}
	err := context.Cause(r.Context())
	if err == nil && fault.Broken {
		err = ErrConnection
	}
	if err != nil || answer.status >= http.StatusBadRequest {
		tally.Errors++
	}
	if err != nil {
		return nil, err
	}
	return answer.response(r), nil
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
