// Package process runs the containers of awssim's tasks as real processes on this machine, and reaches them over real
// sockets: the laptop's implementation of ecs.Runtime and elbv2.Network.
//
// An image is unpacked once per runtime (rootfs.go), its entrypoint is started by plain exec (command.go, container.go) in a
// process group of its own, its output becomes log lines (both package child), and its health check is one more process
// (health.go). Every task has a loopback address of its own as its network interface (network.go).
//
// What is not here: isolation. A container is an ordinary process of this user that sees the whole machine, shares its
// unpacked image with other tasks of the same image, and is not limited to its cpu and memory. Run only images you trust.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"slipway/awssim/child"
	"slipway/awssim/clock"
	"slipway/awssim/ecr"
	"slipway/awssim/ecs"
)

// minGrace is the least wall time that a process gets between SIGTERM and SIGKILL, however fast the clock runs: processes
// do not shut down faster because time is scaled.
const minGrace = 2 * time.Second

// Runtime is the processes of all tasks. Address, Start, Stop, Release and Request are called in turns.
type Runtime struct {
	clock *clock.Clock
	open  func(ecr.Image) (v1.Image, error)
	dir   string // what this runtime unpacked; removed by Close

	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	children *child.Starter
	work     sync.WaitGroup

	addresses  // turns only
	privileged int

	mu     sync.Mutex // guards what follows, which goroutines and turns share
	closed bool
	tasks  map[string][]*container
	roots  map[string]*rootfs
	mail   []func()
}

// New returns a runtime that unpacks images in a fresh folder below dir. open gives an image's content and is called on
// goroutines of the runtime's own. The clock must be paced.
func New(c *clock.Clock, open func(ecr.Image) (v1.Image, error), dir string) (*Runtime, error) {
	if !c.Paced() {
		return nil, errors.New("process: real processes need a paced clock; use a scripted runtime in virtual time")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("process: make the folder for images: %w", err)
	}
	own, err := os.MkdirTemp(dir, "images-")
	if err != nil {
		return nil, fmt.Errorf("process: make the folder for images: %w", err)
	}
	claimed, err := claimAddresses()
	if err != nil {
		return nil, errors.Join(err, os.Remove(own))
	}
	r := &Runtime{
		clock: c, open: open, dir: own, children: child.NewStarter(), addresses: claimed,
		privileged: privilegedPorts(), tasks: map[string][]*container{}, roots: map[string]*rootfs{},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r, nil
}

// Start pulls and starts the task's containers, all at once. Every report is a turn of its own.
func (r *Runtime) Start(t ecs.Task, report func(ecs.Report)) {
	containers := make([]*container, len(t.Containers))
	for i, spec := range t.Containers {
		containers[i] = &container{r: r, task: t.ID, spec: spec, address: t.Address, arch: t.Architecture, report: report}
	}
	r.mu.Lock()
	r.tasks[t.ID] = slices.Clone(containers)
	r.mu.Unlock()
	for _, c := range containers {
		r.background(c.run)
	}
}

// Stop sends SIGTERM to the task's containers, and SIGKILL to their process groups after grace, which is time on the clock
// but at least two seconds on the wall. A container that has not started yet does not start any more.
func (r *Runtime) Stop(taskID string, grace time.Duration) {
	r.mu.Lock()
	containers := slices.Clone(r.tasks[taskID])
	for _, c := range containers {
		c.stopping = true
		if c.proc != nil {
			c.proc.Terminate()
		}
	}
	r.mu.Unlock()
	r.clock.After(r.atLeast(grace, minGrace), "kill "+taskID, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, c := range containers {
			if c.proc != nil {
				c.proc.Kill()
			}
		}
	})
}

// leave takes a container that ended off its task.
func (r *Runtime) leave(c *container) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rest := slices.DeleteFunc(r.tasks[c.task], func(other *container) bool { return other == c })
	if r.tasks[c.task] = rest; len(rest) == 0 {
		delete(r.tasks, c.task)
	}
}

// atLeast is d on the clock, or as much as wall is on the wall clock if that is more.
func (r *Runtime) atLeast(d, wall time.Duration) time.Duration {
	return max(d, time.Duration(float64(wall)*r.clock.Speed()))
}

// Close kills every process, waits until they are gone and removes the unpacked images. It is called outside turns, and the
// clock may have stopped; nothing is reported any more.
func (r *Runtime) Close() error {
	r.mu.Lock()
	already := r.closed
	r.closed = true
	r.mu.Unlock()
	if already {
		return nil
	}
	r.cancel()
	r.children.Close()
	r.work.Wait()
	r.giveUp()
	for _, root := range r.roots {
		root.close()
	}
	if err := os.RemoveAll(r.dir); err != nil {
		return fmt.Errorf("process: remove the unpacked images: %w", err)
	}
	return nil
}

// background runs fn on a goroutine that Close waits for. It reports false when the runtime is closed.
func (r *Runtime) background(fn func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.work.Go(fn)
	return true
}

// post runs fn in a turn, after everything that was posted before it. The clock's own Post does not promise that order: it
// shuffles turns of one instant.
func (r *Runtime) post(fn func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.mail = append(r.mail, fn)
	r.clock.Post("process", r.deliver)
}

func (r *Runtime) deliver() {
	r.mu.Lock()
	fn := r.mail[0]
	r.mail = r.mail[1:]
	r.mu.Unlock()
	fn()
}
