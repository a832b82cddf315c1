// Command slipway is Slipway on a laptop: the demo, the local AWS, a packer of images, and a look for drift.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"slipway/cmd/slipway/demo"
	"slipway/cmd/slipway/driftcheck"
	"slipway/cmd/slipway/image"
	"slipway/cmd/slipway/local"
)

type cli struct {
	Demo    demo.Command       `cmd:"" help:"Push good and bad images to a small AWS on this machine, and watch Slipway deploy them and roll them back."`
	Local   local.Command      `cmd:"" help:"Start a small AWS with Slipway in it on this machine, for the aws CLI, docker, skopeo, crane and SDKs, until Ctrl-C."`
	Image   image.Command      `cmd:"" help:"Make an image of a static binary or a folder and push it, without Docker."`
	Drift   driftcheck.Command `cmd:"" help:"Compare what every service should run with what it runs, and change nothing. Exit status: 0 in sync, 2 drift, 1 error."`
	Version kong.VersionFlag   `help:"Print which build this is."`
}

func main() {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it; otherwise the terminal was closed
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	info, _ := debug.ReadBuildInfo()
	parser := kong.Must(&cli{}, append(values(), kong.Name("slipway"), kong.Description("docker push is the deploy for Amazon ECS."), kong.ShortUsageOnError(),
		kong.WithHyphenPrefixedParameters(true), // --speed -1 gets an answer about speed
		kong.Exit(exit), kong.Vars{"version": version(info)}, kong.BindTo(ctx, (*context.Context)(nil)))...)
	parsed, err := parser.Parse(arguments(os.Args[1:]))
	if err != nil {
		parser.Stdout = parser.Stderr // the usage is a part of the error
		parser.FatalIfErrorf(worded(err))
	}
	err = parsed.Run()
	var interrupted *demo.Interrupted
	switch {
	case errors.Is(err, driftcheck.ErrDrifted): // the report has said it
		os.Exit(2)
	case errors.As(err, &interrupted): // as it was told to
		fmt.Fprintf(os.Stderr, "slipway: %s\n", interrupted)
		os.Exit(interrupted.ExitCode())
	}
	parsed.FatalIfErrorf(err)
}

// arguments are what was typed. Whoever types nothing wants to know what there is.
func arguments(typed []string) []string {
	if len(typed) == 0 || len(typed) == 1 && typed[0] == "help" {
		return []string{"--help"}
	}
	return typed
}

// exit ends the process. A command line that cannot be understood is an error like others; kong has a status of its own for it.
func exit(status int) {
	const usage = 80
	if status == usage {
		status = 1
	}
	os.Exit(status)
}

// version is what the Go tool wrote into this program about its source.
func version(info *debug.BuildInfo) string {
	if info == nil {
		return "slipway, built without module support: its version is not known"
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	text := "slipway " + info.Main.Version
	if revision := settings["vcs.revision"]; revision != "" {
		text += ", commit " + revision[:min(12, len(revision))] + " of " + settings["vcs.time"]
	}
	if settings["vcs.modified"] == "true" {
		text += ", with changes that are not committed"
	}
	return text + ", " + info.GoVersion + " " + settings["GOOS"] + "/" + settings["GOARCH"]
}
