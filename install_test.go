package slipway_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"slipway/awssim/cloudformation"
)

func TestDocumentedParameters(t *testing.T) {
	text, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Parameters map[string]struct {
			Default     string `yaml:"Default"`
			Description string `yaml:"Description"`
		} `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	loaded, err := cloudformation.Load("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	table := "| parameter | default | |\n|---|---|---|\n"
	for _, name := range loaded.Parameters() {
		p := template.Parameters[name]
		value := "`" + p.Default + "`"
		if p.Default == "" {
			value = "none"
		}
		table += fmt.Sprintf("| `%s` | %s | %s |\n", name, value, strings.TrimSpace(p.Description))
	}
	generated(t, "docs/install.md", "parameters", table)
}

func TestDocumentedResources(t *testing.T) {
	count := map[string]int{}
	for _, r := range load(t, map[string]string{"NotificationEmail": "oncall@example.com"}).stack.Resources {
		count[r.Type]++
	}
	table := "| type | how many |\n|---|---|\n"
	for _, typ := range slices.Sorted(maps.Keys(count)) {
		table += fmt.Sprintf("| %s | %d |\n", typ, count[typ])
	}
	generated(t, "docs/install.md", "resources", table)
}

// Functions, queues, rules, schedules, alarms and log groups that a document's command names are the template's.
func TestDocumentedNamesExist(t *testing.T) {
	names := map[string]bool{"slipway-artifacts-ACCOUNT-REGION": true}
	for _, r := range load(t, nil).stack.Resources {
		for _, value := range r.Properties {
			if name, ok := value.(string); ok {
				names[name] = true
			}
		}
	}
	found := 0
	for _, file := range pages(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range regexp.MustCompile("(?m)^ {4,}aws .*$|`aws [^`]*`|^ {4,}[A-Z]+=\\$\\(aws .*$").FindAllString(string(text), -1) {
			for _, name := range regexp.MustCompile(`(?:/aws/lambda/)?\bslipway-[A-Za-z-]+`).FindAllString(line, -1) {
				found++
				if !names[name] {
					t.Errorf("%s: nothing of the stack has the name %s: %s", file, name, line)
				}
			}
		}
	}
	if found < 5 {
		t.Errorf("found only %d names: the documents are written in another way now", found)
	}
}

// pages are the README and every document.
func pages(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("docs/*.md")
	if err != nil || len(files) < 7 {
		t.Fatalf("documents: %v %v", files, err)
	}
	return append(files, "README.md")
}

// The template that a new stack takes the kept table over with is made by a command of docs/install.md, from the template.
func TestDocumentedTakeover(t *testing.T) {
	text, err := os.ReadFile("docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^    (\(echo Resources:.*) > ledger.yaml$`).FindStringSubmatch(string(text))
	if line == nil {
		t.Fatal("docs/install.md has no such command any more")
	}
	out, err := exec.Command("bash", "-c", line[1]).Output()
	if err != nil {
		t.Fatal(err)
	}
	var small, whole struct {
		Resources map[string]any `yaml:"Resources"`
	}
	template, err := os.ReadFile("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(out, &small); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := yaml.Unmarshal(template, &whole); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"Ledger": whole.Resources["Ledger"]}, small.Resources); diff != "" {
		t.Errorf("(-template +command)\n%s", diff)
	}
	if _, err := cloudformation.Parse("ledger.yaml", out); err != nil {
		t.Error(err)
	}
}

// Links between documents lead somewhere: the file exists, and so does the heading.
func TestDocumentedLinks(t *testing.T) {
	for _, file := range pages(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(link[1], "#")
			target := file
			if path != "" {
				target = filepath.Join(filepath.Dir(file), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", file, link[1], err)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(t, target), anchor) {
				t.Errorf("%s links to %s, but %s has no such heading", file, link[1], target)
			}
		}
	}
}

// anchors are what GitHub makes of the headings of a document.
func anchors(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(text), -1) {
		plain := regexp.MustCompile(`[^\p{L}\p{N}\- ]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		list = append(list, strings.ReplaceAll(plain, " ", "-"))
	}
	return list
}
