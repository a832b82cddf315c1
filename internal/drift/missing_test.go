package drift

import (
	"strings"
	"testing"
	"time"

	"slipway/internal/record"
	"slipway/internal/rollout"
)

func TestShort(t *testing.T) {
	primary := rollout.Deployment{ID: "ecs-svc/1", Primary: true, Running: 1, State: "COMPLETED"}
	rolling := primary
	rolling.State = "IN_PROGRESS"
	for name, c := range map[string]struct {
		s    rollout.Service
		want bool
	}{
		"as many as wanted":   {rollout.Service{Desired: 1, Deployments: []rollout.Deployment{primary}}, false},
		"one is missing":      {rollout.Service{Desired: 2, Deployments: []rollout.Deployment{primary}}, true},
		"ECS is rolling":      {rollout.Service{Desired: 2, Deployments: []rollout.Deployment{rolling}}, false},
		"old tasks are there": {rollout.Service{Desired: 2, Deployments: []rollout.Deployment{primary, {ID: "ecs-svc/0"}}}, false},
		"none is wanted":      {rollout.Service{Deployments: []rollout.Deployment{{ID: "ecs-svc/1", Primary: true}}}, false},
	} {
		if got := Short(c.s); got != c.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

// A service that is short at one check may be growing; at the next one it is reported, in words that stay the same.
func TestMissing(t *testing.T) {
	entry := record.Entry{Service: record.ServiceName{Cluster: "shop", Service: "web"}}
	if got := Missing(entry); got != nil {
		t.Fatalf("got %+v at the first check", got)
	}
	entry.ShortAt = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	if got := Missing(entry); got == nil || got.Severity != Critical || !strings.Contains(got.Words, "since 2026-11-20T12:00:00Z") || !strings.Contains(got.Words, `{"service":"shop/web","action":"rollback"}`) {
		t.Fatalf("got %+v", got)
	}
}
