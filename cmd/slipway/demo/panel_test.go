package demo

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"
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

  1 m 02 s (25x)   workflow: Probe, Converging   requests: 481, failed: 0
  old  web:3 (v2)     012345  RUNNING         target healthy
  old  web:3 (v2)     012345  DEACTIVATING    target draining
  new  web:5 (v4)     012345  RUNNING         target unhealthy: Health checks f
  new  web:5 (v4)     012345  RUNNING         target initial
  new  web:5 (v4)     012345  STOPPED         failed: Essential container in ta
  new  web:5 (v4)     012345  STOPPED         failed: Essential container in ta`},
		"a narrow one": {40, 22, `

  1 m 02 s (25x)   workflow: Probe, Conv
  old  web:3 (v2)     012345  RUNNING   
  old  web:3 (v2)     012345  DEACTIVATI
  new  web:5 (v4)     012345  RUNNING   
  new  web:5 (v4)     012345  RUNNING   
  new  web:5 (v4)     012345  STOPPED   
  new  web:5 (v4)     012345  STOPPED   `},
		"a low one": {119, 5, `

  1 m 02 s (25x)   workflow: Probe, Converging   requests: 481, failed: 0
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
