package process

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"slipway/awssim/child"
	"slipway/awssim/ecs"
)

// maxLine is where a log line is cut in two, in bytes, as Docker does it.
const maxLine = 16 << 10

// container is one container of a task, from pull to exit.
type container struct {
	r       *Runtime
	task    string
	spec    ecs.Container
	address string
	arch    string // the task's, "" for any
	report  func(ecs.Report)
	ended   bool // the exit is reported; turns only
	taken   bool // it found its port taken; turns only

	// Guarded by the runtime's mu.
	stopping bool
	proc     *child.Process // nil until it started
}

// run is the container's goroutine.
func (c *container) run() {
	root, err := c.r.root(c.spec.Image)
	if err != nil {
		c.exit(127, "CannotPullContainerError: "+err.Error())
		return
	}
	defer c.r.release(root)
	cmd, failure := c.command(root)
	if failure != nil {
		c.exit(failure.code, failure.reason)
		return
	}
	if !c.fits() {
		c.refused(cmd, syscall.ENOEXEC)
		return
	}
	output := child.NewOutput(maxLine, c.r.post, c.log, c.r.ctx.Done())
	out, errs := output.Writer(), output.Writer()
	cmd.Stdout, cmd.Stderr = out, errs
	p, err := c.start(cmd)
	if err != nil {
		c.refused(cmd, err)
		return
	}
	if p == nil {
		c.exit(137, "") // stopped before it started
		return
	}
	c.started(root)
	_ = p.Wait() // what it says beyond the exit code is about the output
	out.Flush()
	errs.Flush()
	c.exit(p.ExitCode(), "")
}

// fits reports whether the image is for the task's platform. AWS has no other machine to run it on, so neither has the task,
// even where this machine would do.
func (c *container) fits() bool {
	img := c.spec.Image
	return img.Architecture == "" || c.arch == "" || img.Architecture == c.arch
}

// start starts the process unless the task was stopped meanwhile, in which case there is none.
func (c *container) start(cmd *exec.Cmd) (*child.Process, error) {
	c.r.mu.Lock()
	stopping := c.stopping || c.r.closed
	c.r.mu.Unlock()
	if stopping {
		return nil, nil
	}
	p, err := c.r.children.Start(cmd)
	if err != nil {
		return nil, err
	}
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.proc = p
	if c.stopping {
		p.Terminate()
	}
	return p, nil
}

func (c *container) started(root *rootfs) {
	c.r.post(func() {
		c.report(ecs.Report{Container: c.spec.Name, Event: ecs.Started})
		if c.spec.HealthCheck != nil {
			newCheck(c, root).schedule()
		}
	})
}

func (c *container) exit(code int, reason string) {
	c.r.post(func() {
		c.ended = true
		c.r.leave(c)
		if c.taken && code != 0 {
			c.spec.Log(c.whereToListen())
		}
		c.report(ecs.Report{Container: c.spec.Name, Event: ecs.Exited, ExitCode: code, Reason: reason})
	})
}

// log hands on what the container wrote.
func (c *container) log(lines ...string) {
	c.taken = c.taken || slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(strings.ToLower(line), "address already in use") })
	c.spec.Log(lines...)
}

// whereToListen is a line of awssim's own for a program that listens on every address, as it may on AWS, where a task has a network to
// itself.
func (c *container) whereToListen() string {
	env := c.environment()
	variables, here := "$HOST", c.address
	if port := env["PORT"]; port != "" {
		variables, here = "$HOST:$PORT", net.JoinHostPort(c.address, port)
	}
	if host := env["HOST"]; host != c.address {
		here += fmt.Sprintf("; leave out HOST=%s, which the image or the task definition sets", host)
	}
	return fmt.Sprintf("awssim: tasks share the network of this machine: listen on %s and not on every address (here %s)", variables, here)
}

// refused reports that the kernel would not run the program. A program for another architecture is found out by the
// container itself once it runs, as with Docker: it logs the error and exits with 1.
func (c *container) refused(cmd *exec.Cmd, err error) {
	program := cmd.Args[0]
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		c.r.post(func() { c.report(ecs.Report{Container: c.spec.Name, Event: ecs.Started}) })
		c.r.post(func() { c.spec.Log(fmt.Sprintf("exec %s: exec format error", program)) })
		c.exit(1, "")
	case errors.Is(err, fs.ErrPermission):
		c.exit(126, cannotStart(program, "permission denied"))
	case errors.Is(err, fs.ErrNotExist):
		c.exit(127, cannotStart(program, "no such file or directory (the program is there, but the loader or interpreter that it names is not on this machine; awssim runs images by plain exec, so link it statically)"))
	default:
		c.exit(127, cannotStart(program, err.Error()))
	}
}

// cannotStart is what ECS says of a container whose program does not start (Amazon ECS developer guide,
// "CannotStartContainer" under "Stopped task error messages").
func cannotStart(program, why string) string {
	return fmt.Sprintf("CannotStartContainerError: Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: %q: %s: unknown", program, why)
}
