package ecs

import (
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// wake makes the scheduler look at the service soon, as late as AWS reacts to a change.
func (s *Service) wake(svc *service) { s.wakeAt(svc, s.now().Add(s.reaction())) }

// reaction is how long ECS takes to react to a change.
func (s *Service) reaction() time.Duration {
	react := s.Timing.React
	return react/5 + time.Duration(s.clock.Rand().Int64N(int64(react*4/5)+1))
}

// wakeAt makes the scheduler look at the service at a time, if it would not look earlier anyway.
func (s *Service) wakeAt(svc *service, at time.Time) {
	if svc.timer != nil && !svc.timerAt.After(at) {
		return
	}
	svc.timer.Stop()
	svc.timerAt = at
	svc.timer = s.clock.After(at.Sub(s.now()), "ecs: look at service", func() {
		svc.timer = nil
		s.look(svc)
	})
}

// wakeBlocked wakes the services of a cluster that wait for room, and where the number of instances changed the daemons too.
func (s *Service) wakeBlocked(cl *cluster, daemons bool) {
	for _, name := range slices.Sorted(maps.Keys(cl.services)) {
		if svc := cl.services[name]; svc.placement.blocked || daemons && svc.cfg.daemon() {
			svc.placement.retryAt = time.Time{}
			s.wake(svc)
		}
	}
}

// TargetHealthChanged tells the scheduler that a target changed its state or is gone. With it Timing.TargetPoll and TargetIdlePoll
// may be 0; without it changes are noticed by polling.
func (s *Service) TargetHealthChanged(targetGroupARN, id string, port int) {
	for _, name := range slices.Sorted(maps.Keys(s.clusters)) {
		services := s.clusters[name].services
		for _, key := range slices.Sorted(maps.Keys(services)) {
			for _, t := range services[key].tasks {
				switch {
				case !t.hasTarget(targetGroupARN, id, port):
				case t.desired == desiredRunning:
					s.wake(services[key])
				case t.lastStatus == deactivating:
					s.step(t, s.reaction(), "ecs: drain task", func() { s.drain(t) })
				}
			}
		}
	}
}

// look is the scheduler's one step: what is there, what may be done, do it, say what became of it, and when to look again.
func (s *Service) look(svc *service) {
	if svc.status == serviceInactive {
		return
	}
	if svc.primary() == nil {
		s.endService(svc)
		return
	}
	s.advanceRollouts(svc)
	tripped := s.tripBreaker(svc)
	next := s.assessAll(svc)
	p := plan(s.count(svc))
	s.stopTasks(svc, p)
	next = earlier(next, s.startTasks(svc, p.start))
	s.sayStuck(svc, p)
	s.retire(svc)
	next = earlier(next, s.settle(svc))
	s.endService(svc)
	if tripped || p.stops() {
		s.wake(svc) // a stop makes room for the next step
	}
	if !next.IsZero() {
		s.wakeAt(svc, next)
	}
}

// earlier is the earlier of two times, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// assessAll judges the health of every task and returns when that must be done again.
func (s *Service) assessAll(svc *service) time.Time {
	var next time.Time
	for _, t := range svc.tasks {
		if t.desired != desiredRunning {
			continue
		}
		was := t.verdict
		again := s.assess(t)
		next = earlier(next, again)
		if t.verdict == taskHealthy && was != taskHealthy {
			t.wasHealthy = true
			s.countHealthy(svc, t.dep)
		}
	}
	return next
}

// count sorts the service's tasks for plan.
func (s *Service) count(svc *service) counted {
	d := svc.primary()
	c := counted{desired: s.desiredCount(svc), minimum: svc.cfg.minimumPercent(), maximum: svc.cfg.maximumPercent(),
		stalled: d.state == types.DeploymentRolloutStateFailed && svc.status == serviceActive}
	for _, t := range svc.tasks {
		switch {
		case t.desired != desiredRunning:
		case t.dep != d && t.serving():
			c.oldServing++
		case t.dep != d:
			c.oldOther++
		case t.verdict == taskStarting:
			c.starting++
		case t.verdict == taskWaiting:
			c.waiting++
		case t.verdict == taskHealthy:
			c.healthy++
		default:
			c.unhealthy++
		}
	}
	return c
}

// stopTasks carries out the stops of a step.
func (s *Service) stopTasks(svc *service, p step) {
	d := svc.primary()
	var stopped []*task
	pick := func(n int, which func(*task) bool) {
		for _, t := range svc.leastMissed(n, which) {
			s.stop(t, types.TaskStopCodeServiceSchedulerInitiated, "Scaling activity initiated by (deployment "+d.id+")")
			stopped = append(stopped, t)
		}
	}
	pick(p.stopOldOther, func(t *task) bool { return t.dep != d && !t.serving() })
	worstFirst := func(n int, which func(*task) bool) {
		for _, v := range []verdict{taskStarting, taskWaiting, taskHealthy} {
			before := len(stopped)
			pick(n, func(t *task) bool { return t.verdict == v && which(t) })
			n -= len(stopped) - before
		}
	}
	worstFirst(p.stopOld, func(t *task) bool { return t.dep != d && t.serving() })
	worstFirst(p.stopExtra, func(t *task) bool { return t.dep == d })
	for _, t := range svc.leastMissed(p.stopUnhealthy, func(t *task) bool { return t.dep == d && t.verdict == taskUnhealthy }) {
		s.replace(t)
		stopped = append(stopped, t)
	}
	s.sayTasks(svc, "has stopped %d running tasks:", stopped)
}

// leastMissed chooses n tasks to stop: from the zone with the most tasks of the service, the instance with the most, then the
// youngest. (API reference: UpdateService.)
func (svc *service) leastMissed(n int, which func(*task) bool) []*task {
	var chosen []*task
	if n <= 0 {
		return nil
	}
	for len(chosen) < n {
		zone, host := map[string]int{}, map[*instance]int{}
		var from []*task
		for _, t := range svc.tasks {
			if t.desired != desiredRunning || slices.Contains(chosen, t) {
				continue
			}
			zone[t.az]++
			host[t.instance]++
			if which(t) {
				from = append(from, t)
			}
		}
		if len(from) == 0 {
			return chosen
		}
		sort.SliceStable(from, func(a, b int) bool {
			x, y := from[a], from[b]
			if zone[x.az] != zone[y.az] {
				return zone[x.az] > zone[y.az]
			}
			if host[x.instance] != host[y.instance] {
				return host[x.instance] > host[y.instance]
			}
			return x.createdAt.After(y.createdAt)
		})
		chosen = append(chosen, from[0])
	}
	return chosen
}

// replace stops a task whose health checks failed.
func (s *Service) replace(t *task) {
	s.countFailure(t, unhealthy)
	if t.badTarget != nil {
		s.event(t.svc, "(service %s) (task %s) (port %d) is unhealthy in (target-group %s) due to (reason %s).",
			t.svc.name, t.id, t.badTarget.port, t.badTarget.group, t.badReason)
		s.stop(t, types.TaskStopCodeServiceSchedulerInitiated, "Task failed ELB health checks in (target-group "+t.badTarget.group+")")
		return
	}
	s.event(t.svc, "(service %s) (task %s) failed container health checks.", t.svc.name, t.id)
	s.stop(t, types.TaskStopCodeServiceSchedulerInitiated, "Task failed container health checks")
}

func (s *Service) sayStuck(svc *service, p step) {
	if p.stuck && !svc.stuckSaid {
		svc.stuckSaid = true
		s.event(svc, "(service %s) was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.", svc.name)
	}
}

// retire forgets the deployments that have been replaced: their last task is beyond draining.
func (s *Service) retire(svc *service) {
	kept := svc.deployments[:1]
	for _, d := range svc.deployments[1:] {
		for _, t := range svc.tasks {
			if t.dep == d && !t.leaving() {
				kept = append(kept, d)
				break
			}
		}
	}
	svc.deployments = kept
}

// settle completes the deployment and says that the service is steady when that is so. It returns when to look again for it.
func (s *Service) settle(svc *service) time.Time {
	d, c := svc.primary(), s.count(svc)
	if c.healthy != c.desired || c.primary() != c.desired || len(svc.deployments) > 1 || c.stalled || svc.draining() || svc.status != serviceActive {
		svc.steady = false
		return time.Time{}
	}
	if d.state == types.DeploymentRolloutStateInProgress {
		if d.bakeUntil.IsZero() {
			d.bakeUntil = s.now().Add(time.Duration(int(aws.ToInt32(d.rollout.config.BakeTimeInMinutes))) * time.Minute)
			d.rollout.baking = d.bakeUntil.After(s.now())
		}
		if d.bakeUntil.After(s.now()) {
			return d.bakeUntil
		}
		s.complete(svc, d)
	}
	if !svc.steady || !s.now().Before(svc.steadyAt.Add(s.Timing.SteadyEvery)) {
		svc.steady, svc.steadyAt = true, s.now()
		s.event(svc, "(service %s) has reached a steady state.", svc.name)
		s.serviceAction(svc, "INFO", "SERVICE_STEADY_STATE", "")
	}
	return svc.steadyAt.Add(s.Timing.SteadyEvery)
}

// draining reports whether a task on its way out still has connections.
func (svc *service) draining() bool {
	for _, t := range svc.tasks {
		if t.desired == desiredStopped && !t.leaving() {
			return true
		}
	}
	return false
}

// endService makes a deleted service inactive when its last task is gone.
func (s *Service) endService(svc *service) {
	if svc.status != serviceDraining || len(svc.tasks) > 0 {
		return
	}
	svc.status, svc.deployments, svc.completed = serviceInactive, nil, nil
	svc.inactiveAt = s.now()
	svc.timer.Stop()
	svc.timer = nil
}
