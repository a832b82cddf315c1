package deployer

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"slipway/internal/fault"
	"slipway/internal/rollout"
)

const web44 = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:44"

// described is a task definition that says what it was made with.
type described struct {
	Definitions
	container rollout.ContainerDefinition
	err       error
}

func (d described) Guarded(context.Context, string) (rollout.Definition, func(string) string, error) {
	mask := func(line string) string { return strings.ReplaceAll(line, "hunter2", "***") }
	return rollout.Definition{Containers: []rollout.ContainerDefinition{d.container}}, mask, d.err
}

func (d described) Changed(context.Context, string, string) ([]string, error) { return nil, nil }

// written is a log.
type written struct {
	lines []string
	err   error
}

func (w written) Last(_ context.Context, group, stream string, _ int, mask func(string) string) ([]string, error) {
	if group != "/ecs/web" || stream != "web/web/4be1c0" {
		return nil, &fault.Impossible{Words: "asked for " + stream + " of " + group}
	}
	var lines []string
	for _, line := range w.lines {
		lines = append(lines, mask(line))
	}
	return lines, w.err
}

var toWeb44 = rollout.Plan{Revision: web44}

// What a container said is in the words of a verdict, in those of a delay and in the evidence. Nothing of it leaves unmasked, also
// when the log cannot be had.
func TestKeepMasksWhatContainersSaid(t *testing.T) {
	container := rollout.ContainerDefinition{Name: "web", LogGroup: "/ecs/web", LogPrefix: "web"}
	why := rollout.Reason{Words: "container \"web\" could not start: exec: \"--password=hunter2\"", Task: "4be1c0"}
	evidence := rollout.Evidence{Task: "4be1c0", Container: "web", Stopped: "cannot reach hunter2"}
	delay := rollout.Watch{Delay: rollout.Delay{Words: why.Words, Tell: true}}
	for name, s := range map[string]rollout.State{
		"failed":     rollout.Failed{Plan: toWeb44, Because: why, Evidence: evidence},
		"no task":    rollout.Failed{Plan: toWeb44, Because: why},
		"by ECS":     rollout.RollingBack{Plan: toWeb44, Because: why, Evidence: evidence, ByECS: true},
		"converging": rollout.Converging{Plan: toWeb44, Watch: delay},
		"stuck":      rollout.Stuck{Plan: toWeb44, Why: "the rollback made no progress: " + why.Words},
		"baking":     rollout.Baking{Plan: toWeb44, Watch: delay},
	} {
		for _, err := range []error{nil, fault.Missingf("it was deleted")} {
			d := &Deployer{Definitions: described{container: container, err: err}, Logs: written{lines: []string{"hunter2 refused"}}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
			text, failed := rollout.Encode(d.keepEvidence(t.Context(), web44, s))
			if failed != nil || strings.Contains(string(text), "hunter2") || !strings.Contains(string(text), "***") {
				t.Errorf("%s, %v: %s, %v", name, err, text, failed)
			}
		}
	}
}

// Of a failure without a log the evidence says why there is none: "it wrote nothing" sends people in the wrong direction.
func TestEvidenceSaysWhyThereIsNoLog(t *testing.T) {
	here := rollout.ContainerDefinition{Name: "web", LogGroup: "/ecs/web", LogPrefix: "web", LogRegion: "eu-west-1"}
	elsewhere, unnamed, elsewise := here, here, here
	elsewhere.LogRegion, unnamed.LogRegion, elsewise.LogGroup = "us-east-1", "", ""
	for name, c := range map[string]struct {
		container rollout.ContainerDefinition
		log       written
		missing   string
	}{
		"lines":              {here, written{lines: []string{"boom"}}, ""},
		"no region named":    {unnamed, written{lines: []string{"boom"}}, ""},
		"nothing written":    {here, written{}, "the container wrote nothing"},
		"no stream":          {here, written{err: fault.Missingf("read log stream web/web/4be1c0 of /ecs/web: The specified log stream does not exist.")}, "log stream does not exist"},
		"no group":           {here, written{err: fault.Missingf("read log stream web/web/4be1c0 of /ecs/web: The specified log group does not exist.")}, "log group does not exist"},
		"not allowed":        {here, written{err: &fault.Denied{Words: "read log stream: AccessDenied"}}, "AccessDenied"},
		"another region":     {elsewhere, written{}, `container "web" logs in region us-east-1: stream web/web/4be1c0 of group /ecs/web`},
		"another log router": {elsewise, written{}, "does not log to CloudWatch Logs"},
	} {
		t.Run(name, func(t *testing.T) {
			d := &Deployer{Definitions: described{container: c.container}, Logs: c.log, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
			_, e := d.evidence(context.Background(), toWeb44, rollout.Reason{}, rollout.Evidence{Task: "4be1c0", Container: "web"})
			if !strings.Contains(e.Missing, c.missing) || (e.Missing == "") != (c.missing == "") || len(e.Log) != len(c.log.lines) {
				t.Fatalf("got %q and log %q, want %q", e.Missing, e.Log, c.missing)
			}
		})
	}
}
