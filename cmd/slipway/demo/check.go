package demo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"slipway/internal/record"
	"slipway/internal/rollout"
)

// result is how a scene went.
type result struct {
	scene
	got     rollout.Announcement
	heard   heard
	started int           // executions
	took    time.Duration // virtual
	sent    int
	failed  int
	failure string   // what the first failed request of all scenes met
	running []string // tags of the image that the service runs afterwards
	wrong   []string
}

// check compares what happened with what the scene says.
func (r *result) check() {
	wrong := func(format string, args ...any) { r.wrong = append(r.wrong, fmt.Sprintf(format, args...)) }
	if r.got.Kind != r.ending {
		wrong("ended %s, not %s: %s", r.got.Kind, r.ending, r.got.Sentence)
	}
	if !strings.Contains(strings.Join(append([]string{r.got.Sentence}, r.got.Report...), "\n"), r.because) {
		wrong("the reason does not say %q: %s", r.because, r.got.Sentence)
	}
	if !slices.Contains(r.running, r.runs) {
		wrong("the service runs %s, not %s", or(strings.Join(r.running, ","), "nothing"), r.runs)
	}
	if r.load && r.sent == 0 {
		wrong("no request was sent")
	}
	if r.load && r.failed > 0 {
		wrong("%d of %d requests failed: %s", r.failed, r.sent, r.failure)
	}
	if r.ending == string(record.EndingRolledBack) && len(r.got.Report) != 6 {
		wrong("the failure block has %d lines, not 6", len(r.got.Report))
	}
	if r.silent && r.started > 0 {
		wrong("Slipway started %d executions and should have left the service alone", r.started)
	}
	if n := count(r.heard.told, rollout.KindDrift); r.ending == rollout.KindDrift && n != 1 {
		wrong("the drift was told %d times, not once", n)
	}
}

func count(told []rollout.Announcement, kind string) (n int) {
	for _, a := range told {
		if a.Kind == kind {
			n++
		}
	}
	return n
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// conclude prints the table. The error lists what was not as said.
func conclude(screen *screen, results []result) error {
	for _, line := range table(results) {
		screen.line("%s", line)
	}
	var wrong []string
	for _, r := range results {
		for _, w := range r.wrong {
			wrong = append(wrong, strings.TrimSpace(r.short)+": "+w)
		}
	}
	if len(wrong) > 0 {
		return errors.New("not as said:\n  " + strings.Join(wrong, "\n  "))
	}
	return nil
}

// table is what happened, in lines of at most 79 columns.
func table(results []result) []string {
	lines := []string{"", fmt.Sprintf("%-32s %-11s %10s %8s %6s  %s", "what happened", "ending", "took", "requests", "failed", "runs")}
	for _, r := range results {
		lines = append(lines, fmt.Sprintf("%-32s %-11s %10s %8d %6d  %s", r.short, r.got.Kind, rollout.Elapsed(r.took), r.sent, r.failed, strings.Join(r.running[:min(1, len(r.running))], "")))
	}
	return append(lines, "", "Times are the local AWS's own; the figures are the simulator's.")
}
