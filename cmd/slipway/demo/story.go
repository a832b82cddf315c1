package demo

import (
	"fmt"
	"strings"
	"time"

	"slipway/cmd/slipway/laptop"
	"slipway/cmd/slipway/story"
	"slipway/internal/rollout"
)

// teller turns what happens in a scene into lines for people. Each thing is said once, and what does not matter is not said.
type teller struct {
	start    time.Time // of the scene
	baseline string    // the revision that the service ran then: its tasks are the old ones
	steps    *story.Steps
	tasks    string // the tasks line said last
	seen     string // the one at the last look; it is said when the next look confirms it
}

// newTeller makes one for a scene. The names are of revisions, their images' tags, and may become more.
func newTeller(start time.Time, baseline string, names map[string]string) *teller {
	return &teller{start: start, baseline: baseline, steps: story.New(names)}
}

// line is one line of the story; the zero line says nothing.
type line struct {
	at        time.Time
	who, what string
}

// textIndent is where what was done begins.
const textIndent = 24

// text is a line as it is printed: when in the scene, who, what.
func (t *teller) text(l line) string {
	return fmt.Sprintf("  %9s  %-9s  %s", rollout.Elapsed(max(0, l.at.Sub(t.start))), l.who, l.what)
}

// hear tells what the workflow did or what Slipway told. Endings have their own place, and the start of a rollback is a step of the
// workflow.
func (t *teller) hear(n laptop.News) line {
	switch {
	case n.Told != nil && n.Told.Kind == rollout.KindDrift:
		return line{n.At, "drift", n.Told.Sentence}
	case n.Told != nil:
		return line{}
	}
	who, what := t.steps.Tell(n)
	return line{n.At, who, what}
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
