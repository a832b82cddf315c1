package ecs

import "github.com/aws/aws-sdk-go-v2/service/ecs/types"

// threshold is the number of failures at which the circuit breaker trips, at a desired count: half of it, rounded up, but 3 at least and
// 200 at most, unless thresholdConfiguration says otherwise. (Developer guide: "How the Amazon ECS deployment circuit breaker
// detects failures"; API reference: ThresholdConfiguration.) It follows the latest desired count.
func threshold(b *types.DeploymentCircuitBreaker, desired int) int {
	kind, value := types.ThresholdTypeBoundedPercent, 50
	if b != nil && b.ThresholdConfiguration != nil {
		kind, value = b.ThresholdConfiguration.Type, int(b.ThresholdConfiguration.Value)
	}
	switch kind {
	case types.ThresholdTypeCount:
		return value
	case types.ThresholdTypeUnboundedPercent:
		return max(1, percentUp(desired, value))
	}
	return min(max(percentUp(desired, value), 3), 200)
}

// failure is how a task of a deployment came to nothing.
type failure int

const (
	neverRan   failure = iota // stopped before RUNNING
	earlyExit                 // ran, and an essential container exited before the task was ever healthy
	unhealthy                 // replaced because a load balancer's or a container's health check failed
	lateFailed                // was healthy once: not the deployment's fault as the breaker sees it
)

// countFailure adds a failed task to its deployment, by the breaker's two stages: until one task has reached RUNNING every
// task that does not counts; after that those count whose health checks failed. It counts without a breaker too, because
// failedTasks is described either way.
func (s *Service) countFailure(t *task, how failure) {
	svc := t.svc
	if svc == nil || t.dep != svc.primary() || t.dep.state != types.DeploymentRolloutStateInProgress {
		return
	}
	switch {
	case how == neverRan && !t.dep.ran, how == earlyExit && s.CountEarlyExits, how == unhealthy:
		t.dep.failed++
	}
}

// countHealthy notes that a task became healthy: failures are counted in a row unless resetOnHealthyTask is false.
func (s *Service) countHealthy(svc *service, d *deployment) {
	if d.state != types.DeploymentRolloutStateInProgress {
		return
	}
	if b := svc.cfg.breaker(); b == nil || b.ResetOnHealthyTask == nil || *b.ResetOnHealthyTask {
		d.failed = 0
	}
}

// tripBreaker fails the primary deployment when its failures have reached the threshold, and reports whether it did.
func (s *Service) tripBreaker(svc *service) bool {
	d, b := svc.primary(), svc.cfg.breaker()
	if d == nil || b == nil || d.state != types.DeploymentRolloutStateInProgress || d.failed < threshold(b, s.desiredCount(svc)) {
		return false
	}
	d.rollout.breaker = types.ServiceDeploymentRollbackMonitorsStatusTriggered
	s.event(svc, "(service %s) (deployment %s) deployment failed: tasks failed to start.", svc.name, d.id)
	s.deploymentEvent(svc, d, "ERROR", "SERVICE_DEPLOYMENT_FAILED", "ECS deployment circuit breaker: task failed to start.")
	s.fail(svc, d, "ECS deployment circuit breaker: tasks failed to start.", b.Rollback)
	return true
}
