package slipway_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/awssim/cloudformation"
)

// standIn takes the place of the aws CLI: it writes down each call, one argument a line and an empty line behind, and answers what the
// Makefile and its scripts go on with.
const standIn = `#!/bin/bash
printf '%s\n' "$@" >>"$CALLS"; echo >>"$CALLS"
case "$*" in
*get-caller-identity*) echo 123456789012 ;;
*list-executions*) echo 2 ;;
*no-execute-changeset*) echo "aws cloudformation describe-change-set --change-set-name arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c/1" ;;
*StackStatus*) echo UPDATE_COMPLETE ;;
*list-subscriptions-by-topic*) echo "$SUBSCRIPTIONS" ;;
*WorkflowArn*) echo arn:aws:states:eu-west-1:123456789012:stateMachine:slipway ;;
esac
`

// runMake runs a target of the Makefile with a stand-in for the aws CLI, without building. It returns the calls, what was printed, and
// whether make ended well.
func runMake(t *testing.T, answer string, arguments ...string) (calls [][]string, printed string, ok bool) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "aws"), []byte(standIn), 0o755); err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(dir, "calls")
	cmd := exec.Command("make", append([]string{"--no-print-directory", "-o", "build"}, arguments...)...)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "CALLS="+record, "MAKEFLAGS=")
	cmd.Stdin = strings.NewReader(answer)
	out, err := cmd.CombinedOutput()
	text, _ := os.ReadFile(record)
	for _, call := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		calls = append(calls, strings.Split(call, "\n"))
	}
	return calls, string(out), err == nil
}

// having returns the calls that have all the words among their arguments.
func having(calls [][]string, words ...string) [][]string {
	return slices.DeleteFunc(slices.Clone(calls), func(call []string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return !slices.Contains(call, word) })
	})
}

// Every line of parameters in samconfig.toml, those in comments too, reaches CloudFormation word for word and is accepted there.
func TestParametersReachTheStack(t *testing.T) {
	config, err := os.ReadFile("samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^(?:# )?(parameter_overrides = ".*")$`).FindAllStringSubmatch(string(config), -1)
	if len(lines) < 5 {
		t.Fatalf("found only %d lines of parameters", len(lines))
	}
	for _, line := range lines {
		file := filepath.Join(t.TempDir(), "samconfig.toml")
		text := "[dev.global.parameters]\nregion = \"eu-west-1\"\n\n[dev.deploy.parameters]\n" + line[1] + "\n"
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		calls, printed, ok := runMake(t, "", "deploy", "CONFIG="+file)
		deploys := having(calls, "cloudformation", "deploy", "--parameter-overrides")
		if !ok || len(deploys) != 1 {
			t.Fatalf("%s: %q\n%s", line[1], calls, printed)
		}
		given := map[string]string{}
		for _, word := range deploys[0][slices.Index(deploys[0], "--parameter-overrides")+1:] {
			name, value, _ := strings.Cut(word, "=")
			given[name] = value
		}
		template, err := cloudformation.Load("template.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := template.Plan(cloudformation.Environment{Account: "123456789012", Region: "eu-west-1", StackName: "slipway"}, given); err != nil {
			t.Errorf("%s gives %v: %v", line[1], given, err)
		}
		if strings.Contains(line[1], "DriftSchedule") && given["DriftSchedule"] != "rate(10 minutes)" {
			t.Errorf("%s gives the schedule %q", line[1], given["DriftSchedule"])
		}
	}
}

func TestUnknownEnvironmentIsRefused(t *testing.T) {
	for _, target := range []string{"deploy", "deploy-sam", "delete"} {
		calls, printed, ok := runMake(t, "y\n", target, "ENV=typo")
		if ok || calls[0][0] != "" || !strings.Contains(printed, "ENV is one of: dev staging prod") {
			t.Errorf("make %s ENV=typo called %q and printed %s", target, calls, printed)
		}
	}
}

// What samconfig.toml says about production holds for make too.
func TestDeployAsksWhereItIsConfigured(t *testing.T) {
	tests := []struct {
		name, answer string
		arguments    []string
		ok           bool
		executed     int
		deleted      int
	}{
		{"yes", "y\n", []string{"ENV=prod"}, true, 1, 0},
		{"no", "n\n", []string{"ENV=prod"}, false, 0, 1},
		{"nobody to ask", "", []string{"ENV=prod"}, false, 0, 1},
		{"answered beforehand", "", []string{"ENV=prod", "YES=1"}, true, 0, 0},
		{"not configured", "", []string{"ENV=dev"}, true, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			calls, printed, ok := runMake(t, test.answer, append([]string{"deploy"}, test.arguments...)...)
			made := len(having(calls, "--no-execute-changeset"))
			got := []any{ok, len(having(calls, "execute-change-set")), len(having(calls, "delete-change-set"))}
			if diff := cmp.Diff([]any{test.ok, test.executed, test.deleted}, got); diff != "" || made != test.executed+test.deleted {
				t.Errorf("%d change sets made, (-want +got)\n%s\n%s", made, diff, printed)
			}
			if len(having(calls, "deploy", "LogRetentionDays=90"))+len(having(calls, "deploy", "LogRetentionDays=7")) != 1 {
				t.Errorf("parameters are not in %q", calls)
			}
		})
	}
}

func TestDeleteAsksAndSaysWhatStays(t *testing.T) {
	tests := []struct {
		name, answer string
		arguments    []string
		deleted      int
	}{
		{"yes", "y\n", nil, 1},
		{"no", "\n", nil, 0},
		{"nobody to ask", "", nil, 0},
		{"answered beforehand", "", []string{"YES=1"}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			calls, printed, ok := runMake(t, test.answer, append([]string{"delete"}, test.arguments...)...)
			if n := len(having(calls, "delete-stack", "slipway")); n != test.deleted || ok != (n == 1) {
				t.Fatalf("%d deletions, ended well: %t\n%s", n, ok, printed)
			}
			if !strings.Contains(printed, "Deployments under way: 2") {
				t.Errorf("it does not say what is under way:\n%s", printed)
			}
			for _, rest := range []string{"the table slipway", "s3://slipway-artifacts-123456789012-eu-west-1", "/slipway/...", "slipway:repository", "revisions of task definitions"} {
				if test.deleted == 1 && !strings.Contains(printed, rest) {
					t.Errorf("it does not name what stays, %s:\n%s", rest, printed)
				}
			}
		})
	}
}

// A Slipway that tells nobody is noticed when it is installed, and not at the first rollback.
func TestDeploySaysThatNobodyIsTold(t *testing.T) {
	for subscriptions, want := range map[string]string{
		"":                    "Nobody is told",
		"PendingConfirmation": "confirm the mail",
		"arn:aws:sns:eu-west-1:123456789012:slipway:1": "",
	} {
		t.Setenv("SUBSCRIPTIONS", subscriptions)
		_, printed, ok := runMake(t, "", "deploy", "ENV=dev")
		if !ok || want != "" && !strings.Contains(printed, want) || want == "" && strings.Contains(printed, "told") {
			t.Errorf("subscriptions %q: it prints %s", subscriptions, printed)
		}
	}
}
