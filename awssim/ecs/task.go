package ecs

import (
	"cmp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/clock"
)

// A task's lastStatus, in the order of its life. (Developer guide: "Amazon ECS task lifecycle".)
const (
	provisioning   = "PROVISIONING"
	pending        = "PENDING"
	activating     = "ACTIVATING"
	running        = "RUNNING"
	deactivating   = "DEACTIVATING"
	stopping       = "STOPPING"
	deprovisioning = "DEPROVISIONING"
	stopped        = "STOPPED"
)

const (
	desiredRunning = "RUNNING"
	desiredStopped = "STOPPED"
)

// verdict is what the scheduler thinks of a task.
type verdict int

const (
	taskStarting verdict = iota
	taskWaiting          // RUNNING, and not yet healthy
	taskHealthy
	taskUnhealthy // past the grace period
)

type task struct {
	id, arn  string
	cluster  *cluster
	svc      *service    // nil for RunTask
	dep      *deployment // nil for RunTask
	rev      *revision   // nil for RunTask
	def      *definition
	instance *instance // nil on Fargate
	az       string

	launchType types.LaunchType
	provider   string
	platform   string
	group      string
	startedBy  string
	token      string // client token of RunTask
	exec       bool
	overrides  *types.TaskOverride
	tags       tagSet

	eni        *eni // nil in bridge and host mode
	address    string
	containers []*container
	targets    []lbTarget
	dynamic    []int // host ports taken for this task

	lastStatus string
	desired    string
	verdict    verdict
	wasHealthy bool
	badTarget  *lbTarget
	badReason  string
	stopCode   types.TaskStopCode
	reason     string
	version    int64
	next       *clock.Timer // the next step of its life, when one is due by itself
	live       bool         // the runtime has it

	createdAt, pullStarted, pullStopped, startedAt, stoppingAt, executionStopped, stoppedAt time.Time
}

// eni is a task's elastic network interface.
type eni struct {
	attachment, id, mac, subnet string
	status                      string
}

type container struct {
	id, runtime string
	def         types.ContainerDefinition
	image       string // as it is described
	digest      string // of the manifest that runs
	lastStatus  string
	exitCode    *int32
	reason      string
	health      types.HealthStatus
	ports       []types.NetworkBinding
}

// lbTarget is a task in a target group.
type lbTarget struct {
	group, id  string
	port       int
	registered bool
}

func (t *task) running() bool { return t.lastStatus == running }

// starting is what pendingCount counts.
func (t *task) starting() bool {
	return t.lastStatus == provisioning || t.lastStatus == pending || t.lastStatus == activating
}

// leaving reports whether the task no longer serves and holds nothing back: it is beyond DEACTIVATING.
func (t *task) leaving() bool {
	return t.lastStatus == stopping || t.lastStatus == deprovisioning || t.lastStatus == stopped
}

// serving reports whether the task runs and no health check of it has failed.
func (t *task) serving() bool { return t.verdict == taskWaiting || t.verdict == taskHealthy }

func (t *task) hasTarget(group, id string, port int) bool {
	for _, target := range t.targets {
		if target.group == group && target.id == id && target.port == port {
			return true
		}
	}
	return false
}

func (t *task) container(name string) *container {
	for _, c := range t.containers {
		if *c.def.Name == name {
			return c
		}
	}
	return nil
}

func (c *container) essential() bool { return c.def.Essential == nil || *c.def.Essential }

// health is the task's health as it is described: UNHEALTHY when an essential container is, else UNKNOWN when one is unknown,
// which every container without a health check always is.
func (t *task) health() types.HealthStatus {
	status := types.HealthStatusHealthy
	for _, c := range t.containers {
		switch {
		case !c.essential():
		case c.health == types.HealthStatusUnhealthy:
			return types.HealthStatusUnhealthy
		case c.health != types.HealthStatusHealthy:
			status = types.HealthStatusUnknown
		}
	}
	return status
}

// checked is the health of the essential containers that have a health check, and whether there is one.
func (t *task) checked() (types.HealthStatus, bool) {
	status, any := types.HealthStatusHealthy, false
	for _, c := range t.containers {
		if !c.essential() || c.def.HealthCheck == nil {
			continue
		}
		any = true
		if c.health == types.HealthStatusUnhealthy {
			return c.health, true
		}
		if c.health != types.HealthStatusHealthy {
			status = types.HealthStatusUnknown
		}
	}
	return status, any
}

// assess sets the task's verdict and returns when time alone may change it. The rules are those of minimumHealthyPercent in
// the API reference (DeploymentConfiguration), the grace period that of UpdateService.
func (s *Service) assess(t *task) time.Time {
	if !t.running() {
		t.verdict = taskStarting
		return time.Time{}
	}
	status, checked := t.checked()
	bad, good := status == types.HealthStatusUnhealthy, status == types.HealthStatusHealthy
	again := s.assessTargets(t, &bad, &good)
	switch {
	case bad:
		t.verdict = taskUnhealthy
		grace := t.startedAt.Add(time.Duration(int(aws.ToInt32(t.svc.cfg.grace))) * time.Second)
		if grace.After(s.now()) {
			t.verdict = taskWaiting
			again = earlier(again, grace)
		}
	case !good:
		t.verdict = taskWaiting
	case !checked && len(t.targets) == 0 && s.now().Before(t.startedAt.Add(s.Timing.HealthyAfter)):
		t.verdict = taskWaiting
		again = t.startedAt.Add(s.Timing.HealthyAfter)
	default:
		t.verdict = taskHealthy
	}
	return again
}

// assessTargets adds what the load balancers think and returns when to ask them again.
func (s *Service) assessTargets(t *task, bad, good *bool) time.Time {
	t.badTarget = nil
	if len(t.targets) == 0 {
		return time.Time{}
	}
	poll := s.Timing.TargetIdlePoll
	for i := range t.targets {
		target := &t.targets[i]
		state, reason := s.deps.LoadBalancer.Health(target.group, target.id, target.port)
		switch state {
		case "healthy":
			continue
		case "unhealthy":
			*bad = true
			t.badTarget, t.badReason = target, cmp.Or(reason, "Health checks failed")
		}
		*good, poll = false, s.Timing.TargetPoll
	}
	if poll <= 0 {
		return time.Time{}
	}
	return s.now().Add(poll)
}

// step makes fn the next step of the task's life, d from now; whatever was to come before is called off.
func (s *Service) step(t *task, d time.Duration, name string, fn func()) {
	t.next.Stop()
	t.next = s.clock.After(d, name, func() { t.next = nil; fn() })
}

// became moves the task to a status and tells the world.
func (s *Service) became(t *task, status string) {
	t.lastStatus = status
	s.changed(t)
}

func (s *Service) changed(t *task) {
	t.version++
	s.taskEvent(t)
}
