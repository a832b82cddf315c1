package rollout

import (
	"slices"
	"time"

	"slipway/internal/record"
)

// Observation is one look at a service: what ECS, its tasks and the load balancers said, at one time. The adapters fill it;
// the judgement reads nothing else.
type Observation struct {
	At          time.Time
	Gone        string // why the service cannot be deployed to any more ("it is INACTIVE"), "" normally
	Grace       time.Duration
	Desired     int
	Guard       record.Guard // what protects the service
	Mark        string       // see func Mark
	Deployments []Deployment // as ECS lists them; the primary is the newest request
	Tasks       []Task       // started by our deployment, running and recently stopped
	OldTasks    []Task       // of the revision that ran before, not healthy now or stopped since we told ECS; none if a task of a third revision is healthy
	OldHealthy  int          // running and healthy tasks of every revision but ours
	// Kept counts the running and healthy tasks of the revision looked at that another deployment started: those of last good
	// that never went away, while the service goes back to it.
	Kept int
	// ServiceDeployment is the status of ours in ECS's history ("IN_PROGRESS", "ROLLBACK_SUCCESSFUL", ...), "" if unknown.
	ServiceDeployment       string
	ServiceDeploymentReason string
	Checks                  Checks          // of the revision looked at, as far as they had to be read
	Quarantined             map[string]bool // task definition ARNs whose digest is quarantined
}

// Deployment is one entry of a service's deployments.
type Deployment struct {
	ID       string // ecs-svc/...
	Primary  bool
	Revision string // task definition ARN
	Desired  int
	Running  int
	Pending  int
	Failed   int
	State    string // COMPLETED, FAILED, IN_PROGRESS
	Reason   string
	// CreatedAt is when somebody asked ECS for it.
	CreatedAt time.Time
}

// Primary is the deployment that ECS works towards; the zero Deployment if it lists none.
func (o Observation) Primary() Deployment {
	for _, d := range o.Deployments {
		if d.Primary {
			return d
		}
	}
	return Deployment{}
}

// Listed returns the deployment with the id.
func (o Observation) Listed(id string) (Deployment, bool) {
	for _, d := range o.Deployments {
		if d.ID == id {
			return d, true
		}
	}
	return Deployment{}, false
}

// Task is one task of a deployment.
type Task struct {
	ID         string // the last part of its ARN
	Status     string // lastStatus
	Stopping   bool   // desiredStatus is STOPPED
	StopCode   string
	StopReason string
	StartedAt  time.Time // zero until RUNNING
	StoppedAt  time.Time
	Health     string // HEALTHY, UNHEALTHY, UNKNOWN
	Unchecked  bool   // a container health check has not answered yet, see Checks
	Containers []Container
	Targets    []Target
}

// Container is one container of a task.
type Container struct {
	Name      string
	Essential bool
	Health    string // HEALTHY, UNHEALTHY, UNKNOWN
	ExitCode  *int
	Reason    string
}

// Checks are the essential containers of a revision that have a health check. Only the task definition says so: a container
// without one is UNKNOWN for ever, and makes its task UNKNOWN.
type Checks struct {
	Revision   string   `json:"revision"` // task definition ARN
	Containers []string `json:"containers,omitempty"`
}

// ChecksOf reads them.
func ChecksOf(revision string, d Definition) Checks {
	c := Checks{Revision: revision}
	for _, container := range d.Containers {
		if container.Essential && container.HealthCheck {
			c.Containers = append(c.Containers, container.Name)
		}
	}
	return c
}

// Open reports whether one of the checks has not found its container of the task healthy.
func (c Checks) Open(t Task) bool {
	return slices.ContainsFunc(t.Containers, func(container Container) bool {
		return container.Health != "HEALTHY" && slices.Contains(c.Containers, container.Name)
	})
}

// Target is a task's registration with one target group.
type Target struct {
	Group  string // name of the target group
	State  string // initial, healthy, unhealthy, draining, unused, unavailable
	Reason string // a sentence
}

// without is a list of tasks without some of them.
func without(tasks []Task, some func(*Task) bool) []Task {
	var rest []Task
	for i := range tasks {
		if !some(&tasks[i]) {
			rest = append(rest, tasks[i])
		}
	}
	return rest
}

// notBefore is a list of tasks without those that stopped before a time.
func notBefore(at time.Time, tasks []Task) []Task {
	return without(tasks, func(t *Task) bool { return !t.StoppedAt.IsZero() && t.StoppedAt.Before(at) })
}

// Up reports whether the task runs and is meant to.
func (t Task) Up() bool { return t.Status == "RUNNING" && !t.Stopping }

// Healthy reports whether the task runs and every check that exists passes. A target group that no listener uses checks
// nothing.
func (t Task) Healthy() bool {
	if !t.Up() || t.Health == "UNHEALTHY" || t.Unchecked {
		return false
	}
	for _, target := range t.Targets {
		switch target.State {
		case "healthy", "unused", "unavailable":
		default:
			return false
		}
	}
	return true
}

// healthyOf is how many of the tasks are healthy.
func healthyOf(tasks []Task) int {
	healthy := 0
	for _, t := range tasks {
		if t.Healthy() {
			healthy++
		}
	}
	return healthy
}

// Evidence is what is kept of a failure, collected at the time, because stopped tasks are forgotten after an hour. It holds
// no environment values and no secrets: names only.
type Evidence struct {
	Task      string    `json:"task,omitempty"`      // task id
	Container string    `json:"container,omitempty"` // its failing container
	ExitCode  *int      `json:"exitCode,omitempty"`
	StopCode  string    `json:"stopCode,omitempty"`
	Stopped   string    `json:"stopped,omitempty"` // stopped reason, as ECS says it
	Stream    string    `json:"stream,omitempty"`  // log stream
	Log       []string  `json:"log,omitempty"`     // the last lines, at most 20
	Targets   []string  `json:"targets,omitempty"` // target-health reasons
	Changed   []string  `json:"changed,omitempty"` // what differs between the two revisions, in words
	Failures  int       `json:"failures,omitempty"`
	OldUp     int       `json:"oldUp,omitempty"`   // healthy old tasks at the time
	Wanted    int       `json:"wanted,omitempty"`  // desired count at the time
	SeenAt    time.Time `json:"seenAt,omitzero"`   // when
	Missing   string    `json:"missing,omitempty"` // what could not be collected, and why
}
