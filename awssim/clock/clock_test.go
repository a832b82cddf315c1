package clock

import (
	"context"
	"fmt"
	"hash/fnv"
	"runtime"
	"testing"
	"time"
)

func TestSleepMovesTimeNotTheWall(t *testing.T) {
	c := New(Epoch, 1)
	c.Do("sleeper", func() { c.Sleep(30 * time.Minute) })
	if got := c.Now().Sub(Epoch); got != 30*time.Minute {
		t.Fatalf("got %s of virtual time, want 30m", got)
	}
}

func TestTimerStopsAndEveryRepeats(t *testing.T) {
	c := New(Epoch, 1)
	var ticks int
	stop := c.Every(time.Second, "tick", func() { ticks++ })
	called := false
	timer := c.After(2*time.Second, "never", func() { called = true })
	if !timer.Stop() || timer.Stop() {
		t.Fatal("Stop reports true once, then false")
	}
	c.RunFor(3500 * time.Millisecond)
	stop()
	c.RunFor(time.Minute)
	if ticks != 3 || called {
		t.Fatalf("got %d ticks and called=%v, want 3 and false", ticks, called)
	}
}

func TestSignalWakesAll(t *testing.T) {
	c := New(Epoch, 7)
	s := c.NewSignal()
	woken := 0
	for range 3 {
		c.Go("waiter", func() { s.Wait(); woken++ })
	}
	c.After(time.Minute, "fire", s.Fire)
	if err := c.RunUntil(func() bool { return woken == 3 }, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := c.RunUntil(func() bool { return false }, time.Hour); err != ErrIdle {
		t.Fatalf("got %v, want ErrIdle", err)
	}
}

// TestStacksAreUsedAgain runs more coroutines at once than there are idle stacks kept, and one that panics: what ran on a stack
// before is not seen by what runs on it next.
func TestStacksAreUsedAgain(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		c := New(Epoch, 1)
		ended := 0
		for range 3 * maxIdle {
			c.Go("worker", func() { c.Sleep(time.Second); c.Sleep(time.Second); ended++ })
		}
		c.RunFor(time.Minute)
		if ended != 3*maxIdle {
			t.Fatalf("%d of %d coroutines came to their end", ended, 3*maxIdle)
		}
		func() {
			defer func() {
				if got := recover(); got != "broken" {
					t.Fatalf("Do panicked with %v, want broken", got)
				}
			}()
			c.Do("panics", func() { c.Sleep(time.Second); panic("broken") })
		}()
	}
	if grown := runtime.NumGoroutine() - before; grown > maxIdle {
		t.Fatalf("%d more goroutines than before, at most %d are kept", grown, maxIdle)
	}
}

func TestCloseEndsWhatIsParked(t *testing.T) {
	before := runtime.NumGoroutine()
	deferred, woken := 0, 0
	for range 20 {
		c := New(Epoch, 1)
		never := c.NewSignal()
		for range 10 {
			c.Go("waits", func() {
				defer func() {
					deferred++
					if recover() != nil {
						t.Error("a coroutine that ends has something to recover")
					}
					c.Sleep(time.Second) // is not waited for
					t.Error("slept on a closed clock")
				}()
				never.Wait()
				woken++
			})
		}
		c.Go("comes to its end", func() { c.Sleep(time.Second) })
		c.RunFor(time.Minute)
		c.Go("does not begin", func() { woken++ })
		c.Close()
		c.Close()
		c.RunFor(time.Minute)
	}
	if deferred != 200 || woken != 0 {
		t.Errorf("%d coroutines ran what they had deferred and %d went on, want 200 and 0", deferred, woken)
	}
	if grown := runtime.NumGoroutine() - before; grown > maxIdle {
		t.Errorf("%d goroutines more than before", grown)
	}
}

// traceHash runs a workload of sleepers that draw random numbers and wake one another, and hashes the order of its turns.
func traceHash(seed uint64) uint64 {
	c := New(Epoch, seed)
	h := fnv.New64a()
	c.Trace(func(at time.Time, name string) { fmt.Fprintln(h, at.UnixNano(), name) })
	for i := range 20 {
		c.Go(fmt.Sprint("worker", i), func() {
			for range 10 {
				c.Sleep(time.Duration(c.Rand().IntN(3)) * time.Second)
				c.After(time.Second, fmt.Sprint("timer", i), func() {})
			}
		})
	}
	c.RunFor(time.Hour)
	return h.Sum64()
}

func TestSameSeedSameTrace(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	distinct := map[uint64]bool{}
	for seed := range uint64(200) {
		runtime.GOMAXPROCS(1)
		first := traceHash(seed)
		runtime.GOMAXPROCS(2)
		if second := traceHash(seed); first != second {
			t.Fatalf("seed %d: traces differ between runs", seed)
		}
		distinct[first] = true
	}
	if len(distinct) < 190 {
		t.Fatalf("got %d distinct traces of 200 seeds: the seed does not decide the order", len(distinct))
	}
}

func TestPacedClockServesOtherGoroutines(t *testing.T) {
	c := NewPaced(1000, 1)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { c.Run(ctx); close(stopped) }()
	var before, after time.Time
	worked := false
	c.Do("caller", func() {
		before = c.Now()
		c.Sleep(2 * time.Second)
		c.Await("outside", func() { worked = true })
		after = c.Now()
	})
	cancel()
	<-stopped
	c.Do("too late", func() { t.Error("a turn ran after the clock had ended") })
	if after.Sub(before) < 2*time.Second || !worked {
		t.Fatalf("slept %s, worked %v", after.Sub(before), worked)
	}
}
