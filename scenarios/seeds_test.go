package scenarios

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
)

// The tests of every day take a few seeds; `make seeds` takes many.
var (
	seeds     = flag.Int("seeds", 20, "how many seeds TestSameSeedSameTrace plays")
	firstSeed = flag.Uint64("seed", 1, "the first of them")
)

const seedScript = "testdata/seed.txtar"

// TestSameSeedSameTrace plays each seed twice, once alone on one processor and once beside other worlds on two, and holds the
// traces against each other: every turn, state, call and event in the same order at the same instant.
//
// What differs between seeds: the latency of every call, the order of turns that are due at one instant, the time that ECS
// takes to place, start and stop a task, every generated name, and so when and how often a probe looks and what it sees.
func TestSameSeedSameTrace(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	alone, beside := make([]*world, *seeds), make([]*world, *seeds)
	for i := range alone {
		alone[i] = play(t, seedScript, setting{seed: *firstSeed + uint64(i)})
		alone[i].close()
	}
	runtime.GOMAXPROCS(2)
	t.Run("beside", func(t *testing.T) {
		for half := range 2 {
			t.Run(fmt.Sprint(half), func(t *testing.T) {
				t.Parallel()
				for i := half; i < *seeds; i += 2 {
					beside[i] = play(t, seedScript, setting{seed: *firstSeed + uint64(i)})
					beside[i].close()
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	for i := range alone {
		if alone[i].trace.sum.Sum64() != beside[i].trace.sum.Sum64() {
			t.Errorf("seed %d: two runs differ; %s", *firstSeed+uint64(i), firstDifference(t, *firstSeed+uint64(i)))
		}
	}
	differ(t, alone)
}

// differ checks that seeds explore: were all worlds the same, equal traces would say nothing.
func differ(t *testing.T, worlds []*world) {
	traces, ends, calls, probes := map[uint64]bool{}, map[int64]bool{}, map[int]bool{}, map[string]bool{}
	lines := 0
	for _, w := range worlds {
		traces[w.trace.sum.Sum64()] = true
		ends[w.sim.Clock.Now().UnixNano()] = true
		calls[w.calls()] = true
		probes[fmt.Sprint(w.entered("Probe"))] = true
		lines += w.trace.lines
	}
	t.Logf("%d seeds: %d different traces of %d lines on average, %d different ends, %d numbers of calls, %d patterns of probes",
		len(worlds), len(traces), lines/max(1, len(worlds)), len(ends), len(calls), len(probes))
	if len(traces) < len(worlds) {
		t.Errorf("%d seeds gave %d different traces: the seed does not reach the world", len(worlds), len(traces))
	}
}

// calls is how many calls of AWS there were.
func (w *world) calls() int {
	n := 0
	for _, c := range w.sim.Calls() {
		n += c.Calls
	}
	return n
}

// entered is how often each execution entered a state, in the order in which they started.
func (w *world) entered(state string) []int {
	var list []int
	for _, execution := range w.started {
		n := 0
		for _, s := range w.path[execution] {
			if s == state {
				n++
			}
		}
		list = append(list, n)
	}
	return list
}

// firstDifference plays a seed twice more, with all lines kept.
func firstDifference(t *testing.T, seed uint64) string {
	var runs [2][]string
	for i := range runs {
		trace := newTrace()
		trace.kept = &runs[i]
		play(t, seedScript, setting{seed: seed, trace: trace})
	}
	for i, line := range runs[0] {
		if i >= len(runs[1]) || runs[1][i] != line {
			return fmt.Sprintf("from line %d: %s here, %s there", i+1, line, append(runs[1], "the end")[min(i, len(runs[1]))])
		}
	}
	return "two more runs were equal"
}
