package process

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/awssim/clock"
	"slipway/awssim/ecs"
)

func TestServiceAnswersLogsAndStops(t *testing.T) {
	w := newWorld(t)
	address := w.start("one", w.container())
	w.want(ecs.Started)
	w.pid("listening pid")
	if status, err := w.request(address, "/health", time.Minute); status != 200 || err != nil {
		t.Fatalf("got %d, %v", status, err)
	}
	if status, err := w.request(address, "/nothing", time.Minute); status != 404 || err != nil {
		t.Fatalf("got %d, %v", status, err)
	}
	w.clock.Do("stop", func() { w.runtime.Stop("one", 30*time.Second) })
	if r := w.want(ecs.Exited); r.ExitCode != 143 || r.Reason != "" {
		t.Fatalf("got %+v, want 143: ended by SIGTERM", r)
	}
}

func TestTasksListenSideBySide(t *testing.T) {
	w := newWorld(t)
	one, two := w.start("one", w.container()), w.start("two", w.container())
	w.want(ecs.Started)
	w.want(ecs.Started)
	if one == two {
		t.Fatalf("both tasks got %s", one)
	}
	for _, address := range []string{one, two} {
		until(t, "an answer of "+address, func() bool {
			status, _ := w.request(address, "/health", time.Minute)
			return status == 200
		})
	}
	images, err := os.ReadDir(w.runtime.dir)
	if err != nil || len(images) != 1 {
		t.Fatalf("got %d unpacked images, want one shared by both tasks (%v)", len(images), err)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("SECRET_OF_THE_HOST", "x")
	w := newWorld(t)
	address := w.start("one", w.container())
	w.want(ecs.Started)
	w.pid("listening pid")
	res, err := http.Get("http://" + net.JoinHostPort(address, "8080") + "/env")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(string(body), "\n")
	want := []string{"AWSSIM_ADDRESS=" + address, "FROM_IMAGE=yes", "HOST=" + address, "OVERRIDDEN=task", "PATH=" + defaultPath, "PORT=8080"}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func TestExitsAreReportedAfterTheirLog(t *testing.T) {
	for name, tc := range map[string]struct {
		args  []string
		code  int
		lines []string
	}{
		"clean":      {[]string{"exit", "0", "bye"}, 0, []string{"bye"}},
		"failing":    {[]string{"exit", "3", "a", "b"}, 3, []string{"a", "b"}},
		"by signal":  {[]string{"crash"}, 137, nil},
		"long lines": {[]string{"long", "20000"}, 0, []string{strings.Repeat("x", maxLine), strings.Repeat("x", 20000-maxLine), "end"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.start("one", w.container(tc.args...))
			w.want(ecs.Started)
			if r := w.want(ecs.Exited); r.ExitCode != tc.code {
				t.Fatalf("got %+v, want exit code %d", r, tc.code)
			}
			if got := w.log(); tc.lines != nil && !slices.Equal(got, tc.lines) {
				t.Fatalf("got log %q, want %q", got, tc.lines)
			}
		})
	}
}

func TestContainersThatCannotStart(t *testing.T) {
	w := newWorld(t)
	for name, tc := range map[string]struct {
		change func(*ecs.Container)
		code   int
		reason string
	}{
		"no such path":    {func(c *ecs.Container) { c.Entrypoint = []string{"/app/nothing"} }, 127, "stat /app/nothing: no such file or directory"},
		"not on the path": {func(c *ecs.Container) { c.Entrypoint = []string{"sh"} }, 127, `exec: "sh": executable file not found in $PATH`},
		"a folder":        {func(c *ecs.Container) { c.Entrypoint = []string{"/app"} }, 126, "permission denied"},
		"outside":         {func(c *ecs.Container) { c.Entrypoint = []string{"../../../../../../../../bin/sh"} }, 126, "permission denied"},
		"no command":      {func(c *ecs.Container) { c.Entrypoint, c.Command = nil, nil }, 127, "no command specified"},
		"no image":        {func(c *ecs.Container) { c.Image.ManifestDigest = "gone" }, 127, "CannotPullContainerError: no image"},
	} {
		t.Run(name, func(t *testing.T) {
			c := w.container()
			tc.change(&c)
			w.start(name, c)
			w.t = t
			if r := w.want(ecs.Exited); r.ExitCode != tc.code || !strings.Contains(r.Reason, tc.reason) || !strings.HasPrefix(r.Reason, "Cannot") {
				t.Fatalf("got %+v, want code %d and %q", r, tc.code, tc.reason)
			}
		})
	}
}

func TestProgramForAnotherMachine(t *testing.T) {
	w := newWorld(t)
	w.images["foreign"] = image(t, file("app/app", "\x7fELF of another machine", 0o755))
	c := w.container()
	c.Image.ManifestDigest = "foreign"
	w.start("one", c)
	w.want(ecs.Started)
	if r := w.want(ecs.Exited); r.ExitCode != 1 {
		t.Fatalf("got %+v, want exit code 1", r)
	}
	if got := w.log(); !slices.Equal(got, []string{"exec /app/app: exec format error"}) {
		t.Fatalf("got log %q", got)
	}
}

// A program that listens on every address collides with another task's, and is told where to listen instead.
func TestAPortThatIsTaken(t *testing.T) {
	for name, c := range map[string]struct {
		code string
		set  string // HOST in the task definition
		want string
	}{
		"fails":               {"2", "", "awssim: tasks share the network of this machine: listen on $HOST:$PORT and not on every address (here ADDRESS:8080)"},
		"fails with its HOST": {"2", "0.0.0.0", "(here ADDRESS:8080; leave out HOST=0.0.0.0, which the image or the task definition sets)"},
		"goes on":             {"0", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			container := w.container("exit", c.code, "listen tcp :8080: bind: Address already in use", "bye")
			if c.set != "" {
				container.Environment["HOST"] = c.set
			}
			address := w.start("one", container)
			w.want(ecs.Started)
			w.want(ecs.Exited)
			got, want := w.log(), strings.ReplaceAll(c.want, "ADDRESS", address)
			if want == "" && len(got) != 2 || want != "" && (len(got) != 3 || !strings.HasSuffix(got[2], want)) {
				t.Errorf("got %q, want two lines and %q", got, want)
			}
		})
	}
}

// The kernel of this machine would run the program, but the task's would not.
func TestImageForAnotherArchitecture(t *testing.T) {
	w := newWorld(t)
	c := w.container()
	c.Image.OS, c.Image.Architecture = "linux", "arm64"
	w.clock.Do("start", func() {
		w.runtime.Start(ecs.Task{ID: "one", Address: w.runtime.Address(), OS: "linux", Architecture: "amd64", Containers: []ecs.Container{c}}, func(r ecs.Report) { w.reports <- r })
	})
	w.want(ecs.Started)
	if r := w.want(ecs.Exited); r.ExitCode != 1 || !slices.Equal(w.log(), []string{"exec /app/app: exec format error"}) {
		t.Fatalf("got %+v and log %q", r, w.log())
	}
}

func TestStopKillsAfterGrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("one", w.container("deaf"))
	w.want(ecs.Started)
	until(t, "the program ignores SIGTERM", func() bool { return slices.Contains(w.log(), "deaf") })
	var begun time.Time
	w.clock.Do("stop", func() { begun = w.clock.Now(); w.runtime.Stop("one", time.Second) })
	if r := w.want(ecs.Exited); r.ExitCode != 137 {
		t.Fatalf("got %+v, want 137: killed", r)
	}
	w.clock.Do("now", func() {
		if took := w.clock.Now().Sub(begun); took < 10*minGrace {
			t.Errorf("killed after %s on a clock ten times as fast, want at least two seconds of wall time", took)
		}
	})
}

func TestStopBeforeTheStart(t *testing.T) {
	w := newWorld(t)
	w.clock.Do("start and stop", func() {
		w.runtime.Start(ecs.Task{ID: "one", Address: w.runtime.Address(), Containers: []ecs.Container{w.container("deaf")}}, func(r ecs.Report) { w.reports <- r })
		w.runtime.Stop("one", time.Second)
	})
	r := w.next()
	if r.Event == ecs.Started { // the process won the race; SIGTERM or SIGKILL must end it all the same
		r = w.next()
	}
	if r.Event != ecs.Exited || r.ExitCode < 128 {
		t.Fatalf("got %+v, want an exit by signal", r)
	}
}

func TestRequestFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.request("127.250.1.200", "/health", time.Minute); err == nil {
		t.Fatal("nobody listens there, but the request succeeded")
	}
	if _, err := w.request("192.0.2.1", "/health", time.Minute); err == nil || !strings.Contains(err.Error(), "this machine only") {
		t.Fatalf("got %v", err)
	}
	address := w.start("one", w.container())
	w.want(ecs.Started)
	w.pid("listening pid")
	_, err := w.request(address, "/slow", time.Second)
	var timeout interface{ Timeout() bool }
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("got %v, want a timeout", err)
	}
}

func TestHealthCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, tc := range map[string]struct {
		command []string
		want    string
	}{
		"passes":                   {[]string{"CMD", "/app/app", "exit", "0"}, ecs.Healthy},
		"fails":                    {[]string{"CMD", "/app/app", "exit", "1"}, ecs.Unhealthy},
		"hangs":                    {[]string{"CMD", "/app/app", "deaf"}, ecs.Unhealthy},
		"needs a shell it has not": {[]string{"CMD-SHELL", "exit 0"}, ecs.Unhealthy},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			c := w.container()
			c.HealthCheck = &ecs.HealthCheck{Command: tc.command, Interval: time.Second, Timeout: time.Second, Retries: 2}
			w.start(name, c)
			w.want(ecs.Started)
			if r := w.want(tc.want); r.Event == ecs.Unhealthy && r.Reason == "" {
				t.Fatal("unhealthy without a reason")
			}
			w.clock.Do("stop", func() { w.runtime.Stop(name, time.Second) })
			w.want(ecs.Exited)
		})
	}
}

func TestAddressesGoRound(t *testing.T) {
	a, err := claimAddresses()
	if err != nil {
		t.Fatal(err)
	}
	defer a.giveUp()
	first := a.Address()
	a.Release(first)
	if second := a.Address(); second == first && first != "127.0.0.1" {
		t.Fatalf("got %s again at once", second)
	}
}

func TestRuntimesHaveAddressesOfTheirOwn(t *testing.T) {
	one, two := newWorld(t), newWorld(t)
	a, b := one.start("one", one.container()), two.start("one", two.container())
	if a == b && a != "127.0.0.1" {
		t.Fatalf("two runtimes gave out %s", a)
	}
}

func TestPrivilegedPortsMove(t *testing.T) {
	r := &Runtime{privileged: 1024}
	if r.Port(80) != 10080 || r.Port(8080) != 8080 {
		t.Fatalf("got %d and %d", r.Port(80), r.Port(8080))
	}
	if note := r.PortNote(); !strings.Contains(note, "below 1024") {
		t.Errorf("note %q", note)
	}
	if note := (&Runtime{}).PortNote(); note != "" {
		t.Errorf("note %q of one that may bind all", note)
	}
}

func TestVirtualClockIsRefused(t *testing.T) {
	if _, err := New(clock.New(clock.Epoch, 1), nil, t.TempDir()); err == nil || !strings.Contains(err.Error(), "scripted runtime") {
		t.Fatalf("got %v", err)
	}
}

func TestCloseEndsRequestsAndProcesses(t *testing.T) {
	w := newWorld(t)
	w.start("one", w.container("deaf"))
	w.want(ecs.Started)
	closed, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	go func() {
		if err := w.runtime.Close(); err != nil {
			t.Error(err)
		}
		cancel()
	}()
	<-closed.Done()
	if errors.Is(closed.Err(), context.DeadlineExceeded) {
		t.Fatal("Close waits for a process that ignores SIGTERM")
	}
}
