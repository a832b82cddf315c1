// Package hack holds scripts that try the local AWS with other people's clients. The tests here need none of these clients: they
// check the form of the scripts and of the document that the scripts read.
package hack

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var row = regexp.MustCompile("^\\| `([^`]+)` \\| ([^|]+) \\| ([^|]+) \\|$")

// Every row of the tables that hack/awscli runs can be read by it, and there are enough of them.
func TestTableOfCommands(t *testing.T) {
	text, err := os.ReadFile("../docs/awssim.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tables, begins := strings.Cut(string(text), "\n## Commands to try\n")
	tables, _, ends := strings.Cut(tables, "\n### boto3\n")
	if !begins || !ends {
		t.Fatal("docs/awssim.md has no section \"Commands to try\", or none \"boto3\" after its tables")
	}
	services, commands := map[string]bool{}, 0
	for _, line := range strings.Split(tables, "\n") {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		match := row.FindStringSubmatch(line)
		if match == nil {
			t.Errorf("not three columns: %s", line)
			continue
		}
		if words := strings.Fields(match[1]); words[0] == "aws" {
			commands++
			services[words[1]] = true
		}
	}
	if commands < 40 || len(services) < 12 {
		t.Errorf("%d commands of %d services", commands, len(services))
	}
}

func TestScriptsParse(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed: the scripts are not parsed")
	}
	scripts, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	parsed := 0
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "#!/usr/bin/env bash\n") && filepath.Ext(script) != ".sh" {
			continue
		}
		parsed++
		if out, err := exec.Command(shell, "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", script, err, out)
		}
	}
	if parsed != 5 {
		t.Errorf("parsed %d scripts", parsed)
	}
}

// What hack/moto makes of differences: one without a reason counts, and so does a reason that explains nothing any more.
func TestMotoJudges(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed: hack/moto_known.py is not run")
	}
	const calls = `from moto_known import judge
known = {"a.*_table x": "lacks", "b.get y": "omits", "c.old z": "was"}
print(judge(["a.make_table x", "b.get y", "a.get y"], known, {"c"}))
print(judge(["a.make_table x"], known, {}))`
	out, err := exec.Command(python, "-B", "-c", calls).CombinedOutput()
	if want := "(['lacks', 'omits', None], [])\n(['lacks'], ['b.get y', 'c.old z'])\n"; err != nil || string(out) != want {
		t.Errorf("got %s (%v), want %s", out, err, want)
	}
}
