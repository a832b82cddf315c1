// Command slipway is Slipway on a laptop: the demo, the local AWS, a packer of images, and a look for drift.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"slipway/cmd/slipway/demo"
	"slipway/cmd/slipway/driftcheck"
	"slipway/cmd/slipway/image"
	"slipway/cmd/slipway/local"
)

type cli struct {
	Demo  demo.Command       `cmd:"" help:"Push good and bad images to a small AWS on this machine, and watch Slipway deploy them and roll them back."`
	Local local.Command      `cmd:"" help:"Start a small AWS with Slipway in it on this machine, for the aws CLI, docker, skopeo, crane and SDKs, until Ctrl-C."`
	Image image.Command      `cmd:"" help:"Make an image of a static binary or a folder and push it, without Docker."`
	Drift driftcheck.Command `cmd:"" help:"Compare what every service should run with what it runs, and change nothing. Exit status: 0 in sync, 2 drift, 1 error."`
}

func main() {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it; otherwise the terminal was closed
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	parsed := kong.Parse(&cli{}, kong.Name("slipway"), kong.Description("docker push is the deploy for Amazon ECS."), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)))
	err := parsed.Run()
	if errors.Is(err, driftcheck.ErrDrifted) { // the report has said it
		os.Exit(2)
	}
	parsed.FatalIfErrorf(err)
}
