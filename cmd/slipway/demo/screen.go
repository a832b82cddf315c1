package demo

import (
	"fmt"
	"io"
	"os"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/term"

	"slipway/cmd/slipway/story"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// screen prints plain lines, and on a terminal a live panel below them.
type screen struct {
	out     io.Writer
	live    bool
	wrap    bool // a person reads it on a terminal: long lines break at spaces
	palette palette
	size    func() (width, height int)
	drawn   []string    // the panel as it is on the screen
	failed  func(error) // told once when nobody can read any more
}

// newScreen prints to a file; a terminal gets the panel unless plain is asked for or it cannot move its cursor.
func newScreen(out *os.File, plain bool, failed func(error)) *screen {
	terminal := term.IsTerminal(out.Fd()) && os.Getenv("TERM") != "dumb"
	return &screen{
		out: out, live: terminal && !plain, wrap: terminal, palette: newPalette(terminal && !plain, os.Getenv("NO_COLOR") == ""), failed: failed,
		size: func() (int, int) {
			width, height, err := term.GetSize(out.Fd())
			if err != nil || width <= 0 || height <= 0 {
				return 80, 24
			}
			return width, height
		},
	}
}

// write puts text on the screen in one piece, so that a panel is never seen half drawn.
func (s *screen) write(text string) {
	if _, err := io.WriteString(s.out, text); err != nil && s.failed != nil {
		s.failed(err)
		s.failed = nil
	}
}

// line prints a line, on a terminal above the panel.
func (s *screen) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...) + "\n"
	if s.live {
		text = syncBegin + s.up() + "\x1b[J" + text + rows(s.drawn) + syncEnd
	}
	s.write(text)
}

// hanging prints text in lines that fit a terminal. Those after the first are indented by so many columns; a word is never broken. What is
// no terminal gets one line, for programs to read.
func (s *screen) hanging(indent int, set func(string) string, text string) {
	if !s.wrap {
		s.line("%s", set(text))
		return
	}
	width, _ := s.size()
	for _, line := range story.Folded(text, width-1, indent) {
		s.line("%s", set(line))
	}
}

// says prints what somebody other than Slipway does: a line of the story without a time.
func (s *screen) says(who, what string) { s.line("  %9s  %-9s  %s", "", who, what) }

// Terminals that know synchronised output (https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036) show
// what is between these at once; others ignore them.
const syncBegin, syncEnd = "\x1b[?2026h", "\x1b[?2026l"

// show draws the panel over the one before. Nothing is written when nothing changed.
func (s *screen) show(f frame) {
	if !s.live {
		return
	}
	width, height := s.size()
	// The last column stays free: some terminals wrap as soon as it is written. Two lines stay for the cursor and a line above.
	lines := f.rows(width-1, height-2, s.palette)
	if strings.Join(lines, "\n") == strings.Join(s.drawn, "\n") {
		return
	}
	s.write(syncBegin + s.up() + rows(lines) + "\x1b[J" + syncEnd)
	s.drawn = lines
}

// rows writes each line over what stands in its row.
func rows(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(line + "\x1b[K\n")
	}
	return b.String()
}

// up moves the cursor to the panel's first line. A terminal that was made narrower has wrapped what it showed.
func (s *screen) up() string {
	width, _ := s.size()
	rows := 0
	for _, line := range s.drawn {
		rows += max(1, (lipgloss.Width(line)+width-1)/width)
	}
	if rows == 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA", rows)
}

// clear takes the panel off the screen, with what the terminal itself put below it, such as ^C.
func (s *screen) clear() {
	if s.live {
		s.write(s.up() + "\x1b[J")
	}
	s.drawn = nil
}

// ending prints what Slipway told in the end, in its own words.
func (s *screen) ending(a rollout.Announcement) {
	set, mark := s.palette.good, "ok "
	switch {
	case a.Kind == rollout.KindDrift:
		return // told when it was found
	case !record.Ending(a.Kind).Green():
		set, mark = s.palette.bad, "x  "
	}
	if len(a.Report) == 0 {
		s.hanging(len(mark), set, mark+a.Sentence)
		return
	}
	const label = 9 // "  why    " and the like
	s.hanging(2, set, a.Report[0])
	for _, line := range a.Report[1:] {
		s.hanging(label, asIs, line)
	}
}

func asIs(text string) string { return text }
