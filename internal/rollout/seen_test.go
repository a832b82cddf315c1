package rollout

import (
	"strings"
	"time"

	"slipway/internal/image"
	"slipway/internal/record"
)

var t0 = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

const (
	web43 = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:43"
	web44 = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:44"
	web45 = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:45"
)

func plan() Plan {
	return Plan{Service: record.ServiceName{Cluster: "shop", Service: "web"}, Wish: 2, Action: record.Deploy, Revision: web44, Baseline: web43, Fence: 1,
		Image: image.Reference{Registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com", Repository: "shop/web", Tag: "7c11d0f", Digest: image.Digest("sha256:" + strings.Repeat("a", 64))},
		Name:  "9ab03de", StartedAt: t0, Policy: Policy{Bake: 300, Timeout: 1800}}
}

func converging() Converging {
	return Converging{Plan: plan(), Watch: Watch{Deployment: "ecs-svc/2", Previous: "ecs-svc/1", ToldAt: t0, LookedAt: t0, ProgressAt: t0}}
}

// seen is an observation d after t0 with our deployment primary, wanting n tasks.
func seen(d time.Duration, n int, tasks ...Task) Observation {
	running := 0
	for _, t := range tasks {
		if t.Up() {
			running++
		}
	}
	return Observation{At: t0.Add(d), Desired: n, Tasks: tasks, OldHealthy: n,
		Deployments: []Deployment{{ID: "ecs-svc/2", Primary: true, Revision: web44, Desired: n, Running: running, Pending: max(0, n-running), State: "IN_PROGRESS"}, {ID: "ecs-svc/1", Revision: web43, Running: n}}}
}

func up(id string) Task {
	return Task{ID: id, Status: "RUNNING", Health: "UNKNOWN", StartedAt: t0.Add(time.Second), Targets: []Target{{Group: "web", State: "healthy"}}}
}

func unchecked(id string) Task {
	t := up(id)
	t.Unchecked = true
	return t
}

func exited(id string, code int) Task {
	return Task{ID: id, Status: "STOPPED", Stopping: true, StopCode: "EssentialContainerExited", StopReason: "Essential container in task exited", StartedAt: t0, StoppedAt: t0.Add(5 * time.Second),
		Containers: []Container{{Name: "sidecar", Essential: true, ExitCode: ptr(143)}, {Name: "web", Essential: true, ExitCode: &code}}}
}

func stopped(id, code, reason string) Task {
	return Task{ID: id, Status: "STOPPED", Stopping: true, StopCode: code, StopReason: reason, StoppedAt: t0.Add(5 * time.Second)}
}

func ptr(i int) *int { return &i }

func primary(o Observation, id, revision, state string) Observation {
	o.Deployments = []Deployment{{ID: id, Primary: true, Revision: revision, Desired: o.Desired, Running: o.Desired, State: state}}
	return o
}

// completed is the observation when ECS is done: no old task is left.
func completed(o Observation) Observation {
	o.Deployments = o.Deployments[:1:1]
	o.Deployments[0].State = "COMPLETED"
	return o
}
