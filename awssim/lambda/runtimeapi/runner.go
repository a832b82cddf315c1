// Package runtimeapi runs real function binaries over the Lambda Runtime API, the way provided.al2023 does: one child process per
// sandbox, which fetches its events from an HTTP server of its own on the loopback address.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
//
// Processes live in wall time. A function's Timeout is not scaled by the clock's speed, and a Runner is for paced clocks. The
// service decides how long an idle child is kept.
//
// What is not here: extensions, response streaming, memory limits.
package runtimeapi

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"slipway/awssim/child"
	"slipway/awssim/clock"
	"slipway/awssim/lambda"
)

// initLimit is how long a child may take to ask for its first event, beyond the function's own timeout.
const initLimit = 10 * time.Second

// maxLine is where a log line is cut in two: at the size of the largest log event, in bytes.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
const maxLine = 256 << 10

// Runner runs functions as child processes. Close must be called to end them.
type Runner struct {
	clock   *clock.Clock
	command func(f lambda.Function) (path string, err error)
	env     func(f lambda.Function) []string
	// children are the processes; closed is closed with the Runner.
	children *child.Starter
	closed   chan struct{}

	mu  sync.Mutex
	of  map[string]*sandbox // the child of each sandbox of the service, by its log stream
	all map[*sandbox]bool
}

// NewRunner returns a Runner that starts command(f) for each sandbox of f. env are further variables, which win over those of
// the function: AWS_ENDPOINT_URL belongs there. Region and credentials have values that suit awssim unless env sets others.
func NewRunner(c *clock.Clock, command func(f lambda.Function) (path string, err error), env func(f lambda.Function) []string) *Runner {
	return &Runner{clock: c, command: command, env: env, children: child.NewStarter(), closed: make(chan struct{}),
		of: map[string]*sandbox{}, all: map[*sandbox]bool{}}
}

// Invoke hands an event to the child of the invocation's sandbox, which it starts for the first one.
func (r *Runner) Invoke(f lambda.Function, inv lambda.Invocation) (out lambda.Outcome) {
	r.clock.Await("lambda process "+f.Name, func() { out = r.run(f, inv) })
	return out
}

func (r *Runner) run(f lambda.Function, inv lambda.Invocation) lambda.Outcome {
	b, err := r.acquire(f, inv)
	if err != nil {
		return lambda.FunctionError("Runtime.InvalidEntrypoint", fmt.Sprintf("RequestId: %s Error: %v", inv.RequestID, err))
	}
	if out, ok := r.initialise(b, inv, f.Timeout); !ok {
		return out
	}
	ctx, cancel := context.WithTimeout(context.Background(), f.Timeout)
	defer cancel()
	deadline, _ := ctx.Deadline()
	j := &job{requestID: inv.RequestID, arn: inv.ARN, payload: inv.Payload, deadline: deadline}
	out, reusable := b.run(ctx, j, f.Timeout)
	if !reusable {
		b.process.Kill()
		<-b.exited // whoever hears of the outcome may rely on it that nothing of the invocation still runs
	}
	return out
}

// End ends the child of a sandbox that the service has ended.
func (r *Runner) End(logStream string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b := r.of[logStream]; b != nil {
		delete(r.of, logStream)
		b.process.Kill()
	}
}

// initialise waits until the child asks for its first event.
func (r *Runner) initialise(b *sandbox, inv lambda.Invocation, timeout time.Duration) (out lambda.Outcome, ok bool) {
	limit := initLimit + timeout
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	select {
	case <-b.ready:
		return out, true
	case <-b.exited:
		if failed := b.initError(); failed != nil {
			return *failed, false
		}
		return lambda.Exit(inv.RequestID, b.reason), false
	case <-ctx.Done():
		b.process.Kill()
		return lambda.Timeout(inv.RequestID, limit), false
	}
}

func (r *Runner) acquire(f lambda.Function, inv lambda.Invocation) (*sandbox, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b := r.of[inv.LogStream]; b != nil && b.take(inv.Log) {
		return b, nil
	}
	path, err := r.command(f)
	if err != nil {
		return nil, err
	}
	post := func(turn func()) { r.clock.Post("lambda log "+f.Name, turn) }
	b, err := newSandbox(child.NewOutput(maxLine, post, inv.Log, r.closed))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path)
	cmd.Dir = filepath.Dir(path)
	cmd.Env = r.environment(f, inv, b.address, cmd.Dir)
	if err := b.start(r.children, cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	r.all[b], r.of[inv.LogStream] = true, b
	go func() {
		<-b.exited
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.all, b)
		if r.of[inv.LogStream] == b {
			delete(r.of, inv.LogStream)
		}
	}()
	return b, nil
}

// environment is what a child sees, and nothing of this process: a function must not find the credentials of whoever runs it.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func (r *Runner) environment(f lambda.Function, inv lambda.Invocation, address, dir string) []string {
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=en_US.UTF-8", "TZ=:UTC"}
	for _, name := range slices.Sorted(maps.Keys(f.Environment)) {
		env = append(env, name+"="+f.Environment[name])
	}
	env = append(env,
		"AWS_LAMBDA_RUNTIME_API="+address,
		"AWS_LAMBDA_FUNCTION_NAME="+f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION="+f.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE="+strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_LOG_GROUP_NAME="+inv.LogGroup,
		"AWS_LAMBDA_LOG_STREAM_NAME="+inv.LogStream,
		"AWS_LAMBDA_LOG_FORMAT="+cmp.Or(f.LogFormat, "Text"),
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_EXECUTION_ENV=AWS_Lambda_"+cmp.Or(f.Runtime, "provided.al2023"),
		"_HANDLER="+f.Handler,
		"LAMBDA_TASK_ROOT="+dir,
		"AWS_REGION="+region(f.ARN),
		"AWS_DEFAULT_REGION="+region(f.ARN),
		"AWS_ACCESS_KEY_ID=awssim",
		"AWS_SECRET_ACCESS_KEY=awssim",
		"AWS_EC2_METADATA_DISABLED=true",
	)
	if r.env != nil {
		env = append(env, r.env(f)...)
	}
	return env
}

func region(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 4 {
		return ""
	}
	return parts[3]
}

var _ io.Closer = (*Runner)(nil) // as which a Sim closes it

// Close kills every child and returns when they are gone. Invocations that are under way end as crashes, later ones are refused.
func (r *Runner) Close() error {
	r.mu.Lock()
	select {
	case <-r.closed:
		r.mu.Unlock()
		return nil
	default:
		close(r.closed)
	}
	var all []*sandbox
	for b := range r.all {
		all = append(all, b)
	}
	r.mu.Unlock()
	r.children.Close()
	for _, b := range all {
		<-b.exited
	}
	return nil
}
