package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"slipway/awssim/clock"
	"slipway/awssim/ecr"
	"slipway/awssim/ecr/pack"
	"slipway/awssim/ecs"
	"slipway/awssim/elbv2"
)

var (
	_ ecs.Runtime   = (*Runtime)(nil)
	_ elbv2.Network = (*Runtime)(nil)
	_ elbv2.Ports   = (*Runtime)(nil)
)

// app is the test program, built once and packed as an image.
var app = sync.OnceValues(func() (v1.Image, error) {
	dir, err := os.MkdirTemp("", "app-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "app")
	build := exec.Command("go", "build", "-o", path, "./testdata/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return pack.Binary(path, pack.Env("FROM_IMAGE", "yes"), pack.Env("OVERRIDDEN", "image"))
})

// world is a runtime on a clock that runs ten times as fast as the wall.
type world struct {
	t       *testing.T
	clock   *clock.Clock
	runtime *Runtime
	images  map[string]v1.Image // by manifest digest
	reports chan ecs.Report
	dir     string

	mu    sync.Mutex
	lines []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: clock.NewPaced(10, 1), images: map[string]v1.Image{}, reports: make(chan ecs.Report, 100), dir: t.TempDir()}
	open := func(img ecr.Image) (v1.Image, error) {
		if i, ok := w.images[img.ManifestDigest]; ok {
			return i, nil
		}
		return nil, fmt.Errorf("no image %q", img.ManifestDigest)
	}
	var err error
	if w.runtime, err = New(w.clock, open, w.dir); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { w.clock.Run(ctx); close(stopped) }()
	t.Cleanup(func() {
		cancel()
		<-stopped
		if err := w.runtime.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(w.dir); err != nil || len(left) > 0 {
			t.Errorf("Close left %v behind (%v)", left, err)
		}
	})
	img, err := app()
	if err != nil {
		t.Fatal(err)
	}
	w.images["app"] = img
	return w
}

// container runs the test program with arguments.
func (w *world) container(args ...string) ecs.Container {
	return ecs.Container{
		Name: "web", Image: ecr.Image{Repository: "shop/web", ManifestDigest: "app", Env: []string{"FROM_IMAGE=yes", "OVERRIDDEN=image"}},
		Entrypoint: []string{"/app/app"}, Command: args, Environment: map[string]string{"OVERRIDDEN": "task"},
		PortMappings: []ecs.PortMapping{{ContainerPort: 8080, HostPort: 8080}},
		Log: func(lines ...string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.lines = append(w.lines, lines...)
		},
	}
}

// start starts a task with one container and returns its address.
func (w *world) start(id string, c ecs.Container) (address string) {
	w.clock.Do("start", func() {
		address = w.runtime.Address()
		w.runtime.Start(ecs.Task{ID: id, Address: address, Containers: []ecs.Container{c}}, func(r ecs.Report) { w.reports <- r })
	})
	return address
}

// next is the next report.
func (w *world) next() ecs.Report {
	w.t.Helper()
	select {
	case r := <-w.reports:
		return r
	case <-time.After(20 * time.Second):
		w.t.Fatalf("no report; the log says %q", w.log())
		return ecs.Report{}
	}
}

func (w *world) want(event string) ecs.Report {
	w.t.Helper()
	r := w.next()
	if r.Event != event || r.Container != "web" {
		w.t.Fatalf("got report %+v, want %s; the log says %q", r, event, w.log())
	}
	return r
}

func (w *world) log() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.lines...)
}

// until waits for what another process does.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 500 {
		if holds() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s: not within ten seconds", what)
}

// pid finds "PREFIX N" in the log.
func (w *world) pid(prefix string) (pid int) {
	w.t.Helper()
	until(w.t, "a line "+prefix, func() bool {
		for _, line := range w.log() {
			if rest, ok := strings.CutPrefix(line, prefix+" "); ok {
				_, err := fmt.Sscan(rest, &pid)
				return err == nil
			}
		}
		return false
	})
	return pid
}

// request is one request to a task.
func (w *world) request(address, path string, timeout time.Duration) (int, error) {
	type answer struct {
		status int
		err    error
	}
	done := make(chan answer, 1)
	w.clock.Do("request", func() {
		w.runtime.Request(address, 8080, "GET", path, timeout, func(status int, err error) { done <- answer{status, err} })
	})
	a := <-done
	return a.status, a.err
}
