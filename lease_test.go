package slipway_test

import (
	"fmt"
	"testing"
	"time"

	"slipway/internal/record"
	"slipway/internal/rollout"
)

// ECS has no compare-and-swap, so the lease must outlast any call that a holder may still have in flight when another takes
// over: a Lambda that was started just before the lease was renewed for the last time, a request that is still valid (five
// minutes for SigV4), and three of the longest pauses between looks.
func TestLeaseOutlastsEveryLiveCall(t *testing.T) {
	const requestValidity, longestPause = 5 * time.Minute, time.Minute
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
