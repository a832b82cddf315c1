package clock

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// The experiment behind the clock (docs/decisions.md): the same workload, eight workers that wake at the same instants,
// on this package's queue of coroutines and in testing/synctest, with and without a seeded jitter on every sleep.
//
//	go test ./awssim/clock -run Experiment -v
const (
	experimentWorkers = 8
	experimentSleeps  = 25
)

func onQueue(seed uint64) uint64 {
	c, h := New(Epoch, seed), fnv.New64a()
	for i := range experimentWorkers {
		c.Go("worker", func() {
			for range experimentSleeps {
				c.Sleep(time.Second)
				fmt.Fprint(h, i, c.Now().Unix(), " ")
			}
		})
	}
	c.RunFor(time.Hour)
	return h.Sum64()
}

func inBubble(t *testing.T, seed uint64, jitter bool) (sum uint64) {
	synctest.Test(t, func(*testing.T) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		h := fnv.New64a()
		for i := range experimentWorkers {
			rng := rand.New(rand.NewPCG(seed, uint64(i)))
			wg.Go(func() {
				for range experimentSleeps {
					d := time.Second
					if jitter {
						d += time.Duration(rng.IntN(1e6)) // unique with near certainty
					}
					time.Sleep(d)
					mu.Lock()
					fmt.Fprint(h, i, time.Now().Unix(), " ")
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		sum = h.Sum64()
	})
	return sum
}

// The wall times are logged and judged by nobody: machines are noisy. A benchmark cannot take them, as synctest needs a test.
func TestExperiment(t *testing.T) {
	const runs = 100
	measure := func(name string, run func() uint64) int {
		distinct, start := map[uint64]bool{}, time.Now()
		for range runs {
			distinct[run()] = true
		}
		perTurn := time.Since(start) / (runs * experimentWorkers * experimentSleeps)
		t.Logf("%s: %d orders in %d runs of one seed, %s of wall time per turn", name, len(distinct), runs, perTurn)
		return len(distinct)
	}
	queue := measure("queue", func() uint64 { return onQueue(1) })
	measure("synctest", func() uint64 { return inBubble(t, 1, false) })
	jitter := measure("synctest with jitter", func() uint64 { return inBubble(t, 1, true) })
	if queue != 1 || jitter != 1 {
		t.Errorf("one seed gave %d orders on the queue and %d in synctest with jitter, want 1", queue, jitter)
	}
}
