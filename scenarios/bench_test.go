package scenarios

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// BenchmarkDeployment is one whole good deployment of a world that stands already: push, rollout of two tasks, five minutes
// of bake, ending. One operation is about ten minutes of virtual time.
func BenchmarkDeployment(b *testing.B) {
	w := newWorld(b, setting{seed: 1})
	n := 0
	deploy := func() {
		n++
		w.push("shop/web", fmt.Sprint("v", n), "amd64", nil)
		w.until(time.Hour, "the ending", func() bool { return len(w.endings) == n })
		if got := w.endings[n-1].Kind; got != "Deployed" {
			b.Fatalf("got %s", got)
		}
	}
	deploy() // the service had no task
	from, used := w.sim.Clock.Now(), processorTime()
	for b.Loop() {
		deploy()
	}
	b.ReportMetric(float64(b.N)/(processorTime()-used).Seconds(), "deployments/core-s")
	b.ReportMetric(w.sim.Clock.Now().Sub(from).Minutes()/float64(b.N), "virtual-min/op")
}

// BenchmarkSeed is what one seed of the determinism test costs: a new world, its first image, a good push and a bad one.
func BenchmarkSeed(b *testing.B) {
	used := processorTime()
	for b.Loop() {
		play(b, seedScript, setting{seed: 1})
	}
	b.ReportMetric(float64(b.N)/(processorTime()-used).Seconds(), "seeds/core-s")
}

// BenchmarkWorld is the world alone: both templates created.
func BenchmarkWorld(b *testing.B) {
	for b.Loop() {
		newWorld(b, setting{seed: 1})
	}
}

// processorTime is what this process has used of the processors, whatever else the machine is busy with.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
