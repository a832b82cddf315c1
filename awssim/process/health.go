package process

import (
	"errors"
	"fmt"
	"time"

	"slipway/awssim/child"
	"slipway/awssim/ecs"
)

// minTimeout is the least wall time that a health check's process gets.
const minTimeout = time.Second

// check is a container's health check: a process in the container's image, every interval. Its fields belong to turns.
type check struct {
	c        *container
	root     *rootfs
	spec     *ecs.HealthCheck
	started  time.Time
	failures int // in a row, after the start period
	last     string
}

func newCheck(c *container, root *rootfs) *check {
	return &check{c: c, root: root, spec: c.spec.HealthCheck, started: c.r.clock.Now()}
}

// argv is the command (ECS API, HealthCheck): CMD runs the rest, CMD-SHELL gives it to the image's /bin/sh.
func (h *check) argv() []string {
	cmd := h.spec.Command
	switch {
	case len(cmd) > 1 && cmd[0] == "CMD":
		return cmd[1:]
	case len(cmd) > 1 && cmd[0] == "CMD-SHELL":
		return []string{"/bin/sh", "-c", cmd[1]}
	case len(cmd) == 1 && cmd[0] != "NONE":
		return []string{"/bin/sh", "-c", cmd[0]}
	}
	return nil
}

func (h *check) schedule() {
	if h.argv() == nil || h.c.ended {
		return
	}
	h.c.r.clock.After(h.spec.Interval, "health "+h.c.spec.Name, h.begin)
}

// begin runs the check once.
func (h *check) begin() {
	if h.c.ended {
		return
	}
	a := &attempt{h: h}
	timer := h.c.r.clock.After(h.c.r.atLeast(h.spec.Timeout, minTimeout), "health timeout "+h.c.spec.Name, a.expire)
	h.c.r.background(func() {
		err := a.run()
		h.c.r.post(func() {
			timer.Stop()
			h.judge(err)
			h.schedule()
		})
	})
}

// attempt is one run of a check. Its fields below h are guarded by the runtime's mu.
type attempt struct {
	h       *check
	proc    *child.Process
	expired bool
}

// expire ends an attempt that took too long.
func (a *attempt) expire() {
	a.h.c.r.mu.Lock()
	defer a.h.c.r.mu.Unlock()
	a.expired = true
	if a.proc != nil {
		a.proc.Kill()
	}
}

func (a *attempt) run() error {
	cmd, fail := a.h.c.program(a.h.root, a.h.argv())
	if fail != nil {
		return errors.New(fail.reason)
	}
	r := a.h.c.r
	p, err := r.children.Start(cmd)
	if err != nil {
		return err
	}
	r.mu.Lock()
	if a.proc = p; a.expired {
		p.Kill()
	}
	r.mu.Unlock()
	_ = p.Wait()
	if code := p.ExitCode(); code != 0 {
		return fmt.Errorf("the health check exited with code %d", code)
	}
	return nil
}

// judge reports a change of health: healthy at the first success, unhealthy after Retries failures in a row, of which those
// within the start period do not count.
func (h *check) judge(err error) {
	now := h.c.r.clock.Now()
	state := h.last
	switch {
	case err == nil:
		h.failures, state = 0, ecs.Healthy
	case now.Sub(h.started) < h.spec.StartPeriod && h.last == "":
	default:
		if h.failures++; h.failures >= h.spec.Retries {
			state = ecs.Unhealthy
		}
	}
	if state == h.last || h.c.ended {
		return
	}
	h.last = state
	reason := ""
	if err != nil {
		reason = err.Error()
	}
	h.c.report(ecs.Report{Container: h.c.spec.Name, Event: state, Reason: reason})
}
