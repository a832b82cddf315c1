package main

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// typed runs the command as a person types it.
func typed(t *testing.T, slipway string, args ...string) (status int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.Command(slipway, args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := command.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

// What was typed wrongly ends with 1 and a few lines on standard error.
func TestUsageErrors(t *testing.T) {
	slipway := filepath.Join(linked(t), "slipway")
	for _, c := range []struct{ line, want string }{
		{"drift --nope", "unknown flag --nope"},
		{"deploy", "unexpected argument deploy"},
		{"version", "unexpected argument version"},
		{"image", "missing flags: --to=ADDRESS"},
		{"local --port busy", `--port: "busy" is not a whole number: write for example --port 4566`},
		{"local --speed fast", `--speed: "fast" is not a number: write for example --speed 1`},
		{"demo --limit soon", `--limit: "soon" is not a duration: write for example --limit 4m`},
		{"local --stack", "--stack needs a value: write --stack NAME=FILE"},
		{"local --port", "--port needs a value: write --port 4566"},
		{"image x --to", "--to needs a value: write --to ADDRESS"},
		{"image x --env", "--env needs a value: write --env NAME=VALUE"},
		{"local --speed -1", "--speed -1: time must go forward"},
		{"local --speed NaN", "--speed NaN"},
		{"local --port -1", "--port -1: a port is 0 to 65535"},
		{"local --port 99999", "--port 99999: a port is 0 to 65535"},
		{"local --stack a.yaml", "write --stack NAME=a.yaml"},
		{"demo --speed -1", "--speed -1: time must go forward"},
	} {
		t.Run(c.line, func(t *testing.T) {
			status, out, errs := typed(t, slipway, strings.Fields(c.line)...)
			if status != 1 || out != "" || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") > 5 {
				t.Errorf("status %d, printed %q and\n%s\nwant 1, nothing, and a few lines with %q", status, out, errs, c.want)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	slipway := filepath.Join(linked(t), "slipway")
	for line, want := range map[string]string{"": "Usage: slipway <command>", "help": "Usage: slipway <command>", "--help": "Usage: slipway <command>",
		"demo --help": "--speed", "--version": "slipway "} {
		if status, out, errs := typed(t, slipway, strings.Fields(line)...); status != 0 || errs != "" || !strings.Contains(out, want) {
			t.Errorf("slipway %s: status %d, printed %q and %q; want 0 and %q", line, status, out, errs, want)
		}
	}
}

func TestVersion(t *testing.T) {
	released := &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"},
		Settings: []debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "GOARCH", Value: "arm64"}}}
	if got, want := version(released), "slipway v1.2.3, go1.26.0 linux/arm64"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	changed := *released
	changed.Settings = append(changed.Settings, debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123"}, debug.BuildSetting{Key: "vcs.time", Value: "2026-11-21T09:00:00Z"},
		debug.BuildSetting{Key: "vcs.modified", Value: "true"})
	if got, want := version(&changed), "slipway v1.2.3, commit 0123456789ab of 2026-11-21T09:00:00Z, with changes that are not committed, go1.26.0 linux/arm64"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := version(nil); !strings.Contains(got, "not known") {
		t.Errorf("got %q", got)
	}
}

func TestMakeLocalTakesAPort(t *testing.T) {
	for line, want := range map[string]string{"SPEED=10 PORT=4567": "bin/slipway local --speed 10 --port 4567\n", "PORT=": "bin/slipway local --speed 1\n"} {
		out, err := exec.Command("make", append([]string{"-n", "-C", "../..", "local"}, strings.Fields(line)...)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("make local %s: %v, want %q in\n%s", line, err, want, out)
		}
	}
}
