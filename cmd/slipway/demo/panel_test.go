package demo

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"

	"slipway/cmd/slipway/story"
	"slipway/internal/rollout"
)

func sample() frame {
	return frame{elapsed: 62 * time.Second, speed: 25, workflow: "Probe, Converging", loading: true, sent: 481, since: epoch, baseline: "web:3",
		names: map[string]string{"web:3": "v2", "web:5": "v4"},
		tasks: tasksOf("web:5", failed, "web:5", failed, "web:5", failed, "web:3", healthy, "web:5", unhealthy, "web:5", starting, "web:3", stopping)}
}

func TestPanel(t *testing.T) {
	plain := newPalette(false, false)
	for name, c := range map[string]struct {
		width, height int
		want          string
	}{
		"80 columns": {79, 22, `

  1 m 02 s (25x)   requests: 481, failed: 0   workflow: Probe, Converging
  old  web:3 (v2)     012345  RUNNING         target healthy
  old  web:3 (v2)     012345  DEACTIVATING    target draining
  new  web:5 (v4)     012345  RUNNING         target unhealthy: Health check...
  new  web:5 (v4)     012345  RUNNING         target initial
  new  web:5 (v4)     012345  STOPPED         failed: Essential container in...
  new  web:5 (v4)     012345  STOPPED         failed: Essential container in...`},
		"a narrow one": {40, 22, `

  1 m 02 s (25x)   requests: 481, fai...
  old  web:3 (v2)     012345  RUNNING...
  old  web:3 (v2)     012345  DEACTIV...
  new  web:5 (v4)     012345  RUNNING...
  new  web:5 (v4)     012345  RUNNING...
  new  web:5 (v4)     012345  STOPPED...
  new  web:5 (v4)     012345  STOPPED...`},
		"a low one": {119, 5, `

  1 m 02 s (25x)   requests: 481, failed: 0   workflow: Probe, Converging
  old  web:3 (v2)     012345  RUNNING         target healthy
  old  web:3 (v2)     012345  DEACTIVATING    target draining
  ... and 4 more tasks`},
		"none at all": {79, 0, "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := "\n" + strings.Join(sample().rows(c.width, c.height, plain), "\n")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPanelWithoutLoadAndWithoutNames(t *testing.T) {
	f := frame{elapsed: 5 * time.Second, speed: 20, workflow: "none", since: epoch, tasks: tasksOf("web:2", starting)}
	want := []string{"", "  5 s (20x)   workflow: none", "  new  web:2          012345  RUNNING         target initial"}
	if diff := cmp.Diff(want, f.rows(79, 22, newPalette(false, false))); diff != "" {
		t.Error(diff)
	}
}

func TestColoursSetOffAndNeverWiden(t *testing.T) {
	const green, faint = "\x1b[32m", "\x1b[2m"
	coloured := strings.Join(sample().rows(79, 22, newPalette(true, true)), "\n")
	if !strings.Contains(coloured, green+"target healthy") || !strings.Contains(coloured, faint) {
		t.Errorf("got %q, want green and faint text", coloured)
	}
	without := strings.Join(sample().rows(79, 22, newPalette(true, false)), "\n")
	if strings.Contains(without, "\x1b[3") || !strings.Contains(without, faint) {
		t.Errorf("got %q, want no colours, and faint text all the same", without)
	}
	for _, line := range sample().rows(50, 22, newPalette(true, true)) {
		if lipgloss.Width(line) > 50 {
			t.Errorf("%q is wider than 50 columns", line)
		}
	}
}

// terminal is a screen of its own size in memory.
func terminal(width int) (*screen, *bytes.Buffer) {
	out := &bytes.Buffer{}
	return &screen{out: out, live: true, palette: newPalette(true, false), size: func() (int, int) { return width, 24 }}, out
}

func TestPanelIsDrawnInPlace(t *testing.T) {
	s, out := terminal(80)
	f := frame{workflow: "none", speed: 25, tasks: tasksOf("web:2", starting)}
	s.show(f)
	if got := out.String(); !strings.HasPrefix(got, syncBegin+"\r") || !strings.HasSuffix(got, "\x1b[J"+syncEnd) || strings.Count(got, "\n") != 3 {
		t.Errorf("the first frame is %q", got)
	}
	out.Reset()
	s.show(f)
	if out.Len() > 0 {
		t.Errorf("a frame that changed nothing wrote %q", out)
	}
	s.line("a line")
	if got := out.String(); !strings.HasPrefix(got, syncBegin+"\r\x1b[3A\x1b[Ja line\n") || strings.Count(got, "\n") != 4 {
		t.Errorf("a line above the panel is %q, want it in place of the panel and the panel below it", got)
	}
	out.Reset()
	s.size = func() (int, int) { return 30, 24 } // the task wraps now
	s.clear()
	if got := out.String(); got != "\r\x1b[4A\x1b[J" {
		t.Errorf("clearing a panel on a terminal that was made narrower is %q", got)
	}
}

func TestPlainOutputHasNoEscapes(t *testing.T) {
	out := &bytes.Buffer{}
	s := &screen{out: out, palette: newPalette(false, true)}
	s.line("%s", s.palette.title("title"))
	s.show(sample())
	s.says("person", "pushes")
	s.clear()
	if got, want := out.String(), "title\n             person     pushes\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAReaderThatIsGoneIsToldOnce(t *testing.T) {
	told := 0
	s := &screen{out: broken{}, failed: func(error) { told++ }}
	s.line("one")
	s.line("two")
	if told != 1 {
		t.Errorf("told %d times, want once", told)
	}
}

// What counts is on the screen however long a demo takes and whatever the workflow does.
func TestPanelKeepsTheRequests(t *testing.T) {
	f := frame{elapsed: 13*time.Minute + 46*time.Second, speed: 25, workflow: "none; the drift check runs every 5 m", loading: true, sent: 12345, failed: 11}
	head := f.rows(79, 22, newPalette(false, false))[1]
	if !strings.Contains(head, "requests: 12345, failed: 11 ") || len(head) > 79 {
		t.Errorf("got %q", head)
	}
}

func TestLongLinesBreakAtSpaces(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		indent int
		want   []string
	}{
		"short":     {"ok deployed", 3, []string{"ok deployed"}},
		"a reason":  {`  why    container "web" exited 1 while starting        stopped: Essential container`, 9, []string{`  why    container "web" exited 1 while`, "         starting        stopped:", "         Essential container"}},
		"a long id": {`  more   again: {"service":"shop/web","image":"sha256:0123456789"} and more`, 9, []string{"  more   again:", `         {"service":"shop/web","image":"sha256:0123456789"}`, "         and more"}},
		"one word":  {"         0123456789012345678901234567890123456789", 9, []string{"         0123456789012345678901234567890123456789"}},
		"no room":   {"         one two", 50, []string{"         one two"}},
	} {
		if diff := cmp.Diff(c.want, story.Folded(c.text, 40, c.indent)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	narrow := story.Folded("  4 s  claim  one two", 5, 14)
	if diff := cmp.Diff([]string{"  4 s  claim  one", "              two"}, narrow); diff != "" {
		t.Errorf("a terminal that is narrower than the indent: %s", diff)
	}
}

// Only a terminal gets broken lines.
func TestWhatIsNoTerminalGetsWholeLines(t *testing.T) {
	a := rollout.Announcement{Kind: "RolledBack", Report: []string{"x web  v3", "  why    " + strings.Repeat("long ", 20) + "end"}}
	s, out := terminal(40)
	s.live = false
	s.ending(a)
	if got := strings.Count(out.String(), "\n"); got != 2 {
		t.Errorf("%d lines:\n%s", got, out)
	}
	out.Reset()
	s.wrap = true
	s.ending(a)
	if got := out.String(); strings.Count(got, "\n") < 4 || !strings.Contains(got, "\n         long") {
		t.Errorf("on a terminal:\n%s", got)
	}
}
