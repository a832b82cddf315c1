// Package story puts what Slipway's workflow does into words for people, a line per step: for the demo and for `slipway local`.
//
// What is not here: what Slipway itself tells people (internal/rollout has those words), and how the lines are shown.
package story

import (
	"fmt"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/rollout"
)

// Steps follows executions. Each thing is said once, and what does not matter is not said.
type Steps struct {
	// Progress asks for a line whenever more tasks are healthy.
	Progress bool

	names   map[string]string // revision -> its image's tag
	phases  map[string]rollout.Phase
	healthy map[string]int
}

// New follows executions whose revisions' images have these names. They may become more.
func New(names map[string]string) *Steps {
	return &Steps{names: names, phases: map[string]rollout.Phase{}, healthy: map[string]int{}}
}

// Tell says which step of the workflow came to what, or nothing. The Choice state after each step has the step's result.
func (t *Steps) Tell(n laptop.News) (who, what string) {
	if n.State == nil {
		return "", ""
	}
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
		if words := t.progress(n); words != "" {
			return "Probe", words
		}
		if news {
			return "Probe", t.judged(n.State)
		}
	case "Going back?":
		if s, ok := n.State.(rollout.RollingBack); ok {
			return "Roll back", t.goingBack(s)
		}
	case "Settle":
		delete(t.phases, n.Execution)
		delete(t.healthy, n.Execution)
		if ending, _, ok := rollout.Conclude(n.State, n.At); ok {
			return "Settle", string(ending)
		}
	}
	return "", ""
}

// progress says how many tasks are healthy, where that is asked for and has changed.
func (t *Steps) progress(n laptop.News) string {
	s, converging := n.State.(rollout.Converging)
	if !t.Progress || !converging || s.Healthy == t.healthy[n.Execution] {
		return ""
	}
	t.healthy[n.Execution] = s.Healthy
	return fmt.Sprintf("%d of %d healthy", s.Healthy, s.Desired)
}

func (t *Steps) claimed(s rollout.State) string {
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

func (t *Steps) judged(s rollout.State) string {
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

func (t *Steps) goingBack(s rollout.RollingBack) string {
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
func (t *Steps) name(revision string) string {
	short := rollout.ShortRevision(revision)
	if tag := t.names[short]; tag != "" {
		return short + " (" + tag + ")"
	}
	return short
}
