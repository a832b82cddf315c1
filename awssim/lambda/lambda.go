// Package lambda is AWS Lambda: functions with versions and aliases, synchronous and asynchronous invocations, sandboxes, and
// the logs of each invocation.
//
//   - functions.go: what a function is, its versions, how it is found
//   - operations.go, configuration.go, aliases.go, permissions.go, async_config.go: the API
//   - rest.go: the paths of the API, and Invoke over HTTP
//   - invoke.go, sandbox.go: one invocation, its time limit and its sandbox
//   - async.go, record.go: the queue of asynchronous invocations, its retries and destinations
//   - handlers.go: running handlers inside this process; runtimeapi/ runs real binaries
//
// What is not here: images, layers, zip files (a function names its code, a Runner knows how to run it), event source
// mappings, function URLs, provisioned concurrency, response streaming.
package lambda

import (
	"context"

	"slipway/awssim/clock"
	"slipway/awssim/events/delivery"
	"slipway/awssim/protocol"
)

// EventBus takes the records of asynchronous invocations whose destination is the default event bus.
type EventBus interface {
	Emit(source, detailType string, resources []string, detail any)
}

// Logs takes the lines of an invocation. An unknown group is an error: whoever creates a function creates its group.
type Logs interface {
	Put(group, stream string, lines ...string) error
}

// Runner runs a function's code. Invoke is called inside a coroutine and may Sleep or Await.
//
// On a virtual clock the service keeps the function's time limit, and cancels the invocation's context when it is over. On a
// paced clock the Runner keeps it, since the limits of processes do not scale with the clock.
type Runner interface {
	Invoke(f Function, inv Invocation) Outcome
}

// Ender is a Runner that keeps something of a sandbox between its invocations. End is called in a turn when the service has ended
// the sandbox that writes to a log stream, idle or dead: nothing will run in it any more.
type Ender interface{ End(logStream string) }

// Invocation is one run of a function.
type Invocation struct {
	Context   context.Context // cancelled when the invocation is over; without a deadline
	RequestID string
	ARN       string // as invoked, with its qualifier
	Payload   []byte
	LogGroup  string
	LogStream string                // one per sandbox, and no other has it
	Log       func(lines ...string) // must be called in a turn
}

// Outcome is what came of an invocation.
type Outcome struct {
	Payload                 []byte // JSON; of a function error {"errorMessage","errorType"}
	ErrorType, ErrorMessage string // of a function error, both "" for success
	StatusCode              int    // 200; of a service error its HTTP status
	Unavailable             string // the code of a service error such as "Lambda.TooManyRequestsException": the function did not run
	Crashed                 bool   // the process died, at a panic after it had reported it: its sandbox is not used again
}

// Failed reports whether the function ran and ended in an error.
func (o Outcome) Failed() bool { return o.ErrorType != "" }

// Wiring is what the service needs from others. Logs, Bus and the fields of Targets may be set until the first invocation.
type Wiring struct {
	Runner  Runner
	Logs    Logs              // nil: lines are dropped
	Bus     EventBus          // nil: event bus destinations are lost
	Targets *delivery.Targets // the other destinations
}

// CrashPoint is where a sandbox dies by fault injection.
type CrashPoint int

const (
	NoCrash     CrashPoint = iota
	CrashBefore            // before the handler runs
	CrashAfter             // after all its effects, before its answer
)

// Counts is what happened so far.
type Counts struct {
	Invocations, ColdStarts           int
	Errors, Throttles                 int
	Timeouts, Crashes                 int
	AsyncQueued, AsyncRetries         int
	AsyncGivenUp, DestinationFailures int
	LogFailures                       int // lines that the log group refused
}

// Service is Lambda of one account and region.
type Service struct {
	clock     *clock.Clock
	id        protocol.Identity
	wiring    *Wiring
	functions map[string]*entry
	counts    Counts

	// Crash decides whether a sandbox dies in an invocation; nil spares them all.
	Crash func(f Function, inv Invocation) CrashPoint
	// Copies is how often an asynchronous event is taken from the queue: 0 for an event that AWS drops under load, 2 for one
	// that it delivers twice; nil is 1.
	Copies func(f Function, payload []byte) int
}

// New returns Lambda without functions.
func New(c *clock.Clock, id protocol.Identity, wiring *Wiring) *Service {
	return &Service{clock: c, id: id, wiring: wiring, functions: map[string]*entry{}}
}

// Counts is what happened so far.
func (s *Service) Counts() Counts { return s.counts }
