package deployer

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"slipway/internal/record"
	"slipway/internal/rollout"
)

// many are n services that opted in, of two clusters.
func many(n int) []rollout.Follower {
	all := make([]rollout.Follower, n)
	for i := range all {
		all[i].Name = record.ServiceName{Cluster: []string{"a", "b"}[i*2/n], Service: fmt.Sprintf("s%03d", i)}
	}
	return all
}

// Where a sweep does not reach every service, the next ones begin with others, until each had its turn.
func TestEveryServiceHasItsTurn(t *testing.T) {
	followers := many(50)
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	first := map[record.ServiceName]bool{}
	for sweep := range 100 {
		got := batches(followers, noon.Add(time.Duration(sweep)*5*time.Minute))
		seen := map[record.ServiceName]bool{}
		for _, names := range got {
			if len(names) > atOnce {
				t.Fatalf("%d services in a call", len(names))
			}
			for _, name := range names {
				if name.Cluster != names[0].Cluster {
					t.Fatalf("%s and %s are of two clusters", names[0], name)
				}
				seen[name] = true
			}
		}
		if len(seen) != len(followers) || len(got) != 6 {
			t.Fatalf("%d services in %d calls, want %d in 6", len(seen), len(got), len(followers))
		}
		first[got[0][0]] = true
	}
	if len(first) != 6 {
		t.Errorf("the sweeps began with %d different services, want each of the 6 that begin a call", len(first))
	}
	if got := batches(nil, noon); len(got) != 0 {
		t.Errorf("got %v of no service", got)
	}
}

// clusters is an ECS that takes a while to describe services: end is called at the second call.
type clusters struct {
	Services
	followers []rollout.Follower
	end       func()
	calls     int
}

func (c *clusters) Following(context.Context, string) ([]rollout.Follower, error) {
	return c.followers, nil
}

func (c *clusters) DescribeAll(context.Context, []record.ServiceName) (map[record.ServiceName]rollout.Service, error) {
	if c.calls++; c.calls == 2 {
		c.end()
	}
	return nil, nil
}

// A sweep that runs out of time says how far it came, instead of being killed at the same service every time.
func TestSweepRunsOutOfTime(t *testing.T) {
	ctx, end := context.WithCancel(context.Background())
	world := &clusters{followers: many(50), end: end}
	d := &Deployer{Followers: world, Services: world, Log: slog.New(slog.DiscardHandler)}
	_, err := d.sweep(ctx, time.Unix(0, 0), nil)
	if err == nil || !strings.Contains(err.Error(), "there was time for 2 of 6 groups of services") || world.calls != 2 {
		t.Fatalf("after %d calls: %v", world.calls, err)
	}
	if _, err := d.sweep(context.Background(), time.Unix(0, 0), nil); err != nil || world.calls != 8 {
		t.Fatalf("in time, after %d calls in all: %v", world.calls, err)
	}
}
