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
}

func (d described) Describe(context.Context, string) (rollout.Definition, error) {
	return rollout.Definition{Containers: []rollout.ContainerDefinition{d.container}}, nil
}

func (d described) Changed(context.Context, string, string) ([]string, error) { return nil, nil }

// written is a log.
type written struct {
	lines []string
	err   error
}

func (w written) Last(_ context.Context, group, stream string, _ int) ([]string, error) {
	if group != "/ecs/web" || stream != "web/web/4be1c0" {
		return nil, &fault.Impossible{Words: "asked for " + stream + " of " + group}
	}
	return w.lines, w.err
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
			e := d.evidence(context.Background(), rollout.Plan{Revision: web44}, rollout.Evidence{Task: "4be1c0", Container: "web"})
			if !strings.Contains(e.Missing, c.missing) || (e.Missing == "") != (c.missing == "") || len(e.Log) != len(c.log.lines) {
				t.Fatalf("got %q and log %q, want %q", e.Missing, e.Log, c.missing)
			}
		})
	}
}
