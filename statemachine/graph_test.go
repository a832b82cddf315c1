package statemachine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/fault"
	"slipway/internal/record"
	"slipway/internal/rollout"
	"slipway/statemachine"
)

func machine(t *testing.T) statemachine.Machine {
	t.Helper()
	m, err := statemachine.Parse(statemachine.Definition)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryNameResolvesAndEveryStateIsReached(t *testing.T) {
	m := machine(t)
	reached := map[string]bool{m.StartAt: true}
	for range m.States {
		for _, e := range m.Edges() {
			if _, ok := m.States[e.To]; !ok {
				t.Fatalf("%q leads to %q, which does not exist", e.From, e.To)
			}
			if reached[e.From] {
				reached[e.To] = true
			}
		}
	}
	for name, s := range m.States {
		if !reached[name] {
			t.Errorf("state %q cannot be reached", name)
		}
		if s.Comment == "" {
			t.Errorf("state %q has no Comment", name)
		}
	}
	if m.QueryLanguage != "JSONata" {
		t.Errorf("got query language %q, want JSONata", m.QueryLanguage)
	}
}

func TestChoicesKnowEveryPhaseAndEnding(t *testing.T) {
	m := machine(t)
	found := map[string]bool{}
	for name, s := range m.States {
		if s.Type != "Choice" {
			continue
		}
		if s.Default != "Impossible" {
			t.Errorf("choice %q has the default %q, want Impossible", name, s.Default)
		}
		for _, c := range s.Choices {
			for _, word := range quoted(c.Condition) {
				found[word] = true
			}
		}
	}
	want := map[string]bool{}
	for _, p := range rollout.Phases() {
		want[string(p)] = true
	}
	for _, e := range record.Endings() {
		want[string(e)] = true
		s := m.States[string(e)]
		if green := s.Type == "Succeed"; green != e.Green() {
			t.Errorf("ending %s is a %s state; Green() is %v", e, s.Type, e.Green())
		}
		if s.Type == "Fail" && s.Error != string(e) {
			t.Errorf("ending %s fails with %q", e, s.Error)
		}
	}
	for word := range want {
		if !found[word] {
			t.Errorf("no Choice knows %q", word)
		}
	}
	for word := range found {
		if !want[word] {
			t.Errorf("a Choice knows %q, which the code does not", word)
		}
	}
}

func quoted(condition string) []string {
	parts := strings.Split(condition, "'")
	var words []string
	for i := 1; i < len(parts); i += 2 {
		words = append(words, parts[i])
	}
	return words
}

func TestEveryLoopWaits(t *testing.T) {
	m := machine(t)
	next := map[string][]string{}
	for _, e := range m.Edges() {
		next[e.From] = append(next[e.From], e.To)
	}
	var visit func(name string, path []string)
	visit = func(name string, path []string) {
		if i := slices.Index(path, name); i >= 0 {
			for _, on := range path[i:] {
				if m.States[on].Type == "Wait" {
					return
				}
			}
			t.Errorf("loop without a Wait: %v", path[i:])
			return
		}
		for _, to := range next[name] {
			visit(to, append(slices.Clone(path), name))
		}
	}
	visit(m.StartAt, nil)
}

// serviceErrors are Step Functions' own names and those of the Lambda service, which the code does not define.
var serviceErrors = []string{"Lambda.ClientExecutionTimeoutException", "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException",
	"Lambda.TooManyRequestsException", "States.TaskFailed", "States.Timeout"}

// hopeless are the errors of ours that a retry cannot help.
var hopeless = []string{"Denied", "Missing", "BadEvent", "Impossible"}

func TestTasksRetryTransientErrorsWithJitter(t *testing.T) {
	m := machine(t)
	if m.TimeoutSeconds == 0 {
		t.Error("the machine has no TimeoutSeconds")
	}
	for name, s := range m.States {
		if s.Type != "Task" {
			continue
		}
		if s.TimeoutSeconds == 0 {
			t.Errorf("task %q has no TimeoutSeconds", name)
		}
		var retried []string
		for i, r := range s.Retry {
			if i == 0 {
				// A retrier of 0 attempts keeps the last one, which matches everything, from what no retry can help.
				if r.MaxAttempts != 0 || !slices.Equal(r.ErrorEquals, hopeless) {
					t.Errorf("task %q must not retry %v first", name, hopeless)
				}
				continue
			}
			if r.JitterStrategy != "FULL" || r.MaxDelaySeconds == 0 {
				t.Errorf("task %q retries %v without full jitter or a bound", name, r.ErrorEquals)
			}
			retried = append(retried, r.ErrorEquals...)
		}
		// A killed function is Lambda.Unknown, Runtime.ExitError or Sandbox.Timedout, a panic has the name of its type: whatever
		// has no name of ours is States.TaskFailed.
		for _, want := range []string{"Throttled", "Unavailable", "Lambda.TooManyRequestsException", "States.TaskFailed", "States.Timeout"} {
			if !slices.Contains(retried, want) {
				t.Errorf("task %q does not retry %s", name, want)
			}
		}
		for _, name := range retried {
			if !slices.Contains(fault.Names(), name) && !slices.Contains(serviceErrors, name) {
				t.Errorf("a retrier names %q, which nobody raises", name)
			}
		}
	}
}

func TestWhatMayHaveTouchedECSIsCaught(t *testing.T) {
	m := machine(t)
	for _, name := range []string{"Update", "Probe", "Roll back"} {
		if len(m.States[name].Catch) == 0 {
			t.Errorf("task %q has no Catch, but ECS may have been told", name)
		}
	}
}

// Before ECS is told, and once the deployment is over, an outage of AWS is waited for; what a person must mend fails raw, so that
// Redrive resumes there.
func TestOutagesAreWaitedFor(t *testing.T) {
	m := machine(t)
	for _, name := range []string{"Claim", "Settle"} {
		catch := m.States[name].Catch
		if len(catch) != 1 || m.States[catch[0].Next].Type != "Wait" || m.States[catch[0].Next].Next != name {
			t.Fatalf("task %q: got %+v, want one catcher that leads to a Wait before it", name, catch)
		}
		for _, want := range []string{"Throttled", "Unavailable", "Lambda.TooManyRequestsException", "Sandbox.Timedout", "States.Timeout"} {
			if !slices.Contains(catch[0].ErrorEquals, want) {
				t.Errorf("task %q does not wait for the end of %s", name, want)
			}
		}
		for _, never := range append(hopeless, "States.TaskFailed", "States.ALL") {
			if slices.Contains(catch[0].ErrorEquals, never) {
				t.Errorf("task %q waits for %s, which no waiting mends", name, never)
			}
		}
	}
}

// An outage may last until the machine times out: each round is the retries, whose pauses are half of the longest on average, and
// the Wait. Its attempts are five events each, the Wait two.
func TestAnOutageFitsIntoTheHistory(t *testing.T) {
	m := machine(t)
	for name, pause := range map[string]float64{"Claim": 180, "Settle": m.States["Wait to settle"].Seconds.(float64)} {
		attempts, round := 1, pause
		for _, r := range m.States[name].Retry {
			delay := r.IntervalSeconds
			for range r.MaxAttempts {
				attempts++
				round += min(delay, r.MaxDelaySeconds) / 2
				delay *= r.BackoffRate
			}
		}
		if events := int(float64(m.TimeoutSeconds)/round) * (5*attempts + 2); events > 25000*9/10 {
			t.Errorf("task %q writes about %d events in an outage of %d s, of 25,000", name, events, m.TimeoutSeconds)
		}
	}
	// Also a claim that waits for its turn meanwhile, which otherwise looks more often.
	if words, ok := m.States["Claim"].Catch[0].Output.(string); !ok || strings.Count(words, "'seconds': 180}") != 2 {
		t.Errorf("in an outage a claim goes on with %v, want that it waits for 180 s", words)
	}
}

// The longest execution must fit into the machine's timeout and into 25,000 events of history; one look costs nine events
// (Wait 2, Task 5, Choice 2).
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
func TestLongestExecutionFits(t *testing.T) {
	m := machine(t)
	const turn, rolling, bake, draining, back = rollout.MaxTurn, rollout.MaxTimeout, rollout.MaxBake, rollout.MaxTimeout, rollout.MaxTimeout
	const longest = turn + rolling + bake + draining + back
	if have := time.Duration(m.TimeoutSeconds) * time.Second; have < longest {
		t.Errorf("the machine times out after %s, the bounds add up to %s", have, longest)
	}
	const eventsPerLook, slowestTurn, slowestProbe = 9, time.Minute, 30 * time.Second
	looks := int(rollout.MaxTurn/slowestTurn) + int((longest-rollout.MaxTurn)/slowestProbe)
	if events := looks * eventsPerLook; events > 25000*3/4 {
		t.Errorf("the longest execution has about %d events of history, of 25,000", events)
	}
}
