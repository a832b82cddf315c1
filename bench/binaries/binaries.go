// Package binaries builds what the functions are compared with, and the functions themselves: a hello-world Lambda, and for each
// function a bare Lambda that has the same SDK clients, the same AWS configuration and a call of each SDK operation that the function
// links, and nothing else.
//
// The bare ones are not in the tree: bare.go writes their source from what the linker kept of the function, and hands it to the
// compiler as an overlay. So a function that starts to use another operation is compared with a bare one that uses it too.
package binaries

import (
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Builder builds commands of this module.
type Builder struct {
	Command []string // how functions are built for AWS: go build and its flags
	Module  string   // the module's folder
	Out     string   // where binaries are put
	overlay string   // file for go build -overlay
}

// Target is the machine that is built for. The zero value is this one.
type Target struct{ OS, Arch string }

// AWS is what template.yaml asks for.
var AWS = Target{"linux", "arm64"}

// New returns a builder. It has no bare commands yet.
func New(command, module, out string) (*Builder, error) {
	words := flags(command)
	if !slices.Contains(words, "-ldflags") {
		return nil, fmt.Errorf("%q is no go build command with -ldflags", command)
	}
	module, err := filepath.Abs(module)
	return &Builder{Command: words, Module: module, Out: out}, err
}

// flags splits a command at spaces; double quotes keep them.
func flags(command string) []string {
	var words []string
	for i, part := range strings.Split(command, `"`) {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}

// Function builds the function VERB and returns the binary's path.
func (b *Builder) Function(verb string, t Target) (string, error) {
	return b.build("./functions/"+verb, "function-"+verb, t, b.Command)
}

// Bare builds the bare one of a verb; Bare("hello", ...) is the hello-world Lambda. Generate comes first.
func (b *Builder) Bare(verb string, t Target) (string, error) {
	return b.build("./"+bareFolder+verb, "bare-"+verb, t, b.Command)
}

// Tool builds another command of the module for this machine, as make tools does.
func (b *Builder) Tool(path string) (string, error) {
	return b.build(path, filepath.Base(path), Target{}, []string{"go", "build", "-trimpath"})
}

// withSymbols builds a function for this machine so that go tool nm can read it.
func (b *Builder) withSymbols(verb string) (string, error) {
	command := make([]string, 0, len(b.Command))
	for i := 0; i < len(b.Command); i++ {
		if b.Command[i] == "-ldflags" {
			i++ // -s -w would strip the symbols
			continue
		}
		command = append(command, b.Command[i])
	}
	return b.build("./functions/"+verb, "symbols-"+verb, Target{}, command)
}

func (b *Builder) build(path, name string, t Target, command []string) (string, error) {
	out := filepath.Join(b.Out, name+"-"+t.Arch)
	args := append(command[1:len(command):len(command)], "-o", out)
	if b.overlay != "" {
		args = append(args, "-overlay", b.overlay)
	}
	c := exec.Command(command[0], append(args, path)...)
	c.Dir = b.Module
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if t != (Target{}) {
		c.Env = append(c.Env, "GOOS="+t.OS, "GOARCH="+t.Arch)
	}
	if output, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", path, err, output)
	}
	return out, nil
}

// Size is what a binary weighs, in bytes: as it is, and deflated as in the archive that Lambda gets.
type Size struct{ Binary, Deflated int64 }

// Weigh reads a binary.
func Weigh(path string) (Size, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Size{}, err
	}
	counted := &counter{}
	w, err := flate.NewWriter(counted, flate.BestCompression)
	if err != nil {
		return Size{}, err
	}
	if _, err := w.Write(content); err != nil {
		return Size{}, err
	}
	return Size{Binary: int64(len(content)), Deflated: counted.n}, w.Close()
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

var _ io.Writer = (*counter)(nil)

// writeOverlay writes the file that go build -overlay reads: paths in the module that are not there, and what stands for them.
func (b *Builder) writeOverlay(replace map[string]string) error {
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	b.overlay = filepath.Join(b.Out, "overlay.json")
	return os.WriteFile(b.overlay, content, 0o644)
}
