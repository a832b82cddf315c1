package slipway_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"slipway/internal/record"
	"slipway/internal/rollout"
	"slipway/statemachine"
)

// longestPause bounds what a workflow waits between two looks.
const longestPause = time.Minute

// ECS has no compare-and-swap, so the lease must outlast any call that a holder may still have in flight when another takes
// over: a Lambda that was started just before the lease was renewed for the last time, a request that is still valid (five
// minutes for SigV4), and three of the longest pauses between looks.
func TestLeaseOutlastsEveryLiveCall(t *testing.T) {
	const requestValidity = 5 * time.Minute
	holders := map[string]bool{"Claim": true, "Update": true, "Probe": true, "Rollback": true, "Settle": true}
	found := 0
	for _, r := range load(t, nil).stack.Resources {
		if r.Type != "AWS::Lambda::Function" || !holders[r.LogicalID] {
			continue
		}
		found++
		seconds, err := time.ParseDuration(fmt.Sprint(r.Properties["Timeout"]) + "s")
		if err != nil {
			t.Fatalf("%s: timeout %v", r.LogicalID, r.Properties["Timeout"])
		}
		if seconds > record.LambdaTimeout {
			t.Errorf("%s may run for %s; a lease is taken over %s after its owner ended", r.LogicalID, seconds, record.LambdaTimeout)
		}
		if need := seconds + requestValidity + 3*longestPause; record.Lease <= need {
			t.Errorf("%s: the lease is %s and must be longer than %s", r.LogicalID, record.Lease, need)
		}
	}
	if found != len(holders) {
		t.Fatalf("found %d of the %d functions that hold leases", found, len(holders))
	}
	if rollout.MaxTurn < record.Lease {
		t.Error("a claim gives up before a lease of a lost owner expires")
	}
}

// A verb renews its lease from when its state was entered, which does not move while the state is tried again. So the last
// attempt must be over before the lease that the first one took, or that of a look before, if the step renews only now and
// then. In the worst case every attempt takes as long as it may, every retrier is used up, and every pause is as long as its
// jitter allows.
func TestRetriesEndWithinTheLease(t *testing.T) {
	m, err := statemachine.Parse(statemachine.Definition)
	if err != nil {
		t.Fatal(err)
	}
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	for name, s := range m.States {
		if s.Type != "Task" {
			continue
		}
		timeout := seconds(float64(s.TimeoutSeconds))
		longest := timeout // of the last attempt
		for _, r := range s.Retry {
			attempt := record.LambdaTimeout // of a function that lives to say what is wrong
			if slices.Contains(r.ErrorEquals, "States.Timeout") {
				attempt = timeout
			}
			pause := r.IntervalSeconds
			for range r.MaxAttempts {
				longest += attempt + seconds(min(pause, r.MaxDelaySeconds))
				pause *= r.BackoffRate
			}
		}
		if most := record.Lease - record.RenewEvery - longestPause - record.LambdaTimeout; longest >= most {
			t.Errorf("task %q may take %s with all its retries; the lease is %s and was renewed up to %s before, so it must take less than %s",
				name, longest, record.Lease, record.RenewEvery+longestPause, most)
		}
	}
}
