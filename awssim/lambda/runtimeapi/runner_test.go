package runtimeapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/lambda"
	"slipway/awssim/lambda/runtimeapi"
	"slipway/awssim/protocol"
)

// bench is Lambda with one real function on a clock that follows the wall.
type bench struct {
	t        *testing.T
	clock    *clock.Clock
	service  *lambda.Service
	endpoint string
	calls    int // of functions, counted in turns

	mu    sync.Mutex
	lines []string
	last  string // the log stream written last
}

func (b *bench) stream() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// ServeHTTP is the awssim that functions call.
func (b *bench) ServeHTTP(http.ResponseWriter, *http.Request) {
	b.clock.Do("http", func() { b.clock.Sleep(time.Second); b.calls++ })
}

func (b *bench) Put(group, stream string, lines ...string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines, b.last = append(b.lines, lines...), stream
	return nil
}

func newBench(t *testing.T, f lambda.Function) *bench {
	t.Helper()
	return newBenchAt(t, 20, f) // limits of processes must not shrink with it
}

func newBenchAt(t *testing.T, speed float64, f lambda.Function) *bench {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", path, "./testdata/probe")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the probe: %v\n%s", err, out)
	}
	c := clock.NewPaced(speed, 1)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { c.Run(ctx); close(stopped) }()
	command := func(f lambda.Function) (string, error) {
		if f.Code == "" {
			return "", errors.New("there is no code")
		}
		return path, nil
	}
	b := &bench{t: t, clock: c}
	server := httptest.NewServer(b)
	b.endpoint = server.URL
	runner := runtimeapi.NewRunner(c, command, func(lambda.Function) []string { return []string{"AWS_ENDPOINT_URL=" + server.URL} })
	t.Cleanup(func() { runner.Close(); server.Close(); cancel(); <-stopped })
	b.service = lambda.New(c, protocol.Default, &lambda.Wiring{Runner: runner, Logs: b})
	c.Do("create", func() {
		if _, err := b.service.Create(f); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) invoke(name, payload string) (out lambda.Outcome) {
	b.clock.Do("test", func() { out = b.service.Invoke(name, []byte(payload)) })
	return out
}

type answer struct {
	PID             int
	RequestID, ARN  string
	Env             map[string]string
	HasDeadline     bool
	DeadlineSeconds float64
}

func (b *bench) ask(name string) answer {
	b.t.Helper()
	out := b.invoke(name, `{"Do":"answer"}`)
	var a answer
	if err := json.Unmarshal(out.Payload, &a); err != nil || out.Failed() || a.PID == 0 {
		b.t.Fatalf("got %+v (%s)", out, out.Payload)
	}
	return a
}

func TestRealFunction(t *testing.T) {
	b := newBench(t, lambda.Function{Name: "probe", Code: "probe", Timeout: 30 * time.Second, LogFormat: "JSON",
		Environment: map[string]string{"GREETING": "hello", "AWS_ENDPOINT_URL": "http://wrong"}})

	first := b.ask("probe")
	want := map[string]string{"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": b.endpoint, "AWS_ACCESS_KEY_ID": "awssim",
		"AWS_LAMBDA_FUNCTION_NAME": "probe", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_STREAM_NAME": b.stream(), "GREETING": "hello", "HOME": ""}
	if diff := cmp.Diff(want, first.Env); diff != "" {
		t.Errorf("environment: %s", diff)
	}
	if !first.HasDeadline || first.DeadlineSeconds < 20 || first.DeadlineSeconds > 30 {
		t.Errorf("deadline in %.1f s, want the function's 30 s of wall time", first.DeadlineSeconds)
	}
	if second := b.ask("probe"); second.PID != first.PID || second.RequestID == first.RequestID {
		t.Errorf("got process %d and request %s, want the warm process %d and another request", second.PID, second.RequestID, first.PID)
	}

	for _, c := range []struct{ do, errorType, message string }{
		{"reject", "rejected", "no such service"},
		{"wrap", "wrapError", "outer: inner"},
		{"name", "Throttled", "slow down"},
	} {
		out := b.invoke("probe", `{"Do":"`+c.do+`"}`)
		if out.ErrorType != c.errorType || out.ErrorMessage != c.message || out.Crashed || !strings.Contains(string(out.Payload), c.errorType) {
			t.Errorf("%s: got %+v (%s)", c.do, out, out.Payload)
		}
	}
	if a := b.ask("probe"); a.PID != first.PID {
		t.Error("an error of the handler ended its process")
	}

	if out := b.invoke("probe", `{"Do":"panic"}`); out.ErrorType != "string" || out.ErrorMessage != "out of ideas" || !out.Crashed {
		t.Errorf("panic: got %+v", out)
	}
	after := b.ask("probe")
	if after.PID == first.PID {
		t.Error("the process survived its panic")
	}
	out := b.invoke("probe", `{"Do":"exit"}`)
	if out.ErrorType != lambda.ExitError || !strings.HasSuffix(out.ErrorMessage, "Error: Runtime exited with error: exit status 7") {
		t.Errorf("exit: got %+v", out)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.lines, "asked to answer") || !slices.Contains(b.lines, "asked to exit") {
		t.Errorf("the function's output is not in its log: %q", b.lines)
	}
}

func TestAFunctionMayCallBackWhileItRuns(t *testing.T) {
	b := newBench(t, lambda.Function{Name: "probe", Code: "probe", Timeout: 30 * time.Second})
	if out := b.invoke("probe", `{"Do":"call"}`); out.Failed() || out.Unavailable != "" {
		t.Fatalf("got %+v", out)
	}
	b.clock.Do("read", func() {
		if b.calls != 1 {
			t.Errorf("got %d calls, want 1", b.calls)
		}
	})
}

func TestOutputKeepsItsOrderAndIsCut(t *testing.T) {
	b := newBench(t, lambda.Function{Name: "probe", Code: "probe", Timeout: 30 * time.Second})
	b.ask("probe")
	if out := b.invoke("probe", `{"Do":"flood"}`); out.Failed() {
		t.Fatalf("got %+v", out)
	}
	b.ask("probe") // what came before is logged by then, but for the last turns
	end := time.Now().Add(10 * time.Second)
	for n, long := 0, 0; long < 300<<10; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d bytes of the long line are logged, want all", long)
		}
		n, long = 0, 0
		b.mu.Lock()
		lines := slices.Clone(b.lines)
		b.mu.Unlock()
		for _, line := range lines {
			switch {
			case strings.HasPrefix(line, "line "):
				if line != fmt.Sprint("line ", n) {
					t.Fatalf("got %q in place %d", line, n)
				}
				n++
			case strings.HasPrefix(line, "x"):
				if long += len(line); len(line) > 256<<10 {
					t.Fatalf("a line of %d bytes was not cut", len(line))
				}
			}
		}
	}
}

func TestTimeoutIsWallTimeAndKills(t *testing.T) {
	b := newBench(t, lambda.Function{Name: "probe", Code: "probe", Timeout: time.Second})
	pid := b.ask("probe").PID
	out := b.invoke("probe", `{"Do":"sleep"}`)
	if out.ErrorType != lambda.TimedOut || !strings.HasSuffix(out.ErrorMessage, "Error: Task timed out after 1.00 seconds") {
		t.Fatalf("got %+v", out)
	}
	if a := b.ask("probe"); a.PID == pid {
		t.Fatal("the process that ran out of time was used again")
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Fatal("the process that ran out of time is still there")
	}
}

// The service and the runner agree on how long a sandbox lives, so a process writes to the one log stream that it was told of.
func TestAnIdleProcessEndsWithItsSandbox(t *testing.T) {
	b := newBenchAt(t, 500, lambda.Function{Name: "probe", Code: "probe", Timeout: 30 * time.Second})
	first := b.ask("probe")
	if again := b.ask("probe"); again.PID != first.PID || again.Env["AWS_LAMBDA_LOG_STREAM_NAME"] != b.stream() {
		t.Errorf("got process %d with stream %s, want the warm %d with %s", again.PID, again.Env["AWS_LAMBDA_LOG_STREAM_NAME"], first.PID, b.stream())
	}
	b.clock.Do("idle", func() { b.clock.Sleep(11 * time.Minute) })
	next := b.ask("probe")
	if next.PID == first.PID || next.Env["AWS_LAMBDA_LOG_STREAM_NAME"] != b.stream() {
		t.Errorf("after 11 minutes got process %d (before: %d) with stream %s, want another with %s", next.PID, first.PID, next.Env["AWS_LAMBDA_LOG_STREAM_NAME"], b.stream())
	}
	for end := time.Now().Add(5 * time.Second); syscall.Kill(first.PID, 0) == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the process outlived its sandbox")
		}
	}
}

func TestParallelInvocationsHaveProcessesOfTheirOwn(t *testing.T) {
	b := newBench(t, lambda.Function{Name: "probe", Code: "probe", Timeout: 30 * time.Second})
	pids := make(chan int, 3)
	for range 3 {
		go func() {
			var a answer
			_ = json.Unmarshal(b.invoke("probe", `{"Do":"answer"}`).Payload, &a)
			pids <- a.PID
		}()
	}
	for range 3 {
		if pid := <-pids; pid == 0 {
			t.Fatal("an invocation failed")
		}
	}
}

func TestFunctionsThatCannotStart(t *testing.T) {
	b := newBench(t, lambda.Function{Name: "probe", Code: "probe", Timeout: 30 * time.Second, Environment: map[string]string{"PROBE_INIT": "exit"}})
	if out := b.invoke("probe", `{}`); out.ErrorType != lambda.ExitError || !strings.HasSuffix(out.ErrorMessage, "exit status 3") || !out.Crashed {
		t.Errorf("exit at start: got %+v", out)
	}
	b.clock.Do("create", func() {
		if _, err := b.service.Create(lambda.Function{Name: "empty"}); err != nil {
			t.Error(err)
		}
	})
	if out := b.invoke("empty", `{}`); out.ErrorType != "Runtime.InvalidEntrypoint" || !strings.HasSuffix(out.ErrorMessage, "there is no code") {
		t.Errorf("no code: got %+v", out)
	}
}

func TestCloseEndsEveryProcess(t *testing.T) {
	var pid int
	t.Run("use", func(t *testing.T) {
		b := newBench(t, lambda.Function{Name: "probe", Code: "probe", Timeout: 30 * time.Second})
		pid = b.ask("probe").PID
	})
	if err := syscall.Kill(pid, 0); err == nil {
		t.Fatal("a process outlived Close")
	}
}
