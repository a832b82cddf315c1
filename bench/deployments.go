package main

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"slipway/bench/costs"
	"slipway/bench/tables"
	"slipway/bench/world"
)

// seeds are how many worlds the counts are taken of.
const seeds = 5

// counts are one figure for each world.
type counts struct{ calls, invocations, transitions, dollars, stepFunctions, minutes tables.Sample }

func (c *counts) add(used world.Usage, took time.Duration) {
	// The sweep for drift goes on meanwhile; it is a cost of silence. One more transition ends the execution.
	total := used.Total("drift")
	transitions := used.Entered + 1
	bill := costs.Of(total, transitions)
	c.calls = append(c.calls, float64(total.Requests()))
	c.invocations = append(c.invocations, float64(total.Invocations))
	c.transitions = append(c.transitions, float64(transitions))
	c.dollars = append(c.dollars, bill.Total())
	c.stepFunctions = append(c.stepFunctions, 100*bill.StepFunctions/bill.Total())
	c.minutes = append(c.minutes, took.Minutes())
}

func (c *counts) row(name string) []string {
	return []string{name, c.minutes.Spread("%.1f"), c.transitions.Spread("%.0f"), c.invocations.Spread("%.0f"), c.calls.Spread("%.0f"),
		c.dollars.Spread("%.5f"), fmt.Sprintf("%.0f %%", c.stepFunctions.Median())}
}

// cost counts what deployments call and cost, in virtual time.
func cost(*settings) (*tables.Table, error) {
	var good, bad counts
	var month, sweep, transitions tables.Sample
	operations := map[string]int{}
	for seed := range uint64(seeds) {
		w, err := world.New(".", seed+1)
		if err != nil {
			return nil, err
		}
		if err := deploy(w, "v1", false, "Deployed", &counts{}, nil); err != nil { // the service had no task
			return nil, err
		}
		if err := deploy(w, "v2", false, "Deployed", &good, operations); err != nil {
			return nil, err
		}
		if err := deploy(w, "v3", true, "RolledBack", &bad, nil); err != nil {
			return nil, err
		}
		dollars, calls, steps := silence(w)
		month, sweep, transitions = append(month, dollars), append(sweep, calls), append(transitions, steps)
	}
	t := &tables.Table{Columns: []string{"", "minutes", "state transitions", "invocations", "API calls", "dollars", "of it Step Functions"}}
	t.Add(good.row("good push")...)
	t.Add(bad.row("bad push, rolled back")...)
	t.Add("a month of silence", "43200.0", transitions.Spread("%.0f"), "8640", sweep.Spread("%.0f")+" a sweep", month.Spread("%.3f"), "0 %")
	t.Note("API calls of a good push, all %d worlds together divided by %d: %s.", seeds, seeds, list(operations))
	return t, nil
}

func deploy(w *world.World, tag string, exits bool, want string, c *counts, operations map[string]int) error {
	w.Used()
	begin := w.Now()
	ending, err := w.Deploy(tag, exits)
	took := w.Now().Sub(begin)
	w.Rest(time.Minute)
	if err != nil || ending != want {
		return fmt.Errorf("push of %s: ended %s, want %s: %w", tag, ending, want, err)
	}
	used := w.Used()
	c.add(used, took)
	if operations != nil {
		for operation, n := range used.Total("drift").Calls {
			operations[operation] += n
		}
	}
	return nil
}

// silence is what a month costs in which nothing happens, from a day of it.
func silence(w *world.World) (dollars, calls, transitions float64) {
	const day = 24 * time.Hour
	w.Used()
	w.Rest(day)
	used := w.Used()
	total := used.Total()
	bill := costs.Of(total, used.Entered).Total() + costs.Scheduled(total.Invocations)
	return costs.Month(bill, day), float64(total.Requests()) / float64(total.Invocations), float64(used.Entered)
}

func list(operations map[string]int) string {
	var text string
	for _, name := range slices.Sorted(maps.Keys(operations)) {
		text += fmt.Sprintf(", %s %.1f", name, float64(operations[name])/seeds)
	}
	return text[2:]
}

// fastEnough is how many deployments a core is to simulate in a second.
const fastEnough = 100

// speed is how many whole deployments a core simulates in a second: push, rollout of two tasks, five minutes of bake, ending. The
// processor time of this process is what counts, whatever else the machine is busy with.
func speed(*settings) (*tables.Table, error) {
	// As in the scenarios: a world is a few megabytes that live as long as it does, not worth collecting at every doubling.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	w, err := world.New(".", 1)
	if err != nil {
		return nil, err
	}
	n := 0
	one := func() error {
		n++
		if ending, err := w.Deploy(fmt.Sprint("v", n), false); err != nil || ending != "Deployed" {
			return fmt.Errorf("deployment %d ended %s: %w", n, ending, err)
		}
		return nil
	}
	var standing, fresh, minutes tables.Sample
	const rounds, each = 7, 40
	for range rounds {
		used, from := processorTime(), w.Now()
		for range each {
			if err := one(); err != nil {
				return nil, err
			}
		}
		standing = append(standing, each/(processorTime()-used).Seconds())
		minutes = append(minutes, w.Now().Sub(from).Minutes()/each)
		perSecond, err := newWorlds(each / 4)
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, perSecond)
	}
	t := &tables.Table{Columns: []string{"", "per second and core", "virtual minutes each", "goal"}}
	t.Add("whole deployment", standing.Spread("%.0f"), minutes.Spread("%.1f"), verdict(standing.Median() >= fastEnough))
	t.Add("world created and its first image deployed", fresh.Spread("%.0f"), "", "")
	return t, nil
}

func newWorlds(n int) (perSecond float64, err error) {
	used := processorTime()
	for seed := range n {
		w, err := world.New(".", uint64(seed))
		if err != nil {
			return 0, err
		}
		if ending, err := w.Deploy("v1", false); err != nil || ending != "Deployed" {
			return 0, fmt.Errorf("the first image ended %s: %w", ending, err)
		}
	}
	return float64(n) / (processorTime() - used).Seconds(), nil
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
