package ecs_test

import (
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"

	"slipway/awssim/clock/clocktest"
)

// story is a service's life with a good deployment, a bad one that is rolled back and a change of its count; the answer is
// everything that was emitted, in order.
func story(t testing.TB, seed uint64) string {
	w := newWorld(t, seed)
	w.create(w.register(w.image("v1"), nil), 3, both(w.behind("web", 10), breaker(true)))
	w.steady(5 * time.Minute)
	w.roll(w.register(w.image("v2"), nil))
	w.clock.RunFor(30 * time.Second)
	w.update(&sdk.UpdateServiceInput{DesiredCount: new(int32(5))})
	w.steady(5 * time.Minute)
	w.roll(w.register(w.image("bad", "awssim.exit=1", "awssim.after=2s"), nil))
	w.clock.RunFor(10 * time.Minute)
	return w.trace.String() + w.show(w.service())
}

func TestSameSeedSameTrace(t *testing.T) {
	clocktest.Repeats(t, 20, func(seed uint64) string { return story(t, seed) })
}

// TestIdleServiceCostsNothing: without a load balancer to poll, a steady service is looked at once in six hours.
func TestIdleServiceCostsNothing(t *testing.T) {
	w := newWorld(t, 61)
	w.create(w.register(w.image("v1"), nil), 3, nil)
	w.steady(3 * time.Minute)
	w.clock.RunFor(time.Minute)
	before := w.clock.Turns()
	w.clock.RunFor(24 * time.Hour)
	if turns := w.clock.Turns() - before; turns > 5 {
		t.Errorf("%d turns in a day of nothing, want at most 5", turns)
	}
}

func BenchmarkDeployment(b *testing.B) {
	w := newWorld(b, 62)
	w.create(w.register(w.image("v1"), nil), 3, w.behind("web", 10))
	w.steady(5 * time.Minute)
	defs := []string{w.register(w.image("v2"), nil), w.register(w.image("v3"), nil)}
	b.ResetTimer()
	for i := range b.N {
		w.roll(defs[i%2])
		w.clock.RunFor(5 * time.Minute)
		w.trace.Reset()
	}
	b.StopTimer()
	if svc := w.service(); len(svc.Deployments) != 1 {
		b.Fatalf("not deployed:\n%s", w.show(svc))
	}
}
