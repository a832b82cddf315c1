package states

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// A function's process does not run faster because the clock does, so the second that a Task gives it is one of the wall.
func TestATaskHasItsTimeoutInWallTime(t *testing.T) {
	c := clock.NewPaced(20, 1)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { c.Run(ctx); close(stopped) }()
	defer func() { cancel(); <-stopped }()
	takes := func(d time.Duration) func([]byte) Outcome {
		return func([]byte) Outcome {
			c.Await("process", func() { time.Sleep(d) })
			return Outcome{Payload: []byte("{}")}
		}
	}
	s := New(c, protocol.Default, answers{"quick": takes(200 * time.Millisecond), "slow": takes(1500 * time.Millisecond)}, nil)
	ends := map[string]types.ExecutionStatus{"quick": types.ExecutionStatusSucceeded, "slow": types.ExecutionStatusFailed}
	runs := map[string]string{}
	for name := range ends {
		task := `"A":{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:` + name + `","TimeoutSeconds":1,"End":true}`
		runs[name] = begin(t, c, s, deploy(t, c, s, name, jsonata(task)), "{}")
	}
	c.Do("read", func() {
		for name, want := range ends {
			x := s.runs[runs[name]]
			for x.status == types.ExecutionStatusRunning {
				c.Sleep(time.Second)
			}
			if x.status != want {
				t.Errorf("%s: got %s (%s), want %s", name, x.status, x.errorName, want)
			}
		}
	})
}
