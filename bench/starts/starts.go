// Package starts measures how long a function takes to be ready: from the start of its process to its first
// GET .../invocation/next, which is where Lambda's init phase ends.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
//
// It measures on this machine, with processes of this machine's architecture; what Lambda adds (a sandbox, the download, less CPU
// than a core below 1769 MB) is not here.
package starts

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// limit is far longer than any start takes.
const limit = 20 * time.Second

// Start is one start.
type Start struct {
	Ready time.Duration // wall time
	CPU   time.Duration // user and system time that the process had used when it was killed, just after it was ready
}

// Environment is what a function finds in Lambda, beside AWS_LAMBDA_RUNTIME_API: what Lambda sets, and the variables of the
// template's Globals.
func Environment() []string {
	return []string{
		"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=token",
		"AWS_LAMBDA_FUNCTION_NAME=slipway", "AWS_LAMBDA_FUNCTION_VERSION=1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256", "AWS_LAMBDA_LOG_FORMAT=JSON",
		"GOGC=400", "SLIPWAY_TABLE=slipway", "SLIPWAY_STATE_MACHINE_ARN=arn:aws:states:eu-west-1:123456789012:stateMachine:slipway",
		"SLIPWAY_TOPIC_ARN=arn:aws:sns:eu-west-1:123456789012:slipway",
	}
}

// API is a Runtime API that has no events.
type API struct {
	server *http.Server
	addr   string
	asked  chan time.Time
}

// NewAPI listens on a free port of this machine. Close ends it.
func NewAPI() (*API, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &API{addr: l.Addr().String(), asked: make(chan time.Time, 1)}
	a.server = &http.Server{Handler: http.HandlerFunc(a.serve), ReadHeaderTimeout: limit}
	go func() { _ = a.server.Serve(l) }()
	return a, nil
}

// Close ends it.
func (a *API) Close() error { return a.server.Close() }

func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	if !strings.HasSuffix(r.URL.Path, "/runtime/invocation/next") {
		http.Error(w, "there are no events", http.StatusNotFound)
		return
	}
	select {
	case a.asked <- now:
	default:
	}
	<-r.Context().Done()
}

// Time starts a binary once.
func (a *API) Time(binary string) (Start, error) {
	c := exec.Command(binary)
	c.Env = append(Environment(), "AWS_LAMBDA_RUNTIME_API="+a.addr)
	var said strings.Builder
	c.Stdout, c.Stderr = &said, &said
	begin := time.Now()
	if err := c.Start(); err != nil {
		return Start{}, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case at := <-a.asked:
		err := errors.Join(c.Process.Kill(), exited(<-ended))
		return Start{Ready: at.Sub(begin), CPU: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}, err
	case err := <-ended:
		return Start{}, fmt.Errorf("%s ended before it was ready: %w\n%s", binary, err, said.String())
	case <-time.After(limit):
		return Start{}, errors.Join(fmt.Errorf("%s was not ready within %s", binary, limit), c.Process.Kill())
	}
}

// exited is nil for a process that was killed, as it was to be.
func exited(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) || errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
