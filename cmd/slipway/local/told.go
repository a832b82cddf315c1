package local

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"slipway/cmd/slipway/laptop"
	"slipway/cmd/slipway/story"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// tell writes what the workflow does and what Slipway tells people, as it happens.
func tell(ctx context.Context, aws *laptop.Laptop, out io.Writer) {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	s, pushes := newSaid(), aws.PushLog()
	for tick := 0; ; tick++ {
		if tick%5 == 0 { // a call, and so most of what an idle local AWS has to do
			decisions, _ := pushes.Next(ctx) // when the local AWS ends, there is nobody to ask
			for _, d := range decisions {
				_, _ = io.WriteString(out, s.decide(d))
			}
		}
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
	names map[string]string        // revision -> its image's name
	ended map[string]record.Ending // execution -> the ending that was said before Slipway told it
	moved string                   // short digest of a push whose tag had moved on
}

func newSaid() *said {
	names := map[string]string{}
	s := &said{steps: story.New(names), names: names, ended: map[string]record.Ending{}}
	s.steps.Progress = true
	return s
}

// hear is the line for one thing that happened, "" for what need not be said.
func (s *said) hear(n laptop.News) string {
	switch {
	case n.Told != nil && n.Told.Kind == rollout.KindRollbackStarted: // a step of the workflow, and not always told
		return ""
	case n.Told != nil && n.Told.Execution != "" && n.Told.Kind == string(s.ended[n.Told.Execution]):
		delete(s.ended, n.Told.Execution)
		return ""
	case n.Told != nil:
		return line(*n.Told)
	}
	who, what := s.step(n)
	if ended, ok := n.State.(rollout.Ended); ok && who == "Claim" {
		// At once: of an input that names no service, Slipway can tell nobody.
		if ended.Service != (record.ServiceName{}) {
			s.ended[n.Execution] = ended.Ending
		}
		return ending(rollout.Announcement{Kind: string(ended.Ending), Service: ended.Service, Execution: n.Execution, Image: ended.Image, Sentence: ended.Why, At: n.At})
	}
	if who == "" || who == "Settle" || who == "Probe" && isVerdict(n.State) {
		return ""
	}
	plan := rollout.PlanOf(n.State)
	return printed(n.At, "-", subject(plan.Service, plan.Image, n.Execution), strings.TrimPrefix(what, plan.Image.Name()+" "))
}

// step is the step in words. The image of a revision is known before anything is said of it.
func (s *said) step(n laptop.News) (who, what string) {
	if n.State != nil {
		if plan := rollout.PlanOf(n.State); plan.Revision != "" {
			s.names[rollout.ShortRevision(plan.Revision)] = plan.Image.Name()
		}
	}
	return s.steps.Tell(n)
}

// isVerdict reports whether a deployment is about to end, which Slipway tells in its own words in the next moment.
func isVerdict(s rollout.State) bool {
	switch s.(type) {
	case rollout.Converging, rollout.Baking, rollout.Failed:
		return false
	}
	return true
}

// line is what Slipway tells, in lines that say whose it is. "ok" and "x" say whether an execution is green, "-" marks what is no ending.
func line(a rollout.Announcement) string {
	if a.Kind == rollout.KindDrift { // of the service, whatever image replaces what it runs
		who := subject(a.Service, image.Reference{}, a.Execution)
		lines := []string{strings.TrimPrefix(a.Sentence, a.Service.String()+" ")}
		for _, words := range a.Report {
			if !strings.Contains(a.Sentence, words) {
				lines = append(lines, words)
			}
		}
		return printed(a.At, "-", who, lines...)
	}
	return ending(a)
}

// ending is the line of an ending, with the failure block where there is one, or of a delay.
func ending(a rollout.Announcement) string {
	mark := "-"
	for _, known := range record.Endings() {
		switch {
		case a.Kind != string(known):
		case known.Green():
			mark = "ok"
		default:
			mark = "x"
		}
	}
	who := subject(a.Service, a.Image, a.Execution)
	if mark == "x" && len(a.Report) > 0 { // a failure block, which starts with the sentence and its own mark
		head := strings.TrimPrefix(a.Report[0], fmt.Sprintf("x %s  %s  ", a.Service.Service, a.Image.Name()))
		return printed(a.At, mark, who, append([]string{head}, a.Report[1:]...)...)
	}
	return printed(a.At, mark, who, append([]string{a.Kind + ": " + a.Sentence}, a.Report...)...)
}

// subject is what a line begins with: "shop/web v3", as much of it as is known, or the execution that nobody could make sense of.
func subject(service record.ServiceName, ref image.Reference, execution string) string {
	if service == (record.ServiceName{}) {
		return "execution " + execution[strings.LastIndex(execution, ":")+1:]
	}
	return strings.TrimSpace(service.String() + " " + ref.Name())
}

// printed is one thing that is said: when, how it is marked, whose it is. Further lines are indented.
func printed(at time.Time, mark, who string, lines ...string) string {
	return fmt.Sprintf("%s  %-2s %s: %s\n", at.Local().Format(time.TimeOnly), mark, who, strings.Join(lines, "\n             "))
}
