package child

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// logged is an Output whose turns run at once, and what it logged.
func logged(maxLine int) (*Output, *[]string) {
	lines := &[]string{}
	return NewOutput(maxLine, func(turn func()) { turn() }, func(batch ...string) { *lines = append(*lines, batch...) }, nil), lines
}

func TestLines(t *testing.T) {
	for name, tt := range map[string]struct{ writes, want []string }{
		"lines":              {[]string{"a\nb\n"}, []string{"a", "b"}},
		"a line in pieces":   {[]string{"a", "b", "c\nd"}, []string{"abc", "d"}},
		"carriage return":    {[]string{"a\r\n"}, []string{"a"}},
		"empty lines":        {[]string{"\n\n"}, []string{"", ""}},
		"a line at the edge": {[]string{"12345678\n"}, []string{"12345678"}},
		"a long line":        {[]string{"123456789\nx\n"}, []string{"12345678", "9", "x"}},
		"no line at all":     {[]string{strings.Repeat("x", 17)}, []string{"xxxxxxxx", "xxxxxxxx", "x"}},
	} {
		o, got := logged(8)
		w := o.Writer()
		for _, text := range tt.writes {
			if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
				t.Errorf("%s: wrote %d, %v", name, n, err)
			}
		}
		w.Flush()
		if !slices.Equal(*got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, *got, tt.want)
		}
	}
}

func TestAFloodIsHeldBack(t *testing.T) {
	turns, done, written := make(chan func(), 2*maxPending), make(chan struct{}), make(chan int, 2*maxPending)
	var got []string
	o := NewOutput(8, func(turn func()) { turns <- turn }, func(lines ...string) { got = append(got, lines...) }, done)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w := o.Writer()
		for n := range 2 * maxPending {
			_, _ = w.Write([]byte("x\n"))
			written <- n
		}
	}()
	for range maxPending {
		<-written
	}
	select {
	case n := <-written:
		t.Fatalf("batch %d was taken while %d wait", n, maxPending)
	case <-time.After(50 * time.Millisecond):
	}
	(<-turns)()
	if <-written != maxPending || len(got) != 1 {
		t.Fatalf("one turn logged %q and let others than the next write", got)
	}
	close(done) // nobody takes turns any more: the writer must not wait for ever
	<-ended
}

func TestOutputKeepsItsOrder(t *testing.T) {
	var turns []func()
	var got []string
	o := NewOutput(8, func(turn func()) { turns = append(turns, turn) }, func(lines ...string) { got = append(got, lines...) }, nil)
	w := o.Writer()
	for _, text := range []string{"a\n", "b\n", "c\n"} {
		_, _ = w.Write([]byte(text))
	}
	slices.Reverse(turns) // as a clock may, at one instant
	for _, turn := range turns {
		turn()
	}
	if strings.Join(got, "") != "abc" {
		t.Errorf("got %q, want a b c", got)
	}
}

func TestProcesses(t *testing.T) {
	s := NewStarter()
	run := func(script string) *Process {
		t.Helper()
		p, err := s.Start(exec.Command("/bin/sh", "-c", script))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for script, code := range map[string]int{"exit 0": 0, "exit 7": 7, "kill -9 $$": 137} {
		p := run(script)
		_ = p.Wait()
		p.Kill() // its id may be another's by now
		p.Terminate()
		if p.ExitCode() != code {
			t.Errorf("%s: got %d, want %d", script, p.ExitCode(), code)
		}
	}
	asked := run("sleep 60 & wait")
	asked.Terminate()
	_ = asked.Wait()
	if asked.ExitCode() != 143 {
		t.Errorf("terminated: got %d, want 143", asked.ExitCode())
	}
	left := run("sleep 60")
	s.Close()
	s.Close()
	_ = left.Wait()
	if left.ExitCode() != 137 {
		t.Errorf("closed: got %d, want 137", left.ExitCode())
	}
	if _, err := s.Start(exec.Command("/bin/sh")); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v after Close, want ErrClosed", err)
	}
}
