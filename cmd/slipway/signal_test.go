package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/internal/wire"
	"slipway/internal/wire/every"
)

// The test binary is the command and its seven functions too, by the name that it is started under: nothing has to be linked twice.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "slipway":
		main()
	case "bootstrap":
		function(filepath.Base(filepath.Dir(os.Args[0])))
	default:
		code := m.Run()
		_ = os.RemoveAll(built)
		os.Exit(code)
	}
}

// function is what functions/VERB/main.go does.
func function(verb string) {
	for _, v := range every.Verbs {
		if v.Name != verb {
			continue
		}
		d, err := wire.Deployer(os.LookupEnv, v.New)
		if err != nil {
			log.Fatal(err)
		}
		lambda.Start(v.Handler(d))
	}
}

// built is the folder of the sample service, "" before anybody needed it.
var built string

var pingpong = sync.OnceValues(func() (path string, err error) {
	if built, err = os.MkdirTemp("", "slipway-test-"); err != nil {
		return "", err
	}
	path = filepath.Join(built, "pingpong")
	build := exec.Command("go", "build", "-o", path, "../../examples/pingpong")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the sample service: %w\n%s", err, out)
	}
	return path, nil
})

// linked makes a folder with the command and its functions under their names.
func linked(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	names := []string{"slipway"}
	for _, verb := range every.Names() {
		names = append(names, verb+"/bootstrap")
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(self, path)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// running is a demo, or another command, that runs.
type running struct {
	t       *testing.T
	command *exec.Cmd
	folder  string // its TMPDIR
	lines   chan string
	errors  bytes.Buffer
	seen    []string
}

func startDemo(t *testing.T, dir string) *running {
	t.Helper()
	app, err := pingpong()
	if err != nil {
		t.Fatal(err)
	}
	return start(t, dir, "demo", "--speed=40", "--functions="+dir, "--app="+app, "--template=../../template.yaml", "--service=../../examples/pingpong/service.yaml")
}

// start starts the command of a folder.
func start(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	d := &running{t: t, folder: t.TempDir(), lines: make(chan string, 1000)}
	d.command = exec.Command(filepath.Join(dir, "slipway"), args...)
	d.command.Env = append(os.Environ(), "TMPDIR="+d.folder)
	d.command.Stderr = &d.errors
	d.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := d.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.command.Process.Kill() }) // when it has ended already this does nothing
	go func() {
		defer close(d.lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			d.lines <- scanner.Text()
		}
	}()
	return d
}

// until waits for a line with this text.
func (d *running) until(text string) {
	d.t.Helper()
	limit := time.After(2 * time.Minute)
	for {
		select {
		case line, more := <-d.lines:
			d.seen = append(d.seen, line)
			if !more {
				d.t.Fatalf("it ended before it said %q:\n%s\n%s", text, strings.Join(d.seen, "\n"), &d.errors)
			}
			if strings.Contains(line, text) {
				return
			}
		case <-limit:
			d.t.Fatalf("it did not say %q:\n%s", text, strings.Join(d.seen, "\n"))
		}
	}
}

// end sends a signal and returns the exit code, -1 for a process that the signal killed, and how long the end took.
func (d *running) end(signal syscall.Signal) (code int, took time.Duration) {
	d.t.Helper()
	start := time.Now()
	if err := d.command.Process.Signal(signal); err != nil {
		d.t.Fatal(err)
	}
	for range d.lines { // to the end: Wait closes the pipe
	}
	var exit *exec.ExitError
	if err := d.command.Wait(); err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return d.command.ProcessState.ExitCode(), time.Since(start)
}

// left are the processes that were started from the demo's folders and are there after some patience: a killed process may take a
// moment to go.
func left(t *testing.T, folders ...string) (found []string) {
	t.Helper()
	for range 50 {
		if found = processes(t, folders); len(found) == 0 {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return found
}

// processes are those whose program or command line is below one of the folders. Only Linux has a /proc to look at.
func processes(t *testing.T, folders []string) (found []string) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, process := range all {
		program, _ := os.Readlink(process + "/exe") // fails for what has ended meanwhile, and for those of others
		command, _ := os.ReadFile(process + "/cmdline")
		for _, folder := range folders {
			if strings.HasPrefix(program, folder) || bytes.HasPrefix(command, []byte(folder)) {
				found = append(found, fmt.Sprintf("%s %s %q", process, program, command))
			}
		}
	}
	return found
}

func TestDemoEndsCleanlyWhenToldTo(t *testing.T) {
	for name, c := range map[string]struct {
		at     string
		signal syscall.Signal
		code   int
		tasks  bool // some run at that moment
	}{
		"while it starts":                {"Starting a small AWS", syscall.SIGINT, 130, false},
		"while a function runs":          {"person     pushes shop/web:v1", syscall.SIGINT, 130, false},
		"while tasks run and users load": {"pushes shop/web:v2", syscall.SIGINT, 130, true},
		"by SIGTERM":                     {"ECS is told to run", syscall.SIGTERM, 143, false},
		"when its terminal is closed":    {"ECS is told to run", syscall.SIGHUP, 129, false},
	} {
		// A child of a program that ignores a signal, as of nohup, ignores it too; one of a program that catches it does not.
		signal.Notify(make(chan os.Signal, 1), c.signal)
		t.Cleanup(func() { signal.Reset(c.signal) })
		t.Run(name, func(t *testing.T) {
			t.Parallel() // several demos at once must not mind one another
			dir := linked(t)
			d := startDemo(t, dir)
			d.until(c.at)
			if n := len(processes(t, []string{d.folder})); c.tasks && n == 0 && runtime.GOOS == "linux" {
				t.Error("no task runs: this does not test what it should")
			}
			code, took := d.end(c.signal)
			if code != c.code || took > 5*time.Second {
				t.Errorf("it ended with %d after %s, want %d at once", code, took, c.code)
			}
			if got := d.errors.String(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "slipway: stopped (") || !strings.Contains(got, "every process that the demo started has ended") {
				t.Errorf("it says %q, want one line", got)
			}
			if found := left(t, dir, d.folder); len(found) > 0 {
				t.Errorf("processes are left: %s", found)
			}
			if files, err := os.ReadDir(d.folder); err != nil || len(files) > 0 {
				t.Errorf("files are left: %v (%v)", files, err)
			}
		})
	}
}

// A process that is killed cannot clean up; the kernel has to. Elsewhere than on Linux nothing does.
func TestNoProcessOutlivesAKilledDemo(t *testing.T) {
	t.Parallel()
	dir := linked(t)
	d := startDemo(t, dir)
	d.until("new 2 starting")
	if n := len(processes(t, []string{dir, d.folder})); n < 3 && runtime.GOOS == "linux" {
		t.Errorf("only %d processes run: this does not test what it should", n)
	}
	d.end(syscall.SIGKILL)
	if found := left(t, dir, d.folder); len(found) > 0 {
		t.Errorf("processes are left: %s", found)
	}
}
