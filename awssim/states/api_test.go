package states

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
)

func client(c *clock.Clock, s *Service) *sfn.Client {
	return sfn.NewFromConfig(protocoltest.Config(c, s.API()))
}

// bus keeps what was sent to it.
type bus struct{ sent []statusChange }

func (b *bus) Emit(source, detailType string, resources []string, detail any) {
	d := detail.(statusChange)
	if source == "aws.states" && detailType == "Step Functions Execution Status Change" && len(resources) == 1 && resources[0] == d.ExecutionARN {
		b.sent = append(b.sent, d)
	}
}

func (b *bus) statuses() string {
	var list []string
	for _, d := range b.sent {
		list = append(list, d.Status)
	}
	return strings.Join(list, " ")
}

const waiting = `{"QueryLanguage":"JSONata","StartAt":"Pause","States":{
	"Pause":{"Type":"Wait","Seconds":60,"Output":{"waited":true},"End":true}}}`

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestExecutionThroughTheClient(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	b := &bus{}
	s := New(c, protocol.Default, answers{}, b)
	api, ctx := client(c, s), context.Background()
	made, err := api.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{
		Name: new("slipway"), Definition: new(waiting), RoleArn: new(testRole),
		Tags: []types.Tag{{Key: new("team"), Value: new("shop")}}, Publish: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *made.StateMachineVersionArn, "arn:aws:states:eu-west-1:123456789012:stateMachine:slipway:1"; got != want {
		t.Errorf("version: got %s, want %s", got, want)
	}
	started, err := api.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: made.StateMachineVersionArn, Name: new("one"), Input: new(`{"a":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	c.RunFor(time.Minute)
	x, err := api.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
	if err != nil {
		t.Fatal(err)
	}
	if x.Status != types.ExecutionStatusSucceeded || *x.Output != `{"waited":true}` || x.StopDate.Sub(*x.StartDate) != time.Minute || *x.RedriveCount != 0 {
		t.Errorf("got %s with output %s after %s", x.Status, *x.Output, x.StopDate.Sub(*x.StartDate))
	}
	if x.StateMachineVersionArn == nil || *x.StateMachineVersionArn != *made.StateMachineVersionArn {
		t.Error("the execution does not name its version")
	}
	tags, err := api.ListTagsForResource(ctx, &sfn.ListTagsForResourceInput{ResourceArn: made.StateMachineArn})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "shop" {
		t.Errorf("tags: %v, %v", tags, err)
	}
	if got, want := b.statuses(), "RUNNING SUCCEEDED"; got != want {
		t.Errorf("events: got %s, want %s", got, want)
	}
	end := b.sent[1]
	if *end.StopDate-end.StartDate != 60_000 || *end.Output != `{"waited":true}` || *end.Input != `{"a":1}` || end.RedriveStatus != "NOT_REDRIVABLE" {
		t.Errorf("the last event is wrong: %+v", end)
	}
}

func TestHistoryPages(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, answers{}, nil)
	arn := finish(t, c, s, deploy(t, c, s, "slipway", waiting), `{}`)
	api, ctx := client(c, s), context.Background()
	read := func(reverse bool) []string {
		var names []string
		in := &sfn.GetExecutionHistoryInput{ExecutionArn: &arn, MaxResults: 3, ReverseOrder: reverse, IncludeExecutionData: new(false)}
		for {
			out, err := api.GetExecutionHistory(ctx, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range out.Events {
				names = append(names, string(e.Type))
				if e.StateEnteredEventDetails != nil && e.StateEnteredEventDetails.Input != nil {
					t.Error("data where none was asked for")
				}
			}
			if out.NextToken == nil {
				return names
			}
			in.NextToken = out.NextToken
		}
	}
	if d := cmp.Diff([]string{"ExecutionStarted", "WaitStateEntered", "WaitStateExited", "ExecutionSucceeded"}, read(false)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"ExecutionSucceeded", "WaitStateExited", "WaitStateEntered", "ExecutionStarted"}, read(true)); d != "" {
		t.Error(d)
	}
}

// A token names the last item of its page: what begins or changes between two pages neither repeats nor hides another.
func TestPagesGoOnWhereTheyWere(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, answers{}, nil)
	machine := deploy(t, c, s, "slipway", waiting)
	api, ctx := client(c, s), context.Background()
	a, b := begin(t, c, s, machine, `{}`), begin(t, c, s, machine, `{}`)
	in := &sfn.ListExecutionsInput{StateMachineArn: &machine, StatusFilter: types.ExecutionStatusRunning, MaxResults: 1}
	first, err := api.ListExecutions(ctx, in)
	if err != nil || len(first.Executions) != 1 || *first.Executions[0].ExecutionArn != b {
		t.Fatalf("got %v, %v", first, err)
	}
	begin(t, c, s, machine, `{}`)
	if _, err := api.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: &b}); err != nil {
		t.Fatal(err)
	}
	in.NextToken = first.NextToken
	if second, err := api.ListExecutions(ctx, in); err != nil || len(second.Executions) != 1 || *second.Executions[0].ExecutionArn != a || second.NextToken != nil {
		t.Errorf("got %v, %v, want %s alone", second, err, a)
	}
	history := &sfn.GetExecutionHistoryInput{ExecutionArn: &a, ReverseOrder: true, MaxResults: 1}
	newest, err := api.GetExecutionHistory(ctx, history)
	if err != nil {
		t.Fatal(err)
	}
	c.RunFor(2 * time.Minute)
	history.NextToken = newest.NextToken
	if next, err := api.GetExecutionHistory(ctx, history); err != nil || next.Events[0].Id != newest.Events[0].Id-1 {
		t.Errorf("after event %d comes %v, %v", newest.Events[0].Id, next, err)
	}
	in.NextToken = new("from-1")
	if _, err := api.ListExecutions(ctx, in); code(err) != "InvalidToken" {
		t.Errorf("a token of nobody: got %v", err)
	}
}

func TestExecutionNames(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, answers{}, nil)
	machine := deploy(t, c, s, "slipway", waiting)
	api, ctx := client(c, s), context.Background()
	start := func(name, input string) (string, error) {
		out, err := api.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &machine, Name: &name, Input: &input})
		if err != nil {
			return "", err
		}
		return *out.ExecutionArn, nil
	}
	first, err := start("v1-a.b", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := start("v1-a.b", `{}`); err != nil || again != first {
		t.Errorf("same name and input while running: got %s, %v", again, err)
	}
	if _, err := start("v1-a.b", `{"other":1}`); code(err) != "ExecutionAlreadyExists" {
		t.Errorf("same name, other input: got %v", err)
	}
	c.RunFor(time.Minute)
	if _, err := start("v1-a.b", `{}`); code(err) != "ExecutionAlreadyExists" {
		t.Errorf("name of a closed execution: got %v", err)
	}
	for _, name := range []string{"sha256:ab", "shop/web", "a b", strings.Repeat("x", 81), "a\tb"} {
		if _, err := start(name, `{}`); code(err) != "InvalidName" {
			t.Errorf("name %q: got %v", name, err)
		}
	}
	if _, err := start("bad-input", `{`); code(err) != "InvalidExecutionInput" {
		t.Errorf("input that is not JSON: got %v", err)
	}
	c.RunFor(91 * 24 * time.Hour)
	if _, err := start("v1-a.b", `{}`); err != nil {
		t.Errorf("the name is free again after 90 days: got %v", err)
	}
}

func TestErrorsByName(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, answers{}, nil)
	machine := deploy(t, c, s, "slipway", waiting)
	api, ctx := client(c, s), context.Background()
	done := finish(t, c, s, machine, `{}`)
	missing := machine + "x"
	for _, test := range []struct {
		want string
		call func() error
	}{
		{"ExecutionDoesNotExist", func() error {
			_, err := api.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: new(done + "x")})
			return err
		}},
		{"StateMachineDoesNotExist", func() error {
			_, err := api.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &missing})
			return err
		}},
		{"InvalidArn", func() error {
			_, err := api.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: new("slipway")})
			return err
		}},
		{"InvalidName", func() error {
			_, err := api.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: new("a b"), Definition: new(waiting), RoleArn: new(testRole)})
			return err
		}},
		{"StateMachineAlreadyExists", func() error {
			_, err := api.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: new("slipway"), Definition: new(strings.Replace(waiting, "60", "61", 1)), RoleArn: new(testRole)})
			return err
		}},
		{"InvalidDefinition", func() error {
			_, err := api.UpdateStateMachine(ctx, &sfn.UpdateStateMachineInput{StateMachineArn: &machine, Definition: new(`{}`)})
			return err
		}},
		{"ExecutionNotRedrivable", func() error {
			_, err := api.RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: &done})
			return err
		}},
		{"StateMachineTypeNotSupported", func() error {
			_, err := api.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: new("x"), Definition: new(waiting), RoleArn: new(testRole), Type: types.StateMachineTypeExpress})
			return err
		}},
		{"ResourceNotFound", func() error {
			_, err := api.ListTagsForResource(ctx, &sfn.ListTagsForResourceInput{ResourceArn: &missing})
			return err
		}},
	} {
		if err := test.call(); code(err) != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

// The revision that CreateStateMachine makes has no id, and PublishStateMachineVersion calls it INITIAL; later ones have one.
func TestRevisionID(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, answers{}, nil)
	machine := deploy(t, c, s, "slipway", waiting)
	api, ctx := client(c, s), context.Background()
	shown := func() string {
		t.Helper()
		out, err := api.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &machine})
		if err != nil {
			t.Fatal(err)
		}
		return aws.ToString(out.RevisionId)
	}
	publish := func(id string) error {
		_, err := api.PublishStateMachineVersion(ctx, &sfn.PublishStateMachineVersionInput{StateMachineArn: &machine, RevisionId: &id})
		return err
	}
	if id := shown(); id != "" {
		t.Errorf("the first revision has the id %s", id)
	}
	if err := publish("INITIAL"); err != nil {
		t.Error(err)
	}
	update := &sfn.UpdateStateMachineInput{StateMachineArn: &machine, TracingConfiguration: &types.TracingConfiguration{Enabled: true}}
	updated, err := api.UpdateStateMachine(ctx, update)
	if err != nil {
		t.Fatal(err)
	}
	if id := shown(); id == "" || id != aws.ToString(updated.RevisionId) {
		t.Errorf("the second revision has the id %q, and the update answered %s", id, aws.ToString(updated.RevisionId))
	}
	if err := publish("INITIAL"); code(err) != "ConflictException" {
		t.Errorf("got %v, want ConflictException", err)
	}
}

func TestUpdateLeavesRunningExecutionsAlone(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, answers{}, nil)
	machine := deploy(t, c, s, "slipway", waiting)
	api, ctx := client(c, s), context.Background()
	old := begin(t, c, s, machine, `{}`)
	before, err := api.PublishStateMachineVersion(ctx, &sfn.PublishStateMachineVersionInput{StateMachineArn: &machine})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.UpdateStateMachine(ctx, &sfn.UpdateStateMachineInput{StateMachineArn: &machine, Definition: new(strings.Replace(waiting, "true}", "false}", 1))}); err != nil {
		t.Fatal(err)
	}
	fresh, pinned := begin(t, c, s, machine, `{}`), begin(t, c, s, *before.StateMachineVersionArn, `{}`)
	c.RunFor(2 * time.Minute)
	for arn, want := range map[string]string{old: `{"waited":true}`, fresh: `{"waited":false}`, pinned: `{"waited":true}`} {
		if got := s.runs[arn].output; got != want {
			t.Errorf("%s: got %s, want %s", arn, got, want)
		}
	}
	list, err := api.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: &machine, StatusFilter: types.ExecutionStatusSucceeded, MaxResults: 2})
	if err != nil || len(list.Executions) != 2 || *list.Executions[0].ExecutionArn != pinned || list.NextToken == nil {
		t.Errorf("the newest of three come first, on two pages: got %v, %v", list, err)
	}
}

func TestDeleteWaitsForRunningExecutions(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, answers{}, nil)
	machine := deploy(t, c, s, "slipway", waiting)
	api, ctx := client(c, s), context.Background()
	begin(t, c, s, machine, `{}`)
	if _, err := api.DeleteStateMachine(ctx, &sfn.DeleteStateMachineInput{StateMachineArn: &machine}); err != nil {
		t.Fatal(err)
	}
	if _, err := api.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &machine}); code(err) != "StateMachineDeleting" {
		t.Errorf("got %v, want StateMachineDeleting", err)
	}
	c.RunFor(2 * time.Minute)
	if _, err := api.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: &machine}); code(err) != "StateMachineDoesNotExist" {
		t.Errorf("got %v, want StateMachineDoesNotExist", err)
	}
	if len(s.Executions()) != 0 {
		t.Error("the executions outlived their machine")
	}
}

func TestUnknownMembersAreRefused(t *testing.T) {
	s := New(clock.New(clock.Epoch, 1), protocol.Default, answers{}, nil)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("X-Amz-Target", "AWSStepFunctions.StartExecution")
	w := httptest.NewRecorder()
	s.API().Serve(w, r, []byte(`{"stateMachineArn":"x","colour":"red"}`), "id")
	if w.Code != http.StatusBadRequest || !bytes.Contains(w.Body.Bytes(), []byte("colour")) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
