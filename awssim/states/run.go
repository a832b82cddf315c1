package states

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/awssim/clock"
)

// run is one life of an execution: from its start, or from a redrive, to its end.
type run struct {
	x       *execution
	machine *machine
	engine  *engine
	root    *group
	timeout *clock.Timer
}

// stopped is what a thread returns when its group has ended: nothing is left to record.
var stopped = &failure{name: "stopped"}

// group is a set of threads that end together: the run's own, and one for each Map or Parallel state in progress.
type group struct {
	over   bool
	parked []*clock.Signal
	inner  []*group
}

// kill ends every thread of the group. Those that are parked wake, see it and unwind.
func (g *group) kill() {
	g.over = true
	for _, sig := range g.parked {
		sig.Fire()
	}
	for _, in := range g.inner {
		in.kill()
	}
}

func (g *group) child() *group {
	in := &group{over: g.over}
	g.inner = append(g.inner, in)
	return in
}

func (g *group) release(in *group) {
	for i, x := range g.inner {
		if x == in {
			g.inner = append(g.inner[:i], g.inner[i+1:]...)
			return
		}
	}
}

// wait parks the coroutine until sig fires. It is false when the group ended meanwhile.
func (g *group) wait(sig *clock.Signal) bool {
	if g.over {
		return false
	}
	g.parked = append(g.parked, sig)
	sig.Wait()
	for i, x := range g.parked {
		if x == sig {
			g.parked = append(g.parked[:i], g.parked[i+1:]...)
			break
		}
	}
	return !g.over
}

// thread walks one flow: the machine, an iteration of a Map or a branch of a Parallel.
type thread struct {
	run   *run
	group *group
	vars  *scope
	prev  int64          // id of the event that the next one follows
	item  map[string]any // Map of the context object, inside an iteration
	top   bool
}

func (t *thread) clock() *clock.Clock { return t.run.x.service.clock }

// sleep is false when the thread's group ended before d had passed.
func (t *thread) sleep(name string, d time.Duration) bool {
	sig := t.clock().NewSignal()
	timer := t.clock().After(d, "states "+name, sig.Fire)
	defer timer.Stop()
	return t.group.wait(sig)
}

// walk runs a flow from a state to its end.
func (t *thread) walk(f *flow, at string, input any) (any, *failure) {
	for {
		if t.group.over {
			return nil, stopped
		}
		output, next, fail := t.visit(f.states[at], input)
		if fail != nil {
			return nil, fail
		}
		if next == "" {
			return output, nil
		}
		at, input = next, output
	}
}

// resumption is where a redrive goes on: the state that was entered last, as it was entered.
type resumption struct {
	state string
	input any
	vars  *scope
}

// live starts the coroutine of a run. prev is the event that the first state's entry follows.
func (x *execution) live(from resumption, prev int64) {
	r := &run{x: x, machine: x.parsed, engine: newEngine(x.service.clock), root: &group{}}
	x.run = r
	if s := x.parsed.timeout; s > 0 {
		r.timeout = x.service.clock.After(seconds(float64(s)), "states timeout "+x.name, func() {
			r.end(types.ExecutionStatusTimedOut, &failure{name: errTimeout}, "", int64(len(x.history)))
		})
	}
	x.service.clock.Go("states "+x.name, func() {
		t := &thread{run: r, group: r.root, vars: from.vars, prev: prev, top: true}
		output, fail := t.walk(&r.machine.flow, from.state, from.input)
		switch {
		case fail == stopped:
		case fail != nil:
			r.end(types.ExecutionStatusFailed, fail, "", t.prev)
		default:
			text, _ := encode(output)
			r.end(types.ExecutionStatusSucceeded, nil, text, t.prev)
		}
	})
}

// end closes the execution once; a later end of the same run changes nothing.
func (r *run) end(status types.ExecutionStatus, f *failure, output string, prev int64) {
	if r.root.over {
		return
	}
	x := r.x
	if f == nil {
		f = &failure{}
	}
	x.append(prev, ending[status], func(e *types.HistoryEvent) { endDetails(e, f, output) })
	x.status, x.stop = status, x.service.clock.Now()
	x.errorName, x.cause, x.output = f.name, f.cause, output
	r.root.kill()
	r.timeout.Stop()
	x.service.announce(x)
	x.machine.ended(x)
}

var ending = map[types.ExecutionStatus]types.HistoryEventType{
	types.ExecutionStatusSucceeded: types.HistoryEventTypeExecutionSucceeded,
	types.ExecutionStatusFailed:    types.HistoryEventTypeExecutionFailed,
	types.ExecutionStatusTimedOut:  types.HistoryEventTypeExecutionTimedOut,
	types.ExecutionStatusAborted:   types.HistoryEventTypeExecutionAborted,
}

func endDetails(e *types.HistoryEvent, f *failure, output string) {
	name, cause := optional(f.name), optional(f.cause)
	switch e.Type {
	case types.HistoryEventTypeExecutionSucceeded:
		e.ExecutionSucceededEventDetails = &types.ExecutionSucceededEventDetails{Output: new(output), OutputDetails: whole()}
	case types.HistoryEventTypeExecutionFailed:
		e.ExecutionFailedEventDetails = &types.ExecutionFailedEventDetails{Error: name, Cause: cause}
	case types.HistoryEventTypeExecutionTimedOut:
		e.ExecutionTimedOutEventDetails = &types.ExecutionTimedOutEventDetails{Error: name, Cause: cause}
	case types.HistoryEventTypeExecutionAborted:
		e.ExecutionAbortedEventDetails = &types.ExecutionAbortedEventDetails{Error: name, Cause: cause}
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
