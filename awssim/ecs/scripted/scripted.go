// Package scripted is a task runtime for tests: its containers are timers, and the labels of an image say what they do.
//
//	awssim.start    time until the container has started ("2s"; 1s)
//	awssim.ready    time after the start until it answers 200 ("5s"; 0); connections are refused before
//	awssim.status   HTTP status that it answers with (200); its container health checks fail from 400 on
//	awssim.log      lines that it writes: when it exits, if it exits by itself; otherwise when it starts
//	awssim.exit     exit code with which it exits by itself
//	awssim.after    time after the start until it exits ("3s"; 0)
//	awssim.reason   reason of that exit ("OutOfMemoryError: container killed due to memory usage")
//
// A container of an image for another architecture exits at once with 1, as with Linux and Docker. Runtime is an
// ecs.Runtime and the network on which load balancers find its containers. What is not here: any process or socket.
package scripted

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"slipway/awssim/clock"
	"slipway/awssim/ecs"
)

// ErrRefused is the error of a request that nobody answers.
var ErrRefused = errors.New("connect: connection refused")

// Runtime runs scripted containers on a virtual clock.
type Runtime struct {
	// Latency is how long a request takes.
	Latency time.Duration
	// TermTime is how long a container takes to exit after SIGTERM; it exits with 0.
	TermTime time.Duration

	clock     *clock.Clock
	tasks     map[string]*task
	listeners map[string]*container // by address:port
	broken    map[string]int        // HTTP status by image digest, from Break
	addresses int
}

type task struct {
	spec       ecs.Task
	report     func(ecs.Report)
	containers []*container
}

type container struct {
	task     *task
	spec     ecs.Container
	script   script
	started  time.Time
	running  bool
	exited   bool
	failures int // of the health check, in a row
	healthy  string
}

// New returns a runtime without tasks.
func New(c *clock.Clock) *Runtime {
	return &Runtime{Latency: time.Millisecond, TermTime: time.Second, clock: c,
		tasks: map[string]*task{}, listeners: map[string]*container{}, broken: map[string]int{}}
}

// Address is the next address of 10.0.0.0/16; none is used twice before all have been.
func (r *Runtime) Address() string {
	r.addresses++
	n := r.addresses % (1 << 16)
	return fmt.Sprintf("10.0.%d.%d", n>>8, n&255)
}

// Release does nothing: addresses are plenty.
func (r *Runtime) Release(string) {}

// Start starts the scripts of a task's containers.
func (r *Runtime) Start(spec ecs.Task, report func(ecs.Report)) {
	t := &task{spec: spec, report: report}
	r.tasks[spec.ID] = t
	for _, c := range spec.Containers {
		s, err := read(c.Image.Labels)
		if err != nil {
			panic(fmt.Sprintf("scripted: image %s of container %s: %v", c.Image.Repository, c.Name, err))
		}
		run := &container{task: t, spec: c, script: s}
		t.containers = append(t.containers, run)
		r.after(run, s.start, "scripted: start", func() { r.started(run) })
	}
}

func (r *Runtime) after(c *container, d time.Duration, name string, fn func()) {
	r.clock.After(d, name, func() {
		if !c.exited {
			fn()
		}
	})
}

func (r *Runtime) started(c *container) {
	c.running, c.started = true, r.clock.Now()
	c.task.report(ecs.Report{Container: c.spec.Name, Event: ecs.Started})
	if img := c.spec.Image; img.Architecture != "" && img.Architecture != c.task.spec.Architecture {
		r.after(c, 10*time.Millisecond, "scripted: exec format error", func() {
			c.spec.Log("exec " + program(c.spec) + ": exec format error")
			r.exit(c, 1, "")
		})
		return
	}
	for _, p := range c.spec.PortMappings {
		r.listeners[endpoint(c.task.spec.Address, p.HostPort)] = c
	}
	s := c.script
	if !s.exits {
		c.log()
	} else {
		r.after(c, s.after, "scripted: exit", func() {
			c.log()
			r.exit(c, s.exit, s.reason)
		})
	}
	if c.spec.HealthCheck != nil {
		r.check(c)
	}
}

func program(c ecs.Container) string {
	if words := append(append([]string{}, c.Entrypoint...), c.Command...); len(words) > 0 {
		return words[0]
	}
	return "/app"
}

func (c *container) log() {
	if c.script.log != "" {
		c.spec.Log(strings.Split(c.script.log, "\n")...)
	}
}

// check runs the container's health check once an interval, as Docker does: failures in the start period do not count.
func (r *Runtime) check(c *container) {
	h := c.spec.HealthCheck
	r.after(c, h.Interval, "scripted: health check", func() {
		switch status, ok := r.answer(c); {
		case ok && status < 400:
			c.failures = 0
			r.health(c, ecs.Healthy)
		case r.clock.Now().Sub(c.started) > h.StartPeriod:
			if c.failures++; c.failures >= h.Retries {
				r.health(c, ecs.Unhealthy)
			}
		}
		r.check(c)
	})
}

func (r *Runtime) health(c *container, event string) {
	if c.healthy != event {
		c.healthy = event
		c.task.report(ecs.Report{Container: c.spec.Name, Event: event})
	}
}

func (r *Runtime) exit(c *container, code int, reason string) {
	c.exited, c.running = true, false
	for _, p := range c.spec.PortMappings {
		if key := endpoint(c.task.spec.Address, p.HostPort); r.listeners[key] == c {
			delete(r.listeners, key)
		}
	}
	if c.task.over() {
		delete(r.tasks, c.task.spec.ID)
	}
	c.task.report(ecs.Report{Container: c.spec.Name, Event: ecs.Exited, ExitCode: code, Reason: reason})
}

func (t *task) over() bool {
	for _, c := range t.containers {
		if !c.exited {
			return false
		}
	}
	return true
}

// Stop lets the task's containers exit with 0 after TermTime, or with 137 after a shorter grace.
func (r *Runtime) Stop(taskID string, grace time.Duration) {
	t := r.tasks[taskID]
	if t == nil {
		return
	}
	code, wait := 0, r.TermTime
	if grace < wait {
		code, wait = 137, grace
	}
	for _, c := range t.containers {
		if !c.exited {
			r.after(c, wait, "scripted: terminated", func() { r.exit(c, code, "") })
		}
	}
}

// Break makes the containers of an image answer with another status from now on, those that run and those to come; 0 lets
// the image's label decide again.
func (r *Runtime) Break(imageDigest string, status int) {
	if status == 0 {
		delete(r.broken, imageDigest)
		return
	}
	r.broken[imageDigest] = status
}

// answer is the status with which the container answers now; false while it refuses connections.
func (r *Runtime) answer(c *container) (int, bool) {
	if !c.running || r.clock.Now().Sub(c.started) < c.script.ready {
		return 0, false
	}
	if status, ok := r.broken[c.spec.Image.Digest]; ok {
		return status, true
	}
	return c.script.status, true
}

// Request asks the container behind an address and port; done is called in a turn, with ErrRefused where nobody listens.
func (r *Runtime) Request(address string, port int, _, _ string, timeout time.Duration, done func(status int, err error)) {
	if r.Latency > timeout {
		r.clock.After(timeout, "scripted: request timed out", func() { done(0, errors.New("i/o timeout")) })
		return
	}
	r.clock.After(r.Latency, "scripted: request", func() {
		if c := r.listeners[endpoint(address, port)]; c != nil {
			if status, ok := r.answer(c); ok {
				done(status, nil)
				return
			}
		}
		done(0, ErrRefused)
	})
}

func endpoint(address string, port int) string { return address + ":" + strconv.Itoa(port) }
