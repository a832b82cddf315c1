package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/clock/clocktest"
	"slipway/awssim/events/delivery"
	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
)

const (
	queueARN    = "arn:aws:sqs:eu-west-1:123456789012:work"
	deadARN     = "arn:aws:sqs:eu-west-1:123456789012:dead"
	functionARN = "arn:aws:lambda:eu-west-1:123456789012:function:push:live"
	machineARN  = "arn:aws:states:eu-west-1:123456789012:stateMachine:slipway"
	topicARN    = "arn:aws:sns:eu-west-1:123456789012:people"
	logARN      = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/events/all:*"
	roleARN     = "arn:aws:iam::123456789012:role/r"
)

// bench is EventBridge in virtual time with an SDK client and every kind of target.
type bench struct {
	t       *testing.T
	clock   *clock.Clock
	service *Service
	client  *eventbridge.Client
	got     []string // kind payload
	letters []map[string]string
	bodies  []string
	fail    error // of the function
	tries   []time.Time
}

func (b *bench) InvokeAsync(arn string, payload []byte) error {
	b.tries = append(b.tries, b.clock.Now())
	if b.fail == nil {
		b.got = append(b.got, "lambda "+string(payload))
	}
	return b.fail
}

func (b *bench) Start(machine, name, input string) (string, error) {
	b.got = append(b.got, "states "+input)
	return "", nil
}

func (b *bench) Send(queue, body string, attributes map[string]string) error {
	if queue == deadARN {
		b.letters, b.bodies = append(b.letters, attributes), append(b.bodies, body)
		return nil
	}
	b.got = append(b.got, "sqs "+body)
	return nil
}

func (b *bench) Publish(topic, subject, message string) error {
	b.got = append(b.got, "sns "+message)
	return nil
}

func (b *bench) Put(group, stream string, lines ...string) error {
	b.got = append(b.got, "logs "+group+" "+strings.Join(lines, ""))
	return nil
}

func newBench(t *testing.T, seed uint64) *bench {
	b := &bench{t: t, clock: clock.New(clock.Epoch, seed)}
	targets := &delivery.Targets{Functions: b, Machines: b, Queues: b, Topics: b, Logs: b}
	b.service = New(b.clock, protocol.Default, targets)
	b.client = eventbridge.NewFromConfig(protocoltest.Config(b.clock, b.service.API()))
	return b
}

// rule puts a rule that matches everything from shop, with its targets.
func (b *bench) rule(name string, targets ...types.Target) {
	b.t.Helper()
	if _, err := b.client.PutRule(b.t.Context(), &eventbridge.PutRuleInput{Name: &name, EventPattern: new(`{"source":["shop"]}`)}); err != nil {
		b.t.Fatal(err)
	}
	b.targets(name, targets...)
}

func (b *bench) targets(rule string, targets ...types.Target) {
	b.t.Helper()
	if len(targets) == 0 {
		return
	}
	for i := range targets {
		if targets[i].Id == nil {
			targets[i].Id = new(fmt.Sprint("t", i))
		}
	}
	if _, err := b.client.PutTargets(b.t.Context(), &eventbridge.PutTargetsInput{Rule: &rule, Targets: targets}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) emit(detail any) {
	b.service.Emit("shop", "Order", []string{"arn:x"}, detail)
}

func TestEnvelopeReachesEveryKindOfTarget(t *testing.T) {
	b := newBench(t, 1)
	b.rule("r", types.Target{Arn: new(functionARN)}, types.Target{Arn: new(machineARN), RoleArn: new(roleARN)},
		types.Target{Arn: new(queueARN)}, types.Target{Arn: new(topicARN)}, types.Target{Arn: new(logARN)})
	var watched []Event
	b.service.Watch(func(e Event) { watched = append(watched, e) })
	b.clock.RunFor(1500 * time.Millisecond)
	b.emit(map[string]any{"id": 7, "note": "<a&b>"})
	if len(b.got) != 0 {
		t.Fatal("delivery did not wait for a turn of its own")
	}
	b.clock.RunFor(time.Second)
	if len(watched) != 1 {
		t.Fatalf("watched %d events, want 1", len(watched))
	}
	event := `{"version":"0","id":"` + watched[0].ID + `","detail-type":"Order","source":"shop","account":"123456789012","time":"2026-01-05T09:00:01Z","region":"eu-west-1","resources":["arn:x"],"detail":{"id":7,"note":"<a&b>"}}`
	want := map[string]bool{"lambda " + event: true, "states " + event: true, "sqs " + event: true, "sns " + event: true, "logs /aws/events/all " + event: true}
	got := map[string]bool{}
	for _, g := range b.got {
		got[g] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	if c := b.service.Counts(); c.Delivered != 5 || c.Dropped != 0 {
		t.Fatalf("got %+v", c)
	}
}

func TestWhichRulesFire(t *testing.T) {
	b := newBench(t, 1)
	b.rule("a", types.Target{Arn: new(queueARN), Input: new(`"a"`)})
	b.rule("b", types.Target{Arn: new(queueARN), Input: new(`"b"`)})
	ctx := t.Context()
	if _, err := b.client.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: new("b")}); err != nil {
		t.Fatal(err)
	}
	b.emit(nil)
	b.service.Emit("other", "Order", nil, nil)
	b.clock.RunFor(time.Second)
	if _, err := b.client.EnableRule(ctx, &eventbridge.EnableRuleInput{Name: new("b")}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.client.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: new("a"), Ids: []string{"t0"}}); err != nil {
		t.Fatal(err)
	}
	b.emit(nil)
	b.clock.RunFor(time.Second)
	if diff := cmp.Diff([]string{`sqs "a"`, `sqs "b"`}, b.got); diff != "" {
		t.Fatal(diff)
	}
}

func TestInputs(t *testing.T) {
	transformer := func(template string, paths map[string]string) types.Target {
		return types.Target{InputTransformer: &types.InputTransformer{InputTemplate: &template, InputPathsMap: paths}}
	}
	for _, c := range []struct {
		name   string
		target types.Target
		want   string
	}{
		{"input", types.Target{Input: new(`{"a":1}`)}, `{"a":1}`},
		{"path", types.Target{InputPath: new("$.detail.items[1]")}, `"two"`},
		{"path with a name in brackets", types.Target{InputPath: new("$['detail-type']")}, `"Order"`},
		{"path to nothing", types.Target{InputPath: new("$.detail.none")}, `null`},
		{"template", transformer(`{"n": <n>, "say": "no. <n> of <who>", "all": <items>}`, map[string]string{"n": "$.detail.n", "who": "$.source", "items": "$.detail.items"}),
			`{"n": 12345678901234567890, "say": "no. 12345678901234567890 of shop", "all": ["one","two"]}`},
		{"template of a string", transformer(`"<q> in <rule> at <aws.events.event.ingestion-time>"`, map[string]string{"q": "$.detail.q", "rule": "$.source"}),
			`"say \"hi\" in shop at 2026-01-05T09:00:00Z"`},
		{"template with the rule", transformer(`{"rule":<aws.events.rule-name>,"arn":"<aws.events.rule-arn>"}`, nil), `{"rule":"r","arn":"arn:aws:events:eu-west-1:123456789012:rule/r"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, 1)
			c.target.Arn = new(queueARN)
			b.rule("r", c.target)
			b.emit(map[string]any{"n": json.Number("12345678901234567890"), "items": []string{"one", "two"}, "q": `say "hi"`})
			b.clock.RunFor(time.Second)
			if diff := cmp.Diff([]string{"sqs " + c.want}, b.got); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

func TestRetriesUntilTheTargetTakesIt(t *testing.T) {
	b := newBench(t, 1)
	b.rule("r", types.Target{Arn: new(functionARN)})
	b.fail = &protocol.Error{Code: "TooManyRequestsException", Status: 429, Message: "Rate Exceeded."}
	b.clock.After(10*time.Minute, "recover", func() { b.fail = nil })
	b.emit(nil)
	b.clock.RunFor(time.Hour)
	if len(b.got) != 1 || len(b.tries) < 8 || len(b.tries) > 12 {
		t.Fatalf("got %d deliveries after %d tries", len(b.got), len(b.tries))
	}
	for i := 2; i < len(b.tries)-1; i++ {
		if before, wait := b.tries[i-1].Sub(b.tries[i-2]), b.tries[i].Sub(b.tries[i-1]); wait <= before {
			t.Fatalf("waited %s after %s, want it to grow", wait, before)
		}
	}
}

func TestDeadLetters(t *testing.T) {
	throttled := &protocol.Error{Code: "TooManyRequestsException", Status: 429, Message: "Rate Exceeded."}
	for _, c := range []struct {
		name   string
		policy *types.RetryPolicy
		fail   error
		tries  [2]int // at least, at most
		want   map[string]string
	}{
		{"attempts", &types.RetryPolicy{MaximumRetryAttempts: new(int32(3))}, throttled, [2]int{4, 4},
			map[string]string{"ERROR_CODE": "THROTTLING", "ERROR_MESSAGE": "Rate Exceeded.", "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts", "RETRY_ATTEMPTS": "3"}},
		{"no retries", &types.RetryPolicy{MaximumRetryAttempts: new(int32(0))}, throttled, [2]int{1, 1},
			map[string]string{"ERROR_CODE": "THROTTLING", "ERROR_MESSAGE": "Rate Exceeded.", "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts", "RETRY_ATTEMPTS": "0"}},
		{"age", &types.RetryPolicy{MaximumEventAgeInSeconds: new(int32(60))}, throttled, [2]int{5, 7},
			map[string]string{"ERROR_CODE": "THROTTLING", "ERROR_MESSAGE": "Rate Exceeded.", "EXHAUSTED_RETRY_CONDITION": "MaximumEventAgeInSeconds"}},
		{"default", nil, throttled, [2]int{150, 186}, map[string]string{"ERROR_CODE": "THROTTLING", "ERROR_MESSAGE": "Rate Exceeded."}},
		{"gone", nil, &protocol.Error{Code: "ResourceNotFoundException", Status: 404, Message: "Function not found."}, [2]int{1, 1},
			map[string]string{"ERROR_CODE": "NO_RESOURCE", "ERROR_MESSAGE": "Function not found.", "RETRY_ATTEMPTS": "0"}},
		{"forbidden", nil, protocol.Errorf("AccessDeniedException", "no"), [2]int{1, 1},
			map[string]string{"ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "no", "RETRY_ATTEMPTS": "0"}},
		{"not of AWS", &types.RetryPolicy{MaximumRetryAttempts: new(int32(1))}, errors.New("broken"), [2]int{2, 2},
			map[string]string{"ERROR_CODE": "INTERNAL_ERROR", "ERROR_MESSAGE": "broken", "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts", "RETRY_ATTEMPTS": "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, 1)
			b.rule("r", types.Target{Arn: new(functionARN), RetryPolicy: c.policy, Input: new(`"not the event"`), DeadLetterConfig: &types.DeadLetterConfig{Arn: new(deadARN)}})
			b.fail = c.fail
			b.emit(map[string]int{"n": 1})
			b.clock.RunFor(48 * time.Hour)
			if len(b.tries) < c.tries[0] || len(b.tries) > c.tries[1] || len(b.letters) != 1 {
				t.Fatalf("got %d tries and %d letters, want %v and 1", len(b.tries), len(b.letters), c.tries)
			}
			c.want["RULE_ARN"], c.want["TARGET_ARN"] = "arn:aws:events:eu-west-1:123456789012:rule/r", functionARN
			for k, v := range c.want {
				if b.letters[0][k] != v {
					t.Errorf("%s: got %q, want %q", k, b.letters[0][k], v)
				}
			}
			if !strings.Contains(b.bodies[0], `"detail":{"n":1}`) {
				t.Errorf("got letter %s, want the event", b.bodies[0])
			}
		})
	}
}

func TestWithoutDeadLetterQueueItIsDroppedAndCounted(t *testing.T) {
	b := newBench(t, 1)
	b.rule("r", types.Target{Arn: new(functionARN), RetryPolicy: &types.RetryPolicy{MaximumRetryAttempts: new(int32(2))}})
	b.fail = errors.New("broken")
	b.emit(nil)
	b.clock.RunFor(time.Hour)
	if c := b.service.Counts(); c.Dropped != 1 || c.Retried != 2 || c.Delivered != 0 {
		t.Fatalf("got %+v", c)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault   Delivery
		soon    int
		overall int
	}{{Delivery{}, 1, 1}, {Delivery{Lost: true}, 0, 0}, {Delivery{Copies: 2}, 3, 3}, {Delivery{Delay: time.Hour, Copies: 1}, 0, 2}} {
		b := newBench(t, 1)
		b.rule("r", types.Target{Arn: new(queueARN)})
		b.service.Fault = func(Event) Delivery { return c.fault }
		b.emit(nil)
		b.clock.RunFor(time.Minute)
		soon := len(b.got)
		b.clock.RunFor(2 * time.Hour)
		if soon != c.soon || len(b.got) != c.overall {
			t.Errorf("%+v: got %d soon and %d overall, want %d and %d", c.fault, soon, len(b.got), c.soon, c.overall)
		}
	}
}

func TestScheduledRules(t *testing.T) {
	b := newBench(t, 1)
	put := func(expression string, state types.RuleState) {
		t.Helper()
		if _, err := b.client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: new("tick"), ScheduleExpression: &expression, State: state}); err != nil {
			t.Fatal(err)
		}
	}
	put("rate(5 minutes)", "")
	b.targets("tick", types.Target{Arn: new(queueARN)})
	b.clock.RunFor(16 * time.Minute)
	if len(b.got) != 3 {
		t.Fatalf("got %d, want one every five minutes", len(b.got))
	}
	var e Event
	if err := json.Unmarshal([]byte(strings.TrimPrefix(b.got[0], "sqs ")), &e); err != nil {
		t.Fatal(err)
	}
	want := Event{Version: "0", ID: e.ID, DetailType: "Scheduled Event", Source: "aws.events", Account: "123456789012", Time: clock.Epoch.Add(5 * time.Minute),
		Region: "eu-west-1", Resources: []string{"arn:aws:events:eu-west-1:123456789012:rule/tick"}, Detail: json.RawMessage("{}")}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Fatal(diff)
	}
	put("cron(30 9 * * ? *)", "")
	b.clock.RunFor(24 * time.Hour)
	if len(b.got) != 4 {
		t.Fatalf("got %d, want one more at 9:30", len(b.got))
	}
	put("rate(1 minute)", types.RuleStateDisabled)
	b.clock.RunFor(time.Hour)
	if len(b.got) != 4 {
		t.Fatalf("got %d, want none of a disabled rule", len(b.got))
	}
}

func TestPutEvents(t *testing.T) {
	b := newBench(t, 1)
	b.rule("r", types.Target{Arn: new(queueARN), InputPath: new("$.time")})
	entry := func(change func(*types.PutEventsRequestEntry)) types.PutEventsRequestEntry {
		e := types.PutEventsRequestEntry{Source: new("shop"), DetailType: new("Order"), Detail: new(`{"n":1}`)}
		change(&e)
		return e
	}
	at := time.Date(2026, 1, 4, 12, 0, 0, 0, time.UTC)
	out, err := b.client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		entry(func(e *types.PutEventsRequestEntry) { e.Time = &at }),
		entry(func(e *types.PutEventsRequestEntry) { e.Source = nil }),
		entry(func(e *types.PutEventsRequestEntry) { e.Source = new("aws.ecr") }),
		entry(func(e *types.PutEventsRequestEntry) { e.Detail = new(`[1]`) }),
		entry(func(e *types.PutEventsRequestEntry) { e.EventBusName = new("other") }),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, e := range out.Entries {
		codes = append(codes, aws.ToString(e.ErrorCode))
	}
	if diff := cmp.Diff([]string{"", "InvalidArgument", "NotAuthorizedForSourceException", "MalformedDetail", "InvalidArgument"}, codes); diff != "" || out.FailedEntryCount != 4 || len(aws.ToString(out.Entries[0].EventId)) != 36 {
		t.Fatalf("%s; %d failed", diff, out.FailedEntryCount)
	}
	b.clock.RunFor(time.Second)
	if diff := cmp.Diff([]string{`sqs "2026-01-04T12:00:00Z"`}, b.got); diff != "" {
		t.Fatal(diff)
	}
	many := make([]types.PutEventsRequestEntry, 11)
	for i := range many {
		many[i] = entry(func(*types.PutEventsRequestEntry) {})
	}
	large := entry(func(e *types.PutEventsRequestEntry) {
		e.Detail = new(`{"x":"` + string(bytes.Repeat([]byte("x"), 1<<20)) + `"}`)
	})
	for _, entries := range [][]types.PutEventsRequestEntry{many, {large}} {
		if _, err := b.client.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: entries}); err == nil || !strings.Contains(err.Error(), "ValidationException") {
			t.Fatalf("got %v for %d entries", err, len(entries))
		}
	}
}

func TestRefused(t *testing.T) {
	b := newBench(t, 1)
	b.rule("r", types.Target{Arn: new(queueARN)})
	queue := new(queueARN)
	rule := func(in eventbridge.PutRuleInput) func() error {
		return func() error { _, err := b.client.PutRule(t.Context(), &in); return err }
	}
	target := func(in types.Target) func() error {
		in.Id = new("x")
		return func() error {
			_, err := b.client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: new("r"), Targets: []types.Target{in}})
			return err
		}
	}
	for _, c := range []struct {
		name string
		call func() error
		want string
	}{
		{"bad pattern", rule(eventbridge.PutRuleInput{Name: new("x"), EventPattern: new(`{"a":"b"}`)}), "InvalidEventPatternException"},
		{"long pattern", rule(eventbridge.PutRuleInput{Name: new("x"), EventPattern: new(`{"a":["` + strings.Repeat("b", 2048) + `"]}`)}), "InvalidEventPatternException"},
		{"nothing to fire on", rule(eventbridge.PutRuleInput{Name: new("x")}), "ValidationException"},
		{"bad schedule", rule(eventbridge.PutRuleInput{Name: new("x"), ScheduleExpression: new("rate(1 minutes)")}), "ValidationException"},
		{"bad name", rule(eventbridge.PutRuleInput{Name: new("a b"), EventPattern: new(`{"a":["b"]}`)}), "ValidationException"},
		{"tags", rule(eventbridge.PutRuleInput{Name: new("x"), EventPattern: new(`{"a":["b"]}`), Tags: []types.Tag{{Key: queue, Value: queue}}}), "ValidationException"},
		{"other bus", rule(eventbridge.PutRuleInput{Name: new("x"), EventBusName: new("mine"), EventPattern: new(`{"a":["b"]}`)}), "ResourceNotFoundException"},
		{"unknown rule", func() error {
			_, err := b.client.DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: new("x")})
			return err
		}, "ResourceNotFoundException"},
		{"rule with targets", func() error {
			_, err := b.client.DeleteRule(t.Context(), &eventbridge.DeleteRuleInput{Name: new("r")})
			return err
		}, "Rule can't be deleted since it has targets"},
		{"machine without role", target(types.Target{Arn: new(machineARN)}), "RoleArn is required"},
		{"stream", target(types.Target{Arn: new("arn:aws:kinesis:eu-west-1:123456789012:stream/x")}), "not to arn:aws:kinesis"},
		{"queue parameters", target(types.Target{Arn: queue, SqsParameters: &types.SqsParameters{MessageGroupId: queue}}), "SqsParameters"},
		{"two inputs", target(types.Target{Arn: queue, Input: new(`1`), InputPath: new("$")}), "only one of Input"},
		{"broken input", target(types.Target{Arn: queue, Input: new(`{`)}), "syntax error"},
		{"path with a filter", target(types.Target{Arn: queue, InputPath: new(`$.a[?(@.b)]`)}), "awssim reads paths"},
		{"template with an unknown name", target(types.Target{Arn: queue, InputTransformer: &types.InputTransformer{InputTemplate: new(`{"a":<b>}`)}}), "does not define"},
		{"template of lines", target(types.Target{Arn: queue, InputTransformer: &types.InputTransformer{InputTemplate: new("\"a\"\n\"b\"")}}), "one JSON value"},
		{"retries", target(types.Target{Arn: queue, RetryPolicy: &types.RetryPolicy{MaximumRetryAttempts: new(int32(186))}}), "0 to 185"},
		{"dead letters to a topic", target(types.Target{Arn: queue, DeadLetterConfig: &types.DeadLetterConfig{Arn: new(topicARN)}}), "standard SQS queue"},
		{"too many targets", func() error {
			targets := make([]types.Target, 6)
			for i := range targets {
				targets[i] = types.Target{Id: new(fmt.Sprint(i)), Arn: queue}
			}
			_, err := b.client.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: new("r"), Targets: targets})
			return err
		}, "LimitExceededException"},
	} {
		if err := c.call(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestDescribeListAndDelete(t *testing.T) {
	b := newBench(t, 1)
	ctx := t.Context()
	for _, name := range []string{"shop-c", "shop-a", "other", "shop-b"} {
		b.rule(name)
	}
	b.targets("shop-a", types.Target{Arn: new(queueARN), RetryPolicy: &types.RetryPolicy{MaximumRetryAttempts: new(int32(0))}})
	d, err := b.client.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: new("shop-a")})
	if err != nil || *d.Arn != "arn:aws:events:eu-west-1:123456789012:rule/shop-a" || d.State != types.RuleStateEnabled || *d.EventPattern != `{"source":["shop"]}` {
		t.Fatalf("got %+v, %v", d, err)
	}
	var names []string
	in := &eventbridge.ListRulesInput{NamePrefix: new("shop-"), Limit: new(int32(2))}
	for {
		out, err := b.client.ListRules(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.Rules {
			names = append(names, *r.Name)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if diff := cmp.Diff([]string{"shop-a", "shop-b", "shop-c"}, names); diff != "" {
		t.Fatal(diff)
	}
	list, err := b.client.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: new("shop-a")})
	if err != nil || len(list.Targets) != 1 || *list.Targets[0].RetryPolicy.MaximumRetryAttempts != 0 {
		t.Fatalf("got %+v, %v", list, err)
	}
	for range 2 { // deleting what is gone succeeds
		if _, err := b.client.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: new("shop-b")}); err != nil {
			t.Fatal(err)
		}
	}
	test, err := b.client.TestEventPattern(ctx, &eventbridge.TestEventPatternInput{EventPattern: new(`{"a":[{"prefix":"x"}]}`), Event: new(`{"a":"xy"}`)})
	if err != nil || !test.Result {
		t.Fatalf("got %+v, %v", test, err)
	}
}

// trace delivers events to a target that fails at times: every turn, and what came of it.
func trace(t *testing.T, seed uint64) string {
	b := newBench(t, seed)
	var turns strings.Builder
	b.clock.Trace(func(at time.Time, name string) { fmt.Fprintln(&turns, at.UnixNano(), name) })
	b.rule("r", types.Target{Arn: new(functionARN)}, types.Target{Arn: new(queueARN)})
	stop := b.clock.Every(time.Second, "flip", func() {
		b.fail = nil
		if b.clock.Rand().IntN(2) == 0 {
			b.fail = errors.New("no")
		}
	})
	for i := range 10 {
		b.emit(map[string]int{"n": i})
	}
	b.clock.RunFor(time.Minute)
	stop()
	return turns.String() + fmt.Sprint(b.got)
}

func TestSameSeedSameTrace(t *testing.T) {
	clocktest.Repeats(t, 20, func(seed uint64) string { return trace(t, seed) })
}
