package states

import (
	"fmt"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// visit is one stay in a state, with all its retries.
type visit struct {
	*thread
	state   *state
	input   any
	before  int64 // the event before the state's entry
	entered int64
	since   time.Time
	retries int
	used    []int // attempts that each retrier has spent
}

// visit enters a state, runs it with its retries and catchers, and leaves it. next is "" at the end of the flow.
func (t *thread) visit(s *state, input any) (output any, next string, f *failure) {
	v := &visit{thread: t, state: s, input: input, before: t.prev, since: t.clock().Now(), used: make([]int, len(s.retry))}
	text, _ := encode(input)
	v.entered = t.run.add(t.prev, types.HistoryEventType(entryKind(s.kind)+"Entered"), entered(s.name, text))
	if t.group.over {
		return nil, "", stopped
	}
	t.prev = v.entered
	t.note(s, input)
	for {
		output, next, f = v.attempt()
		if f == nil || f == stopped {
			return output, next, f
		}
		f = v.record(f)
		if delay, again := v.retry(f); again {
			t.run.x.transitions++
			if !t.sleep("retry "+s.name, delay) {
				return nil, "", stopped
			}
			v.retries++
			continue
		}
		for i := range s.catch {
			if c := &s.catch[i]; matches(c.errors, f.name) {
				return v.caught(c, f)
			}
		}
		return nil, "", f
	}
}

// entryKind is the first part of the event types of a kind of state.
func entryKind(kind string) string { return kind + "State" }

// note counts the transition, remembers where a redrive would go on and tells the watchers.
func (t *thread) note(s *state, input any) {
	x := t.run.x
	x.transitions++
	x.state = s.name
	if t.top {
		x.resume = resumption{state: s.name, input: input, vars: t.vars.copied()}
	}
	for _, fn := range x.service.watch {
		fn(x.arn, s.name)
	}
}

func (v *visit) attempt() (output any, next string, f *failure) {
	s := v.state
	switch s.kind {
	case kindTask:
		return v.task()
	case kindChoice:
		return v.choose()
	case kindWait:
		return v.waitState()
	case kindFail:
		return nil, "", v.fail()
	case kindMap:
		return v.mapState()
	case kindParallel:
		return v.parallel()
	}
	return v.leave(s.assign, s.output, v.input, nil, s.next) // Pass and Succeed
}

// record completes a failure that arose in this state and writes the events that belong to it.
func (v *visit) record(f *failure) *failure {
	c := *f
	if c.query {
		c.cause = v.said(c.cause)
		prev := v.prev
		if prev == v.entered && !c.afterEntry {
			prev = v.before // AWS links it so
		}
		v.prev = v.run.add(prev, types.HistoryEventTypeEvaluationFailed, evaluationFailed(v.state.name, &c))
		c.query = false
	}
	switch v.state.kind {
	case kindMap:
		v.prev = v.run.add(v.prev, types.HistoryEventTypeMapStateFailed, nil)
	case kindParallel:
		v.prev = v.run.add(v.prev, types.HistoryEventTypeParallelStateFailed, nil)
	}
	return &c
}

// said puts the state before a cause, as AWS does.
func (v *visit) said(cause string) string {
	return fmt.Sprintf("An error occurred while executing the state '%s' (entered at the event id #%d). %s", v.state.name, v.entered, cause)
}

// retry picks the first retrier that takes the error and reports how long to wait, if it has attempts left.
func (v *visit) retry(f *failure) (delay time.Duration, again bool) {
	for i, x := range v.state.retry {
		if !matches(x.errors, f.name) {
			continue
		}
		if v.used[i] >= x.maxAttempts {
			return 0, false
		}
		wait := x.interval * math.Pow(x.backoff, float64(v.used[i]))
		if x.maxDelay > 0 {
			wait = math.Min(wait, x.maxDelay)
		}
		wait = math.Min(wait, maxSeconds)
		if x.jitter {
			wait *= v.clock().Rand().Float64()
		}
		v.used[i]++
		return seconds(wait), true
	}
	return 0, false
}

// caught leaves the state by a catcher. What goes wrong in the catcher itself is not caught again.
func (v *visit) caught(c *catcher, f *failure) (any, string, *failure) {
	o := map[string]any{"Error": f.name, "Cause": f.cause}
	errorOutput := (&object{keys: []string{"Error", "Cause"}, values: o}).value()
	output, _, bad := v.leave(c.assign, c.output, errorOutput, map[string]any{"errorOutput": errorOutput}, c.next)
	if bad == nil {
		return output, c.next, nil
	}
	if bad == stopped {
		return nil, "", stopped
	}
	return nil, "", v.record(bad)
}

// evaluator evaluates this state's fields now. extra joins input and context in $states.
func (v *visit) evaluator(extra map[string]any) evaluator {
	states := map[string]any{"input": v.input, "context": v.context()}
	for name, value := range extra {
		states[name] = value
	}
	return evaluator{engine: v.run.engine, vars: v.vars, states: states}
}

// context is the context object.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
func (v *visit) context() map[string]any {
	x := v.run.x
	started := map[string]any{
		"Id": x.arn, "Input": x.inputValue, "Name": x.name, "RoleArn": x.role,
		"StartTime": instant(x.start), "RedriveCount": x.redrives,
	}
	if x.redrives > 0 {
		started["RedriveTime"] = instant(x.redriven)
	}
	context := map[string]any{
		"Execution":    started,
		"StateMachine": map[string]any{"Id": x.machine.arn, "Name": x.machine.name},
		"State":        map[string]any{"EnteredTime": instant(v.since), "Name": v.state.name, "RetryCount": v.retries},
	}
	if v.item != nil {
		context["Map"] = v.item
	}
	return context
}

// instant writes a time as the context object has it: milliseconds only where there are any.
func instant(at time.Time) string {
	at = at.UTC().Truncate(time.Millisecond)
	if at.Nanosecond() == 0 {
		return at.Format("2006-01-02T15:04:05Z")
	}
	return at.Format("2006-01-02T15:04:05.000Z")
}

// leave evaluates Assign and Output, both on what was true at entry, and exits the state. fallback is the output where the
// state has none of its own.
func (v *visit) leave(assign, output *template, fallback any, extra map[string]any, next string) (any, string, *failure) {
	e := v.evaluator(extra)
	names, values, texts, f := v.assignments(e, assign)
	if f != nil {
		return nil, "", f
	}
	out := fallback
	if output != nil {
		if out, f = e.evaluate(output); f != nil {
			return nil, "", f
		}
	}
	text, err := encode(out)
	if err != nil {
		return nil, "", &failure{name: errRuntime, cause: v.said(err.Error())}
	}
	if len(text) > maxData {
		return nil, "", tooLarge(v.state.name)
	}
	id := v.run.add(v.prev, types.HistoryEventType(entryKind(v.state.kind)+"Exited"), exited(v.state.name, text, texts))
	if v.group.over {
		return nil, "", stopped
	}
	v.prev = id
	for i, name := range names {
		v.vars.named[name] = values[i]
	}
	return out, next, nil
}

func (v *visit) assignments(e evaluator, assign *template) (names []string, values []any, texts map[string]string, f *failure) {
	if assign == nil {
		return nil, nil, nil, nil
	}
	texts = map[string]string{}
	for _, name := range assign.keys {
		value, f := e.evaluate(assign.members[name])
		if f != nil {
			return nil, nil, nil, f
		}
		text, err := encode(value)
		if err != nil {
			return nil, nil, nil, &failure{name: errRuntime, cause: v.said(err.Error())}
		}
		if len(text) > maxData {
			return nil, nil, nil, tooLarge(v.state.name)
		}
		names, values, texts[name] = append(names, name), append(values, value), text
	}
	return names, values, texts, nil
}
