// Package laptop starts the local AWS on this machine the way a person uses it: awssim on a clock that follows the wall clock,
// Slipway deployed from its own template, its functions and the services' tasks as real processes.
//
// What is not here: any behaviour of AWS (awssim) or of Slipway (functions, internal).
package laptop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"slipway/awssim"
	"slipway/awssim/clock"
	"slipway/awssim/ecr"
	"slipway/awssim/lambda"
	"slipway/awssim/lambda/runtimeapi"
	"slipway/awssim/process"
)

// Options say what to start.
type Options struct {
	Template  string  // Slipway's template.yaml
	Functions string  // folder with VERB/bootstrap, built for this machine
	Speed     float64 // virtual seconds per second
	Address   string  // where to listen; default a free port on 127.0.0.1
}

// Laptop is a running local AWS with Slipway in it.
type Laptop struct {
	sim     *awssim.Sim
	clock   *clock.Clock
	dir     string
	address string
	cancel  context.CancelFunc
	served  chan error
	watch   watcher
}

// Start starts it and deploys Slipway. Close must be called.
func Start(ctx context.Context, o Options) (*Laptop, error) {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	listener, err := awssim.Listen(o.Address)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "slipway-")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a folder for images: %w", err), listener.Close())
	}
	l := &Laptop{dir: dir, address: listener.Addr().String(), clock: clock.NewPaced(o.Speed, 1), served: make(chan error, 1)}
	l.sim, err = awssim.New(awssim.Options{
		Clock:     l.clock,
		Functions: runtimeapi.NewRunner(l.clock, bootstrap(o.Functions), l.environment),
		Tasks: func(c *clock.Clock, images *ecr.Service) (awssim.Tasks, error) {
			return process.New(c, images.Open, dir)
		},
	})
	if err != nil {
		return nil, errors.Join(err, listener.Close(), os.RemoveAll(dir))
	}
	l.watch.on(l.sim, l.clock)
	ctx, l.cancel = context.WithCancel(ctx)
	go func() { l.served <- l.sim.Serve(ctx, listener) }()
	if _, err := l.Deploy("slipway", o.Template, nil); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// bootstrap finds the binary of a function: slipway-push is VERB push.
func bootstrap(dir string) func(lambda.Function) (string, error) {
	return func(f lambda.Function) (string, error) {
		path := filepath.Join(dir, strings.TrimPrefix(f.Name, "slipway-"), "bootstrap")
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("function %s is not built (%w): run make demo", f.Name, err)
		}
		return filepath.Abs(path)
	}
}

// environment is where a function finds the local AWS, and the credentials of its role: its calls are checked against the template's
// policies.
func (l *Laptop) environment(f lambda.Function) []string {
	return []string{"AWS_ENDPOINT_URL=" + l.Endpoint(), "AWS_ACCESS_KEY_ID=" + awssim.AccessKey(f.Role)}
}

// Close ends every task and function and waits for them.
func (l *Laptop) Close() error {
	l.cancel()
	return errors.Join(<-l.served, os.RemoveAll(l.dir))
}

// Address is host:port of the registry and the API.
func (l *Laptop) Address() string { return l.address }

// Endpoint is what AWS_ENDPOINT_URL must be.
func (l *Laptop) Endpoint() string { return "http://" + l.address }

// Now is the local AWS's time.
func (l *Laptop) Now() (now time.Time) {
	l.clock.Do("now", func() { now = l.clock.Now() })
	return now
}

// Stack is a deployed template.
type Stack struct{ outputs map[string]string }

// Output is a stack's output, "" if it has none of that name.
func (s Stack) Output(name string) string { return s.outputs[name] }

// Deploy creates the resources of a template.
func (l *Laptop) Deploy(name, template string, parameters map[string]string) (Stack, error) {
	stack := Stack{outputs: map[string]string{}}
	created, err := l.sim.Deploy(name, template, parameters)
	if err != nil {
		return stack, fmt.Errorf("stack %s: %w", name, err) // errors of a template begin with its file
	}
	if created == nil {
		return stack, fmt.Errorf("stack %s: the local AWS was stopped meanwhile", name)
	}
	for _, o := range created.Outputs {
		stack.outputs[o.Name] = o.Value
	}
	return stack, nil
}

// ListenerURL waits until a load balancer's listener has its socket.
func (l *Laptop) ListenerURL(ctx context.Context, arn string) (string, error) {
	for {
		for _, e := range l.sim.ELB.Endpoints() {
			if e.ListenerARN == arn && e.Problem != "" {
				return "", fmt.Errorf("load balancer %s: %s", e.LoadBalancer, e.Problem)
			}
			if e.ListenerARN == arn && e.Address != "" {
				return "http://" + e.Address, nil
			}
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// CPUArchitecture is this machine's, in ECS's words.
func CPUArchitecture() string {
	if runtime.GOARCH == "arm64" {
		return "ARM64"
	}
	return "X86_64"
}
