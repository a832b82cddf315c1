package slipway_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"slipway/statemachine"
)

var update = flag.Bool("update", false, "write the generated parts of README.md")

// The picture of the workflow in the README is the workflow.
func TestReadmeShowsTheStateMachine(t *testing.T) {
	m, err := statemachine.Parse(statemachine.Definition)
	if err != nil {
		t.Fatal(err)
	}
	want := "<!-- state machine -->\n```mermaid\n" + m.Mermaid() + "```\n<!-- end -->"
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	part := regexp.MustCompile(`(?s)<!-- state machine -->.*?<!-- end -->`)
	if *update {
		text = part.ReplaceAllLiteral(text, []byte(want))
		if err := os.WriteFile("README.md", text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := part.Find(text); string(got) != want {
		t.Fatal("README.md does not show statemachine/deploy.asl.json: run go test . -update")
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
