// Command slipway is Slipway on a laptop: the demo, and later the operator's verbs.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"slipway/cmd/slipway/demo"
	"slipway/cmd/slipway/image"
)

type cli struct {
	Demo  demo.Command  `cmd:"" help:"Push good and bad images to a small AWS on this machine, and watch Slipway deploy them and roll them back."`
	Image image.Command `cmd:"" help:"Make an image of a static binary or a folder and push it, without Docker."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed := kong.Parse(&cli{}, kong.Name("slipway"), kong.Description("docker push is the deploy for Amazon ECS."), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)))
	parsed.FatalIfErrorf(parsed.Run())
}
