package slipway_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"slipway/internal/marked"
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
