package ecs

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// stop ends a task: out of its load balancers first, which takes their deregistration delay, then SIGTERM and the rest.
func (s *Service) stop(t *task, code types.TaskStopCode, reason string) {
	if t.desired == desiredStopped {
		return
	}
	s.condemn(t, code, reason)
	if t.running() && s.deregister(t) {
		if t.svc != nil {
			s.event(t.svc, "(service %s, taskSet %s) has begun draining connections on 1 tasks.", t.svc.name, t.dep.id)
		}
		s.became(t, deactivating)
		s.drain(t)
		return
	}
	s.terminate(t)
}

func (s *Service) condemn(t *task, code types.TaskStopCode, reason string) {
	t.next.Stop()
	t.desired, t.stopCode, t.reason, t.stoppingAt = desiredStopped, code, reason, s.now()
}

// deregister takes the task out of its target groups and reports whether it was in one.
func (s *Service) deregister(t *task) bool {
	was := false
	for i := range t.targets {
		target := &t.targets[i]
		if !target.registered {
			continue
		}
		target.registered = false
		if err := s.deps.LoadBalancer.Deregister(target.group, target.id, target.port); err == nil {
			was = true
			s.event(t.svc, "(service %s) deregistered 1 targets in (target-group %s).", t.svc.name, target.group)
		}
	}
	return was
}

// drain waits until no target group drains the task any more. It asks again by itself only where nobody tells.
func (s *Service) drain(t *task) {
	for _, target := range t.targets {
		if state, _ := s.deps.LoadBalancer.Health(target.group, target.id, target.port); state != "draining" {
			continue
		}
		if s.Timing.TargetPoll > 0 {
			s.step(t, s.Timing.TargetPoll, "ecs: drain task", func() { s.drain(t) })
		}
		return
	}
	s.terminate(t)
}

// stopTimeout is the longest that a container of the task wants between SIGTERM and SIGKILL; 30 s unless one says so.
func (t *task) stopTimeout() time.Duration {
	timeout := 0
	for _, c := range t.containers {
		timeout = max(timeout, intOr(c.def.StopTimeout, 30))
	}
	return time.Duration(timeout) * time.Second
}

// terminate sends SIGTERM, where there is anything to send it to.
func (s *Service) terminate(t *task) {
	if t.live && !t.allExited() {
		s.became(t, stopping)
		s.deps.Runtime.Stop(t.id, t.stopTimeout())
	} else {
		s.ended(t)
	}
	s.wakeOf(t) // a task that no longer drains may be the last of its deployment
}

func (t *task) allExited() bool {
	for _, c := range t.containers {
		if c.lastStatus != stopped {
			return false
		}
	}
	return true
}

// exited takes a container's exit. An essential one takes the task with it.
func (s *Service) exited(t *task, c *container, r Report) {
	began := c.lastStatus == running
	c.lastStatus, c.reason = stopped, r.Reason
	if began || r.Reason == "" || !strings.HasPrefix(r.Reason, "Cannot") {
		c.exitCode = new(int32(r.ExitCode))
	}
	switch {
	case t.desired == desiredStopped:
		if t.allExited() && t.lastStatus != deprovisioning && t.lastStatus != stopped {
			t.next.Stop() // nothing is left to drain
			s.ended(t)
		}
	case c.essential():
		s.crashed(t, began, r.Reason)
	case t.lastStatus == activating && t.allStarted():
		s.ran(t)
	default:
		s.changed(t)
	}
}

// crashed ends a task whose essential container exited, or could not be started.
func (s *Service) crashed(t *task, began bool, reason string) {
	how := neverRan
	switch {
	case t.running() && t.wasHealthy:
		how = lateFailed
	case t.running():
		how = earlyExit
	}
	code, why := types.TaskStopCodeEssentialContainerExited, "Essential container in task exited"
	if !began && strings.HasPrefix(reason, "Cannot") {
		code, why = types.TaskStopCodeTaskFailedToStart, reason
	}
	s.condemn(t, code, why)
	s.failed(t, how)
	s.deregister(t)
	s.terminate(t)
}

// failToStart ends a task before its containers were started. c is the container at fault, nil if none is.
func (s *Service) failToStart(t *task, c *container, reason string) {
	if c != nil {
		c.reason = reason
	}
	s.condemn(t, types.TaskStopCodeTaskFailedToStart, reason)
	s.failed(t, neverRan)
	s.terminate(t)
}

func (s *Service) failed(t *task, how failure) {
	if t.svc == nil {
		return
	}
	s.countFailure(t, how)
	if how == neverRan {
		s.slowDown(t.svc)
	}
}

// ended is after the last exit: the instance is given back, then the network interface.
func (s *Service) ended(t *task) {
	t.executionStopped = s.now()
	for _, c := range t.containers {
		c.lastStatus = stopped
	}
	if t.instance != nil {
		t.instance.give(needOf(t.def), t.dynamic)
		s.wakeBlocked(t.cluster, false)
	}
	if t.eni == nil {
		s.stopped(t)
		return
	}
	s.became(t, deprovisioning)
	s.step(t, s.vary(s.Timing.Deprovision), "ecs: delete network interface", func() { s.stopped(t) })
}

func (s *Service) stopped(t *task) {
	t.stoppedAt = s.now()
	if t.eni != nil {
		t.eni.status = "DELETED"
		if t.address != "" {
			s.deps.Runtime.Release(t.address)
		}
	}
	s.became(t, stopped)
	t.cluster.stopped = append(t.cluster.stopped, t)
	if svc := t.svc; svc != nil {
		for i, other := range svc.tasks {
			if other == t {
				svc.tasks = append(svc.tasks[:i:i], svc.tasks[i+1:]...)
				break
			}
		}
		s.wake(svc)
	}
}

// prune forgets the stopped tasks whose retention has passed.
func (s *Service) prune(cl *cluster) {
	limit := s.now().Add(-s.Timing.Retention)
	for len(cl.stopped) > 0 && cl.stopped[0].stoppedAt.Before(limit) {
		delete(cl.tasks, cl.stopped[0].id)
		cl.stopped = cl.stopped[1:]
	}
}

// Interrupt stops a task for a reason that comes from the infrastructure under it: SpotInterruption, TerminationNotice or
// InfrastructureHealth. It reports whether there was such a task to stop.
func (s *Service) Interrupt(taskARN string, code types.TaskStopCode, reason string) bool {
	for _, name := range slices.Sorted(maps.Keys(s.clusters)) {
		if t := s.clusters[name].tasks[lastPart(taskARN)]; t != nil && t.arn == taskARN && t.desired == desiredRunning {
			s.stop(t, code, reason)
			s.wakeOf(t)
			return true
		}
	}
	return false
}
