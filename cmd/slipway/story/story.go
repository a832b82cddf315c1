// Package story puts what Slipway's workflow does into words for people, a line per step: for the demo and for `slipway local`.
//
// What is not here: what Slipway itself tells people (internal/rollout has those words), and how the lines are shown.
package story

import (
	"fmt"
	"strings"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/image"
	"slipway/internal/rollout"
)

// Steps follows executions. Each thing is said once, and what does not matter is not said.
type Steps struct {
	// Progress asks for a line whenever more tasks are healthy.
	Progress bool

	names   map[string]string // revision -> its image's tag
	digests map[string]image.Digest
	images  map[string]string // execution -> the image that it deploys
	phases  map[string]rollout.Phase
	healthy map[string]int
}

// New follows executions whose revisions' images have these names. They may become more.
func New(names map[string]string) *Steps {
	return &Steps{names: names, digests: map[string]image.Digest{}, images: map[string]string{}, phases: map[string]rollout.Phase{}, healthy: map[string]int{}}
}

// Tell says which step of the workflow came to what, or nothing. The Choice state after each step has the step's result.
func (t *Steps) Tell(n laptop.News) (who, what string) {
	if n.Step == "Ending?" { // only now has it given the service back: until then others wait for it
		delete(t.images, n.Execution)
		delete(t.phases, n.Execution)
		delete(t.healthy, n.Execution)
	}
	if n.State == nil {
		return "", ""
	}
	t.learn(n)
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
		if ending, _, ok := rollout.Conclude(n.State, n.At); ok {
			return "Settle", string(ending)
		}
	}
	return "", ""
}

// learn remembers what the execution deploys.
func (t *Steps) learn(n laptop.News) {
	p := rollout.PlanOf(n.State)
	t.images[n.Execution] = p.Image.Name()
	if p.Revision != "" && p.Image.Digest != "" {
		t.digests[rollout.ShortRevision(p.Revision)] = p.Image.Digest
	}
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
		return t.waits(s.For)
	case rollout.Ready:
		name, baseline := t.apart(p.Image, p.Baseline)
		return fmt.Sprintf("%s is to run as %s in place of %s", name, rollout.ShortRevision(p.Revision), baseline)
	case rollout.Converging:
		return t.name(p.Revision) + " runs already: it is watched, and becomes last good if it stays healthy"
	}
	return "nothing is touched"
}

// waits says what an execution waits for. Who has the service is named by its image: an ARN says nothing to people, and when the lease
// would end is not when the turn comes.
func (t *Steps) waits(what string) string {
	turn, holder, _ := strings.Cut(what, ": execution ")
	owner, _, held := strings.Cut(holder, " holds the service until ")
	if !held {
		return "waits for " + what
	}
	name := t.images[owner]
	switch {
	case name == "":
		return "waits for " + turn + ", another deployment is under way"
	case t.phases[owner] == rollout.PhaseFailed, t.phases[owner] == rollout.PhaseRollingBack:
		return "waits for " + turn + ", " + name + " is being rolled back"
	}
	return "waits for " + turn + ", " + name + " is being deployed"
}

// apart names an image, and a revision with its own. Where both have the same name, since a tag was moved, their digests tell them apart.
func (t *Steps) apart(ref image.Reference, revision string) (name, other string) {
	name, other = ref.Name(), t.name(revision)
	short := rollout.ShortRevision(revision)
	if ref.Tag == "" || ref.Digest == "" || t.names[short] != name || t.digests[short] == ref.Digest {
		return name, other
	}
	if digest := t.digests[short].Short(); digest != "" {
		other = fmt.Sprintf("%s (%s %s)", short, name, digest)
	}
	return name + " " + ref.Digest.Short(), other
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
	name, other := t.apart(s.Image, s.To)
	to := "ECS is told to run 0 tasks again"
	if s.To != "" {
		to = "ECS is told to run " + other + " again"
	}
	if s.ByECS {
		to = "ECS goes back by itself"
	}
	if !s.Because.Class.Blames() {
		return to
	}
	return name + " is quarantined; " + to
}

// name is a revision with its image, of an ARN or "web:3": "web:3 (v2)".
func (t *Steps) name(revision string) string {
	short := rollout.ShortRevision(revision)
	if tag := t.names[short]; tag != "" {
		return short + " (" + tag + ")"
	}
	return short
}
