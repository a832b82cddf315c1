package executions

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/google/go-cmp/cmp"

	"slipway/internal/fault"
	"slipway/internal/wiretest"
)

const (
	machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:slipway"
	running = "arn:aws:states:eu-west-1:123456789012:execution:slipway:web-v2-1"
)

func over(a *wiretest.AWS) *Executions { return New(sfn.NewFromConfig(a.Config()), machine) }

func describing(body string) func(wiretest.Call) wiretest.Answer {
	return func(wiretest.Call) wiretest.Answer { return wiretest.OK(body) }
}

func TestStart(t *testing.T) {
	a := wiretest.New(t).On("StartExecution", describing(fmt.Sprintf(`{"executionArn":%q,"startDate":1}`, running)))
	arn, err := over(a).Start(context.Background(), "web-v2-1", []byte(`{"service":"shop/web"}`))
	if err != nil || arn != running {
		t.Errorf("got %s, %v, want %s", arn, err, running)
	}
	want := map[string]any{"stateMachineArn": machine, "name": "web-v2-1", "input": `{"service":"shop/web"}`}
	if diff := cmp.Diff(want, a.Calls("StartExecution")[0].JSON(t)); diff != "" {
		t.Errorf("sent, want -, got +\n%s", diff)
	}
}

func TestStartAgain(t *testing.T) {
	for status, good := range map[string]bool{"RUNNING": true, "PENDING_REDRIVE": true, "SUCCEEDED": true, "FAILED": false, "ABORTED": false, "TIMED_OUT": false} {
		t.Run(status, func(t *testing.T) {
			a := wiretest.New(t)
			a.On("StartExecution", func(wiretest.Call) wiretest.Answer {
				return wiretest.Fault("ExecutionAlreadyExists", "Execution Already Exists: '"+running+"'")
			})
			a.On("DescribeExecution", func(c wiretest.Call) wiretest.Answer {
				if got := c.JSON(t)["executionArn"]; got != running {
					t.Errorf("described %v, want %s", got, running)
				}
				return wiretest.OK(fmt.Sprintf(`{"executionArn":%q,"status":%q}`, running, status))
			})
			arn, err := over(a).Start(context.Background(), "web-v2-1", []byte(`{}`))
			var refused *fault.Impossible
			if good && (err != nil || arn != running) || !good && !errors.As(err, &refused) {
				t.Errorf("got %s, %v", arn, err)
			}
		})
	}
}

func TestEnded(t *testing.T) {
	for _, test := range []struct {
		answer string
		at     time.Time
		ended  bool
	}{
		{`{"status":"RUNNING"}`, time.Time{}, false},
		{`{"status":"PENDING_REDRIVE","stopDate":100}`, time.Time{}, false},
		{`{"status":"ABORTED","stopDate":100}`, time.Unix(100, 0).UTC(), true},
		{`{"status":"SUCCEEDED","stopDate":100}`, time.Unix(100, 0).UTC(), true},
	} {
		a := wiretest.New(t).On("DescribeExecution", describing(test.answer))
		at, ended, err := over(a).Ended(context.Background(), running)
		if err != nil || !at.Equal(test.at) || ended != test.ended {
			t.Errorf("%s: got %v, %v, %v", test.answer, at, ended, err)
		}
	}
}

func TestEndedUnknown(t *testing.T) {
	a := wiretest.New(t).On("DescribeExecution", func(wiretest.Call) wiretest.Answer { return wiretest.Fault("ExecutionDoesNotExist", "") })
	if _, _, err := over(a).Ended(context.Background(), running); !fault.IsMissing(err) {
		t.Errorf("got %v, want *fault.Missing", err)
	}
}
