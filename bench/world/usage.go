package world

import (
	"maps"
	"slices"
	"time"

	"slipway/awssim"
)

// Usage is what AWS counts.
type Usage struct {
	Entered int             // states that executions entered, retries not among them: a world without faults has none
	Verbs   map[string]Verb // by name of the function
}

// Verb is what one function did.
type Verb struct {
	Invocations int
	Billed      time.Duration  // whole milliseconds each, in the simulator's time: 2 to 20 ms a call and nothing for computing
	Calls       map[string]int // API calls by "service:Operation"
	WriteUnits  int            // of DynamoDB, one for each KB of an item
}

func newUsage() Usage { return Usage{Verbs: map[string]Verb{}} }

func (u *Usage) call(verb string, c awssim.Call) {
	v := u.verb(verb)
	v.Calls[c.Service+":"+c.Operation]++
	if c.Operation == "PutItem" {
		v.WriteUnits += (itemSize(c.Input) + 1023) / 1024
	}
	u.Verbs[verb] = v
}

func (u *Usage) invocation(verb string, took time.Duration) {
	v := u.verb(verb)
	v.Invocations++
	v.Billed += (took + time.Millisecond - 1).Truncate(time.Millisecond)
	u.Verbs[verb] = v
}

func (u *Usage) verb(name string) Verb {
	v := u.Verbs[name]
	if v.Calls == nil {
		v.Calls = map[string]int{}
	}
	return v
}

// Total is the sum over the functions, except those that are named.
func (u Usage) Total(except ...string) Verb {
	sum := Verb{Calls: map[string]int{}}
	for _, name := range slices.Sorted(maps.Keys(u.Verbs)) {
		if slices.Contains(except, name) {
			continue
		}
		v := u.Verbs[name]
		sum.Invocations += v.Invocations
		sum.Billed += v.Billed
		sum.WriteUnits += v.WriteUnits
		for operation, n := range v.Calls {
			sum.Calls[operation] += n
		}
	}
	return sum
}

// Requests is the number of API calls.
func (v Verb) Requests() int {
	n := 0
	for _, calls := range v.Calls {
		n += calls
	}
	return n
}
