package deployer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"slipway/internal/fault"
	"slipway/internal/rollout"
)

// view is what a state needs to see of its service.
type view struct {
	plan     rollout.Plan
	watch    rollout.Watch
	revision string // whose tasks are judged
	before   string // whose tasks ran before
	// told is the revision that ECS was told to run, and since when; ECS's history is asked what became of it.
	told  string
	since time.Time
	// enough reports whether the observation can be judged without the tasks.
	enough func(rollout.Observation) bool
}

// viewOf is the view of a state that is left by looking.
func viewOf(s rollout.State) (view, error) {
	p := rollout.PlanOf(s)
	v := view{plan: p, revision: p.Revision, before: p.Baseline, told: p.Revision, since: p.StartedAt, enough: func(rollout.Observation) bool { return false }}
	switch s := s.(type) {
	case rollout.Converging:
		v.watch = s.Watch
	case rollout.Baking:
		v.watch, v.enough = s.Watch, s.Quiet
	case rollout.RollingBack:
		v.watch, v.revision, v.before = s.Watch, s.To, p.Revision
		if !s.ByECS && s.To != "" {
			v.told, v.since = s.To, s.ToldAt
		}
	default:
		return view{}, &fault.Impossible{Words: fmt.Sprintf("probe takes Converging, Baking or RollingBack and got %s", s.Phase())}
	}
	return v, nil
}

// look observes a service for the judgement. It reads only.
func (d *Deployer) look(ctx context.Context, v view, now time.Time) (rollout.Observation, error) {
	o := rollout.Observation{At: now}
	service, err := d.Services.Describe(ctx, v.plan.Service)
	if fault.IsMissing(err) {
		o.Gone = "the service was deleted"
		return o, nil
	}
	if err != nil {
		return o, err
	}
	if service.Status != "ACTIVE" {
		o.Gone = "the service is " + service.Status
		return o, nil
	}
	o.Grace, o.Desired, o.Deployments, o.Guard = service.Grace, service.Desired, service.Deployments, service.Guard
	o.Checks = v.watch.Checks
	targets, err := d.Targets.Health(ctx, groupARNs(service))
	if err != nil {
		return o, err
	}
	if o.Mark = rollout.Mark(service, targets); v.enough(o) {
		return o, nil
	}
	if err := d.seeTasks(ctx, v, service, targets, &o); err != nil {
		return o, err
	}
	return o, d.lookBack(ctx, v, &o)
}

// seeTasks adds the tasks to an observation, those of the view's revision and those that ran before. What ran before may be a deployment
// that was left half done, with tasks of the revision before it still there: while one of these is healthy, nothing follows from how
// the tasks of the one that was left fail.
func (d *Deployer) seeTasks(ctx context.Context, v view, service rollout.Service, targets map[string][]rollout.SeenTarget, o *rollout.Observation) error {
	tasks, err := d.Services.Tasks(ctx, service)
	if err != nil {
		return err
	}
	primary := service.Primary()
	describe := d.describeOnce(ctx)
	others := 0 // healthy tasks of neither revision
	for _, t := range tasks {
		task := t.Task
		task.Targets = targetsOf(t, service, targets)
		if task.StopCode == "EssentialContainerExited" || task.StopCode == "TaskFailedToStart" { // only of these the judgement asks which container it was
			if task.Containers, err = essential(t, describe); err != nil {
				return err
			}
		}
		if t.Revision == v.revision && task.Healthy() && task.Health != "HEALTHY" {
			if o.Checks.Revision != v.revision { // the first such task of this revision: the watch carries them from here on
				read, err := describe(v.revision)
				if err != nil {
					return err
				}
				o.Checks = rollout.ChecksOf(v.revision, read)
			}
			task.Unchecked = o.Checks.Open(task)
		}
		switch {
		case t.Revision == v.revision && (v.watch.Deployment == "" || t.Deployment == v.watch.Deployment || t.Deployment == primary.ID):
			o.Tasks = append(o.Tasks, task)
		case t.Revision == v.revision && task.Healthy():
			o.Kept++
		case t.Revision == v.before:
			seeOld(o, task, v.watch.ToldAt)
		case t.Revision != v.revision && task.Healthy():
			others++
		}
	}
	if others > 0 { // what surrounds the tasks is in order, whatever those that ran before fail of
		o.OldHealthy, o.OldTasks = o.OldHealthy+others, nil
	}
	return nil
}

// seeOld counts a task of the revision that ran before, and keeps it if it is not healthy, or has stopped since ECS was told.
func seeOld(o *rollout.Observation, task rollout.Task, toldAt time.Time) {
	switch {
	case task.Healthy():
		o.OldHealthy++
	case task.Up(), !task.StoppedAt.IsZero() && task.StoppedAt.After(toldAt):
		o.OldTasks = append(o.OldTasks, task)
	}
}

// describeOnce describes task definitions, each once. One that was deleted is the zero Definition.
func (d *Deployer) describeOnce(ctx context.Context) func(arn string) (rollout.Definition, error) {
	read := map[string]rollout.Definition{}
	return func(arn string) (rollout.Definition, error) {
		definition, ok := read[arn]
		if !ok {
			var err error
			if definition, err = d.Definitions.Describe(ctx, arn); err != nil && !fault.IsMissing(err) {
				return definition, err
			}
			read[arn] = definition
		}
		return definition, nil
	}
}

// essential marks the containers without which a stopped task cannot go on, which only the task definition says. Of a
// definition that was deleted every container counts.
func essential(t rollout.SeenTask, describe func(arn string) (rollout.Definition, error)) ([]rollout.Container, error) {
	definition, err := describe(t.Revision)
	if err != nil {
		return nil, err
	}
	containers := slices.Clone(t.Containers)
	for i := range containers {
		containers[i].Essential = len(definition.Containers) == 0
		for _, c := range definition.Containers {
			if c.Name == containers[i].Name {
				containers[i].Essential = c.Essential
			}
		}
	}
	return containers, nil
}

// lookBack reads ECS's history only when the deployments listed leave a question: ours is gone, or failed. It asks what became of the
// newest deployment of the revision that ECS was told to run.
func (d *Deployer) lookBack(ctx context.Context, v view, o *rollout.Observation) error {
	primary := o.Primary()
	ours, listed := o.Listed(v.watch.Deployment)
	if primary.Revision == v.told && primary.ID == v.watch.Deployment && listed && ours.State != "FAILED" {
		return nil
	}
	history, err := d.Services.History(ctx, v.plan.Service)
	if err != nil {
		return err
	}
	for _, past := range history { // newest first
		if past.Revision == v.told && !past.CreatedAt.Before(v.since.Add(-time.Minute)) {
			o.ServiceDeployment, o.ServiceDeploymentReason = past.Status, past.Rollback
			if past.Rollback == "" {
				o.ServiceDeploymentReason = past.Reason
			}
			return nil
		}
	}
	return nil
}

func groupARNs(s rollout.Service) []string {
	arns := make([]string, 0, len(s.TargetGroups))
	for _, g := range s.TargetGroups {
		arns = append(arns, g.ARN)
	}
	return arns
}

// targetsOf joins a task with its registrations: by address and by the port of the container that the service's load
// balancer entry names. A running task that is not registered yet is "initial".
func targetsOf(t rollout.SeenTask, s rollout.Service, health map[string][]rollout.SeenTarget) []rollout.Target {
	var list []rollout.Target
	for _, group := range s.TargetGroups {
		seen := rollout.Target{Group: groupName(group.ARN), State: "initial", Reason: "not registered yet"}
		if !t.Up() {
			seen.State, seen.Reason = "", ""
		}
		for _, a := range t.Addresses {
			if a.Container != group.Container || a.ContainerPort != group.Port {
				continue
			}
			for _, target := range health[group.ARN] {
				if target.ID == a.ID && target.Port == a.Port {
					seen.State, seen.Reason = target.State, target.Reason
				}
			}
		}
		if reason := unhealthyBefore(t, s.Events); reason != "" {
			seen.State, seen.Reason = "unhealthy", reason
		}
		list = append(list, seen)
	}
	return list
}

// unhealthyBefore is why the load balancer found a task unhealthy that ECS has stopped since and taken out of the target group, from
// ECS's event "(service web) (task T) (port 80) is unhealthy in (target-group G) due to (reason R).". The stop reason does not
// say it.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
func unhealthyBefore(t rollout.SeenTask, events []string) string {
	if t.StopCode != "ServiceSchedulerInitiated" {
		return ""
	}
	for _, e := range events {
		if _, reason, ok := strings.Cut(e, "due to (reason "); ok && strings.Contains(e, "(task "+t.ID+")") {
			return strings.TrimSuffix(strings.TrimSuffix(reason, "."), ")")
		}
	}
	return ""
}

// groupName is the name in arn:aws:elasticloadbalancing:...:targetgroup/NAME/ID.
func groupName(arn string) string {
	_, rest, _ := strings.Cut(arn, ":targetgroup/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}
