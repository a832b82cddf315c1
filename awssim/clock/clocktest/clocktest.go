// Package clocktest checks that a simulation on a virtual clock keeps the clock's promise: the same seed repeats a run turn by
// turn, and another seed gives another run. The test says how a run goes and what its trace is.
package clocktest

import "testing"

// Repeats runs a story twice for each of that many seeds. It fails t where two runs of one seed leave different traces, and
// reports an error where two seeds leave the same one.
func Repeats(t *testing.T, seeds int, story func(seed uint64) (trace string)) {
	t.Helper()
	distinct := map[string]bool{}
	for seed := range uint64(seeds) {
		first, second := story(seed), story(seed)
		if first != second {
			t.Fatalf("seed %d: two runs differ:\n%s\n---\n%s", seed, first, second)
		}
		distinct[first] = true
	}
	if len(distinct) != seeds {
		t.Errorf("got %d distinct traces of %d seeds: the seed decides too little", len(distinct), seeds)
	}
}
