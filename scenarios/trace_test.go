package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash"
	"hash/fnv"
	"time"

	"slipway/awssim"
	"slipway/awssim/events"
)

// trace is everything that happens in a world, one line each: turns of the clock, states entered, calls of AWS with their
// input, Slipway's events. Two worlds with the same sum went through the same steps.
type trace struct {
	sum   hash.Hash64
	lines int
	kept  *[]string // nil: only the sum is kept
}

func newTrace() *trace { return &trace{sum: fnv.New64a()} }

func (t *trace) add(at time.Time, format string, args ...any) {
	line := fmt.Sprintf("%d "+format+"\n", append([]any{at.UnixNano()}, args...)...)
	t.lines++
	_, _ = t.sum.Write([]byte(line))
	if t.kept != nil {
		*t.kept = append(*t.kept, line)
	}
}

// follow writes down what happens in a sim from now on. It takes the sim's place for faults, which this package does not use.
func (t *trace) follow(sim *awssim.Sim) {
	sim.Clock.Trace(func(at time.Time, name string) { t.add(at, "turn %s", name) })
	sim.States.Watch(func(execution, state string) { t.add(sim.Clock.Now(), "state %s %s", execution, state) })
	sim.Fault = func(c awssim.Call) *awssim.Fault {
		t.add(c.At, "call %d %s %s %s %s", c.Number, c.Principal, c.Service, c.Operation, sorted(c.Input))
		return nil
	}
	sim.Events.Watch(func(e events.Event) { t.add(sim.Clock.Now(), "event %s %s %s", e.Source, e.DetailType, e.Detail) })
}

// sorted is a JSON text with its members sorted: the SDK writes maps in Go's order, which is any.
func sorted(input []byte) []byte {
	var v any
	d := json.NewDecoder(bytes.NewReader(input))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return input
	}
	out, err := json.Marshal(v)
	if err != nil {
		return input
	}
	return out
}
