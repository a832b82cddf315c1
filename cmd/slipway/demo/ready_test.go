package demo

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/cmd/slipway/laptop"
)

// built is a folder in which everything is there, and the command for it.
func built(t *testing.T) (string, *Command) {
	t.Helper()
	dir := t.TempDir()
	c := &Command{Template: filepath.Join(dir, "template.yaml"), Service: filepath.Join(dir, "service.yaml"), App: filepath.Join(dir, "pingpong"), Functions: filepath.Join(dir, "functions"), Speed: 25}
	files := []string{c.Template, c.Service, c.App}
	for _, verb := range laptop.Verbs {
		files = append(files, filepath.Join(c.Functions, verb, "bootstrap"))
	}
	for _, file := range files {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TMPDIR", dir)
	return dir, c
}

func TestReady(t *testing.T) {
	_, c := built(t)
	if err := c.ready(); err != nil {
		t.Fatalf("all is there, and yet: %v", err)
	}
	for _, spoiled := range []struct {
		name  string
		spoil func(t *testing.T, dir string, c *Command)
		want  []string
	}{
		{"functions", func(t *testing.T, _ string, c *Command) { remove(t, filepath.Join(c.Functions, "probe", "bootstrap")) }, []string{"probe/bootstrap is not built", "`make demo`"}},
		{"app", func(t *testing.T, _ string, c *Command) { remove(t, c.App) }, []string{"pingpong is not built", "`make demo`"}},
		{"template", func(t *testing.T, _ string, c *Command) { remove(t, c.Template) }, []string{"template.yaml is not there", "in the repository's folder"}},
		{"service", func(t *testing.T, _ string, c *Command) { remove(t, c.Service) }, []string{"service.yaml is not there"}},
		{"TMPDIR", func(t *testing.T, dir string, _ *Command) { t.Setenv("TMPDIR", filepath.Join(dir, "template.yaml")) }, []string{"set TMPDIR to a folder where you can write and run programs"}},
		{"speed", func(_ *testing.T, _ string, c *Command) { c.Speed = 0 }, []string{"--speed 0: time must go forward"}},
		{"speed without bound", func(_ *testing.T, _ string, c *Command) { c.Speed = 1e5 }, []string{"--speed 100000", "at most 100"}},
	} {
		t.Run(spoiled.name, func(t *testing.T) {
			dir, c := built(t)
			spoiled.spoil(t, dir, c)
			err := c.ready()
			for _, want := range spoiled.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
		})
	}
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func TestAProgramOnEveryAddressIsInTheWay(t *testing.T) {
	everywhere, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	port := everywhere.Addr().(*net.TCPAddr).Port
	if err := freeForTasks(port); err == nil || !strings.Contains(err.Error(), "stop that program") {
		t.Errorf("got %v, want to hear of the program that listens", err)
	}
	if err := everywhere.Close(); err != nil {
		t.Fatal(err)
	}
	if err := freeForTasks(port); err != nil {
		t.Errorf("the port is free again, and yet: %v", err)
	}
}
