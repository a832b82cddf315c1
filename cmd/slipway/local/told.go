package local

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"slipway/cmd/slipway/laptop"
	"slipway/cmd/slipway/story"
	"slipway/internal/rollout"
)

// tell writes what the workflow does and what Slipway tells people, as it happens.
func tell(ctx context.Context, aws *laptop.Laptop, out io.Writer) {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	s := newSaid()
	for {
		for _, n := range aws.News() {
			_, _ = io.WriteString(out, s.hear(n))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// said is what was said of the executions, so that nothing is said twice.
type said struct {
	steps *story.Steps
	names map[string]string // revision -> its image's name
}

func newSaid() said {
	names := map[string]string{}
	s := said{story.New(names), names}
	s.steps.Progress = true
	return s
}

// hear is the line for one thing that happened, "" for what need not be said.
func (s said) hear(n laptop.News) string {
	switch {
	case n.Told != nil && n.Told.Kind == "Rollback Started": // a step of the workflow, and not always told
		return ""
	case n.Told != nil:
		return line(*n.Told)
	case n.State == nil:
		return ""
	}
	plan := rollout.PlanOf(n.State)
	if plan.Revision != "" {
		s.names[rollout.ShortRevision(plan.Revision)] = plan.Image.Name()
	}
	who, what := s.steps.Tell(n)
	if who == "" || who == "Settle" || who == "Probe" && isVerdict(n.State) {
		return ""
	}
	return fmt.Sprintf("%s  -  %s: %s\n", n.At.Local().Format(time.TimeOnly), plan.Service.Service, what)
}

// isVerdict reports whether a deployment is about to end, which Slipway tells in its own words in the next moment.
func isVerdict(s rollout.State) bool {
	switch s.(type) {
	case rollout.Converging, rollout.Baking, rollout.Failed:
		return false
	}
	return true
}

// line is one line for an ending; a failure block follows where there is one. "ok" and "x" say whether the execution is green,
// "-" marks what is no ending.
func line(a rollout.Announcement) string {
	mark := "-"
	for _, known := range rollout.Endings() {
		switch {
		case a.Kind != string(known):
		case known.Green():
			mark = "ok"
		default:
			mark = "x"
		}
	}
	lines := append([]string{a.Kind + ": " + a.Sentence}, a.Report...)
	if mark == "x" && len(a.Report) > 0 { // a failure block, which starts with the sentence and its own mark
		lines = append([]string{strings.TrimPrefix(a.Report[0], "x ")}, a.Report[1:]...)
	}
	return fmt.Sprintf("%s  %-2s %s\n", a.At.Local().Format(time.TimeOnly), mark, strings.Join(lines, "\n             "))
}
