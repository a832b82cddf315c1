package process

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"slipway/awssim/clock"
	"slipway/awssim/ecr"
	"slipway/awssim/ecs"
)

// alive reports whether a process runs. One that waits to be buried does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func TestStoppedTaskIsGone(t *testing.T) {
	w := newWorld(t)
	w.start("one", w.container())
	w.want(ecs.Started)
	pid := w.pid("listening pid")
	if !alive(pid) {
		t.Fatalf("process %d does not run", pid)
	}
	w.clock.Do("stop", func() { w.runtime.Stop("one", 30*time.Second) })
	w.want(ecs.Exited)
	if alive(pid) {
		t.Fatal("its exit is reported, but the process is still there")
	}
}

func TestGroupEndsWithItsLeader(t *testing.T) {
	w := newWorld(t)
	w.start("one", w.container("parent"))
	w.want(ecs.Started)
	child := w.pid("child")
	if r := w.want(ecs.Exited); r.ExitCode != 0 {
		t.Fatalf("got %+v", r)
	}
	until(t, "the end of the child that the container left behind", func() bool { return !alive(child) })
}

// runAsParent is what the test binary does in place of the tests for TestProcessesEndWithAKilledParent.
const runAsParent = "AWSSIM_TEST_RUN_AS_PARENT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(runAsParent); dir != "" {
		parent(dir)
		return
	}
	os.Exit(m.Run())
}

// parent runs one container, prints its log and never ends by itself.
func parent(dir string) {
	c := clock.NewPaced(1, 1)
	r, err := New(c, func(ecr.Image) (v1.Image, error) { return app() }, dir)
	if err != nil {
		panic(err)
	}
	go c.Run(context.Background())
	spec := ecs.Container{
		Name: "web", Entrypoint: []string{"/app/app"}, PortMappings: []ecs.PortMapping{{ContainerPort: 8080}},
		Log: func(lines ...string) { fmt.Println(strings.Join(lines, "\n")) },
	}
	c.Do("start", func() {
		r.Start(ecs.Task{ID: "one", Address: "127.0.1.250", Containers: []ecs.Container{spec}}, func(r ecs.Report) { fmt.Println(r) })
	})
	select {}
}

func TestProcessesEndWithAKilledParent(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), runAsParent+"="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := 0
	for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "listening pid %d", &pid)
	}
	if pid == 0 || !alive(pid) {
		t.Fatalf("the container did not start (pid %d)", pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // reports the kill
	until(t, "the end of a container whose parent was killed", func() bool { return !alive(pid) })
}
