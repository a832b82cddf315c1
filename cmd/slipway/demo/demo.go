// Package demo is the command `slipway demo`: real images pushed to a local AWS, deployed and rolled back by the real
// functions and the real state machine, on this machine and in about a minute.
//
// scenes.go says what is played and what must come of it, stage.go plays it, check.go compares the two; load.go is
// the users; story.go and panel.go say what one sees, screen.go shows it; package laptop is the AWS that it runs on. Nothing
// here knows how to deploy.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"slipway/cmd/slipway/laptop"
)

// Command is the command line of the demo.
type Command struct {
	Template  string        `help:"Slipway's template." default:"template.yaml"`
	Service   string        `help:"The template of the service to deploy." default:"examples/pingpong/service.yaml"`
	Functions string        `help:"Folder with the functions built for this machine, one VERB/bootstrap each." default:"bin/functions"`
	App       string        `help:"The sample service, built for this machine." default:"bin/pingpong"`
	Speed     float64       `help:"How many times faster than the wall clock." default:"25"`
	Limit     time.Duration `help:"Give up after this long." default:"4m"`
	Plain     bool          `help:"Plain lines even on a terminal."`
}

// The service of the sample template.
const cluster, service, repository = "shop", "web", "shop/web"

// Run plays all scenes. It returns an error if anything was not as said, and an *Interrupted if it was told to stop.
func (c *Command) Run(ctx context.Context) error {
	told := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, c.Limit, fmt.Errorf("the demo did not end within %s: on a busy machine try a longer --limit and a lower --speed", c.Limit))
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	// Without this a reader that goes away, such as head, would kill this process before it can clean up.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	defer signal.Stop(pipe)
	screen := newScreen(os.Stdout, c.Plain, func(err error) { fail(fmt.Errorf("nobody reads the output any more: %w", err)) })
	err := within(ctx, patience, func() error { return c.run(ctx, screen) })
	if errors.Is(err, errDeaf) { // the demo still runs, so the screen is its own
		return errors.Join(context.Cause(ctx), err)
	}
	screen.clear()
	if told.Err() != nil {
		return &Interrupted{by: context.Cause(told)}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// patience is how long the small AWS may take to end its processes.
const patience = 10 * time.Second

var errDeaf = fmt.Errorf("the small AWS did not end within %s after that: its processes are left to the system", patience)

// within runs fn, and gives it up when it has not returned some time after ctx is done: a local AWS that has fallen behind may have more to
// end than anybody waits for.
func within(ctx context.Context, patience time.Duration, fn func() error) error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		return errDeaf
	}
}

func (c *Command) run(ctx context.Context, screen *screen) (err error) {
	if err := c.ready(); err != nil {
		return err
	}
	screen.line("Starting a small AWS on this machine, where time runs %gx as fast", c.Speed)
	aws, err := laptop.Start(ctx, laptop.Options{Template: c.Template, Functions: c.Functions, Speed: c.Speed})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, aws.Close()) }()
	url, err := c.deploy(ctx, aws, screen)
	if err != nil {
		return err
	}
	for _, pair := range [][2]string{{"Slipway from", c.Template}, {"service from", c.Service}, {"registry", aws.Address() + "/" + repository}, {"load balancer", url}, {"API", aws.Endpoint()}} {
		screen.line("  %-14s %s", pair[0], pair[1])
	}
	s := newStage(c, aws, screen, url)
	results, err := s.play(ctx, scenes())
	if err != nil {
		return errors.Join(err, s.close())
	}
	return errors.Join(conclude(screen, results), s.close())
}

// deploy creates the service's stack and returns the load balancer's URL.
func (c *Command) deploy(ctx context.Context, aws *laptop.Laptop, screen *screen) (url string, err error) {
	stack, err := aws.Deploy("shop", c.Service, map[string]string{"VpcId": "vpc-demo", "PublicSubnetIds": "subnet-public-a,subnet-public-b",
		"PrivateSubnetIds": "subnet-private-a,subnet-private-b", "CpuArchitecture": laptop.CPUArchitecture(), "InitialCount": "2", "Bake": "1m"})
	if err != nil {
		return "", err
	}
	port, err := aws.TaskPort(ctx, cluster, service)
	if err != nil {
		return "", err
	}
	if aws.Port(port) != port {
		screen.line("  %-14s %s", "ports", aws.PortNote())
	}
	if err := freeForTasks(aws.Port(port)); err != nil {
		return "", err
	}
	return aws.ListenerURL(ctx, stack.Output("ListenerArn"))
}
