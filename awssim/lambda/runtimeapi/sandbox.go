package runtimeapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"slipway/awssim/child"
	"slipway/awssim/lambda"
)

// sandbox is one child process and the Runtime API that it talks to. Everything here happens on goroutines, outside turns.
type sandbox struct {
	address string
	server  *http.Server
	process *child.Process
	output  *child.Output
	ready   chan struct{} // closed when the child asks for its first event
	exited  chan struct{} // closed when the process is gone and its output is read
	reason  string        // how it ended; read after exited
	jobs    chan *job

	mu      sync.Mutex
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

func newSandbox(output *child.Output) (*sandbox, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &sandbox{address: listener.Addr().String(), ready: make(chan struct{}), exited: make(chan struct{}), jobs: make(chan *job), output: output}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", b.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", b.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", b.error)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", b.initFailed)
	b.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = b.server.Serve(listener) }()
	return b, nil
}

// start runs the child.
func (b *sandbox) start(children *child.Starter, cmd *exec.Cmd) error {
	stream := b.output.Writer()
	cmd.Stdout, cmd.Stderr = stream, stream
	var err error
	if b.process, err = children.Start(cmd); err != nil {
		_ = b.server.Close()
		return err
	}
	go func() {
		b.reason = ending(b.process.Wait())
		stream.Flush()
		b.mu.Lock()
		b.gone = true
		b.mu.Unlock()
		_ = b.server.Close()
		close(b.exited)
	}()
	return nil
}

// ending is how a process ended, as Lambda says it.
func ending(err error) string {
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ProcessState.String()
	case err != nil:
		return err.Error()
	}
	return "exit status 0"
}

// take begins another invocation. It reports false when the process has ended meanwhile.
func (b *sandbox) take(log func(lines ...string)) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.output.LogTo(log)
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
