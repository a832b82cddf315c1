package demo

import (
	"fmt"
	"strings"
	"time"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/rollout"
)

// teller turns what happens in a scene into lines for people. Each thing is said once, and what does not matter is not said.
type teller struct {
	start    time.Time         // of the scene
	baseline string            // the revision that the service ran then: its tasks are the old ones
	names    map[string]string // revision -> its image's tag
	phases   map[string]rollout.Phase
	tasks    string // the tasks line said last
	seen     string // the one at the last look; it is said when the next look confirms it
}

func newTeller(start time.Time, baseline string, names map[string]string) *teller {
	return &teller{start: start, baseline: baseline, names: names, phases: map[string]rollout.Phase{}}
}

// line is one line of the story; the zero line says nothing.
type line struct {
	at        time.Time
	who, what string
}

// text is a line as it is printed: when in the scene, who, what.
func (t *teller) text(l line) string {
	return fmt.Sprintf("  %9s  %-9s  %s", rollout.Elapsed(max(0, l.at.Sub(t.start))), l.who, l.what)
}

// hear tells what the workflow did or what Slipway told. Endings have their own place, and the start of a rollback is a step of the
// workflow.
func (t *teller) hear(n laptop.News) line {
	switch {
	case n.Told != nil && n.Told.Kind == "Drift":
		return line{n.At, "drift", n.Told.Sentence}
	case n.Told != nil || n.State == nil:
		return line{}
	}
	who, what := t.step(n)
	return line{n.At, who, what}
}

// step says what a step of the workflow came to. The Choice state after each step has the step's result.
func (t *teller) step(n laptop.News) (who, what string) {
	phase := n.State.Phase()
	news := t.phases[n.Execution] != phase
	t.phases[n.Execution] = phase
	switch n.Step {
	case "Claimed?":
		if news {
			return "Claim", t.claimed(n.State)
		}
	case "Updated?":
		if _, ok := n.State.(rollout.Converging); ok {
			return "Update", "ECS is told to run " + t.name(rollout.PlanOf(n.State).Revision)
		}
	case "Healthy?":
		if news {
			return "Probe", t.judged(n.State)
		}
	case "Going back?":
		if s, ok := n.State.(rollout.RollingBack); ok {
			return "Roll back", t.goingBack(s)
		}
	case "Settle":
		if ending, _, ok := rollout.Conclude(n.State, n.At); ok {
			return "Settle", string(ending)
		}
	}
	return "", ""
}

func (t *teller) claimed(s rollout.State) string {
	p := rollout.PlanOf(s)
	switch s := s.(type) {
	case rollout.Waiting:
		return "waits for " + s.For
	case rollout.Ready:
		return fmt.Sprintf("%s is to run as %s in place of %s", p.Image.Name(), rollout.ShortRevision(p.Revision), t.name(p.Baseline))
	case rollout.Converging:
		return t.name(p.Revision) + " runs already: it is watched, and becomes last good if it stays healthy"
	}
	return "nothing is touched"
}

func (t *teller) judged(s rollout.State) string {
	switch s := s.(type) {
	case rollout.Converging:
		return "Converging"
	case rollout.Baking:
		return fmt.Sprintf("Baking: %d of %d healthy, to stay so for %s", s.Healthy, s.Desired, rollout.Elapsed(s.Policy.Bake.Duration()))
	case rollout.Failed:
		return "Failed: " + s.Because.Words
	case rollout.RolledBack:
		if s.To == "" {
			return "RolledBack: the service is back at 0 tasks"
		}
		return "RolledBack: " + t.name(s.To) + " is healthy"
	case rollout.Stuck:
		return "Stuck: " + s.Why
	case rollout.Foreign:
		return "Foreign: " + s.Why
	}
	return string(s.Phase())
}

func (t *teller) goingBack(s rollout.RollingBack) string {
	to := "ECS is told to run 0 tasks again"
	if s.To != "" {
		to = "ECS is told to run " + t.name(s.To) + " again"
	}
	if s.ByECS {
		to = "ECS goes back by itself"
	}
	if !s.Because.Class.Blames() {
		return to
	}
	return s.Image.Name() + " is quarantined; " + to
}

// name is a revision with its image, of an ARN or "web:3": "web:3 (v2)".
func (t *teller) name(revision string) string {
	short := rollout.ShortRevision(revision)
	if tag := t.names[short]; tag != "" {
		return short + " (" + tag + ")"
	}
	return short
}

// look tells how the tasks stand, if that changed and two looks agree: between two looks a task may be in neither list.
func (t *teller) look(v laptop.View) line {
	now := summary(v.Tasks, t.baseline, t.start)
	confirmed := now == t.seen
	t.seen = now
	if !confirmed || now == t.tasks || now == "" {
		return line{}
	}
	t.tasks = now
	return line{v.At, "tasks", now}
}

// condition is how a task fares, for people.
type condition string

const (
	starting  condition = "starting"
	healthy   condition = "healthy"
	unhealthy condition = "unhealthy"
	failed    condition = "failed"
	stopping  condition = "stopping"
)

func conditionOf(t laptop.Task) condition {
	switch {
	case t.Failed:
		return failed
	case t.Stopping:
		return stopping
	case t.Status == "RUNNING" && t.Target == "healthy":
		return healthy
	case t.Target == "unhealthy":
		return unhealthy
	}
	return starting
}

// summary counts tasks: "old 2 healthy, new 1 starting, 1 failed". Tasks of the baseline are old. Those that stop in good order, and
// those that failed before since, are left out.
func summary(tasks []laptop.Task, baseline string, since time.Time) string {
	counts := map[string]map[condition]int{"old": {}, "new": {}}
	for _, t := range tasks {
		if t.Failed && t.CreatedAt.Before(since) {
			continue
		}
		counts[roleOf(t, baseline)][conditionOf(t)]++
	}
	var parts []string
	for _, role := range []string{"old", "new"} {
		lead := role + " "
		for _, c := range []condition{healthy, unhealthy, starting, failed} {
			if n := counts[role][c]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s%d %s", lead, n, c))
				lead = ""
			}
		}
	}
	return strings.Join(parts, ", ")
}

func roleOf(t laptop.Task, baseline string) string {
	if t.Revision == baseline {
		return "old"
	}
	return "new"
}
