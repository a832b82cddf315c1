// Package processes measures what runs as real processes on this machine: the functions behind awssim's Runtime API, and the
// command `slipway local`.
package processes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"slipway/awssim"
	"slipway/awssim/clock"
	"slipway/awssim/events"
	"slipway/awssim/lambda"
	"slipway/awssim/lambda/runtimeapi"
	"slipway/internal/wire/simulated"
)

// limit bounds every wait, in wall time.
const limit = 2 * time.Minute

// Push is the way of one image, in wall time.
type Push struct {
	Event    time.Duration // from ECR's event to the call of UpdateService; EventBridge's latency in it is the simulator's
	Function time.Duration // from the invocation of push to that call: three functions, two of them called by the workflow
}

// Pushes is an account whose functions are real processes, on a clock that follows the wall clock. Tasks are scripted: they are
// not what is measured.
type Pushes struct {
	sim     *awssim.Sim
	runner  *runner
	cancel  context.CancelFunc
	served  chan error
	api     *http.Server
	emitted chan time.Time // ECR's event
	invoked chan time.Time // the function push
	updated chan time.Time // UpdateService
	ended   chan string    // an ending
}

// runner tells when the function push is invoked.
type runner struct {
	*runtimeapi.Runner
	invoked chan time.Time
}

func (r *runner) Invoke(f lambda.Function, inv lambda.Invocation) lambda.Outcome {
	if f.Name == "slipway-push" {
		note(r.invoked)
	}
	return r.Runner.Invoke(f, inv)
}

// note keeps the first moment; Deploy empties the channels before each push.
func note(moments chan time.Time) {
	select {
	case moments <- time.Now():
	default:
	}
}

// NewPushes starts the account. functions is a folder with VERB/bootstrap, built for this machine. Close must be called.
func NewPushes(module, functions string, speed float64, seed uint64) (*Pushes, error) {
	p := &Pushes{served: make(chan error, 1), emitted: make(chan time.Time, 1), invoked: make(chan time.Time, 1), updated: make(chan time.Time, 1), ended: make(chan string, 8)}
	api, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	registry, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := clock.NewPaced(speed, seed)
	bootstrap := func(f lambda.Function) (string, error) {
		return filepath.Abs(filepath.Join(functions, strings.TrimPrefix(f.Name, "slipway-"), "bootstrap"))
	}
	environment := func(lambda.Function) []string { return []string{"AWS_ENDPOINT_URL=http://" + api.Addr().String()} }
	p.runner = &runner{runtimeapi.NewRunner(c, bootstrap, environment), p.invoked}
	if p.sim, err = awssim.New(awssim.Options{Clock: c, Functions: p.runner}); err != nil {
		return nil, err
	}
	p.sim.Events.Watch(p.watch)
	p.api = &http.Server{Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: limit}
	go func() { _ = p.api.Serve(api) }()
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go func() { p.served <- p.sim.Serve(ctx, registry) }()
	return p, p.create(module)
}

func (p *Pushes) create(module string) error {
	if _, err := p.sim.Deploy("slipway", filepath.Join(module, "template.yaml"), nil); err != nil {
		return errors.Join(err, p.Close())
	}
	subnets := awssim.DefaultSubnet("a") + "," + awssim.DefaultSubnet("b")
	_, err := p.sim.Deploy("shop", filepath.Join(module, "examples", "pingpong", "service.yaml"),
		map[string]string{"VpcId": "vpc-bench", "PublicSubnetIds": subnets, "PrivateSubnetIds": subnets, "CpuArchitecture": "X86_64", "Bake": "1m"})
	if err != nil {
		return errors.Join(err, p.Close())
	}
	return nil
}

// Close ends the functions.
func (p *Pushes) Close() error {
	p.cancel()
	err := errors.Join(<-p.served, p.api.Close())
	p.runner.Close()
	return err
}

// serve answers the functions.
func (p *Pushes) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".UpdateService") {
		note(p.updated)
	}
	p.sim.ServeHTTP(w, r)
}

func (p *Pushes) watch(e events.Event) {
	switch {
	case e.Source == "aws.ecr":
		note(p.emitted)
	case e.Source == "slipway":
		select {
		case p.ended <- strings.TrimPrefix(e.DetailType, "Slipway "):
		default:
		}
	}
}

// Deploy pushes an image and returns when ECS was told to run it.
func (p *Pushes) Deploy(tag string) (Push, error) {
	for _, moments := range []chan time.Time{p.emitted, p.invoked, p.updated} {
		select {
		case <-moments:
		default:
		}
	}
	if _, err := simulated.Push(p.sim, "shop/web", tag, "amd64", nil); err != nil {
		return Push{}, err
	}
	select {
	case updated := <-p.updated:
		emitted, invoked := <-p.emitted, <-p.invoked
		return Push{Event: updated.Sub(emitted), Function: updated.Sub(invoked)}, nil
	case <-time.After(limit):
		return Push{}, fmt.Errorf("the push of %s led to no UpdateService within %s", tag, limit)
	}
}

// freed is how long an execution may take to be over after it has told people, so that the next one need not wait its turn.
const freed = time.Second

// Settle waits for the ending of a deployment.
func (p *Pushes) Settle() error {
	select {
	case kind := <-p.ended:
		if kind != "Deployed" {
			return fmt.Errorf("the deployment ended %s", kind)
		}
		time.Sleep(freed)
		return nil
	case <-time.After(limit):
		return fmt.Errorf("the deployment did not end within %s", limit)
	}
}
