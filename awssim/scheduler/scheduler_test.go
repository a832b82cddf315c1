package scheduler

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/events/delivery"
	"slipway/awssim/protocol"
)

const (
	driftARN = "arn:aws:lambda:eu-west-1:123456789012:function:slipway-drift:live"
	deadARN  = "arn:aws:sqs:eu-west-1:123456789012:dead"
)

type bench struct {
	t       *testing.T
	clock   *clock.Clock
	service *Service
	got     []string
	letters []map[string]string
	bodies  []string
	fail    error
}

func (b *bench) InvokeAsync(arn string, payload []byte) error {
	b.got = append(b.got, string(payload))
	return b.fail
}

func (b *bench) Send(queue, body string, attributes map[string]string) error {
	b.letters, b.bodies = append(b.letters, attributes), append(b.bodies, body)
	return nil
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, clock: clock.New(clock.Epoch, 1)}
	b.service = New(b.clock, protocol.Default, &delivery.Targets{Functions: b, Queues: b})
	return b
}

// input is the input of CreateSchedule as a template gives it, with changes: a nil value takes a member away.
func input(expression string, changes map[string]any) map[string]any {
	in := map[string]any{
		"Name": "s", "ScheduleExpression": expression, "FlexibleTimeWindow": map[string]any{"Mode": "OFF"},
		"Target": targetWith(nil),
	}
	for k, v := range changes {
		if v == nil {
			delete(in, k)
			continue
		}
		in[k] = v
	}
	return in
}

func targetWith(changes map[string]any) map[string]any {
	t := map[string]any{"Arn": driftARN, "RoleArn": "arn:aws:iam::123456789012:role/r", "Input": `"<aws.scheduler.scheduled-time>"`}
	for k, v := range changes {
		if v == nil {
			delete(t, k)
			continue
		}
		t[k] = v
	}
	return t
}

func (b *bench) call(operation string, in any) any {
	b.t.Helper()
	out, err := b.service.API().Invoke(operation, in)
	if err != nil {
		b.t.Fatalf("%s: %v", operation, err)
	}
	return out
}

func TestWhenSchedulesFire(t *testing.T) {
	for _, c := range []struct {
		name, expression string
		changes          map[string]any
		want             string // scheduled times of the first two hours
	}{
		{"rate, at once and then", "rate(30 minutes)", nil, "09:00 09:30 10:00 10:30"},
		{"rate from a start", "rate(30 minutes)", map[string]any{"StartDate": "2026-01-05T09:10:00Z"}, "09:10 09:40 10:10 10:40"},
		{"rate from a start in the past", "rate(1 hours)", map[string]any{"StartDate": "2026-01-04T12:20:00Z"}, "09:20 10:20"},
		{"rate to an end", "rate(30 minutes)", map[string]any{"EndDate": "2026-01-05T09:45:00Z"}, "09:00 09:30"},
		{"cron", "cron(15 * * * ? *)", nil, "09:15 10:15"},
		{"cron from a start", "cron(15 * * * ? *)", map[string]any{"StartDate": "2026-01-05T10:00:00Z"}, "10:15"},
		{"once", "at(2026-01-05T09:45:00)", nil, "09:45"},
		{"once in the past", "at(2026-01-05T08:45:00)", nil, ""},
		{"disabled", "rate(30 minutes)", map[string]any{"State": "DISABLED"}, ""},
		{"UTC by name", "cron(15 10 * * ? *)", map[string]any{"ScheduleExpressionTimezone": "UTC"}, "10:15"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.call("CreateSchedule", input(c.expression, c.changes))
			b.clock.RunFor(2*time.Hour - time.Minute)
			var got []string
			for _, payload := range b.got {
				got = append(got, strings.TrimSuffix(strings.TrimPrefix(payload, `"2026-01-05T`), `:00Z"`))
			}
			if strings.Join(got, " ") != c.want {
				t.Fatalf("got %v, want %s", got, c.want)
			}
		})
	}
}

func TestContextAttributes(t *testing.T) {
	b := newBench(t)
	in := `{"at":"<aws.scheduler.scheduled-time>","id":"<aws.scheduler.execution-id>","try":"<aws.scheduler.attempt-number>","of":"<aws.scheduler.schedule-arn>"}`
	b.call("CreateSchedule", input("at(2026-01-05T09:30:00)", map[string]any{"Target": targetWith(map[string]any{
		"Input": in, "RetryPolicy": map[string]any{"MaximumRetryAttempts": 2}, "DeadLetterConfig": map[string]any{"Arn": deadARN}})}))
	b.fail = &protocol.Error{Code: "TooManyRequestsException", Status: 429, Message: "Rate Exceeded."}
	b.clock.RunFor(time.Hour)
	var ids, tries []string
	for _, payload := range b.got {
		var p struct{ At, ID, Try, Of string }
		if err := json.Unmarshal([]byte(payload), &p); err != nil {
			t.Fatal(err)
		}
		if p.At != "2026-01-05T09:30:00Z" || p.Of != "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/s" || len(p.ID) != 16 {
			t.Fatalf("got %s", payload)
		}
		ids, tries = append(ids, p.ID), append(tries, p.Try)
	}
	if strings.Join(tries, " ") != "1 2 3" || ids[0] != ids[2] || len(b.letters) != 1 {
		t.Fatalf("got attempts %v of %v and %d letters", tries, ids, len(b.letters))
	}
	want := map[string]string{"ERROR_CODE": "TooManyRequestsException", "ERROR_MESSAGE": "Rate Exceeded.", "EXECUTION_ID": ids[0], "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
		"IS_PAYLOAD_TRUNCATED": "false", "RETRY_ATTEMPTS": "2", "SCHEDULE_ARN": "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/s", "SCHEDULED_TIME": "2026-01-05T09:30:00Z", "TARGET_ARN": driftARN}
	if diff := cmp.Diff(want, b.letters[0]); diff != "" {
		t.Fatal(diff)
	}
	if b.bodies[0] != b.got[2] {
		t.Fatalf("got letter %s, want the payload of the last attempt", b.bodies[0])
	}
}

func TestDefaultPayload(t *testing.T) {
	b := newBench(t)
	b.call("CreateSchedule", input("at(2026-01-05T09:30:00)", map[string]any{"Target": targetWith(map[string]any{"Input": nil})}))
	b.clock.RunFor(time.Hour)
	if len(b.got) != 1 || !strings.Contains(b.got[0], `"detail":"{}"`) || !strings.Contains(b.got[0], `"source":"aws.scheduler"`) {
		t.Fatalf("got %v", b.got)
	}
}

func TestUpdateDeleteAndList(t *testing.T) {
	b := newBench(t)
	b.call("CreateSchedule", input("rate(30 minutes)", map[string]any{"Description": "old", "StartDate": "2026-01-05T09:30:00Z"}))
	b.call("CreateSchedule", input("at(2026-01-05T09:20:00)", map[string]any{"Name": "once", "ActionAfterCompletion": "DELETE"}))
	b.clock.RunFor(10 * time.Minute)
	b.call("UpdateSchedule", input("cron(15 * * * ? *)", nil))
	got := b.call("GetSchedule", map[string]any{"Name": "s"}).(*scheduler.GetScheduleOutput)
	if *got.ScheduleExpression != "cron(15 * * * ? *)" || *got.Description != "" || got.StartDate != nil || !got.CreationDate.Equal(clock.Epoch) {
		t.Fatalf("got %+v, want what the update left out gone", got)
	}
	if list := b.call("ListSchedules", nil).(*scheduler.ListSchedulesOutput); len(list.Schedules) != 2 || *list.Schedules[0].Name != "once" {
		t.Fatalf("got %+v", list.Schedules)
	}
	b.clock.RunFor(time.Hour) // to 10:10
	if diff := cmp.Diff([]string{`"2026-01-05T09:15:00Z"`, `"2026-01-05T09:20:00Z"`}, b.got); diff != "" {
		t.Fatal(diff)
	}
	if list := b.call("ListSchedules", nil).(*scheduler.ListSchedulesOutput); len(list.Schedules) != 1 {
		t.Fatalf("got %d schedules, want the completed one deleted", len(list.Schedules))
	}
	b.call("DeleteSchedule", map[string]any{"Name": "s"})
	b.clock.RunFor(time.Hour)
	if len(b.got) != 2 {
		t.Fatal("a deleted schedule fired")
	}
}

func TestRefused(t *testing.T) {
	b := newBench(t)
	b.call("CreateSchedule", input("rate(1 days)", map[string]any{"Name": "taken"}))
	for name, c := range map[string]struct {
		in   map[string]any
		want string
	}{
		"twice":       {input("rate(1 days)", map[string]any{"Name": "taken"}), "ConflictException"},
		"expression":  {input("rate(1 weeks)", nil), "ValidationException"},
		"name":        {input("rate(1 days)", map[string]any{"Name": "a b"}), "ValidationException"},
		"zone":        {input("rate(1 days)", map[string]any{"ScheduleExpressionTimezone": "Europe/Berlin"}), "ValidationException"},
		"window":      {input("rate(1 days)", map[string]any{"FlexibleTimeWindow": map[string]any{"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}}), "ValidationException"},
		"no window":   {input("rate(1 days)", map[string]any{"FlexibleTimeWindow": nil}), "ValidationException"},
		"group":       {input("rate(1 days)", map[string]any{"GroupName": "mine"}), "ResourceNotFoundException"},
		"no target":   {input("rate(1 days)", map[string]any{"Target": nil}), "ValidationException"},
		"no role":     {input("rate(1 days)", map[string]any{"Target": targetWith(map[string]any{"RoleArn": nil})}), "ValidationException"},
		"universal":   {input("rate(1 days)", map[string]any{"Target": targetWith(map[string]any{"Arn": "arn:aws:scheduler:::aws-sdk:ecs:updateService"})}), "ValidationException"},
		"ecs":         {input("rate(1 days)", map[string]any{"Target": targetWith(map[string]any{"EcsParameters": map[string]any{"TaskDefinitionArn": "x"}})}), "ValidationException"},
		"retries":     {input("rate(1 days)", map[string]any{"Target": targetWith(map[string]any{"RetryPolicy": map[string]any{"MaximumRetryAttempts": -1}})}), "ValidationException"},
		"key":         {input("rate(1 days)", map[string]any{"KmsKeyArn": "x"}), "ValidationException"},
		"dead letter": {input("rate(1 days)", map[string]any{"Target": targetWith(map[string]any{"DeadLetterConfig": map[string]any{"Arn": driftARN}})}), "ValidationException"},
	} {
		_, err := b.service.API().Invoke("CreateSchedule", c.in)
		var e *protocol.Error
		if !errors.As(err, &e) || e.Code != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	for _, operation := range []string{"GetSchedule", "DeleteSchedule", "UpdateSchedule"} {
		if _, err := b.service.API().Invoke(operation, map[string]any{"Name": "none"}); err == nil || !strings.Contains(err.Error(), "does not exist") {
			t.Errorf("%s: got %v", operation, err)
		}
	}
}
