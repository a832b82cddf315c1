package states

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/awssim/ids"
)

// task runs one attempt of a Task state, from its arguments to its output.
func (v *visit) task() (any, string, *failure) {
	e := v.evaluator(nil)
	arguments, f := v.input, (*failure)(nil)
	if v.state.arguments != nil {
		if arguments, f = e.evaluate(v.state.arguments); f != nil {
			return nil, "", f
		}
	}
	timeout, f := v.limit(e, v.state.timeout)
	if f != nil {
		return nil, "", f
	}
	heartbeat, f := v.limit(e, v.state.heartbeat)
	if f != nil {
		return nil, "", f
	}
	c, f := v.newCall(arguments)
	if f != nil {
		return nil, "", f
	}
	c.timeout, c.heartbeat = timeout, heartbeat
	result, f := v.perform(c)
	if f != nil {
		return nil, "", f
	}
	return v.leave(v.state.assign, v.state.output, result, map[string]any{"result": result}, v.state.next)
}

// limit is an optional time in seconds, nil when the state sets none.
func (v *visit) limit(e evaluator, t *template) (*int64, *failure) {
	if t == nil {
		return nil, nil
	}
	n, f := e.whole(t, 1, maxSeconds)
	if f != nil {
		return nil, f
	}
	return &n, nil
}

// call is an invocation that a Task asks for.
type call struct {
	direct             bool   // the resource is the function's ARN, not the lambda:invoke integration
	function           string // ARN, with its qualifier
	version            string
	arguments          string // as the history shows them
	payload            []byte
	timeout, heartbeat *int64
}

func (v *visit) newCall(arguments any) (*call, *failure) {
	text, err := encode(arguments)
	if err != nil {
		return nil, &failure{name: errRuntime, cause: v.said(err.Error())}
	}
	if len(text) > maxData {
		return nil, tooLarge(v.state.resource)
	}
	c := &call{arguments: text, version: "$LATEST"}
	if functionResource.MatchString(v.state.resource) {
		c.direct, c.function, c.payload = true, v.state.resource, []byte(text)
		return c, nil
	}
	if f := v.refused(arguments); f != nil {
		return nil, f
	}
	name, _ := member(arguments, "FunctionName").(string)
	qualifier, _ := member(arguments, "Qualifier").(string)
	c.function = v.functionARN(name, qualifier)
	if parts := strings.Split(c.function, ":"); len(parts) == 8 {
		c.version = parts[7]
	}
	c.payload = []byte("{}")
	if payload := member(arguments, "Payload"); payload != nil {
		text, _ := encode(payload) // a part of arguments, which was encoded above
		c.payload = []byte(text)
	}
	return c, nil
}

// refused is for arguments whose values were not known when the definition was checked.
func (v *visit) refused(arguments any) *failure {
	if name, _ := member(arguments, "FunctionName").(string); name == "" {
		return &failure{name: errRuntime, cause: v.said("The field 'FunctionName' must be the name or ARN of a function.")}
	}
	if kind := member(arguments, "InvocationType"); kind != nil && kind != "RequestResponse" {
		return &failure{name: errRuntime, cause: v.said(fmt.Sprintf("awssim invokes with RequestResponse only, not with %v.", kind))}
	}
	return nil
}

// functionARN is the function's ARN from what FunctionName may be: a name, a name with a qualifier, or an ARN.
func (v *visit) functionARN(name, qualifier string) string {
	if !strings.HasPrefix(name, "arn:") {
		name = v.run.x.service.id.ARN("lambda", "function:"+name)
	}
	if qualifier != "" && len(strings.Split(name, ":")) == 7 {
		name += ":" + qualifier
	}
	return name
}

// perform invokes the function and records what AWS's history shows of it.
func (v *visit) perform(c *call) (any, *failure) {
	v.scheduled(c)
	out, timedOut, over := v.invoke(c)
	if over || v.group.over {
		return nil, stopped
	}
	if timedOut {
		f := &failure{name: errTimeout}
		v.failed(c, f, true)
		return nil, f
	}
	if f := functionFailure(out); f != nil {
		v.failed(c, f, false)
		return nil, f
	}
	result, text, f := v.result(c, out)
	if f != nil {
		v.failed(c, f, false)
		return nil, f
	}
	v.succeeded(c, text)
	return result, nil
}

// invoke runs the function on a coroutine of its own: a Task that times out or is stopped does not wait for it, and the
// function runs on, as in AWS.
func (v *visit) invoke(c *call) (out Outcome, timedOut, over bool) {
	clk, lambda := v.clock(), v.run.x.service.lambda
	done, arrived := clk.NewSignal(), false
	var answer Outcome
	clk.Go("states invoke "+v.state.name, func() {
		answer = lambda.Invoke(v.run.x.role, c.function, c.payload)
		arrived = true
		done.Fire()
	})
	if c.timeout != nil {
		timer := clk.After(v.patience(*c.timeout), "states timeout "+v.state.name, func() {
			timedOut = !arrived
			done.Fire()
		})
		defer timer.Stop()
	}
	if !v.group.wait(done) {
		return Outcome{}, false, true
	}
	return answer, timedOut, false
}

// patience is a Task's timeout on the clock. On a clock that is faster than the wall it is so many seconds of the wall, as a function's
// own timeout is: processes do not run faster because time is scaled, and the Task must not give up before they do.
func (v *visit) patience(timeout int64) time.Duration {
	return seconds(float64(timeout) * max(1, v.clock().Speed()))
}

// functionFailure is the error of an outcome, nil for a success. Its cause is the error object as the function gave it.
func functionFailure(out Outcome) *failure {
	if out.Unavailable != "" {
		return &failure{name: out.Unavailable, cause: out.ErrorMessage}
	}
	if out.ErrorType == "" {
		return nil
	}
	cause := string(out.Payload)
	if cause == "" {
		text, _ := encode(&object{
			keys:   []string{"errorMessage", "errorType"},
			values: map[string]any{"errorMessage": out.ErrorMessage, "errorType": out.ErrorType},
		})
		cause = text
	}
	return &failure{name: out.ErrorType, cause: cause}
}

// result is what the Task's Output sees as $states.result: the function's answer itself, or the Invoke call's.
func (v *visit) result(c *call, out Outcome) (result any, text string, f *failure) {
	payload := cmp.Or(strings.TrimSpace(string(out.Payload)), "null")
	if !json.Valid([]byte(payload)) {
		return nil, "", &failure{name: errRuntime, cause: v.said("The function's answer is not JSON.")}
	}
	text = payload
	if !c.direct {
		text = v.invokeAnswer(c, out, payload)
	}
	if len(text) > maxData {
		return nil, "", tooLarge(v.state.resource)
	}
	result = mustDecode(text)
	text, _ = encode(result)
	return result, text, nil
}

// invokeAnswer is the answer of the lambda:invoke integration.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
func (v *visit) invokeAnswer(c *call, out Outcome, payload string) string {
	status := out.StatusCode
	if status == 0 {
		status = 200
	}
	id := ids.UUID(v.clock().Rand())
	headers := []string{"Content-Length", fmt.Sprint(len(payload)), "Content-Type", "application/json", "X-Amz-Executed-Version", c.version, "x-amzn-RequestId", id}
	var all, one strings.Builder
	for i := 0; i < len(headers); i += 2 {
		comma := ","
		if i == 0 {
			comma = ""
		}
		fmt.Fprintf(&all, `%s%q:[%q]`, comma, headers[i], headers[i+1])
		fmt.Fprintf(&one, `%s%q:%q`, comma, headers[i], headers[i+1])
	}
	return fmt.Sprintf(`{"ExecutedVersion":%q,"Payload":%s,"SdkHttpMetadata":{"AllHttpHeaders":{%s},"HttpHeaders":{%s},"HttpStatusCode":%d},"SdkResponseMetadata":{"RequestId":%q},"StatusCode":%d}`,
		c.version, payload, all.String(), one.String(), status, id, status)
}

func (v *visit) scheduled(c *call) {
	if c.direct {
		v.prev = v.run.add(v.prev, types.HistoryEventTypeLambdaFunctionScheduled, func(e *types.HistoryEvent) {
			e.LambdaFunctionScheduledEventDetails = &types.LambdaFunctionScheduledEventDetails{
				Resource: &c.function, Input: &c.arguments, InputDetails: whole(), TimeoutInSeconds: c.timeout,
			}
		})
		v.prev = v.run.add(v.prev, types.HistoryEventTypeLambdaFunctionStarted, nil)
		return
	}
	v.prev = v.run.add(v.prev, types.HistoryEventTypeTaskScheduled, func(e *types.HistoryEvent) {
		e.TaskScheduledEventDetails = &types.TaskScheduledEventDetails{
			Resource: new("invoke"), ResourceType: new("lambda"), Region: &v.run.x.service.id.Region,
			Parameters: &c.arguments, TimeoutInSeconds: c.timeout, HeartbeatInSeconds: c.heartbeat,
		}
	})
	v.prev = v.run.add(v.prev, types.HistoryEventTypeTaskStarted, func(e *types.HistoryEvent) {
		e.TaskStartedEventDetails = &types.TaskStartedEventDetails{Resource: new("invoke"), ResourceType: new("lambda")}
	})
}

func (v *visit) succeeded(c *call, output string) {
	if c.direct {
		v.prev = v.run.add(v.prev, types.HistoryEventTypeLambdaFunctionSucceeded, func(e *types.HistoryEvent) {
			e.LambdaFunctionSucceededEventDetails = &types.LambdaFunctionSucceededEventDetails{Output: &output, OutputDetails: whole()}
		})
		return
	}
	v.prev = v.run.add(v.prev, types.HistoryEventTypeTaskSucceeded, func(e *types.HistoryEvent) {
		e.TaskSucceededEventDetails = &types.TaskSucceededEventDetails{
			Resource: new("invoke"), ResourceType: new("lambda"), Output: &output, OutputDetails: whole(),
		}
	})
}

func (v *visit) failed(c *call, f *failure, timedOut bool) {
	name, cause := optional(f.name), optional(f.cause)
	kind := types.HistoryEventTypeTaskFailed
	switch {
	case c.direct && timedOut:
		kind = types.HistoryEventTypeLambdaFunctionTimedOut
	case c.direct:
		kind = types.HistoryEventTypeLambdaFunctionFailed
	case timedOut:
		kind = types.HistoryEventTypeTaskTimedOut
	}
	resource, service := new("invoke"), new("lambda")
	v.prev = v.run.add(v.prev, kind, func(e *types.HistoryEvent) {
		switch kind {
		case types.HistoryEventTypeLambdaFunctionTimedOut:
			e.LambdaFunctionTimedOutEventDetails = &types.LambdaFunctionTimedOutEventDetails{Error: name, Cause: cause}
		case types.HistoryEventTypeLambdaFunctionFailed:
			e.LambdaFunctionFailedEventDetails = &types.LambdaFunctionFailedEventDetails{Error: name, Cause: cause}
		case types.HistoryEventTypeTaskTimedOut:
			e.TaskTimedOutEventDetails = &types.TaskTimedOutEventDetails{Resource: resource, ResourceType: service, Error: name, Cause: cause}
		default:
			e.TaskFailedEventDetails = &types.TaskFailedEventDetails{Resource: resource, ResourceType: service, Error: name, Cause: cause}
		}
	})
}
