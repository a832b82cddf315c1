package ecs

import (
	"fmt"
	"time"
)

// throttle is the launch throttle: the delay between starts grows while tasks go from PENDING to STOPPED. AWS documents only
// that it grows to 27 minutes and ends with a new deployment; the doubling is ours.
type throttle struct {
	failures int // in a row
	until    time.Time
	said     bool
}

// slowDown notes a task that did not reach RUNNING.
func (s *Service) slowDown(svc *service) {
	t := &svc.throttle
	t.failures++
	waves := t.failures / max(1, s.desiredCount(svc))
	if waves < 2 {
		return
	}
	delay := s.Timing.BackoffMax
	if waves < 12 {
		delay = min(delay, s.Timing.Backoff<<(waves-2))
	}
	t.until = s.now().Add(s.vary(delay))
	if !t.said && waves >= 3 {
		t.said = true
		s.event(svc, "(service %s) is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.", svc.name)
		s.serviceAction(svc, "WARN", "SERVICE_TASK_START_IMPAIRED", "")
	}
}

// placement is the trouble of a service whose tasks find no room.
type placement struct {
	blocked bool
	retryAt time.Time
	saidAt  time.Time
}

// startTasks starts up to n tasks of the primary deployment and returns when to try the rest.
func (s *Service) startTasks(svc *service, n int) time.Time {
	if n <= 0 {
		svc.placement = placement{saidAt: svc.placement.saidAt}
		return time.Time{}
	}
	wait := svc.throttle.until
	if svc.placement.retryAt.After(wait) {
		wait = svc.placement.retryAt
	}
	if wait.After(s.now()) {
		return wait
	}
	var started []*task
	why := ""
	for range n {
		t, reason := s.startOne(svc)
		if t == nil {
			why = reason
			break
		}
		started = append(started, t)
	}
	s.sayTasks(svc, "has started %d tasks:", started)
	svc.placement.blocked = why != ""
	if why == "" {
		svc.placement.retryAt = time.Time{}
		return time.Time{}
	}
	return s.unplaced(svc, why)
}

// What stands in for the resource that a task lacks: the cluster has no instance at all, or a daemon's instances are only busy
// with its old tasks, of which nobody is told.
const (
	noInstance  = "NONE"
	daemonWaits = "WAIT"
)

// startOne starts one task, or says what it lacks.
func (s *Service) startOne(svc *service) (*task, string) {
	d := svc.primary()
	if svc.cfg.fargate() {
		if s.FargateUnavailable != "" {
			return nil, "RESOURCE:FARGATE"
		}
		return s.launch(svc, d, nil, s.fargateZone(svc)), ""
	}
	n := needOf(d.rev.def)
	var at *instance
	why := ""
	if svc.cfg.daemon() {
		at, why = svc.daemonInstance(n)
	} else {
		at, why = svc.cluster.place(n, svc.tasks)
	}
	if at == nil {
		return nil, why
	}
	return s.launch(svc, d, at, at.az), ""
}

// fargateZone is the zone, of those of its subnets, where the service has the fewest tasks.
func (s *Service) fargateZone(svc *service) string {
	tasks := map[string]int{}
	for _, t := range svc.tasks {
		if t.desired == desiredRunning {
			tasks[t.az]++
		}
	}
	best := ""
	for _, zone := range s.zones(svc.primary().rev.subnets()) {
		if best == "" || tasks[zone] < tasks[best] {
			best = zone
		}
	}
	return best
}

// zones are the zones of subnets, in their order; one where none are named.
func (s *Service) zones(subnets []string) []string {
	if len(subnets) == 0 {
		return []string{s.id.Region + "a"}
	}
	list := make([]string, len(subnets))
	for i, subnet := range subnets {
		list[i] = s.id.Region + string(rune('a'+i%6))
		if s.deps.Subnets == nil {
			continue
		}
		if _, zone, ok := s.deps.Subnets.Subnet(subnet); ok {
			list[i] = zone
		}
	}
	return list
}

// daemonInstance is an instance without a task of the primary deployment. A second task beside the old one is allowed only
// above 100 percent.
func (svc *service) daemonInstance(n need) (*instance, string) {
	why := daemonWaits
	for _, i := range svc.cluster.instances {
		busy := false
		for _, t := range svc.tasks {
			if t.instance == i && (t.dep == svc.primary() && t.desired == desiredRunning || svc.cfg.maximumPercent() <= 100 && !t.leaving()) {
				busy = true
			}
		}
		if busy {
			continue
		}
		if why = i.lacks(n); why == "" {
			return i, ""
		}
	}
	return nil, why
}

// unplaced says that a task found no room, at most every five minutes, and returns when to try again.
func (s *Service) unplaced(svc *service, why string) time.Time {
	svc.placement.retryAt = s.now().Add(s.vary(s.Timing.PlaceRetry))
	if why == daemonWaits || !svc.placement.saidAt.IsZero() && s.now().Sub(svc.placement.saidAt) < 5*time.Minute {
		return svc.placement.retryAt
	}
	svc.placement.saidAt = s.now()
	s.event(svc, "(service %s) was unable to place a task%s For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.", svc.name, s.placementReason(svc, why))
	name := "SERVICE_TASK_PLACEMENT_FAILURE"
	if why == noInstance {
		why = "RESOURCE:INSTANCE"
	}
	s.serviceAction(svc, "ERROR", name, why)
	return svc.placement.retryAt
}

func (s *Service) placementReason(svc *service, why string) string {
	const none = " because no container instance met all of its requirements."
	closest := ""
	if len(svc.cluster.instances) > 0 {
		closest = svc.cluster.instances[0].id
	}
	switch why {
	case "RESOURCE:FARGATE":
		return ". Reason: " + s.FargateUnavailable + "."
	case "RESOURCE:CPU":
		return fmt.Sprintf("%s The closest matching (container-instance %s) has insufficient CPU units available.", none, closest)
	case "RESOURCE:MEMORY":
		return fmt.Sprintf("%s The closest matching (container-instance %s) has insufficient memory available.", none, closest)
	case "RESOURCE:PORTS":
		return fmt.Sprintf("%s The closest matching (container-instance %s) is already using a port required by your task.", none, closest)
	}
	return none + " Reason: No Container Instances were found in your cluster."
}
