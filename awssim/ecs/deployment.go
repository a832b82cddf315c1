package ecs

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/ecr"
)

// revision freezes what a deployment runs: a service revision. images are the digests that its first task resolved, by
// container; later tasks pull exactly those.
type revision struct {
	target
	arn       string
	svc       *service
	createdAt time.Time
	images    map[string]ecr.Image
	lbARN     []types.ServiceRevisionLoadBalancer
}

// deployment is one entry of a service's deployments[]. A rollback makes the last completed deployment primary again under
// its own id; that is what the deployment events of the developer guide show ("rolling back to deploymentId").
type deployment struct {
	id                   string
	rev                  *revision
	rollout              *rollout
	createdAt, updatedAt time.Time
	state                types.DeploymentRolloutState
	reason               string
	failed               int  // failures in a row, as the circuit breaker counts them
	ran                  bool // a task reached RUNNING: the breaker's second stage
	bakeUntil            time.Time
	lackingSaid          bool
}

// rollout is a service deployment: the history entry of one request to deploy, with its own rollback if there is one.
type rollout struct {
	arn       string
	number    int // of the service's, from 1 on
	svc       *service
	status    types.ServiceDeploymentStatus
	reason    string
	source    []*revision
	target    *revision
	config    types.DeploymentConfiguration
	rollback  *types.Rollback
	breaker   types.ServiceDeploymentRollbackMonitorsStatus
	failures  int // at the moment when it failed
	baking    bool
	createdAt time.Time
	startedAt time.Time
	updatedAt time.Time
	stoppedAt time.Time // the request to stop
	finished  time.Time
}

func (s *Service) setStatus(r *rollout, status types.ServiceDeploymentStatus, reason string) {
	r.status, r.reason, r.updatedAt = status, reason, s.now()
	switch status {
	case types.ServiceDeploymentStatusInProgress:
		r.startedAt = s.now()
	case types.ServiceDeploymentStatusStopRequested, types.ServiceDeploymentStatusRollbackRequested:
		r.stoppedAt = s.now()
	case types.ServiceDeploymentStatusSuccessful, types.ServiceDeploymentStatusStopped,
		types.ServiceDeploymentStatusRollbackSuccessful, types.ServiceDeploymentStatusRollbackFailed:
		r.finished = s.now()
		if r.breaker == types.ServiceDeploymentRollbackMonitorsStatusMonitoring {
			r.breaker = types.ServiceDeploymentRollbackMonitorsStatusMonitoringComplete
		}
	}
}

func (s *Service) setState(d *deployment, state types.DeploymentRolloutState, format string, args ...any) {
	d.state, d.reason, d.updatedAt = state, fmt.Sprintf(format, args...), s.now()
}

// deploy starts a deployment of the service's configuration. A running one is superseded.
func (s *Service) deploy(svc *service) {
	rev := &revision{target: svc.cfg.target, svc: svc, createdAt: s.now(), images: map[string]ecr.Image{},
		arn: s.id.ARN("ecs", "service-revision/"+svc.cluster.name+"/"+svc.name+"/"+s.number())}
	for _, lb := range rev.loadBalancers {
		rev.lbARN = append(rev.lbARN, types.ServiceRevisionLoadBalancer{TargetGroupArn: lb.TargetGroupArn})
	}
	r := &rollout{svc: svc, number: len(svc.history) + 1, target: rev, config: svc.cfg.deployment, createdAt: s.now(), updatedAt: s.now(),
		status: types.ServiceDeploymentStatusPending, breaker: types.ServiceDeploymentRollbackMonitorsStatusDisabled,
		arn: s.id.ARN("ecs", "service-deployment/"+svc.cluster.name+"/"+svc.name+"/"+s.shortID())}
	if svc.cfg.breaker() != nil {
		r.breaker = types.ServiceDeploymentRollbackMonitorsStatusMonitoring
	}
	for _, d := range svc.deployments {
		r.source = append(r.source, d.rev)
	}
	s.supersede(svc.primary())
	d := &deployment{id: "ecs-svc/" + s.number(), rev: rev, rollout: r, createdAt: s.now()}
	s.setState(d, types.DeploymentRolloutStateInProgress, "ECS deployment %s in progress.", d.id)
	svc.deployments = append([]*deployment{d}, svc.deployments...)
	svc.revisions, svc.history = append(svc.revisions, rev), append(svc.history, r)
	svc.throttle, svc.steady, svc.stuckSaid = throttle{}, false, false
	s.deploymentEvent(svc, d, "INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS", d.reason)
	s.wake(svc)
}

// supersede marks the running deployment as stopped by a newer one; a rollback that is overtaken has failed.
func (s *Service) supersede(d *deployment) {
	if d == nil {
		return
	}
	switch d.rollout.status {
	case types.ServiceDeploymentStatusPending, types.ServiceDeploymentStatusInProgress, types.ServiceDeploymentStatusRollbackRequested:
		s.setStatus(d.rollout, types.ServiceDeploymentStatusStopRequested, "Service deployment was superseded by a new service deployment.")
	case types.ServiceDeploymentStatusRollbackInProgress:
		s.setStatus(d.rollout, types.ServiceDeploymentStatusRollbackFailed, "Service deployment rollback was superseded by a new service deployment.")
	}
}

// advanceRollouts takes the steps of service deployments that the scheduler takes when it looks: nothing else waits for them.
func (s *Service) advanceRollouts(svc *service) {
	for i := len(svc.history) - 1; i >= 0; i-- {
		r := svc.history[i]
		if !r.finished.IsZero() {
			break // all older ones have ended too
		}
		if r.status == types.ServiceDeploymentStatusStopRequested {
			s.setStatus(r, types.ServiceDeploymentStatusStopped, r.reason)
		}
	}
	d := svc.primary()
	if d == nil {
		return
	}
	switch d.rollout.status {
	case types.ServiceDeploymentStatusPending:
		s.setStatus(d.rollout, types.ServiceDeploymentStatusInProgress, "")
	case types.ServiceDeploymentStatusRollbackRequested:
		s.fail(svc, d, d.rollout.reason, true)
	}
}

// fail ends the primary deployment. With rollback it goes back to the last completed one; without one, or with none to go
// back to, the service stalls: nothing more is started, and what runs stays.
func (s *Service) fail(svc *service, d *deployment, why string, rollback bool) {
	r, to, was := d.rollout, svc.completed, d.rollout.status
	r.failures = d.failed
	s.setState(d, types.DeploymentRolloutStateFailed, "%s", why)
	switch {
	case was == types.ServiceDeploymentStatusRollbackInProgress:
		s.setStatus(r, types.ServiceDeploymentStatusRollbackFailed, why)
	case rollback && to != nil:
		s.rollBack(svc, d, to, why)
	case rollback && was != types.ServiceDeploymentStatusRollbackRequested:
		s.setStatus(r, types.ServiceDeploymentStatusRollbackFailed, "No rollback candidate was found to run the rollback.")
	default:
		s.setStatus(r, types.ServiceDeploymentStatusStopped, why)
	}
}

// rollBack makes the completed deployment primary again. It keeps its id and its revision; it cannot be gone back to again
// until it has completed once more.
func (s *Service) rollBack(svc *service, failed, to *deployment, why string) {
	r := failed.rollout
	s.setStatus(r, types.ServiceDeploymentStatusRollbackInProgress, why)
	r.rollback = &types.Rollback{Reason: new(why), StartedAt: new(s.now()), ServiceRevisionArn: &to.rev.arn}
	rest := []*deployment{to}
	for _, d := range svc.deployments {
		if d != to {
			rest = append(rest, d)
		}
	}
	svc.deployments, svc.completed = rest, nil
	svc.cfg.target = to.rev.target
	to.rollout, to.failed, to.ran, to.bakeUntil = r, 0, false, time.Time{}
	svc.throttle, svc.steady, svc.stuckSaid = throttle{}, false, false
	who := "ECS deployment"
	if r.breaker == types.ServiceDeploymentRollbackMonitorsStatusTriggered {
		who = "ECS deployment circuit breaker"
	}
	s.setState(to, types.DeploymentRolloutStateInProgress, "%s: rolling back to deploymentId %s.", who, to.id)
	s.event(svc, "(service %s) rolling back to (deployment %s).", svc.name, to.id)
	s.deploymentEvent(svc, to, "INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS", to.reason)
}

// complete ends the primary deployment well.
func (s *Service) complete(svc *service, d *deployment) {
	s.setState(d, types.DeploymentRolloutStateCompleted, "ECS deployment %s completed.", d.id)
	svc.completed = d
	status := types.ServiceDeploymentStatusSuccessful
	if d.rollout.status == types.ServiceDeploymentStatusRollbackInProgress {
		status = types.ServiceDeploymentStatusRollbackSuccessful
	}
	d.rollout.baking = false
	s.setStatus(d.rollout, status, d.rollout.reason)
	s.event(svc, "(service %s) (deployment %s) deployment completed.", svc.name, d.id)
	s.deploymentEvent(svc, d, "INFO", "SERVICE_DEPLOYMENT_COMPLETED", d.reason)
}

// tally is how many tasks of a deployment there are.
type tally struct{ desired, running, pending int }

func (d *deployment) count(svc *service) tally {
	var c tally
	for _, t := range svc.tasks {
		if t.dep != d {
			continue
		}
		if t.desired == desiredRunning {
			c.desired++
		}
		switch {
		case t.running():
			c.running++
		case t.starting():
			c.pending++
		}
	}
	return c
}
