package states

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// jsonata wraps states into a machine whose first state is A.
func jsonata(states string) string {
	return `{"QueryLanguage":"JSONata","StartAt":"A","States":{` + states + `}}`
}

// pass is a machine of one Pass state with an Output.
func pass(output string) string {
	return jsonata(`"A":{"Type":"Pass","Output":` + output + `,"End":true}`)
}

func TestOutputs(t *testing.T) {
	for name, test := range map[string]struct{ definition, input, want string }{
		"keys keep their order":  {pass(`"{% $states.input %}"`), `{"b":1,"a":{"z":null,"y":"<&>"}}`, `{"b":1,"a":{"z":null,"y":"<&>"}}`},
		"digits are kept":        {pass(`{"n":"{% $states.input.n %}"}`), `{"n":12345678901234567890}`, `{"n":12345678901234567890}`},
		"computed numbers":       {pass(`["{% 1/4 %}","{% 3*2 %}","{% 0 * -1 %}"]`), `{}`, `[0.25,6,0]`},
		"context":                {pass(`"{% $states.context.Execution.Input.a & ' ' & $states.context.State.Name & ' ' & $states.context.State.EnteredTime & ' ' & $states.context.StateMachine.Name %}"`), `{"a":"x"}`, `"x A 2026-01-05T09:00:00Z test"`},
		"role and retries":       {pass(`"{% $states.context.Execution.RoleArn & $string($states.context.State.RetryCount) & $string($states.context.Execution.RedriveCount) %}"`), `{}`, `"` + testRole + `00"`},
		"now is the clock's":     {pass(`"{% $now() %}"`), `{}`, `"2026-01-05T09:00:00.000Z"`},
		"now with a picture":     {pass(`"{% $now('[Y0001]/[M01]') %}"`), `{}`, `"2026/01"`},
		"millis":                 {pass(`"{% $millis() %}"`), `{}`, `1767603600000`},
		"partition of objects":   {pass(`"{% $partition($states.input, 2) %}"`), `[{"a":null},2,3]`, `[[{"a":null},2],[3]]`},
		"partition of nothing":   {pass(`"{% $partition([], 2) %}"`), `{}`, `[]`},
		"range downwards":        {pass(`"{% $range(3, 1, -1) %}"`), `{}`, `[3,2,1]`},
		"hash":                   {pass(`"{% $hash('abc', 'SHA-256') %}"`), `{}`, `"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"`},
		"parse keeps order":      {pass(`"{% $parse($states.input) %}"`), `"{\"b\":1,\"a\":null}"`, `{"b":1,"a":null}`},
		"seeded random":          {pass(`"{% $random(7) = $random(7) and $random(7) != $random(8) %}"`), `{}`, `true`},
		"uuid":                   {pass(`"{% $match($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/).match != '' %}"`), `{}`, `true`},
		"assign is seen next":    {jsonata(`"A":{"Type":"Pass","Assign":{"x":1,"y":"{% $exists($x) %}"},"Next":"B"},"B":{"Type":"Pass","Output":"{% [$x, $y] %}","End":true}`), `{}`, `[1,false]`},
		"a variable hides count": {jsonata(`"A":{"Type":"Map","Items":[1],"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","Assign":{"count":5},"Next":"J"},"J":{"Type":"Pass","Output":"{% $count %}","End":true}}},"Next":"B"},"B":{"Type":"Pass","Output":"{% $count($states.input) %}","End":true}`), `{}`, `1`},
		"first true choice":      {jsonata(`"A":{"Type":"Choice","Choices":[{"Condition":"{% false %}","Next":"B"},{"Condition":"{% $states.input.n > 1 %}","Output":"{% $states.input.n %}","Next":"B"}],"Default":"C"},"B":{"Type":"Succeed"},"C":{"Type":"Fail"}`), `{"n":2}`, `2`},
		"default of a choice":    {jsonata(`"A":{"Type":"Choice","Choices":[{"Condition":"{% false %}","Next":"C"}],"Default":"B","Output":"other"},"B":{"Type":"Succeed"},"C":{"Type":"Fail"}`), `{}`, `"other"`},
		"map with a selector":    {jsonata(`"A":{"Type":"Map","Items":["a","b"],"ItemSelector":{"i":"{% $states.context.Map.Item.Index %}","v":"{% $states.context.Map.Item.Value %}"},"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`), `{}`, `[{"i":0,"v":"a"},{"i":1,"v":"b"}]`},
		"map result":             {jsonata(`"A":{"Type":"Map","Items":[1,2],"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"Output":"{% $sum($states.result) %}","End":true}`), `{}`, `3`},
		"parallel":               {jsonata(`"A":{"Type":"Parallel","Arguments":{"k":1},"Branches":[{"StartAt":"X","States":{"X":{"Type":"Wait","Seconds":5,"End":true}}},{"StartAt":"Y","States":{"Y":{"Type":"Pass","Output":"y","End":true}}}],"End":true}`), `{}`, `[{"k":1},"y"]`},
	} {
		t.Run(name, func(t *testing.T) {
			x := execute(t, nil, test.definition, test.input)
			if x.status != types.ExecutionStatusSucceeded || x.output != test.want {
				t.Errorf("got %s %s (%s: %s), want %s", x.status, x.output, x.errorName, x.cause, test.want)
			}
		})
	}
}

const entered2 = "An error occurred while executing the state 'A' (entered at the event id #2). "

func TestFailures(t *testing.T) {
	for name, test := range map[string]struct{ definition, input, wantError, wantCause string }{
		"fail":                {jsonata(`"A":{"Type":"Fail","Error":"{% 'E' & $states.input.n %}","Cause":"because"}`), `{"n":1}`, "E1", "because"},
		"no choice":           {jsonata(`"A":{"Type":"Choice","Choices":[{"Condition":"{% false %}","Next":"B"}]},"B":{"Type":"Succeed"}`), `{}`, errNoChoice, entered2 + "Failed to transition out of the state. The state does not point to a next state."},
		"condition":           {jsonata(`"A":{"Type":"Choice","Choices":[{"Condition":"{% 1 %}","Next":"B"}]},"B":{"Type":"Succeed"}`), `{}`, errQueryEvaluation, entered2 + "The JSONata expression '1' specified for the field 'Choices[0]/Condition' returned an unexpected result type. Expected 'boolean', but was 'number' for value: 1"},
		"expression throws":   {pass(`"{% 'a' + 1 %}"`), `{}`, errQueryEvaluation, entered2 + "The JSONata expression ''a' + 1' specified for the field 'Output' threw an error during evaluation. T2001"},
		"eval is not offered": {pass(`"{% $eval('1') %}"`), `{}`, errQueryEvaluation, entered2 + "The JSONata expression '$eval('1')' specified for the field 'Output' threw an error during evaluation. T1006"},
		"too much data":       {pass(`"{% $join($map([1..30], function($i){$pad('x', 10000)})) %}"`), `{}`, errDataLimit, "The state/task 'A'"},
		"negative wait":       {jsonata(`"A":{"Type":"Wait","Seconds":"{% -1 %}","End":true}`), `{}`, errQueryEvaluation, entered2 + "The JSONata expression '-1' specified for the field 'Seconds' must return an integer"},
		"selector":            {jsonata(`"A":{"Type":"Map","Items":[1],"ItemSelector":"{% $x %}","ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Pass","End":true}}},"End":true}`), `{}`, errQueryEvaluation, entered2 + "The JSONata expression '$x' specified for the field 'ItemSelector' returned nothing (undefined)."},
		"iteration":           {jsonata(`"A":{"Type":"Map","Items":[1,2],"ItemProcessor":{"StartAt":"I","States":{"I":{"Type":"Fail","Error":"Inner"}}},"End":true}`), `{}`, "Inner", ""},
		"branch":              {jsonata(`"A":{"Type":"Parallel","Branches":[{"StartAt":"X","States":{"X":{"Type":"Wait","Seconds":500,"End":true}}},{"StartAt":"Y","States":{"Y":{"Type":"Fail","Error":"Inner"}}}],"End":true}`), `{}`, "Inner", ""},
	} {
		t.Run(name, func(t *testing.T) {
			x := execute(t, nil, test.definition, test.input)
			if x.status != types.ExecutionStatusFailed || x.errorName != test.wantError || !strings.HasPrefix(x.cause, test.wantCause) {
				t.Errorf("got %s %s: %s, want %s: %s", x.status, x.errorName, x.cause, test.wantError, test.wantCause)
			}
		})
	}
}

// invoke is a Task state A that calls the function f, with further fields.
func invoke(more string) string {
	return `"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"f","Payload":"{% $states.input %}"}` + more + `}`
}

func TestInvokeAnswersAsAWS(t *testing.T) {
	var sent string
	f := func(payload []byte) Outcome { sent = string(payload); return Outcome{Payload: []byte(`{"b":1,"a":2}`)} }
	arn := strings.Replace(invoke(`,"TimeoutSeconds":"{% 5 %}","End":true`), `"f"`, `"arn:aws:lambda:eu-west-1:123456789012:function:f:3"`, 1)
	x := execute(t, answers{"f": f}, jsonata(arn), `{"in":1}`)
	if sent != `{"in":1}` {
		t.Errorf("the function was sent %s", sent)
	}
	out := mustDecode(x.output)
	if got, _ := encode(member(out, "Payload")); got != `{"b":1,"a":2}` || member(out, "ExecutedVersion") != "3" {
		t.Errorf("got %s", x.output)
	}
	if status, _ := number(member(out, "StatusCode")); status != 200 || member(member(out, "SdkResponseMetadata"), "RequestId") == nil {
		t.Errorf("got %s", x.output)
	}
	if got, want := kinds(x), "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSucceeded TaskStateExited ExecutionSucceeded"; got != want {
		t.Errorf("got %s", got)
	}
	d := x.history[2].TaskScheduledEventDetails
	if *d.Resource != "invoke" || *d.ResourceType != "lambda" || *d.TimeoutInSeconds != 5 || *d.Region != "eu-west-1" || !strings.Contains(*d.Parameters, `"Payload":{"in":1}`) {
		t.Errorf("scheduled: %+v", d)
	}
}

func TestFunctionARNAsResource(t *testing.T) {
	definition := jsonata(`"A":{"Type":"Task","Resource":"arn:aws:lambda:eu-west-1:123456789012:function:f","End":true}`)
	x := execute(t, answers{"f": returns(`{"bare":true}`)}, definition, `{}`)
	if x.output != `{"bare":true}` {
		t.Errorf("got %s", x.output)
	}
	if got, want := kinds(x), "ExecutionStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded TaskStateExited ExecutionSucceeded"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestRetry(t *testing.T) {
	for name, test := range map[string]struct {
		retry    string
		failures int
		name     string
		want     types.ExecutionStatus
		elapsed  time.Duration // least; exact without jitter
		most     time.Duration
	}{
		"doubles":           {`{"ErrorEquals":["Busy"],"IntervalSeconds":2,"MaxAttempts":3}`, 3, "Busy", "SUCCEEDED", 14 * time.Second, 14 * time.Second},
		"runs out":          {`{"ErrorEquals":["Busy"],"IntervalSeconds":2,"MaxAttempts":2}`, 3, "Busy", "FAILED", 6 * time.Second, 6 * time.Second},
		"not this error":    {`{"ErrorEquals":["Busy"]}`, 1, "Other", "FAILED", 0, 0},
		"never":             {`{"ErrorEquals":["Busy"],"MaxAttempts":0},{"ErrorEquals":["States.ALL"]}`, 1, "Busy", "FAILED", 0, 0},
		"capped":            {`{"ErrorEquals":["States.ALL"],"IntervalSeconds":1,"BackoffRate":10,"MaxDelaySeconds":5}`, 3, "Any", "SUCCEEDED", 11 * time.Second, 11 * time.Second},
		"jitter":            {`{"ErrorEquals":["States.TaskFailed"],"IntervalSeconds":100,"MaxAttempts":1,"JitterStrategy":"FULL"}`, 1, "Any", "SUCCEEDED", 0, 100 * time.Second},
		"runtime never":     {`{"ErrorEquals":["States.ALL"]}`, 1, "States.Runtime", "FAILED", 0, 0},
		"defaults":          {`{"ErrorEquals":["Busy"]}`, 3, "Busy", "SUCCEEDED", 7 * time.Second, 7 * time.Second},
		"counted each":      {`{"ErrorEquals":["Busy"],"IntervalSeconds":1,"MaxAttempts":1,"BackoffRate":1},{"ErrorEquals":["States.ALL"],"IntervalSeconds":5,"MaxAttempts":1}`, 2, "Busy", "FAILED", time.Second, time.Second},
		"by the task error": {`{"ErrorEquals":["States.TaskFailed"],"IntervalSeconds":1}`, 1, "Busy", "SUCCEEDED", time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			x := execute(t, answers{"f": fails(test.name, test.failures)}, jsonata(invoke(`,"Retry":[`+test.retry+`],"End":true`)), `{}`)
			took := x.stop.Sub(x.start)
			if x.status != test.want || took < test.elapsed || took > test.most {
				t.Errorf("got %s after %s (%s), want %s after %s", x.status, took, x.errorName, test.want, test.elapsed)
			}
		})
	}
}

func TestRetryCountIsInTheContext(t *testing.T) {
	var seen []string
	f := func(payload []byte) Outcome {
		seen = append(seen, string(payload))
		return Outcome{ErrorType: "Busy"}
	}
	definition := strings.Replace(jsonata(invoke(`,"Retry":[{"ErrorEquals":["Busy"],"MaxAttempts":2}],"End":true`)), "$states.input", "$states.context.State.RetryCount", 1)
	x := execute(t, answers{"f": f}, definition, `{}`)
	if got := strings.Join(seen, " "); got != "0 1 2" {
		t.Errorf("got %s", got)
	}
	if x.transitions != 4 {
		t.Errorf("got %d transitions, want 4: the start, the state and two retries", x.transitions)
	}
}

func TestCatch(t *testing.T) {
	catch := func(errors, more string) string {
		return jsonata(invoke(`,"Catch":[{"ErrorEquals":[`+errors+`],"Next":"B"`+more+`}],"End":true`) + `,"B":{"Type":"Succeed"}`)
	}
	broken := answers{"f": fails("Broken", 1)}
	cause := `{\"errorMessage\":\"it broke\",\"errorType\":\"Broken\"}`
	for name, test := range map[string]struct {
		lambda           answers
		definition, want string
	}{
		"error output":        {broken, catch(`"Broken"`, ``), `{"Error":"Broken","Cause":"` + cause + `"}`},
		"output":              {answers{"f": fails("Broken", 1)}, catch(`"States.ALL"`, `,"Output":{"e":"{% $states.errorOutput.Error %}","in":"{% $states.input %}"}`), `{"e":"Broken","in":{}}`},
		"service unavailable": {answers{}, catch(`"Lambda.ResourceNotFoundException"`, `,"Output":"{% $states.errorOutput.Error %}"`), `"Lambda.ResourceNotFoundException"`},
		"evaluation": {nil, jsonata(`"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"{% $nothing %}"},"Catch":[{"ErrorEquals":["States.QueryEvaluationError"],"Output":"caught","Next":"B"}],"End":true},
			"B":{"Type":"Succeed"}`), `"caught"`},
		"assign": {answers{"f": fails("Broken", 1)}, jsonata(invoke(`,"Catch":[{"ErrorEquals":["Broken"],"Next":"B","Assign":{"why":"{% $states.errorOutput.Error %}"}}],"End":true`) + `,"B":{"Type":"Succeed","Output":"{% $why %}"}`), `"Broken"`},
	} {
		t.Run(name, func(t *testing.T) {
			x := execute(t, test.lambda, test.definition, `{}`)
			if x.output != test.want {
				t.Errorf("got %s %s (%s: %s), want %s", x.status, x.output, x.errorName, x.cause, test.want)
			}
		})
	}
}

// slow is a service whose function f takes a while.
type slow struct {
	c    *clock.Clock
	took time.Duration
	done int
}

func (s *slow) Invoke(string, string, []byte) Outcome {
	s.c.Sleep(s.took)
	s.done++
	return Outcome{Payload: []byte(`1`)}
}

func TestTimeouts(t *testing.T) {
	task := invoke(`,"TimeoutSeconds":10,"End":true`)
	for name, test := range map[string]struct {
		definition string
		want       types.ExecutionStatus
		kinds      string
	}{
		"task":    {jsonata(task), "FAILED", "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskTimedOut ExecutionFailed"},
		"machine": {strings.Replace(jsonata(task), `"StartAt"`, `"TimeoutSeconds":5,"StartAt"`, 1), "TIMED_OUT", "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted ExecutionTimedOut"},
	} {
		t.Run(name, func(t *testing.T) {
			c := clock.New(clock.Epoch, 1)
			f := &slow{c: c, took: time.Minute}
			s := New(c, protocol.Default, f, nil)
			x := s.runs[finish(t, c, s, deploy(t, c, s, "test", test.definition), `{}`)]
			if x.status != test.want || x.errorName != errTimeout || kinds(x) != test.kinds {
				t.Errorf("got %s %s: %s", x.status, x.errorName, kinds(x))
			}
			c.RunFor(time.Hour)
			if f.done != 1 || len(x.history) != len(strings.Fields(test.kinds)) {
				t.Errorf("the function runs on and changes nothing: it ended %d times, history %s", f.done, kinds(x))
			}
		})
	}
}

func TestTimeoutIsCaughtByItsName(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, &slow{c: c, took: time.Minute}, nil)
	definition := jsonata(invoke(`,"TimeoutSeconds":10,"Retry":[{"ErrorEquals":["States.TaskFailed"]}],"Catch":[{"ErrorEquals":["States.Timeout"],"Next":"B"}],"End":true`) + `,"B":{"Type":"Succeed"}`)
	x := s.runs[finish(t, c, s, deploy(t, c, s, "test", definition), `{}`)]
	if x.status != types.ExecutionStatusSucceeded || x.stop.Sub(x.start) != 10*time.Second || x.output != `{"Error":"States.Timeout","Cause":""}` {
		t.Errorf("got %s after %s: %s", x.status, x.stop.Sub(x.start), x.output)
	}
}

func TestWaitUntil(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"2026-01-05T09:30:00Z":      30 * time.Minute,
		"2026-01-05T09:30:00+01:00": 0,
		"2026-01-05T08:30:00-01:00": 30 * time.Minute,
		"2026-01-05T09:00:00.250Z":  250 * time.Millisecond,
		"2026-01-05T09:01Z":         time.Minute,
		"2020-01-01T00:00:00Z":      0,
	} {
		x := execute(t, nil, jsonata(`"A":{"Type":"Wait","Timestamp":"{% $states.input %}","End":true}`), `"`+text+`"`)
		if got := x.stop.Sub(x.start); x.status != types.ExecutionStatusSucceeded || got != want {
			t.Errorf("%s: got %s after %s (%s), want %s", text, x.status, got, x.cause, want)
		}
	}
}

func TestHistoryLimit(t *testing.T) {
	x := execute(t, nil, jsonata(`"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Choice","Choices":[{"Condition":"{% true %}","Next":"A"}]}`), `{}`)
	if x.status != types.ExecutionStatusFailed || len(x.history) != maxEvents || !strings.Contains(x.cause, "25000") {
		t.Errorf("got %s with %d events: %s", x.status, len(x.history), x.cause)
	}
	if status, _ := x.redriveStatus(); status != types.ExecutionRedriveStatusNotRedrivable {
		t.Error("an execution whose history is full cannot be redriven")
	}
}

func TestFailedIterationEndsTheOthers(t *testing.T) {
	x := execute(t, nil, jsonata(`"A":{"Type":"Map","Items":[1,60],"ItemProcessor":{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":"{% $states.input %}","Next":"C"},"C":{"Type":"Fail","Error":"Inner"}}},
		"Catch":[{"ErrorEquals":["Inner"],"Output":"caught","Next":"Z"}],"End":true},"Z":{"Type":"Succeed"}`), `{}`)
	got := kinds(x)
	if x.output != `"caught"` || x.stop.Sub(x.start) != time.Second || !strings.Contains(got, "FailStateEntered MapIterationFailed MapIterationAborted MapStateFailed MapStateExited SucceedStateEntered") {
		t.Errorf("got %s after %s: %s", x.output, x.stop.Sub(x.start), got)
	}
}

func TestMapConcurrency(t *testing.T) {
	definition := func(most int) string {
		return jsonata(`"A":{"Type":"Map","Items":"{% [1..6] %}","MaxConcurrency":` + string(rune('0'+most)) + `,"ItemProcessor":{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":10,"End":true}}},"End":true}`)
	}
	for most, want := range map[int]time.Duration{0: 10 * time.Second, 1: time.Minute, 2: 30 * time.Second} {
		if x := execute(t, nil, definition(most), `{}`); x.stop.Sub(x.start) != want || x.output != "[1,2,3,4,5,6]" {
			t.Errorf("%d at once: got %s after %s, want %s", most, x.output, x.stop.Sub(x.start), want)
		}
	}
}
