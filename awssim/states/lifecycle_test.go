package states

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/awssim/clock"
	"slipway/awssim/clock/clocktest"
	"slipway/awssim/protocol"
)

// loop is a deployment as Slipway's machine runs one: act, then look and wait until the judgement is in.
const loop = `{"QueryLanguage":"JSONata","StartAt":"Update","TimeoutSeconds":14400,"States":{
	"Update":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"update","Payload":"{% $states.input %}"},
		"Assign":{"started":"{% $states.context.State.EnteredTime %}"},"Output":"{% $states.result.Payload %}","TimeoutSeconds":30,
		"Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":1,"MaxAttempts":5,"JitterStrategy":"FULL"}],"Next":"Probe"},
	"Probe":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"probe","Payload":{"since":"{% $started %}","now":"{% $states.context.State.EnteredTime %}"}},
		"Output":"{% $states.result.Payload %}","TimeoutSeconds":30,"Retry":[{"ErrorEquals":["Throttled"],"IntervalSeconds":2,"JitterStrategy":"FULL"}],"Next":"Judge"},
	"Judge":{"Type":"Choice","Choices":[{"Condition":"{% $states.input.phase = 'Converging' %}","Next":"Pause"},{"Condition":"{% $states.input.phase = 'Succeeded' %}","Next":"Done"}],"Default":"Impossible"},
	"Pause":{"Type":"Wait","Seconds":15,"Next":"Probe"},
	"Done":{"Type":"Succeed"},
	"Impossible":{"Type":"Fail","Error":"Impossible"}}}`

// deployment is the functions of the loop: throttled at times, and done after half an hour.
func deployment(c *clock.Clock) answers {
	probe := func([]byte) Outcome {
		switch {
		case c.Rand().IntN(10) == 0:
			return Outcome{ErrorType: "Throttled", ErrorMessage: "slow down"}
		case c.Now().Sub(clock.Epoch) < 30*time.Minute:
			return Outcome{Payload: []byte(`{"phase":"Converging"}`)}
		}
		return Outcome{Payload: []byte(`{"phase":"Succeeded"}`)}
	}
	return answers{"update": returns(`{}`), "probe": probe}
}

func runLoop(t *testing.T, seed uint64) *execution {
	c := clock.New(clock.Epoch, seed)
	s := New(c, protocol.Default, deployment(c), nil)
	return s.runs[finish(t, c, s, deploy(t, c, s, "slipway", loop), `{"service":"shop/web"}`)]
}

func TestHalfAnHourOfDeployment(t *testing.T) {
	begun := time.Now()
	x := runLoop(t, 1)
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("half an hour of virtual time took %s", took)
	}
	if x.status != types.ExecutionStatusSucceeded || x.stop.Sub(x.start) < 30*time.Minute {
		t.Fatalf("got %s after %s: %s", x.status, x.stop.Sub(x.start), x.cause)
	}
	if x.transitions < 300 || len(x.history) < 1000 {
		t.Errorf("got %d transitions and %d events: the loop did not loop", x.transitions, len(x.history))
	}
}

func TestSameSeedSameHistory(t *testing.T) {
	clocktest.Repeats(t, 5, func(seed uint64) string { return historyText(t, runLoop(t, seed)) })
}

func TestStop(t *testing.T) {
	for name, definition := range map[string]string{
		"in a wait":     waiting,
		"in a retry":    jsonata(invoke(`,"Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":60}],"End":true`)),
		"in a map":      jsonata(`"A":{"Type":"Map","Items":[1,2],"ItemProcessor":{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}},"End":true}`),
		"in a parallel": jsonata(`"A":{"Type":"Parallel","Branches":[{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"End":true}}}],"End":true}`),
	} {
		t.Run(name, func(t *testing.T) {
			c := clock.New(clock.Epoch, 1)
			b := &bus{}
			s := New(c, protocol.Default, answers{}, b)
			arn := begin(t, c, s, deploy(t, c, s, "test", definition), `{}`)
			c.RunFor(10 * time.Second)
			api, ctx := client(c, s), context.Background()
			if _, err := api.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: &arn, Error: new("Why"), Cause: new("a person")}); err != nil {
				t.Fatal(err)
			}
			x := s.runs[arn]
			events := len(x.history)
			c.RunFor(time.Hour)
			if x.status != types.ExecutionStatusAborted || x.errorName != "Why" || x.stop.Sub(x.start) != 10*time.Second || len(x.history) != events {
				t.Errorf("got %s %s after %s: %s", x.status, x.errorName, x.stop.Sub(x.start), kinds(x))
			}
			if got := b.statuses(); got != "RUNNING ABORTED" {
				t.Errorf("events: %s", got)
			}
			if again, err := api.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: &arn}); err != nil || !again.StopDate.Equal(x.stop) {
				t.Errorf("stopping twice: got %v, %v", again, err)
			}
		})
	}
}

func TestRedriveResumesAtTheFailedState(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	calls := 0
	first := func([]byte) Outcome { calls++; return Outcome{Payload: []byte(`{"n":1}`)} }
	b := &bus{}
	s := New(c, protocol.Default, answers{"first": first, "f": fails("Broken", 1)}, b)
	definition := `{"QueryLanguage":"JSONata","StartAt":"First","States":{
		"First":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"first"},"Assign":{"n":"{% $states.result.Payload.n %}"},"Output":{"kept":true},"Next":"A"},` +
		invoke(`,"Output":["{% $n %}","{% $states.input %}","{% $states.context.Execution.RedriveCount %}"],"End":true`) + `}}`
	arn := finish(t, c, s, deploy(t, c, s, "test", definition), `{}`)
	x := s.runs[arn]
	if x.status != types.ExecutionStatusFailed {
		t.Fatalf("ineffective test case: got %s", x.status)
	}
	api, ctx := client(c, s), context.Background()
	c.RunFor(24 * time.Hour)
	if _, err := api.RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: &arn}); err != nil {
		t.Fatal(err)
	}
	c.RunFor(time.Minute)
	if x.status != types.ExecutionStatusSucceeded || x.output != `[1,{"kept":true},1]` || calls != 1 {
		t.Errorf("got %s %s (%s) after %d calls of the first function", x.status, x.output, x.cause, calls)
	}
	if !strings.Contains(kinds(x), "ExecutionFailed ExecutionRedriven TaskStateEntered TaskScheduled") {
		t.Errorf("got %s", kinds(x))
	}
	if got := b.statuses(); got != "RUNNING FAILED RUNNING SUCCEEDED" || b.sent[1].RedriveStatus != "REDRIVABLE" || b.sent[3].RedriveCount != 1 {
		t.Errorf("events: %s, %+v", got, b.sent)
	}
	if _, err := api.RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: &arn}); code(err) != "ExecutionNotRedrivable" {
		t.Errorf("after SUCCEEDED: got %v", err)
	}
}

// AWS redrives only the branches that failed. To run the others again would repeat what they did.
func TestRedriveOfBranchesIsRefused(t *testing.T) {
	for name, outer := range map[string]string{
		"Parallel": `{"Type":"Parallel","Branches":[{"StartAt":"Good","States":{"Good":{"Type":"Succeed"}}},{"StartAt":"Bad","States":{"Bad":{"Type":"Fail"}}}],"End":true}`,
		"Map":      `{"Type":"Map","Items":[1,2],"ItemProcessor":{"StartAt":"Bad","States":{"Bad":{"Type":"Fail"}}},"End":true}`,
	} {
		c := clock.New(clock.Epoch, 1)
		s := New(c, protocol.Default, answers{}, &bus{})
		arn := finish(t, c, s, deploy(t, c, s, "test", jsonata(`"A":`+outer)), `{}`)
		if status := s.runs[arn].status; status != types.ExecutionStatusFailed {
			t.Fatalf("ineffective test case: got %s", status)
		}
		_, err := client(c, s).RedriveExecution(context.Background(), &sfn.RedriveExecutionInput{ExecutionArn: &arn})
		if code(err) != "ExecutionNotRedrivable" || !strings.Contains(err.Error(), "awssim does not redrive a "+name+" state") || s.runs[arn].redrives != 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestRedriveEndsAfterTwoWeeks(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, answers{}, nil)
	arn := finish(t, c, s, deploy(t, c, s, "test", jsonata(`"A":{"Type":"Fail","Error":"E"}`)), `{}`)
	api, ctx := client(c, s), context.Background()
	for i := range 2 {
		if _, err := api.RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: &arn}); err != nil {
			t.Fatalf("redrive %d: %v", i+1, err)
		}
		c.RunFor(time.Second)
		if x := s.runs[arn]; x.status != types.ExecutionStatusFailed || x.errorName != "E" {
			t.Errorf("a Fail state fails again: got %s %s", x.status, x.errorName)
		}
	}
	c.RunFor(14*24*time.Hour + time.Minute)
	if _, err := api.RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: &arn}); code(err) != "ExecutionNotRedrivable" {
		t.Errorf("got %v", err)
	}
}

func TestWatch(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, answers{}, nil)
	var seen []string
	s.Watch(func(_, state string) { seen = append(seen, fmt.Sprint(state, c.Now().Sub(clock.Epoch))) })
	arn := finish(t, c, s, deploy(t, c, s, "test", jsonata(`"A":{"Type":"Wait","Seconds":3,"Next":"B"},"B":{"Type":"Succeed"}`)), `{}`)
	if got := strings.Join(seen, " "); got != "A0s B3s" {
		t.Errorf("got %s", got)
	}
	if got := s.Transitions(arn); got != 3 {
		t.Errorf("got %d transitions, want 3", got)
	}
	list := s.Executions()
	if len(list) != 1 || list[0].State != "B" || list[0].Machine != "test" || list[0].Status != types.ExecutionStatusSucceeded {
		t.Errorf("got %+v", list)
	}
}

// lines keeps what is logged.
type lines struct{ text []string }

func (l *lines) Put(group, stream string, text ...string) error {
	for _, line := range text {
		l.text = append(l.text, group+" "+stream+" "+line)
	}
	return nil
}

func TestExecutionLogs(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s, l := New(c, protocol.Default, answers{}, nil), &lines{}
	machine := deploy(t, c, s, "slipway", jsonata(`"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Fail","Error":"E"}`))
	api, ctx := client(c, s), context.Background()
	level := func(level types.LogLevel, arn string) error {
		_, err := api.UpdateStateMachine(ctx, &sfn.UpdateStateMachineInput{StateMachineArn: &machine, LoggingConfiguration: &types.LoggingConfiguration{
			Level: level, Destinations: []types.LogDestination{{CloudWatchLogsLogGroup: &types.CloudWatchLogsLogGroup{LogGroupArn: &arn}}},
		}})
		return err
	}
	const group = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/states/slipway:*"
	if err := level(types.LogLevelAll, group); code(err) != "InvalidLoggingConfiguration" {
		t.Errorf("without logs: got %v", err)
	}
	s.LogTo(l)
	if err := level(types.LogLevelAll, strings.TrimSuffix(group, ":*")); code(err) != "InvalidLoggingConfiguration" {
		t.Errorf("an ARN that does not end with :*: got %v", err)
	}
	for want, at := range map[int]types.LogLevel{5: types.LogLevelAll, 2: types.LogLevelError, 1: types.LogLevelFatal, 0: types.LogLevelOff} {
		l.text = nil
		if err := level(at, group); err != nil {
			t.Fatal(err)
		}
		finish(t, c, s, machine, `{"secret":1}`)
		if len(l.text) != want || strings.Contains(strings.Join(l.text, ""), "secret") {
			t.Errorf("%s: got %d lines, want %d without data:\n%s", at, len(l.text), want, strings.Join(l.text, "\n"))
		}
	}
	if err := level(types.LogLevelFatal, group); err != nil {
		t.Fatal(err)
	}
	l.text = nil
	arn := finish(t, c, s, machine, `{}`)
	want := `"id":"5","type":"ExecutionFailed","details":{"error":"E"},"redrive_count":"0","previous_event_id":"4","event_timestamp":"1767603600000","execution_arn":"` + arn + `"}`
	if got := l.text[0]; !strings.HasPrefix(got, "/aws/vendedlogs/states/slipway states/slipway/2026-01-05-09-00/") || !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}
