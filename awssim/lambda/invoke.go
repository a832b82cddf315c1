package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"slipway/awssim/ids"
	"slipway/awssim/protocol"
)

// Payload limits in bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxSyncPayload  = 6 << 20
	maxAsyncPayload = 1 << 20
)

// ErrTimeout is the cause with which the context of an invocation ends that ran into its time limit.
var ErrTimeout = errors.New("the function's time limit is over")

// ErrOver is the cause with which the context of an invocation ends that has answered.
var ErrOver = errors.New("the invocation is over")

// Invoke runs a function and waits for its answer. It must be called inside a coroutine. functionARN may carry a version or an
// alias, and may be a bare name.
func (s *Service) Invoke(functionARN string, payload []byte) Outcome {
	out, _ := s.invoke(functionARN, payload, ids.UUID(s.clock.Rand()), maxSyncPayload)
	return out
}

// run is what is known of an invocation beside its outcome.
type run struct {
	version string
	log     []string
}

func (s *Service) invoke(functionARN string, payload []byte, requestID string, limit int) (Outcome, run) {
	e, f, _, err := s.find(functionARN)
	if err != nil {
		return refused(err), run{}
	}
	if err := checkPayload(payload, limit); err != nil {
		return refused(err), run{version: f.Version}
	}
	if reserved := e.latest.ReservedConcurrency; reserved != nil && e.running >= *reserved {
		s.counts.Throttles++
		return refused(&protocol.Error{Code: "TooManyRequestsException", Status: http.StatusTooManyRequests, Message: "Rate Exceeded."}), run{version: f.Version}
	}
	e.running++
	defer func() { e.running-- }()
	s.counts.Invocations++
	b := s.acquire(e, f)
	r := run{version: f.Version}
	out, died := s.runIn(b, f, Invocation{RequestID: requestID, ARN: functionARN, Payload: payload, LogGroup: f.LogGroup, LogStream: b.stream}, &r)
	s.release(e, b, died)
	if out.Failed() {
		s.counts.Errors++
	}
	return out, r
}

func checkPayload(payload []byte, limit int) *protocol.Error {
	switch {
	case len(payload) > limit:
		return &protocol.Error{Code: "RequestTooLargeException", Status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("The payload has %d bytes, allowed are %d.", len(payload), limit)}
	case len(payload) > 0 && !json.Valid(payload):
		return protocol.Errorf("InvalidRequestContentException", "Could not parse request body into json: the payload is not JSON.")
	}
	return nil
}

// refused is the outcome of an invocation that did not reach the function.
func refused(err error) Outcome {
	var e *protocol.Error
	if !errors.As(err, &e) {
		e = &protocol.Error{Code: "ServiceException", Status: http.StatusInternalServerError, Message: err.Error()}
	}
	status := e.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	return Outcome{Unavailable: "Lambda." + e.Code, ErrorMessage: e.Message, StatusCode: status}
}

// runIn runs the function in its sandbox between its START and REPORT lines. died says that the sandbox cannot be used again.
func (s *Service) runIn(b *sandbox, f Function, inv Invocation, r *run) (out Outcome, died bool) {
	inv.Log = func(lines ...string) {
		r.log = append(r.log, lines...)
		if s.wiring.Logs != nil && s.wiring.Logs.Put(inv.LogGroup, inv.LogStream, lines...) != nil {
			s.counts.LogFailures += len(lines)
		}
	}
	if len(inv.Payload) == 0 {
		inv.Payload = []byte("{}")
	}
	begin := s.clock.Now()
	inv.Log(fmt.Sprintf("START RequestId: %s Version: %s", inv.RequestID, f.Version))
	out = s.limited(f, inv)
	switch {
	case out.ErrorType == TimedOut:
		s.counts.Timeouts++
		inv.Log(out.ErrorMessage)
	case out.Crashed:
		s.counts.Crashes++
		inv.Log(fmt.Sprintf("RequestId: %s Error: %s", inv.RequestID, out.ErrorType))
	}
	died = out.Crashed || out.ErrorType == TimedOut
	took := s.clock.Now().Sub(begin)
	inv.Log("END RequestId: "+inv.RequestID, report(f, inv, took))
	return out, died
}

func report(f Function, inv Invocation, took time.Duration) string {
	ms := float64(took) / float64(time.Millisecond)
	return fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB", inv.RequestID, ms, (took+time.Millisecond-1)/time.Millisecond, f.MemoryMB)
}

// limited runs the function under its time limit. A handler that is still running when its time is over cannot be stopped; its
// context is cancelled, and whatever it answers later is not heard.
func (s *Service) limited(f Function, inv Invocation) Outcome {
	ctx, cancel := context.WithCancelCause(context.Background())
	inv.Context = ctx
	var out Outcome
	done := s.clock.NewSignal()
	finish := func(o Outcome, cause error) {
		if !done.Fired() {
			out = o
			cancel(cause)
			done.Fire()
		}
	}
	s.clock.Go("lambda "+f.Name, func() { finish(s.crashing(f, inv), ErrOver) })
	if !s.clock.Paced() {
		timer := s.clock.After(f.Timeout, "lambda timeout "+f.Name, func() { finish(Timeout(inv.RequestID, f.Timeout), ErrTimeout) })
		defer timer.Stop()
	}
	done.Wait()
	return out
}

// crashing runs the function under the faults that a test asks for.
func (s *Service) crashing(f Function, inv Invocation) Outcome {
	point := NoCrash
	if s.Crash != nil {
		point = s.Crash(f, inv)
	}
	if point == CrashBefore {
		return Exit(inv.RequestID, "signal: killed")
	}
	out := s.wiring.Runner.Invoke(f, inv)
	if point == CrashAfter {
		return Exit(inv.RequestID, "signal: killed")
	}
	return out
}

// The error types of an invocation that Lambda itself ended.
const (
	TimedOut  = "Sandbox.Timedout"
	ExitError = "Runtime.ExitError"
)

// Timeout is the outcome of an invocation that ran into its limit.
func Timeout(requestID string, limit time.Duration) Outcome {
	return FunctionError(TimedOut, fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", requestID, limit.Seconds()))
}

// Exit is the outcome of an invocation whose process ended; reason is such as "exit status 2" or "signal: killed".
func Exit(requestID, reason string) Outcome {
	out := FunctionError(ExitError, fmt.Sprintf("RequestId: %s Error: Runtime exited with error: %s", requestID, reason))
	out.Crashed = true
	return out
}

// FunctionError is the outcome of an invocation that the function ended with an error.
func FunctionError(errorType, message string) Outcome {
	payload, err := json.Marshal(struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}{message, errorType})
	if err != nil { // two strings always marshal
		panic(err)
	}
	return Outcome{Payload: payload, ErrorType: errorType, ErrorMessage: message, StatusCode: http.StatusOK}
}
