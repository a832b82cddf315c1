package states

import (
	"testing"
	"time"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

func TestGrowthOfExecutions(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, answers{}, nil)
	arn := deploy(t, c, s, "daily", jsonata(`"A":{"Type":"Pass","End":true}`))
	waits := begin(t, c, s, deploy(t, c, s, "long", jsonata(`"A":{"Type":"Wait","Seconds":99999999,"End":true}`)), "{}")
	for range 365 {
		finish(t, c, s, arn, "{}")
		c.RunFor(24 * time.Hour)
		c.Do("forget", s.Forget)
	}
	if len(s.runs) != 91 || len(s.started) != 91 || s.runs[waits] == nil {
		t.Errorf("after a year %d and %d executions are kept, want those of the last 90 days and the one that runs", len(s.runs), len(s.started))
	}
}
