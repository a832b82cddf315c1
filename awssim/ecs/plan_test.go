package ecs

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestPlanFollowsThePercentages(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   counted
		want step
	}{
		{"scale from zero", counted{desired: 3, minimum: 100, maximum: 200}, step{start: 3}},
		{"100/200 doubles", counted{desired: 4, minimum: 100, maximum: 200, oldServing: 4}, step{start: 4}},
		{"100/200 stops as new ones get healthy", counted{desired: 4, minimum: 100, maximum: 200, healthy: 1, waiting: 3, oldServing: 4}, step{stopOld: 1}},
		{"maximum rounds down: 150% of 3 is 4", counted{desired: 3, minimum: 100, maximum: 150, oldServing: 3}, step{start: 1}},
		{"minimum rounds up: 50% of 3 is 2", counted{desired: 3, minimum: 50, maximum: 100, oldServing: 3}, step{stopOld: 1}},
		{"50/100 fills what it stopped", counted{desired: 4, minimum: 50, maximum: 100, oldServing: 2}, step{start: 2}},
		{"150% of 1 is 1: nothing can move", counted{desired: 1, minimum: 100, maximum: 150, oldServing: 1}, step{stuck: true}},
		{"50% of 1 is 1: nothing can move", counted{desired: 1, minimum: 50, maximum: 100, oldServing: 1}, step{stuck: true}},
		{"0/100 stops first", counted{desired: 2, minimum: 0, maximum: 100, oldServing: 2}, step{stopOld: 2}},
		{"old tasks that serve nobody go at once", counted{desired: 2, minimum: 100, maximum: 200, starting: 2, oldServing: 2, oldOther: 1}, step{stopOldOther: 1}},
		{"scale in", counted{desired: 1, minimum: 100, maximum: 200, healthy: 3}, step{stopExtra: 2}},
		{"scale in during a deployment", counted{desired: 2, minimum: 100, maximum: 200, starting: 2, oldServing: 4}, step{stopOld: 2}},
		{"scale out during a deployment starts new ones", counted{desired: 6, minimum: 100, maximum: 200, healthy: 2, oldServing: 2}, step{start: 4}},
		{"a replacement starts first", counted{desired: 2, minimum: 100, maximum: 200, healthy: 1, unhealthy: 1}, step{start: 1}},
		{"the unhealthy one waits for its replacement", counted{desired: 2, minimum: 100, maximum: 200, healthy: 1, waiting: 1, unhealthy: 1}, step{}},
		{"and goes when that is healthy", counted{desired: 2, minimum: 100, maximum: 200, healthy: 2, unhealthy: 1}, step{stopUnhealthy: 1}},
		{"or when that is unhealthy too", counted{desired: 1, minimum: 100, maximum: 400, unhealthy: 2}, step{start: 1, stopUnhealthy: 1}},
		{"without room the unhealthy stop one by one", counted{desired: 2, minimum: 100, maximum: 200, unhealthy: 2, oldServing: 2}, step{stopUnhealthy: 1}},
		{"without room and surge", counted{desired: 2, minimum: 50, maximum: 100, healthy: 1, unhealthy: 1}, step{stopUnhealthy: 1}},
		{"stalled starts nothing", counted{desired: 2, minimum: 100, maximum: 200, oldServing: 2, stalled: true}, step{}},
		{"stalled follows the count down", counted{desired: 1, minimum: 100, maximum: 200, oldServing: 2, stalled: true}, step{stopOld: 1}},
		{"stalled at zero stops all", counted{minimum: 100, maximum: 200, unhealthy: 1, oldServing: 1, oldOther: 1, stalled: true}, step{stopOld: 1, stopOldOther: 1, stopUnhealthy: 1}},
		{"zero", counted{minimum: 100, maximum: 200, healthy: 1, oldServing: 1}, step{stopExtra: 1, stopOld: 1}},
	} {
		if got := plan(tt.in); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// TestPlanNeverBreaksItsBounds tries every small state: a step leaves the maximum and the minimum as AWS promises them.
func TestPlanNeverBreaksItsBounds(t *testing.T) {
	each := func(limit int, fn func(int)) {
		for i := range limit {
			fn(i)
		}
	}
	for _, pair := range [][2]int{{100, 200}, {50, 100}, {50, 200}, {0, 100}, {100, 150}, {34, 166}} {
		each(5, func(desired int) {
			each(3*3*3*3*3*3, func(n int) {
				c := counted{desired: desired, minimum: pair[0], maximum: pair[1], starting: n % 3, waiting: n / 3 % 3, healthy: n / 9 % 3,
					unhealthy: n / 27 % 3, oldServing: n / 81 % 3, oldOther: n / 243 % 3}
				checkBounds(t, c, plan(c))
			})
		})
	}
}

func checkBounds(t *testing.T, c counted, p step) {
	t.Helper()
	total := c.primary() + c.oldServing + c.oldOther
	if p.start > 0 && total+p.start > percentDown(c.desired, c.maximum) {
		t.Errorf("%+v: starting %d goes above the maximum", c, p.start)
	}
	left := c.healthy + c.oldServing - p.stopOld - max(0, p.stopExtra-c.starting-c.waiting)
	if p.stopOld > 0 && left < percentUp(c.desired, c.minimum) {
		t.Errorf("%+v: %+v leaves %d healthy, below the minimum", c, p, left)
	}
	if p.start < 0 || p.stopOld > c.oldServing || p.stopOldOther > c.oldOther || p.stopUnhealthy > c.unhealthy {
		t.Errorf("%+v: %+v is more than there is", c, p)
	}
}

func TestBreakerThreshold(t *testing.T) {
	of := func(kind types.ThresholdType, value int32) *types.DeploymentCircuitBreaker {
		return &types.DeploymentCircuitBreaker{ThresholdConfiguration: &types.ThresholdConfiguration{Type: kind, Value: value}}
	}
	for _, tt := range []struct {
		breaker       *types.DeploymentCircuitBreaker
		desired, want int
	}{
		{nil, 1, 3}, {nil, 6, 3}, {nil, 7, 4}, {nil, 25, 13}, {nil, 400, 200}, {nil, 800, 200},
		{&types.DeploymentCircuitBreaker{}, 25, 13},
		{of(types.ThresholdTypeBoundedPercent, 100), 2, 3}, {of(types.ThresholdTypeBoundedPercent, 10), 100, 10},
		{of(types.ThresholdTypeUnboundedPercent, 50), 1, 1}, {of(types.ThresholdTypeUnboundedPercent, 50), 1000, 500},
		{of(types.ThresholdTypeCount, 1), 50, 1}, {of(types.ThresholdTypeCount, 7), 1, 7},
	} {
		if got := threshold(tt.breaker, tt.desired); got != tt.want {
			t.Errorf("threshold(%+v, %d): got %d, want %d", tt.breaker, tt.desired, got, tt.want)
		}
	}
}

func TestInstancePortsComeBack(t *testing.T) {
	i := &instance{cpu: 1024, memory: 1024, ports: map[int]bool{}, nextPort: firstDynamicPort}
	n := need{cpu: 512, memory: 512, ports: []int{80}}
	i.take(n)
	if got := i.lacks(n); got != "RESOURCE:PORTS" {
		t.Errorf("got %q, want RESOURCE:PORTS", got)
	}
	port := i.dynamicPort()
	i.give(n, []int{port})
	if got := i.lacks(n); got != "" || len(i.ports) != 0 || i.usedCPU != 0 {
		t.Errorf("got %q, ports %v, cpu %d: want all given back", got, i.ports, i.usedCPU)
	}
}
