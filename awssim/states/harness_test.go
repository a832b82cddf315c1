package states

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

const testRole = "arn:aws:iam::123456789012:role/states"

// answers are functions by name. One that is not there is unavailable.
type answers map[string]func(payload []byte) Outcome

func (a answers) Invoke(_, arn string, payload []byte) Outcome {
	name := strings.Split(arn, ":")[6]
	fn, ok := a[name]
	if !ok {
		return Outcome{Unavailable: "Lambda.ResourceNotFoundException", ErrorMessage: "Function not found: " + arn}
	}
	return fn(payload)
}

// returns is a function that always answers the same.
func returns(payload string) func([]byte) Outcome {
	return func([]byte) Outcome { return Outcome{Payload: []byte(payload), StatusCode: 200} }
}

// fails is a function that fails with an error of type name, times times, and then answers ok.
func fails(name string, times int) func([]byte) Outcome {
	return func([]byte) Outcome {
		if times--; times < 0 {
			return Outcome{Payload: []byte(`"ok"`)}
		}
		return Outcome{ErrorType: name, ErrorMessage: "it broke"}
	}
}

func deploy(t *testing.T, c *clock.Clock, s *Service, name, definition string) string {
	t.Helper()
	var arn string
	c.Do("deploy", func() {
		out, err := s.createStateMachine(&protocol.Call{Service: "states", Operation: "CreateStateMachine"},
			&sfn.CreateStateMachineInput{Name: &name, Definition: &definition, RoleArn: new(testRole)})
		if err != nil {
			t.Fatal(err)
		}
		arn = *out.StateMachineArn
	})
	return arn
}

// finish starts an execution and drives the clock until it has ended.
func finish(t *testing.T, c *clock.Clock, s *Service, machine, input string) string {
	t.Helper()
	arn := begin(t, c, s, machine, input)
	x := s.runs[arn]
	if err := c.RunUntil(func() bool { return x.status != types.ExecutionStatusRunning }, 2*365*24*time.Hour); err != nil {
		t.Fatalf("the execution is still in state %s: %v", x.state, err)
	}
	return arn
}

func begin(t *testing.T, c *clock.Clock, s *Service, machine, input string) string {
	t.Helper()
	var arn string
	c.Do("start", func() {
		var err error
		if arn, err = s.Start(machine, "", input); err != nil {
			t.Fatal(err)
		}
	})
	return arn
}

// execute runs a definition once and returns its execution.
func execute(t *testing.T, lambda answers, definition, input string) *execution {
	t.Helper()
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, lambda, nil)
	return s.runs[finish(t, c, s, deploy(t, c, s, "test", definition), input)]
}

// kinds are the event types of a history, without what every state's entry and exit adds.
func kinds(x *execution) string {
	var names []string
	for _, e := range x.history {
		names = append(names, string(e.Type))
	}
	return strings.Join(names, " ")
}

func historyText(t *testing.T, x *execution) string {
	t.Helper()
	text, err := json.Marshal(x.history)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
