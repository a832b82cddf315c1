// Package slipway_test checks what is true of the repository as a whole: which package may import which (imports_test.go), what the
// template grants, retries and keeps (template_test.go, lease_test.go), that the documents show the template, the workflow, the
// make targets and links as they are (install_test.go, readme_test.go), and what the Makefile does (make_test.go).
package slipway_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"slipway/internal/wire/every"
)

const module = "slipway/"

// layer is a group of packages and what they may import. Entries are package paths within the module, or of others; one that
// ends in "/..." covers what is below it as well.
type layer struct {
	name     string
	packages []string
	may      []string
}

var (
	core     = []string{"internal/rollout", "internal/image", "internal/record", "internal/drift"}
	adapters = []string{"internal/ecsservice", "internal/taskdef", "internal/targethealth", "internal/registry", "internal/executions",
		"internal/followers", "internal/logtail", "internal/parameter", "internal/awsfault", "internal/ledger", "internal/announce"}
	// leaves decide nothing and know nothing: the closed set of errors, strict JSON, text that is fit for a line, the parts of an ARN.
	leaves = []string{"internal/fault", "internal/strictjson", "internal/oneline", "internal/arn"}
	sdk    = []string{"github.com/aws/aws-sdk-go-v2/...", "github.com/aws/smithy-go/..."}
	lambda = []string{"github.com/aws/aws-lambda-go/..."}
	verbs  = below("internal/wire/", every.Names())
	// whole are packages with all of Slipway in them, for tests and benchmarks.
	whole = []string{"internal/wire/every", "internal/wire/simulated"}
)

var layers = []layer{
	{"core", core, join(core, leaves)},
	{"leaves", leaves, nil},
	{"deployer", []string{"internal/deployer"}, join(core, leaves)},
	{"adapters", adapters, join(core, leaves, sdk, []string{"internal/awsfault"})},
	{"wire", []string{"internal/wire"}, join(leaves, sdk, lambda, []string{"internal/deployer", "internal/ledger"})},
	{"verbs", verbs, join(adapters, sdk, []string{"internal/deployer", "internal/wire"})},
	{"whole", whole, join(verbs, sdk, lambda, []string{"internal/deployer", "internal/wire", "internal/wire/every", "awssim", "github.com/google/go-containerregistry/..."})},
	{"documents", []string{"internal/marked"}, nil},
	{"functions", []string{"functions/..."}, join(verbs, lambda, []string{"internal/wire"})},
	{"statemachine", []string{"statemachine"}, nil},
	{"awssim", []string{"awssim/..."}, []string{"awssim/...", "github.com/...", "go.yaml.in/yaml/v4", "golang.org/x/..."}},
}

func below(folder string, names []string) []string {
	var packages []string
	for _, name := range names {
		packages = append(packages, folder+name)
	}
	return packages
}

func join(lists ...[]string) []string { return slices.Concat(lists...) }

func covers(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if root, ok := strings.CutSuffix(p, "/..."); ok {
			return pkg == root || strings.HasPrefix(pkg, root+"/")
		}
		return pkg == p
	})
}

// imports maps every package of the module to its imports outside the standard library, module paths without "slipway/". Tests
// are left out: they may import anything.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && file != "." || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(file))
		for _, spec := range f.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if first, _, _ := strings.Cut(target, "/"); strings.Contains(first, ".") || strings.HasPrefix(target, module) {
				found[pkg] = append(found[pkg], strings.TrimPrefix(target, module))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestImportsPointInward(t *testing.T) {
	all := imports(t)
	if len(all) < 20 {
		t.Fatalf("only %d packages with imports were found; the test looks in the wrong place", len(all))
	}
	for _, l := range layers {
		for pkg, targets := range all {
			if !covers(l.packages, pkg) {
				continue
			}
			for _, target := range targets {
				if !covers(l.may, target) {
					t.Errorf("%s imports %s; %s may import the standard library and %s", pkg, target, l.name, strings.Join(l.may, ", "))
				}
			}
		}
	}
}

// A function's start and size are what it imports, so each has its own verb's clients and nobody else's.
func TestEveryFunctionHasItsOwnVerb(t *testing.T) {
	all := imports(t)
	for _, verb := range verbs {
		function := "functions/" + path.Base(verb)
		ours := slices.DeleteFunc(slices.Clone(all[function]), func(target string) bool { return covers(lambda, target) })
		if !slices.Equal(ours, []string{"internal/wire", verb}) {
			t.Errorf("%s imports %v of ours, want wire and %s alone", function, ours, verb)
		}
	}
}

// What has all of Slipway in it, answers instead of AWS, or writes documents is in no program that anybody uses.
func TestTheWholeIsForTestsAndBenchmarks(t *testing.T) {
	apart := join(whole, []string{"internal/wiretest", "internal/marked"})
	for pkg, targets := range imports(t) {
		for _, target := range targets {
			if covers(apart, target) && !covers(join(apart, []string{"bench/..."}), pkg) {
				t.Errorf("%s imports %s, which only tests and bench may", pkg, target)
			}
		}
	}
}

// A package under internal that no layer names would escape the rules above.
func TestEveryPackageHasALayer(t *testing.T) {
	for pkg := range imports(t) {
		if !strings.HasPrefix(pkg, "internal/") || strings.HasSuffix(pkg, "test") {
			continue
		}
		if !slices.ContainsFunc(layers, func(l layer) bool { return covers(l.packages, pkg) }) {
			t.Errorf("%s belongs to no layer: add it to imports_test.go", pkg)
		}
	}
}

func TestPackagesAreNamedForWhatTheyDo(t *testing.T) {
	for pkg := range imports(t) {
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "types", "models", "service"}, path.Base(pkg)) {
			t.Errorf("%s says nothing with its name", pkg)
		}
	}
}
