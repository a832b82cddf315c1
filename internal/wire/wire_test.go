package wire_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"slipway/internal/deployer"
	"slipway/internal/wire"
	"slipway/internal/wire/every"
)

// fields are the deployer's fields that code may use.
func fields() []string {
	var names []string
	for f := range reflect.TypeFor[deployer.Deployer]().Fields() {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

// code is what one function of package deployer mentions: fields of the deployer, and functions of the package.
type code struct{ uses, calls map[string]bool }

// source reads package deployer: every function and method by its name. Methods of one name on several types count as one,
// which can only make a verb seem to use more.
func source(t *testing.T) map[string]code {
	t.Helper()
	files, err := filepath.Glob("../deployer/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of package deployer: %v", err)
	}
	functions := map[string]code{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range tree.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Body != nil {
				read(f, functions)
			}
		}
	}
	return functions
}

// deployers are the names of variables that hold a deployer, or a claim, which embeds one.
var deployers = map[string]bool{"d": true, "c": true}

func read(f *ast.FuncDecl, into map[string]code) {
	c, ok := into[f.Name.Name]
	if !ok {
		c = code{map[string]bool{}, map[string]bool{}}
		into[f.Name.Name] = c
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && deployers[x.Name] {
				c.uses[n.Sel.Name], c.calls[n.Sel.Name] = true, true
			}
		case *ast.CallExpr:
			if name, ok := n.Fun.(*ast.Ident); ok {
				c.calls[name.Name] = true
			}
		}
		return true
	})
}

func usedBy(verb string, functions map[string]code) []string {
	used, seen := map[string]bool{}, map[string]bool{}
	for open := []string{verb}; len(open) > 0; {
		name := open[0]
		open = open[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		for field := range functions[name].uses {
			used[field] = true
		}
		for call := range functions[name].calls {
			open = append(open, call)
		}
	}
	return slices.DeleteFunc(fields(), func(f string) bool { return !used[f] })
}

func given(d *deployer.Deployer) []string {
	v := reflect.ValueOf(d).Elem()
	return slices.DeleteFunc(fields(), func(f string) bool { return v.FieldByName(f).IsNil() })
}

// TestEveryVerbGetsWhatItUses and nothing else: what is missing is a nil pointer on a bad day, what is too much is start-up
// time and permissions.
func TestEveryVerbGetsWhatItUses(t *testing.T) {
	functions := source(t)
	for _, verb := range every.Verbs {
		t.Run(verb.Name, func(t *testing.T) {
			uses := usedBy(strings.ToUpper(verb.Name[:1])+verb.Name[1:], functions)
			if len(uses) < 3 {
				t.Fatalf("%s seems to use only %v: the test reads the code wrongly", verb.Name, uses)
			}
			gets := given(verb.New(&wire.Config{Log: slog.Default()}))
			if diff := cmp.Diff(uses, gets); diff != "" {
				t.Errorf("what the verb's code uses -, what its constructor gives +\n%s", diff)
			}
		})
	}
}

func environment(without string) wire.Lookup {
	all := map[string]string{
		"SLIPWAY_TABLE": "slipway", "SLIPWAY_STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:slipway", "SLIPWAY_TOPIC_ARN": "arn:topic",
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
	}
	delete(all, without)
	return func(name string) (string, bool) { value, ok := all[name]; return value, ok }
}

func TestDeployer(t *testing.T) {
	for _, verb := range every.Verbs {
		if _, err := wire.Deployer(environment(""), verb.New); err != nil {
			t.Errorf("%s: %v", verb.Name, err)
		}
		for _, variable := range []string{"SLIPWAY_TABLE", "SLIPWAY_STATE_MACHINE_ARN", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
			_, err := wire.Deployer(environment(variable), verb.New)
			if err == nil || !strings.Contains(err.Error(), variable+" is not set: set it to ") {
				t.Errorf("%s without %s: got %v, want an error that names it and says what to set", verb.Name, variable, err)
			}
		}
		for _, variable := range []string{"SLIPWAY_TOPIC_ARN", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"} {
			if _, err := wire.Deployer(environment(variable), verb.New); err != nil {
				t.Errorf("%s without %s: %v, but it is optional", verb.Name, variable, err)
			}
		}
	}
}

func settings(t *testing.T, lookup wire.Lookup) *wire.Config {
	t.Helper()
	c, err := wire.Settings(lookup)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAccount(t *testing.T) {
	cfg := settings(t, environment("")).AWS
	credentials, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil || credentials.AccessKeyID != "AKID" || credentials.SecretAccessKey != "secret" || credentials.SessionToken != "token" {
		t.Errorf("got %+v, %v", credentials, err)
	}
	if cfg.Region != "eu-west-1" || aws.ToString(cfg.BaseEndpoint) != "http://127.0.0.1:4566" || cfg.RetryMaxAttempts != 3 {
		t.Errorf("got %+v", cfg)
	}
	if cfg = settings(t, environment("AWS_ENDPOINT_URL")).AWS; cfg.BaseEndpoint != nil {
		t.Errorf("got endpoint %s, want AWS itself", *cfg.BaseEndpoint)
	}
}

// A person need not know the workflow's name.
func TestSettings(t *testing.T) {
	got := settings(t, environment(""))
	if got.Table != "slipway" || got.StateMachineARN != "arn:aws:states:eu-west-1:123456789012:stateMachine:slipway" || got.TopicARN != "arn:topic" || got.Log == nil {
		t.Errorf("got %+v", got)
	}
	if got = settings(t, environment("SLIPWAY_STATE_MACHINE_ARN")); got.StateMachineARN != "" {
		t.Errorf("got %+v", got)
	}
}
