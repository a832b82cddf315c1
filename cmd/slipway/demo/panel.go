package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/rollout"
)

// frame is all that the live panel shows at one moment.
type frame struct {
	elapsed  time.Duration // virtual, of the scene
	speed    float64
	workflow string // "Probe: Converging"
	loading  bool
	sent     int
	failed   int
	since    time.Time // the scene's start: what failed before is not shown
	baseline string
	names    map[string]string
	tasks    []laptop.Task
}

// failedRows is how many stopped tasks of the scene stay in the panel.
const failedRows = 2

// rows are the panel's lines, at most height of them and none wider than width columns. The first is empty: it sets the panel off.
func (f frame) rows(width, height int, p palette) []string {
	head := fmt.Sprintf("  %s (%gx)", rollout.Elapsed(f.elapsed), f.speed)
	if f.loading { // before what may be cut
		head += fmt.Sprintf("   requests: %d, failed: %d", f.sent, f.failed)
	}
	head += "   workflow: " + f.workflow
	lines := []string{"", p.faint(head)}
	shown := f.shown()
	for i, t := range shown {
		if len(lines) == height-1 && i < len(shown)-1 {
			lines = append(lines, p.faint(fmt.Sprintf("  ... and %d more tasks", len(shown)-i)))
			break
		}
		lines = append(lines, f.row(t, p))
	}
	for i, line := range lines {
		lines[i] = cut(line, width)
	}
	return lines[:max(0, min(len(lines), height))]
}

// cut takes from a line what is wider than width columns, and shows that there was more.
func cut(line string, width int) string {
	const more = "..."
	if lipgloss.Width(line) <= width || width < len(more) {
		return lipgloss.NewStyle().MaxWidth(width).Render(line)
	}
	return lipgloss.NewStyle().MaxWidth(width-len(more)).Render(line) + more
}

// shown are the tasks worth a row: all that have not stopped, and the last that failed. Old ones come first.
func (f frame) shown() []laptop.Task {
	var live, fallen []laptop.Task
	for _, t := range f.tasks {
		switch {
		case t.Status != "STOPPED":
			live = append(live, t)
		case t.Failed && !t.CreatedAt.Before(f.since):
			fallen = append(fallen, t)
		}
	}
	all := append(live, fallen[max(0, len(fallen)-failedRows):]...)
	slices.SortStableFunc(all, func(a, b laptop.Task) int {
		return strings.Compare(roleOf(b, f.baseline), roleOf(a, f.baseline)) // "old" before "new"
	})
	return all
}

// row is one task: role, revision and image, id, what ECS says, what the load balancer says.
func (f frame) row(t laptop.Task, p palette) string {
	role := roleOf(t, f.baseline)
	name := t.Revision
	if tag := f.names[t.Revision]; tag != "" {
		name += " (" + tag + ")"
	}
	how := conditionOf(t)
	target := string(how)
	switch {
	case how == failed && t.Reason != "":
		target += ": " + t.Reason
	case t.Target != "":
		target = "target " + t.Target
	}
	if how == unhealthy && t.Reason != "" {
		target += ": " + t.Reason
	}
	text := fmt.Sprintf("  %s  %-14s %s  %-14s  ", role, name, t.ID[:min(6, len(t.ID))], t.Status)
	switch how {
	case healthy:
		return text + p.good(target)
	case failed, unhealthy:
		return text + p.bad(target)
	case stopping:
		return p.faint(text + target)
	}
	return text + target
}

// palette is how text is set off. Colours never carry meaning alone.
type palette struct{ title, faint, good, bad func(string) string }

// newPalette styles for a terminal. Without colours the rest stays: https://no-color.org asks for no more.
func newPalette(terminal, colours bool) palette {
	as := func(on bool, s lipgloss.Style) func(string) string {
		if !on {
			return func(text string) string { return text }
		}
		return func(text string) string { return s.Render(text) }
	}
	return palette{
		title: as(terminal, lipgloss.NewStyle().Bold(true)), faint: as(terminal, lipgloss.NewStyle().Faint(true)),
		good: as(terminal && colours, lipgloss.NewStyle().Foreground(lipgloss.Color("2"))),
		bad:  as(terminal && colours, lipgloss.NewStyle().Foreground(lipgloss.Color("1"))),
	}
}
