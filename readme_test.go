package slipway_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"slipway/internal/image"
	"slipway/internal/marked"
	"slipway/internal/record"
	"slipway/internal/rollout"
	"slipway/statemachine"
)

var update = flag.Bool("update", false, "write the generated parts of README.md and docs/install.md")

// The picture of the workflow in the README is the workflow.
func TestReadmeShowsTheStateMachine(t *testing.T) {
	m, err := statemachine.Parse(statemachine.Definition)
	if err != nil {
		t.Fatal(err)
	}
	generated(t, "README.md", "state machine", "```mermaid\n"+m.Mermaid()+"```\n")
}

// The failure block in the README is what Slipway makes of such a failure.
func TestReadmeShowsAFailureBlock(t *testing.T) {
	began := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	const revision = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:"
	failed := rollout.RolledBack{
		Plan: rollout.Plan{Service: record.ServiceName{Cluster: "shop", Service: "web"}, Revision: revision + "4", Baseline: revision + "3", Name: "v2", StartedAt: began,
			Image: image.Reference{Repository: "shop/web", Tag: "v3", Digest: "sha256:842263c36d2f42ae5001a137669d4e4f4b950903ec907b34ece5bcaf0b23e232"}},
		Because: rollout.Reason{Class: rollout.ClassCrash, Words: `container "web" exited 1 while starting, 2 of 2 tasks`},
		Evidence: rollout.Evidence{Stopped: "Essential container in task exited", Stream: "web/web/6e438f0f1f5d4a0f9d6b0c5a7b8e9f01",
			Log: []string{"reading settings", "settings: DB_HOST is not set"}, Changed: []string{"image of web"}},
		To: revision + "3", ToName: "v2", Kept: "customers saw no change (2/2 old tasks kept)",
	}
	lines := rollout.Block(failed, began.Add(33*time.Second))
	generated(t, "README.md", "failure block", "```text\n"+strings.Join(lines, "\n")+"\n```\n")
}

// generated compares a part of a document, between its marks, with what it must be, or writes it there.
func generated(t *testing.T, file, name, want string) {
	t.Helper()
	if err := marked.Compare(file, name, want, *update); err != nil {
		t.Errorf("%v\nIf that is meant, run go test . -update", err)
	}
}

// Every make target that a document names exists.
func TestDocumentedTargetsExist(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range pages(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile("(?m)(?:^    |`)make ([a-z-]+)").FindAllStringSubmatch(string(text), -1) {
			found++
			if !strings.Contains(string(makefile), "\n"+match[1]+":") {
				t.Errorf("%s names make %s, which the Makefile does not have", file, match[1])
			}
		}
	}
	if found < 4 {
		t.Fatalf("found only %d commands: the documents are written in another way now", found)
	}
}
