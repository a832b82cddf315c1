package sqs

import (
	"maps"
	"testing"
	"time"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// Nobody reads a queue of dead letters until somebody looks.
func TestGrowthOfAQueueThatNobodyReads(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default)
	q := &queue{name: "dead", attributes: maps.Clone(defaults)}
	s.queues["dead"] = q
	for range 365 {
		c.Do("send", func() {
			if err := s.Send(s.arn(q), "dead", nil); err != nil {
				t.Error(err)
			}
		})
		c.RunFor(24 * time.Hour)
		c.Do("forget", s.Forget)
	}
	if n := len(q.messages); n < 3 || n > 5 {
		t.Errorf("after a year %d messages are kept, want those of four days", n)
	}
}
