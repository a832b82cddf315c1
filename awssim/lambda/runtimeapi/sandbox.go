package runtimeapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"slipway/awssim/lambda"
)

// sandbox is one child process and the Runtime API that it talks to. Everything here happens on goroutines, outside turns.
type sandbox struct {
	address string
	server  *http.Server
	cmd     *exec.Cmd
	ready   chan struct{} // closed when the child asks for its first event
	exited  chan struct{} // closed when the process is gone and its output is read
	reason  string        // how it ended; read after exited
	jobs    chan *job

	mu      sync.Mutex
	log     func(line string)
	current *job            // the event that the child has, nil between events
	failed  *lambda.Outcome // what init/error reported
	asked   bool            // it has asked for its first event
	gone    bool
}

// job is one event.
type job struct {
	requestID, arn string
	payload        []byte
	deadline       time.Time
	out            *lambda.Outcome // what response or error said, under the sandbox's mu
	over           chan struct{}   // closed when the child asks for the next event: only then is this one over
}

func newSandbox(log func(string)) (*sandbox, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &sandbox{address: listener.Addr().String(), ready: make(chan struct{}), exited: make(chan struct{}), jobs: make(chan *job), log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", b.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", b.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", b.error)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", b.initFailed)
	b.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = b.server.Serve(listener) }()
	return b, nil
}

// start runs the child through starter, which decides on what thread.
func (b *sandbox) start(cmd *exec.Cmd, starter func() error) error {
	output := &lines{write: b.logLine}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = processAttributes()
	cmd.WaitDelay = 2 * time.Second // a grandchild may hold the output open
	b.cmd = cmd
	if err := starter(); err != nil {
		_ = b.server.Close()
		return err
	}
	go func() {
		err := cmd.Wait()
		output.flush()
		b.reason = "exit status 0"
		var exit *exec.ExitError
		switch {
		case errors.As(err, &exit):
			b.reason = exit.ProcessState.String()
		case err != nil:
			b.reason = err.Error()
		}
		b.mu.Lock()
		b.gone = true
		b.mu.Unlock()
		b.kill() // what the process left of its group
		_ = b.server.Close()
		close(b.exited)
	}()
	return nil
}

// kill ends the process group.
func (b *sandbox) kill() { _ = syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL) }

// take begins another invocation. It reports false when the process has ended meanwhile.
func (b *sandbox) take(log func(string)) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.log = log
	return !b.gone
}

// run gives the child an event and waits for what comes of it. reusable says that the child waits for another.
func (b *sandbox) run(ctx context.Context, j *job, timeout time.Duration) (out lambda.Outcome, reusable bool) {
	j.over = make(chan struct{})
	select {
	case b.jobs <- j:
	case <-b.exited:
		return lambda.Exit(j.requestID, b.reason), false
	case <-ctx.Done():
		return lambda.Timeout(j.requestID, timeout), false
	}
	select {
	case <-j.over:
		return b.outcome(j), true
	case <-b.exited:
		out := b.outcome(j)
		out.Crashed = true
		return out, false
	case <-ctx.Done():
		return lambda.Timeout(j.requestID, timeout), false
	}
}

func (b *sandbox) outcome(j *job) lambda.Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	if j.out == nil {
		return lambda.Exit(j.requestID, b.reason)
	}
	return *j.out
}

func (b *sandbox) initError() *lambda.Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}

func (b *sandbox) next(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	if !b.asked {
		b.asked = true
		close(b.ready)
	}
	if b.current != nil && b.current.out != nil {
		close(b.current.over)
		b.current = nil
	}
	b.mu.Unlock()
	var j *job
	select {
	case j = <-b.jobs:
	case <-r.Context().Done():
		return
	}
	b.mu.Lock()
	b.current = j
	b.mu.Unlock()
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Lambda-Runtime-Aws-Request-Id", j.requestID)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(j.deadline.UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", j.arn)
	_, _ = w.Write(j.payload)
}

func (b *sandbox) response(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.answer(w, r.PathValue("id"), lambda.Outcome{Payload: body, StatusCode: http.StatusOK})
}

func (b *sandbox) error(w http.ResponseWriter, r *http.Request) {
	out, err := reported(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.answer(w, r.PathValue("id"), out)
}

func (b *sandbox) answer(w http.ResponseWriter, requestID string, out lambda.Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current == nil || b.current.requestID != requestID || b.current.out != nil {
		http.Error(w, `{"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}`, http.StatusBadRequest)
		return
	}
	b.current.out = &out
	w.WriteHeader(http.StatusAccepted)
}

func (b *sandbox) initFailed(w http.ResponseWriter, r *http.Request) {
	out, err := reported(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out.Crashed = true
	b.mu.Lock()
	b.failed = &out
	b.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
}

// reported reads what a runtime says of an error; the body goes on to the caller as it is.
func reported(r *http.Request) (lambda.Outcome, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return lambda.Outcome{}, err
	}
	var e struct{ ErrorMessage, ErrorType string }
	if err := json.Unmarshal(body, &e); err != nil {
		return lambda.Outcome{}, err
	}
	if e.ErrorType == "" {
		e.ErrorType = r.Header.Get("Lambda-Runtime-Function-Error-Type")
	}
	if e.ErrorType == "" {
		e.ErrorType = "Runtime.Unknown"
	}
	return lambda.Outcome{Payload: body, ErrorType: e.ErrorType, ErrorMessage: e.ErrorMessage, StatusCode: http.StatusOK}, nil
}

func (b *sandbox) logLine(line string) {
	b.mu.Lock()
	log := b.log
	b.mu.Unlock()
	log(line)
}

// lines cuts what a process writes into lines.
type lines struct {
	write func(line string)
	rest  []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, ok := bytes.Cut(l.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		l.write(strings.TrimSuffix(string(line), "\r"))
		l.rest = rest
	}
}

func (l *lines) flush() {
	if len(l.rest) > 0 {
		l.write(string(l.rest))
		l.rest = nil
	}
}
