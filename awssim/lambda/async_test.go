package lambda_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/lambda"
)

const queueARN = "arn:aws:sqs:eu-west-1:123456789012:failed"

// onFailure sends the records of f's failures to the queue, with further settings.
func (b *bench) onFailure(destination string, settings map[string]any) {
	b.t.Helper()
	in := map[string]any{"FunctionName": "f", "DestinationConfig": map[string]any{"OnFailure": map[string]any{"Destination": destination}}}
	for k, v := range settings {
		in[k] = v
	}
	b.call("PutFunctionEventInvokeConfig", in)
}

// started are the rounded times, since the clock's start, at which the handler ran.
func (b *bench) failing(fails int) *[]time.Duration {
	started := &[]time.Duration{}
	b.function(lambda.Function{Name: "f"}, func() error {
		*started = append(*started, b.clock.Now().Sub(clock.Epoch).Round(time.Second))
		if len(*started) <= fails {
			return Rejected{"always"}
		}
		return nil
	})
	return started
}

func (b *bench) queue(payload string) {
	b.t.Helper()
	if err := b.service.InvokeAsync("f", []byte(payload)); err != nil {
		b.t.Fatal(err)
	}
	b.clock.RunFor(12 * time.Hour)
}

func TestAsyncRetriesAfterOneAndTwoMinutesThenTheDestination(t *testing.T) {
	b := newBench(t, 1)
	started := b.failing(9)
	b.onFailure(queueARN, nil)
	b.queue(`{"order":"<1>"}`)
	if diff := cmp.Diff([]time.Duration{0, time.Minute, 3 * time.Minute}, *started); diff != "" {
		t.Fatal(diff)
	}
	if len(b.sent) != 1 {
		t.Fatalf("got %d records, want 1", len(b.sent))
	}
	var r map[string]any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(b.sent[0], queueARN+" ")), &r); err != nil {
		t.Fatal(err)
	}
	request := r["requestContext"].(map[string]any)
	if id, _ := request["requestId"].(string); len(id) != 36 {
		t.Errorf("got request id %q", id)
	}
	delete(request, "requestId")
	at, err := time.Parse(time.RFC3339, r["timestamp"].(string))
	if age := at.Sub(clock.Epoch); err != nil || age < 3*time.Minute || age > 4*time.Minute {
		t.Errorf("got timestamp %v", r["timestamp"])
	}
	delete(r, "timestamp")
	want := map[string]any{
		"version":         "1.0",
		"requestContext":  map[string]any{"functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST", "condition": "RetriesExhausted", "approximateInvokeCount": 3.0},
		"requestPayload":  map[string]any{"order": "<1>"},
		"responseContext": map[string]any{"statusCode": 200.0, "executedVersion": "$LATEST", "functionError": "Unhandled"},
		"responsePayload": map[string]any{"errorMessage": "rejected: always", "errorType": "Rejected"},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Fatal(diff)
	}
}

func TestAsyncStopsWhenItSucceeds(t *testing.T) {
	b := newBench(t, 1)
	started := b.failing(1)
	b.onFailure(queueARN, nil)
	b.queue(`{}`)
	if len(*started) != 2 || len(b.sent) != 0 {
		t.Fatalf("ran %d times and sent %d records, want 2 and 0", len(*started), len(b.sent))
	}
}

func TestAsyncSettings(t *testing.T) {
	b := newBench(t, 1)
	started := b.failing(9)
	b.onFailure("arn:aws:events:eu-west-1:123456789012:event-bus/default", map[string]any{"MaximumRetryAttempts": 0})
	b.queue(`{}`)
	want := []string{"lambda|Lambda Function Invocation Result - Failure|[arn:aws:events:eu-west-1:123456789012:event-bus/default arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST]"}
	if diff := cmp.Diff(want, b.emitted); diff != "" || len(*started) != 1 {
		t.Fatalf("ran %d times, want 1; emitted %s", len(*started), diff)
	}
}

func TestAsyncEventGrowsTooOld(t *testing.T) {
	b := newBench(t, 1)
	started := b.failing(9)
	b.onFailure(queueARN, map[string]any{"MaximumEventAgeInSeconds": 90})
	b.queue(`{}`)
	if len(*started) != 2 || len(b.sent) != 1 || !strings.Contains(b.sent[0], `"condition":"EventAgeExceeded"`) {
		t.Fatalf("ran %d times, sent %v", len(*started), b.sent)
	}
}

func TestAsyncThrottlingIsNotARetry(t *testing.T) {
	b := newBench(t, 1)
	ran := 0
	b.function(lambda.Function{Name: "f", Timeout: 15 * time.Minute}, func() error { ran++; b.clock.Sleep(10 * time.Minute); return nil })
	b.call("PutFunctionConcurrency", map[string]any{"FunctionName": "f", "ReservedConcurrentExecutions": 1})
	b.onFailure(queueARN, nil)
	for range 3 {
		if err := b.service.InvokeAsync("f", nil); err != nil {
			t.Fatal(err)
		}
	}
	b.clock.RunFor(12 * time.Hour)
	if c := b.service.Counts(); ran != 3 || len(b.sent) != 0 || c.Throttles < 10 {
		t.Fatalf("ran %d times, sent %v, %d throttles; want all three to run in turn", ran, b.sent, c.Throttles)
	}
}

func TestAsyncOfAStoppedFunction(t *testing.T) {
	b := newBench(t, 1)
	started := b.failing(0)
	b.call("PutFunctionConcurrency", map[string]any{"FunctionName": "f", "ReservedConcurrentExecutions": 0})
	b.onFailure(queueARN, nil)
	if err := b.service.InvokeAsync("f", nil); err != nil {
		t.Fatal(err)
	}
	b.clock.RunFor(time.Second) // no waiting for capacity that will never come
	if len(*started) != 0 || len(b.sent) != 1 || !strings.Contains(b.sent[0], `"condition":"ZeroReservedConcurrency"`) {
		t.Fatalf("ran %d times, sent %v", len(*started), b.sent)
	}
}

func TestAsyncCopies(t *testing.T) {
	for copies := range 3 {
		b := newBench(t, 1)
		started := b.failing(0)
		b.service.Copies = func(lambda.Function, []byte) int { return copies }
		b.queue(`{}`)
		if len(*started) != copies {
			t.Errorf("ran %d times, want %d", len(*started), copies)
		}
	}
}

func TestAsyncSettingsOfAnAlias(t *testing.T) {
	b := newBench(t, 1)
	started := b.failing(9)
	b.call("PublishVersion", map[string]any{"FunctionName": "f"})
	b.call("CreateAlias", map[string]any{"FunctionName": "f", "Name": "live", "FunctionVersion": "1"})
	b.onFailure(queueARN, map[string]any{"Qualifier": "live", "MaximumRetryAttempts": 1})
	if err := b.service.InvokeAsync("arn:aws:lambda:eu-west-1:123456789012:function:f:live", nil); err != nil {
		t.Fatal(err)
	}
	b.clock.RunFor(time.Hour)
	if len(*started) != 2 || len(b.sent) != 1 || !strings.Contains(b.sent[0], `function:f:live"`) || !strings.Contains(b.sent[0], `"executedVersion":"1"`) {
		t.Fatalf("ran %d times, sent %v", len(*started), b.sent)
	}
}
