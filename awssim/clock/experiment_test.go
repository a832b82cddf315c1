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

func TestExperimentOrders(t *testing.T) {
	const runs = 100
	orders := func(run func() uint64) int {
		distinct := map[uint64]bool{}
		for range runs {
			distinct[run()] = true
		}
		return len(distinct)
	}
	queue := orders(func() uint64 { return onQueue(1) })
	plain := orders(func() uint64 { return inBubble(t, 1, false) })
	jitter := orders(func() uint64 { return inBubble(t, 1, true) })
	t.Logf("distinct orders in %d runs of one seed: queue %d, synctest %d, synctest with jitter %d", runs, queue, plain, jitter)
	if queue != 1 {
		t.Errorf("the queue gave %d orders for one seed", queue)
	}
}

// TestExperimentRate measures both in one run. It logs and judges nothing: machines are noisy.
func TestExperimentRate(t *testing.T) {
	const runs = 200
	perTurn := func(run func()) time.Duration {
		start := time.Now()
		for range runs {
			run()
		}
		return time.Since(start) / (runs * experimentWorkers * experimentSleeps)
	}
	queue := perTurn(func() { onQueue(1) })
	bubble := perTurn(func() { inBubble(t, 1, true) })
	t.Logf("wall time per turn: queue %s, synctest with jitter %s", queue, bubble)
}
