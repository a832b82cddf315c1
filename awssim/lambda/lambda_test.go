package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	golambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/clock/clocktest"
	"slipway/awssim/events/delivery"
	"slipway/awssim/lambda"
	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
)

// bench is Lambda in virtual time with what it needs.
type bench struct {
	t        *testing.T
	clock    *clock.Clock
	service  *lambda.Service
	handlers lambda.Handlers
	log      []string // group stream line
	sent     []string // queue body
	emitted  []string // detail type, resources
}

func (b *bench) Put(group, stream string, lines ...string) error {
	if group == "/no/such/group" {
		return protocol.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
	}
	for _, line := range lines {
		b.log = append(b.log, group+" "+stream+" "+line)
	}
	return nil
}

func (b *bench) Send(queue, body string, attributes map[string]string) error {
	b.sent = append(b.sent, queue+" "+body)
	return nil
}

func (b *bench) Emit(source, detailType string, resources []string, detail any) {
	b.emitted = append(b.emitted, fmt.Sprint(source, "|", detailType, "|", resources))
}

func newBench(t *testing.T, seed uint64) *bench {
	b := &bench{t: t, clock: clock.New(clock.Epoch, seed), handlers: lambda.Handlers{}}
	b.service = lambda.New(b.clock, protocol.Default, &lambda.Wiring{Runner: b.handlers, Logs: b, Bus: b, Targets: &delivery.Targets{Queues: b}})
	return b
}

// function creates a function with a handler and returns its ARN.
func (b *bench) function(f lambda.Function, handler any) string {
	b.t.Helper()
	b.handlers[f.Name] = golambda.NewHandler(handler)
	created, err := b.service.Create(f)
	if err != nil {
		b.t.Fatal(err)
	}
	return created.ARN
}

func (b *bench) invoke(ref, payload string) (out lambda.Outcome) {
	b.clock.Do("test", func() { out = b.service.Invoke(ref, []byte(payload)) })
	return out
}

// call runs an operation as a template does.
func (b *bench) call(operation string, input any) any {
	b.t.Helper()
	out, err := b.service.API().Invoke(operation, input)
	if err != nil {
		b.t.Fatalf("%s: %v", operation, err)
	}
	return out
}

type Rejected struct{ Hint string }

func (r Rejected) Error() string { return "rejected: " + r.Hint }

type pointed struct{}

func (*pointed) Error() string { return "by pointer" }

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name               string
		handler            any
		errorType, message string
		crashed            bool
	}{
		{"success", func() (string, error) { return "ok", nil }, "", "", false},
		{"own type", func() error { return Rejected{"type a service"} }, "Rejected", "rejected: type a service", false},
		{"pointer", func() error { return &pointed{} }, "pointed", "by pointer", false},
		{"plain", func() error { return errors.New("no") }, "errorString", "no", false},
		{"wrapped counts as its wrapper", func() error { return fmt.Errorf("look: %w", Rejected{"x"}) }, "wrapError", "look: rejected: x", false},
		{"named by the response type", func() error { return messages.InvokeResponse_Error{Type: "Stuck", Message: "help"} }, "Stuck", "help", false},
		{"panic", func() error { panic("boom") }, "string", "boom", true},
		{"panic with an error", func() error { panic(Rejected{"x"}) }, "Rejected", "rejected: x", true},
		{"killed", func() error { panic(lambda.Crash{}) }, lambda.ExitError, "Runtime exited with error: signal: killed", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, 1)
			arn := b.function(lambda.Function{Name: "f"}, c.handler)
			out := b.invoke(arn, `{}`)
			if out.ErrorType != c.errorType || !strings.HasSuffix(out.ErrorMessage, c.message) || out.Crashed != c.crashed || out.StatusCode != 200 {
				t.Fatalf("got %+v", out)
			}
			var e struct{ ErrorType, ErrorMessage string }
			if c.errorType != "" && (json.Unmarshal(out.Payload, &e) != nil || e.ErrorType != c.errorType || e.ErrorMessage != out.ErrorMessage) {
				t.Fatalf("got payload %s", out.Payload)
			}
			if crashes := b.service.Counts().Crashes; (crashes == 1) != c.crashed {
				t.Fatalf("got %d crashes", crashes)
			}
		})
	}
}

func TestContextOfAHandler(t *testing.T) {
	b := newBench(t, 1)
	arn := b.function(lambda.Function{Name: "f"}, func(ctx context.Context) (string, error) {
		lc, _ := lambdacontext.FromContext(ctx)
		if _, ok := ctx.Deadline(); ok {
			return "", errors.New("a deadline of the wall clock in virtual time")
		}
		return lc.AwsRequestID + " " + lc.InvokedFunctionArn, nil
	})
	out := b.invoke(arn+":$LATEST", "")
	if text := string(out.Payload); out.Failed() || len(text) != len(`"" `)+36+len(arn+":$LATEST") || !strings.HasSuffix(text, arn+`:$LATEST"`) {
		t.Fatalf("got %s %+v", out.Payload, out)
	}
}

func TestTimeoutCancelsAndIsNotHeardLater(t *testing.T) {
	b := newBench(t, 1)
	var cause error
	arn := b.function(lambda.Function{Name: "f", Timeout: 30 * time.Second}, func(ctx context.Context) (string, error) {
		b.clock.Sleep(time.Minute)
		cause = context.Cause(ctx)
		return "late", nil
	})
	out := b.invoke(arn, `{}`)
	if out.ErrorType != "Sandbox.Timedout" || !strings.HasPrefix(out.ErrorMessage, "RequestId: ") || !strings.HasSuffix(out.ErrorMessage, " Error: Task timed out after 30.00 seconds") {
		t.Fatalf("got %+v", out)
	}
	if took := b.clock.Now().Sub(clock.Epoch); took < 30*time.Second || took > 31*time.Second {
		t.Fatalf("the caller waited %s", took)
	}
	b.clock.RunFor(time.Hour)
	if cause != lambda.ErrTimeout {
		t.Fatalf("got cause %v", cause)
	}
	b.invoke(arn, `{}`)
	if got := b.service.Counts(); got.Timeouts != 2 || got.ColdStarts != 2 {
		t.Fatalf("got %+v, want the sandbox of a timeout ended", got)
	}
}

func TestSandboxes(t *testing.T) {
	b := newBench(t, 1)
	arn := b.function(lambda.Function{Name: "f"}, func() error { b.clock.Sleep(time.Second); return nil })
	together := func(n int) {
		left := n
		for range n {
			b.clock.Go("caller", func() { b.service.Invoke(arn, nil); left-- })
		}
		if err := b.clock.RunUntil(func() bool { return left == 0 }, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		n, cold int
		after   time.Duration
	}{{3, 3, 0}, {3, 3, 0}, {1, 3, 9 * time.Minute}, {2, 4, 9 * time.Minute}, {1, 5, 11 * time.Minute}} {
		b.clock.RunFor(step.after)
		together(step.n)
		if got := b.service.Counts().ColdStarts; got != step.cold {
			t.Fatalf("after %s and %d at once: got %d cold starts, want %d", step.after, step.n, got, step.cold)
		}
	}
	b.call("UpdateFunctionConfiguration", map[string]any{"FunctionName": "f", "Timeout": 20})
	together(1)
	if got := b.service.Counts().ColdStarts; got != 6 {
		t.Fatalf("got %d cold starts, want one more after a change", got)
	}
}

func TestReservedConcurrency(t *testing.T) {
	b := newBench(t, 1)
	arn := b.function(lambda.Function{Name: "f"}, func() error { b.clock.Sleep(time.Second); return nil })
	b.call("PutFunctionConcurrency", map[string]any{"FunctionName": "f", "ReservedConcurrentExecutions": 1})
	var outs []lambda.Outcome
	for range 2 {
		b.clock.Go("caller", func() { outs = append(outs, b.service.Invoke(arn, nil)) })
	}
	if err := b.clock.RunUntil(func() bool { return len(outs) == 2 }, time.Minute); err != nil {
		t.Fatal(err)
	}
	if outs[0].Unavailable != "Lambda.TooManyRequestsException" || outs[0].StatusCode != 429 || outs[0].Failed() || outs[1].Unavailable != "" {
		t.Fatalf("got %+v", outs)
	}
	if out := b.invoke("f", "{}"); out.Unavailable != "" {
		t.Fatalf("got %+v once the other was done", out)
	}
}

func TestRefusedInvocations(t *testing.T) {
	b := newBench(t, 1)
	arn := b.function(lambda.Function{Name: "f"}, func() error { return nil })
	for ref, want := range map[string]string{
		"g": "Lambda.ResourceNotFoundException", arn + ":7": "Lambda.ResourceNotFoundException", arn + ":live": "Lambda.ResourceNotFoundException",
		strings.Replace(arn, "eu-west-1", "us-east-1", 1): "Lambda.ResourceNotFoundException",
		"f": "", "f:$LATEST": "", "123456789012:function:f": "", arn: "",
	} {
		if out := b.invoke(ref, `{}`); out.Unavailable != want {
			t.Errorf("%s: got %+v, want %q", ref, out, want)
		}
	}
	if out := b.invoke("f", `{"a":`); out.Unavailable != "Lambda.InvalidRequestContentException" || out.StatusCode != 400 {
		t.Errorf("got %+v for half a document", out)
	}
	if err := b.service.InvokeAsync("f", []byte(`"`+strings.Repeat("x", 1<<20)+`"`)); err == nil {
		t.Error("an asynchronous payload of more than 1 MB was accepted")
	}
}

func TestCrashPoints(t *testing.T) {
	for point, effects := range map[lambda.CrashPoint]int{lambda.CrashBefore: 0, lambda.CrashAfter: 1} {
		b := newBench(t, 1)
		ran := 0
		arn := b.function(lambda.Function{Name: "f"}, func() error { ran++; return nil })
		b.service.Crash = func(lambda.Function, lambda.Invocation) lambda.CrashPoint { return point }
		if out := b.invoke(arn, `{}`); out.ErrorType != lambda.ExitError || ran != effects {
			t.Errorf("point %d: got %+v after %d effects, want %d", point, out, ran, effects)
		}
	}
}

func TestLogs(t *testing.T) {
	b := newBench(t, 1)
	arn := b.function(lambda.Function{Name: "f"}, func() error { return Rejected{"x"} })
	b.invoke(arn, `{}`)
	var kinds []string
	for _, line := range b.log {
		parts := strings.SplitN(line, " ", 4)
		if parts[0] != "/aws/lambda/f" || !strings.HasPrefix(parts[1], "2026/01/05/[$LATEST]") {
			t.Fatalf("got %q", line)
		}
		kinds = append(kinds, parts[2])
	}
	if want := []string{"START", `{"errorMessage":"rejected:`, "END", "REPORT"}; !slices.Equal(kinds, want) {
		t.Fatalf("got %q, want %q", kinds, want)
	}
	lost := b.function(lambda.Function{Name: "g", LogGroup: "/no/such/group"}, func() error { return nil })
	b.invoke(lost, `{}`)
	if got := b.service.Counts().LogFailures; got != 3 {
		t.Fatalf("got %d lines counted as lost, want START, END and REPORT", got)
	}
}

func TestVersionsAndAliases(t *testing.T) {
	b := newBench(t, 1)
	var seen []string
	b.service = rewired(b, func(f lambda.Function, inv lambda.Invocation) lambda.Outcome {
		seen = append(seen, f.Version+" "+f.Environment["V"])
		return lambda.Outcome{StatusCode: 200}
	})
	b.call("CreateFunction", map[string]any{"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/f", "Code": map[string]any{"S3Key": "dist/f"},
		"Runtime": "provided.al2023", "Environment": map[string]any{"Variables": map[string]any{"V": "one"}}, "TracingConfig": map[string]any{"Mode": "Active"}})
	if v := b.call("PublishVersion", map[string]any{"FunctionName": "f"}).(*sdk.PublishVersionOutput); *v.Version != "1" || !strings.HasSuffix(*v.FunctionArn, ":function:f:1") {
		t.Fatalf("got version %s of %s", *v.Version, *v.FunctionArn)
	}
	if again := b.call("PublishVersion", map[string]any{"FunctionName": "f"}).(*sdk.PublishVersionOutput); *again.Version != "1" {
		t.Fatalf("got version %s of an unchanged function, want 1", *again.Version)
	}
	b.call("CreateAlias", map[string]any{"FunctionName": "f", "Name": "live", "FunctionVersion": "1"})
	b.call("UpdateFunctionConfiguration", map[string]any{"FunctionName": "f", "Environment": map[string]any{"Variables": map[string]any{"V": "two"}}})
	for _, ref := range []string{"f", "f:1", "f:live"} {
		b.invoke(ref, `{}`)
	}
	b.call("PublishVersion", map[string]any{"FunctionName": "f"})
	b.call("UpdateAlias", map[string]any{"FunctionName": "f", "Name": "live", "FunctionVersion": "2"})
	b.invoke("f:live", `{}`)
	if diff := cmp.Diff([]string{"$LATEST two", "1 one", "1 one", "2 two"}, seen); diff != "" {
		t.Fatal(diff)
	}
	versions := b.call("ListVersionsByFunction", map[string]any{"FunctionName": "f"}).(*sdk.ListVersionsByFunctionOutput)
	if len(versions.Versions) != 3 {
		t.Fatalf("got %d versions, want $LATEST, 1 and 2", len(versions.Versions))
	}
	if _, err := b.service.API().Invoke("CreateAlias", map[string]any{"FunctionName": "f", "Name": "next", "FunctionVersion": "9"}); err == nil {
		t.Fatal("an alias of a version that does not exist was accepted")
	}
}

// DeleteFunction of a version deletes that version and nothing else, and only $LATEST can be changed.
func TestDeletingAVersion(t *testing.T) {
	b := newBench(t, 1)
	b.call("CreateFunction", map[string]any{"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/f", "Code": map[string]any{"S3Key": "dist/f"}, "Runtime": "provided.al2023", "Publish": true})
	for _, timeout := range []int{4, 5} {
		b.call("UpdateFunctionConfiguration", map[string]any{"FunctionName": "f", "Timeout": timeout})
		b.call("PublishVersion", map[string]any{"FunctionName": "f"})
	}
	b.call("CreateAlias", map[string]any{"FunctionName": "f", "Name": "live", "FunctionVersion": "2"})
	for _, test := range []struct {
		operation, name, qualifier string
		want                       string
	}{
		{"DeleteFunction", "f:1", "", ""},
		{"DeleteFunction", "f:1", "", "ResourceNotFoundException: Function not found: arn:aws:lambda:eu-west-1:123456789012:function:f:1"},
		{"DeleteFunction", "f", "2", "ResourceConflictException: Unable to delete version because the following aliases reference it: [live]"},
		{"DeleteFunction", "f:live", "", "Deletion of aliases is not currently supported."},
		{"DeleteFunction", "f", "$LATEST", "$LATEST version cannot be deleted without deleting the function."},
		{"DeleteFunction", "f", "3", ""},
		{"UpdateFunctionCode", "f:live", "", "cannot be performed on the version or alias live"},
		{"PublishVersion", "f:2", "", "cannot be performed on the version or alias 2"},
	} {
		in := map[string]any{"FunctionName": test.name}
		if test.qualifier != "" {
			in["Qualifier"] = test.qualifier
		}
		_, err := b.service.API().Invoke(test.operation, in)
		if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.Contains(got, test.want) {
			t.Errorf("%s of %s %s: got %v, want %q", test.operation, test.name, test.qualifier, err, test.want)
		}
	}
	if page := b.call("ListVersionsByFunction", map[string]any{"FunctionName": "f", "Marker": "1"}).(*sdk.ListVersionsByFunctionOutput); len(page.Versions) != 1 || *page.Versions[0].Version != "2" {
		t.Errorf("after version 1, which is gone: got %v", page.Versions)
	}
	if v := b.call("PublishVersion", map[string]any{"FunctionName": "f"}).(*sdk.PublishVersionOutput); *v.Version != "4" {
		t.Errorf("got version %s, want 4: numbers are not used again", *v.Version)
	}
	var left []string
	for _, f := range b.call("ListVersionsByFunction", map[string]any{"FunctionName": "f"}).(*sdk.ListVersionsByFunctionOutput).Versions {
		left = append(left, *f.Version)
	}
	if diff := cmp.Diff([]string{"$LATEST", "2", "4"}, left); diff != "" {
		t.Error(diff)
	}
}

type runnerFunc func(f lambda.Function, inv lambda.Invocation) lambda.Outcome

func (fn runnerFunc) Invoke(f lambda.Function, inv lambda.Invocation) lambda.Outcome {
	return fn(f, inv)
}

func rewired(b *bench, fn runnerFunc) *lambda.Service {
	return lambda.New(b.clock, protocol.Default, &lambda.Wiring{Runner: fn, Logs: b, Bus: b, Targets: &delivery.Targets{Queues: b}})
}

func TestRefusedConfigurations(t *testing.T) {
	b := newBench(t, 1)
	b.function(lambda.Function{Name: "f"}, func() error { return nil })
	code := map[string]any{"S3Key": "x"}
	for _, c := range []struct {
		operation string
		input     map[string]any
		code      string
	}{
		{"CreateFunction", map[string]any{"FunctionName": "f", "Code": code}, "ResourceConflictException"},
		{"CreateFunction", map[string]any{"FunctionName": "a b", "Code": code}, "InvalidParameterValueException"},
		{"CreateFunction", map[string]any{"FunctionName": "g"}, "InvalidParameterValueException"},
		{"CreateFunction", map[string]any{"FunctionName": "g", "Code": code, "Timeout": 901}, "InvalidParameterValueException"},
		{"CreateFunction", map[string]any{"FunctionName": "g", "Code": code, "PackageType": "Image"}, "InvalidParameterValueException"},
		{"CreateFunction", map[string]any{"FunctionName": "g", "Code": code, "VpcConfig": map[string]any{"SubnetIds": []string{"s"}}}, "InvalidParameterValueException"},
		{"UpdateFunctionConfiguration", map[string]any{"FunctionName": "f", "RevisionId": "old"}, "PreconditionFailedException"},
		{"GetFunction", map[string]any{"FunctionName": "g"}, "ResourceNotFoundException"},
		{"PutFunctionEventInvokeConfig", map[string]any{"FunctionName": "f", "MaximumRetryAttempts": 3}, "InvalidParameterValueException"},
		{"PutFunctionEventInvokeConfig", map[string]any{"FunctionName": "f", "MaximumEventAgeInSeconds": 30}, "InvalidParameterValueException"},
		{"PutFunctionEventInvokeConfig", map[string]any{"FunctionName": "f", "DestinationConfig": map[string]any{"OnFailure": map[string]any{"Destination": "arn:aws:s3:::bucket"}}}, "InvalidParameterValueException"},
	} {
		_, err := b.service.API().Invoke(c.operation, c.input)
		var e *protocol.Error
		if !errors.As(err, &e) || e.Code != c.code {
			t.Errorf("%s %v: got %v, want %s", c.operation, c.input, err, c.code)
		}
	}
}

func TestPermissions(t *testing.T) {
	b := newBench(t, 1)
	arn := b.function(lambda.Function{Name: "f"}, func() error { return nil })
	grant := map[string]any{"FunctionName": arn, "StatementId": "rule", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", "SourceArn": "arn:aws:events:eu-west-1:123456789012:rule/r"}
	b.call("AddPermission", grant)
	want := `{"Id":"default","Statement":[{"Sid":"rule","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + arn +
		`","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:events:eu-west-1:123456789012:rule/r"}}}],"Version":"2012-10-17"}`
	if got := *b.call("GetPolicy", map[string]any{"FunctionName": "f"}).(*sdk.GetPolicyOutput).Policy; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	if _, err := b.service.API().Invoke("AddPermission", grant); err == nil {
		t.Fatal("a statement id was accepted twice")
	}
	b.call("RemovePermission", map[string]any{"FunctionName": "f", "StatementId": "rule"})
	if _, err := b.service.API().Invoke("GetPolicy", map[string]any{"FunctionName": "f"}); err == nil {
		t.Fatal("a policy without statements was answered")
	}
}

func (b *bench) client() *sdk.Client {
	return sdk.NewFromConfig(protocoltest.Config(b.clock, b.service.API()))
}

func TestInvokeOverREST(t *testing.T) {
	b := newBench(t, 1)
	b.function(lambda.Function{Name: "f"}, func(e struct{ Fail bool }) (string, error) {
		if e.Fail {
			return "", Rejected{"x"}
		}
		return "ok", nil
	})
	client := b.client()
	invoke := func(in *sdk.InvokeInput) (*sdk.InvokeOutput, error) { return client.Invoke(t.Context(), in) }

	out, err := invoke(&sdk.InvokeInput{FunctionName: new("arn:aws:lambda:eu-west-1:123456789012:function:f"), LogType: types.LogTypeTail})
	if err != nil || out.StatusCode != 200 || string(out.Payload) != `"ok"` || out.FunctionError != nil || *out.ExecutedVersion != "$LATEST" || out.LogResult == nil {
		t.Fatalf("got %+v, %v", out, err)
	}
	out, err = invoke(&sdk.InvokeInput{FunctionName: new("f"), Qualifier: new("$LATEST"), Payload: []byte(`{"Fail":true}`)})
	if err != nil || out.StatusCode != 200 || *out.FunctionError != "Unhandled" || !strings.Contains(string(out.Payload), `"errorType":"Rejected"`) {
		t.Fatalf("got %+v, %v", out, err)
	}
	out, err = invoke(&sdk.InvokeInput{FunctionName: new("f"), InvocationType: types.InvocationTypeEvent})
	if err != nil || out.StatusCode != 202 || b.service.Counts().AsyncQueued != 1 {
		t.Fatalf("got %+v, %v", out, err)
	}
	out, err = invoke(&sdk.InvokeInput{FunctionName: new("f"), InvocationType: types.InvocationTypeDryRun})
	if err != nil || out.StatusCode != 204 {
		t.Fatalf("got %+v, %v", out, err)
	}
	var notFound *types.ResourceNotFoundException
	if _, err = invoke(&sdk.InvokeInput{FunctionName: new("g")}); !errors.As(err, &notFound) {
		t.Fatalf("got %v", err)
	}
	b.call("PutFunctionConcurrency", map[string]any{"FunctionName": "f", "ReservedConcurrentExecutions": 0})
	var throttled *types.TooManyRequestsException
	if _, err = invoke(&sdk.InvokeInput{FunctionName: new("f")}); !errors.As(err, &throttled) {
		t.Fatalf("got %v", err)
	}
	if _, err = client.ListLayers(t.Context(), &sdk.ListLayersInput{}); err == nil || !strings.Contains(err.Error(), "UnknownOperationException") {
		t.Fatalf("got %v for a path that is not served", err)
	}
}

// trace runs functions that fail, sleep and crash: every turn, and what came of it.
func trace(t *testing.T, seed uint64) string {
	b := newBench(t, seed)
	var turns strings.Builder
	b.clock.Trace(func(at time.Time, name string) { fmt.Fprintln(&turns, at.UnixNano(), name) })
	for i := range 5 {
		name := fmt.Sprint("f", i)
		b.function(lambda.Function{Name: name}, func() error {
			b.clock.Sleep(time.Duration(b.clock.Rand().IntN(4)) * time.Second)
			return errors.New("no")
		})
		for range 3 {
			if err := b.service.InvokeAsync(name, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.clock.RunFor(time.Hour)
	return turns.String() + fmt.Sprint(b.log)
}

func TestSameSeedSameTrace(t *testing.T) {
	clocktest.Repeats(t, 20, func(seed uint64) string { return trace(t, seed) })
}
