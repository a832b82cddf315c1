package binaries

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// bareFolder is where the compiler finds the bare commands. The folder exists in the overlay only.
const bareFolder = "bench/bare/"

// Operation is one of an SDK client's: {"ecs", "UpdateService"}.
type Operation struct{ Service, Name string }

func (o Operation) String() string { return o.Service + ":" + o.Name }

// clientMethod is the symbol of an exported method of an SDK client.
var clientMethod = regexp.MustCompile(`github\.com/aws/aws-sdk-go-v2/service/([a-z0-9]+)\.\(\*Client\)\.([A-Z][A-Za-z0-9]*)$`)

// own are operations that a client calls for itself: they are in every binary that has the client.
var own = map[Operation]bool{{"dynamodb", "DescribeEndpoints"}: true}

// Linked are the SDK operations that the linker kept of a function, sorted.
func (b *Builder) Linked(verb string) ([]Operation, error) {
	binary, err := b.withSymbols(verb)
	if err != nil {
		return nil, err
	}
	symbols, err := exec.Command("go", "tool", "nm", binary).Output()
	if err != nil {
		return nil, fmt.Errorf("read the symbols of %s: %w", verb, err)
	}
	var list []Operation
	for _, line := range strings.Split(string(symbols), "\n") {
		match := clientMethod.FindStringSubmatch(line)
		if match == nil || match[2] == "Options" {
			continue
		}
		if o := (Operation{match[1], match[2]}); !own[o] {
			list = append(list, o)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("function %s links no SDK operation: its symbols were not understood", verb)
	}
	slices.SortFunc(list, func(a, b Operation) int { return strings.Compare(a.String(), b.String()) })
	return list, nil
}

// Generate writes the source of the hello-world Lambda and of a bare Lambda for every verb. It returns the operations that each
// bare one calls.
func (b *Builder) Generate(verbs []string) (map[string][]Operation, error) {
	account, err := b.accountSource()
	if err != nil {
		return nil, err
	}
	replace, linked := map[string]string{}, map[string][]Operation{}
	add := func(command, file string, content []byte) error {
		path := filepath.Join(b.Out, command+"-"+file)
		replace[filepath.Join(b.Module, bareFolder, command, file)] = path
		return os.WriteFile(path, content, 0o644)
	}
	if err := add("hello", "main.go", []byte(helloSource)); err != nil {
		return nil, err
	}
	for _, verb := range verbs {
		if linked[verb], err = b.Linked(verb); err != nil {
			return nil, err
		}
		source, err := bareSource(linked[verb])
		if err != nil {
			return nil, err
		}
		if err := add(verb, "main.go", source); err != nil {
			return nil, err
		}
		if err := add(verb, "account.go", account); err != nil {
			return nil, err
		}
	}
	return linked, b.writeOverlay(replace)
}

// accountSource is the functions' own AWS configuration: the bare ones have to have the same.
func (b *Builder) accountSource() ([]byte, error) {
	source, err := os.ReadFile(filepath.Join(b.Module, "internal", "wire", "account.go"))
	if err != nil {
		return nil, err
	}
	return bytes.Replace(source, []byte("package wire\n"), []byte("package main\n"), 1), nil
}

func bareSource(operations []Operation) ([]byte, error) {
	var services []string
	for _, o := range operations {
		if !slices.Contains(services, o.Service) {
			services = append(services, o.Service)
		}
	}
	var source bytes.Buffer
	if err := bareTemplate.Execute(&source, map[string]any{"Services": services, "Operations": operations}); err != nil {
		return nil, err
	}
	return format.Source(source.Bytes())
}

const helloSource = `package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

func hello(_ context.Context, name string) (string, error) { return "hello " + name, nil }

func main() { lambda.Start(hello) }
`

var bareTemplate = template.Must(template.New("bare").Parse(`package main

import (
	"context"
	"errors"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
{{- range .Services}}
	"github.com/aws/aws-sdk-go-v2/service/{{.}}"
{{- end}}
)

type Lookup func(name string) (value string, ok bool)

func required(lookup Lookup, name, what string) (string, error) {
	value, ok := lookup(name)
	if !ok {
		return "", errors.New(name + " is not set: set it to " + what)
	}
	return value, nil
}

type clients struct {
{{- range .Services}}
	{{.}} *{{.}}.Client
{{- end}}
}

func main() {
	a, err := account(os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	c := &clients{ {{- range .Services}}{{.}}: {{.}}.NewFromConfig(a), {{end -}} }
	lambda.Start(c.call)
}

func (c *clients) call(ctx context.Context, operation string) (err error) {
	switch operation {
{{- range .Operations}}
	case "{{.}}":
		_, err = c.{{.Service}}.{{.Name}}(ctx, &{{.Service}}.{{.Name}}Input{})
{{- end}}
	}
	return err
}
`))
