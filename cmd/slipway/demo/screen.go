package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/term"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/rollout"
)

// screen prints plain lines, and on a terminal a live panel below them. Colours never carry meaning alone.
type screen struct {
	out   io.Writer
	live  bool
	drawn int    // lines of the panel on the screen
	last  string // the last plain progress line
}

var (
	bold  = lipgloss.NewStyle().Bold(true)
	faint = lipgloss.NewStyle().Faint(true)
	green = lipgloss.NewStyle().Foreground(lipgloss.Color("2"))
	red   = lipgloss.NewStyle().Foreground(lipgloss.Color("1"))
)

func newScreen(out *os.File, plain bool) *screen {
	return &screen{out: out, live: !plain && term.IsTerminal(out.Fd()) && os.Getenv("NO_COLOR") == ""}
}

func (s *screen) close() { s.clear() }

func (s *screen) style(style lipgloss.Style, text string) string {
	if !s.live {
		return text
	}
	return style.Render(text)
}

func (s *screen) line(format string, args ...any) {
	s.clear()
	fmt.Fprintf(s.out, format+"\n", args...)
}

func (s *screen) title(number int, sc scene) {
	s.line("\n%s", s.style(bold, fmt.Sprintf("%d. %s", number, sc.title)))
}

// ending prints Slipway's own words.
func (s *screen) ending(e laptop.Ending) {
	style, mark := green, "ok"
	if !rollout.Ending(e.Kind).Green() {
		style, mark = red, "x "
	}
	if len(e.Report) > 0 {
		for _, line := range e.Report {
			s.line("%s", s.style(style, line))
			style = lipgloss.NewStyle()
		}
		return
	}
	s.line("%s", s.style(style, mark+" "+e.Sentence))
}

// watch shows progress until Slipway announces an ending.
func (s *screen) watch(ctx context.Context, aws *laptop.Laptop, users *load, start time.Time) (laptop.Ending, error) {
	ticker := time.NewTicker(150 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return laptop.Ending{}, context.Cause(ctx)
		case e := <-aws.Endings():
			s.clear()
			return e, nil
		case <-ticker.C:
			s.progress(aws, users, start)
		}
	}
}

func (s *screen) progress(aws *laptop.Laptop, users *load, start time.Time) {
	elapsed := rollout.Elapsed(aws.Now().Sub(start))
	tasks := aws.Tasks("shop", "web")
	if !s.live {
		counts := map[string]int{}
		var order []string
		for _, t := range tasks {
			key := t.Revision + " " + strings.ToLower(t.LastStatus)
			if t.Health != "" {
				key = t.Revision + " " + strings.ToLower(t.Health)
			}
			if counts[key]++; counts[key] == 1 {
				order = append(order, key)
			}
		}
		for i, key := range order {
			order[i] = fmt.Sprintf("%d x %s", counts[key], key)
		}
		now := fmt.Sprintf("%-16s %s", aws.WorkflowState(), strings.Join(order, ", "))
		if now != s.last && aws.WorkflowState() != "Probe" && !strings.HasSuffix(aws.WorkflowState(), "?") {
			s.last = now
			s.line("  %10s  %s", elapsed, now)
		}
		return
	}
	sent, failed := users.count()
	lines := []string{s.style(faint, fmt.Sprintf("  %s   workflow: %s   requests: %d, failed: %d", elapsed, aws.WorkflowState(), sent, failed))}
	for _, t := range tasks {
		state := t.LastStatus
		if t.Health != "" && t.LastStatus == "RUNNING" {
			state += " " + t.Health
		}
		if t.DesiredStatus == "STOPPED" {
			state += " (draining)"
		}
		lines = append(lines, fmt.Sprintf("  %-8s %-8s %s", t.Revision, t.ID[:min(8, len(t.ID))], state))
	}
	s.clear()
	fmt.Fprint(s.out, strings.Join(lines, "\n")+"\n")
	s.drawn = len(lines)
}

// clear takes the panel off the screen.
func (s *screen) clear() {
	if s.drawn > 0 {
		fmt.Fprintf(s.out, "\x1b[%dA\x1b[J", s.drawn)
		s.drawn = 0
	}
}

func (s *screen) table(results []result) {
	s.line("\n%-60s %-6s %-11s %-10s %9s %7s  %s", "scene", "image", "ending", "took", "requests", "failed", "runs")
	for i, r := range results {
		s.line("%-60s %-6s %-11s %-10s %9d %7d  %s", fmt.Sprintf("%d. %s", i+1, r.title), r.tag, r.got.Kind, rollout.Elapsed(r.took), r.sent, r.failed, r.running)
	}
	s.line("\nTimes are the local AWS's own; the figures are the simulator's.")
}
