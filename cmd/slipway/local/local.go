// Package local is the command `slipway local`: the local AWS for everybody's clients, with Slipway and some services in it, until
// Ctrl-C.
//
// stacks.go says what is deployed, welcome.go what a person is told at the start, told.go what Slipway tells afterwards, holder.go
// who else has the port. What is not here: any behaviour of AWS (awssim), and how it is started (package laptop).
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/cmd/slipway/laptop"
)

// Command is the command line of `slipway local`.
type Command struct {
	Template  string   `help:"Slipway's template." default:"template.yaml"`
	Functions string   `help:"Folder with the functions built for this machine, one VERB/bootstrap each." default:"bin/functions"`
	Stack     []string `help:"A template of services, as NAME=FILE; may be repeated. Without any, shop=examples/pingpong/service.yaml." sep:"none" placeholder:"NAME=FILE"`
	Parameter []string `help:"A parameter of a stack, as STACK.KEY=VALUE; may be repeated." sep:"none" placeholder:"STACK.KEY=VALUE"`
	Port      int      `help:"The port of the API and the registry on 127.0.0.1; 0 for any free one." default:"4566"`
	Speed     float64  `help:"How many times faster than the wall clock; 1 for timestamps as on the wall clock." default:"1"`
	App       string   `help:"The program that the commands to try push." default:"bin/pingpong"`
}

// Run serves until ctx is done.
func (c *Command) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *Command) run(ctx context.Context, out io.Writer) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	stacks, err := c.stacks()
	if err != nil {
		return err
	}
	local, err := laptop.Start(ctx, laptop.Options{Template: c.Template, Functions: c.Functions, Speed: c.Speed, Address: c.address()})
	if err != nil {
		return c.explain(ctx, err)
	}
	defer func() {
		err = errors.Join(err, local.Close())
		if err == nil {
			fmt.Fprintln(out, "ended; every task and function has stopped")
		}
	}()
	for _, s := range stacks {
		if _, err := local.Deploy(s.name, s.file, s.parameters); err != nil {
			return s.explain(err, len(stacks))
		}
	}
	w, err := look(ctx, local)
	if err != nil {
		return err
	}
	_, missing := os.Stat(c.App)
	w.speed, w.command, w.app, w.built = c.Speed, typed(os.Args[0]), c.App, missing == nil
	if _, err := io.WriteString(out, w.String()); err != nil {
		return err
	}
	go tell(ctx, local, out)
	return local.Wait(ctx)
}

func (c *Command) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port)) }

// check says what is missing before anything is started.
func (c *Command) check() error {
	if err := laptop.CheckSpeed(c.Speed); err != nil {
		return err
	}
	if c.Port < 0 || c.Port > 65535 {
		return fmt.Errorf("--port %d: a port is 0 to 65535, and 0 takes any that is free", c.Port)
	}
	if _, err := c.files(); err != nil {
		return err
	}
	if _, err := os.Stat(c.Template); err != nil {
		return fmt.Errorf("there is no %s: run slipway in the repository's folder, or name Slipway's template with --template", c.Template)
	}
	return laptop.CheckFunctions(c.Functions, "local")
}

// explain says who has the port and what to type.
func (c *Command) explain(ctx context.Context, err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	another := fmt.Sprintf("take another port: %s local --port %d", typed(os.Args[0]), c.Port+1)
	by := "another program"
	if h, ok := holderOf("/proc", c.Port); ok {
		by = fmt.Sprintf("process %d (%s)", h.pid, h.name)
	}
	if endpoint := "http://" + c.address(); isLocal(ctx, endpoint) {
		return fmt.Errorf("port %d is held by a `slipway local` that runs already, %s: use it, at AWS_ENDPOINT_URL=%s, or %s", c.Port, by, endpoint, another)
	}
	return fmt.Errorf("port %d is held by %s: end that, or %s", c.Port, by, another)
}

// isLocal reports whether a local AWS with Slipway in it answers at an endpoint.
func isLocal(ctx context.Context, endpoint string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	cfg := aws.Config{Region: region, BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), RetryMaxAttempts: 1}
	machines, err := sfn.NewFromConfig(cfg).ListStateMachines(ctx, &sfn.ListStateMachinesInput{})
	return err == nil && slices.ContainsFunc(machines.StateMachines, func(m types.StateMachineListItem) bool { return aws.ToString(m.Name) == ownStack })
}
