package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash"
	"hash/fnv"
	"strconv"
	"time"

	"slipway/awssim"
	"slipway/awssim/events"
	"slipway/awssim/protocol/cut"
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
	if len(input) == 0 || !json.Valid(input) {
		return input
	}
	return appendSorted(make([]byte, 0, len(input)), bytes.TrimSpace(input))
}

func appendSorted(to, value []byte) []byte {
	switch value[0] {
	case '{':
		to = append(to, '{')
		for i, m := range cut.Sorted(value) {
			if i > 0 {
				to = append(to, ',')
			}
			to = append(strconv.AppendQuote(to, m.Name), ':')
			to = appendSorted(to, m.Value)
		}
		return append(to, '}')
	case '[':
		to = append(to, '[')
		for i, item := range cut.Items(value) {
			if i > 0 {
				to = append(to, ',')
			}
			to = appendSorted(to, item)
		}
		return append(to, ']')
	}
	if value[0] == '"' && (!cut.Plain(value) || bytes.ContainsAny(value, "<>&")) { // one spelling for what has several
		value, _ = json.Marshal(cut.Text(value))
	}
	return append(to, value...)
}
