package rollout

import (
	"strings"
	"testing"
	"time"
)

const tripped = "ECS deployment circuit breaker: tasks failed to start."

// givesUp are the ways in which ECS gives a deployment up, and what it says.
var givesUp = map[string]func(Observation) (Observation, string){
	"without a rollback": func(o Observation) (Observation, string) {
		o.Deployments[0].State, o.Deployments[0].Reason = "FAILED", tripped
		o.ServiceDeployment = "STOPPED"
		return o, "ECS gave the deployment up: " + tripped
	},
	"with one": func(o Observation) (Observation, string) {
		o = primary(o, "ecs-svc/1", web43, "IN_PROGRESS")
		o.ServiceDeployment, o.ServiceDeploymentReason = "ROLLBACK_IN_PROGRESS", tripped
		return o, tripped
	},
	"with one, and the failed deployment is listed still": func(o Observation) (Observation, string) {
		o = primary(o, "ecs-svc/1", web43, "IN_PROGRESS")
		o.Deployments = append(o.Deployments, Deployment{ID: "ecs-svc/2", Revision: web44, Failed: 3, State: "FAILED", Reason: "tasks failed to start."})
		o.ServiceDeployment, o.ServiceDeploymentReason = "ROLLBACK_IN_PROGRESS", tripped
		return o, tripped
	},
	"with one that history does not show yet": func(o Observation) (Observation, string) {
		o = primary(o, "ecs-svc/1", web43, "IN_PROGRESS")
		o.Deployments = append(o.Deployments, Deployment{ID: "ecs-svc/2", Revision: web44, Failed: 3, State: "FAILED"})
		return o, "ECS rolled the deployment back"
	},
}

// becauseOf is why a deployment is over.
func becauseOf(t *testing.T, s State) (Reason, Evidence) {
	t.Helper()
	switch s := s.(type) {
	case Failed:
		return s.Because, s.Evidence
	case RollingBack:
		return s.Because, s.Evidence
	}
	t.Fatalf("got %s, want Failed or RollingBack", s.Phase())
	return Reason{}, Evidence{}
}

// ECS counts tasks that never ran whatever the cause: what they say decides whether the image is to blame.
func TestECSGivesUp(t *testing.T) {
	crashed, pull := exited("x", 1), stopped("a", "TaskFailedToStart", "CannotPullContainerError: i/o timeout")
	starting := up("s")
	starting.Targets = []Target{{Group: "web", State: "initial"}}
	sick := up("u")
	sick.Targets = []Target{{Group: "web", State: "unhealthy", Reason: "[500]"}}
	checked := stopped("c", "ServiceSchedulerInitiated", "Task failed container health checks")
	onInstance := stopped("e", "TaskFailedToStart", "Task failed to start")
	onInstance.Containers = []Container{{Name: "web", Essential: true, Reason: "CannotPullContainerError: no such host"}}
	for name, c := range map[string]struct {
		tasks []Task
		old   []Task
		class Class
		words string // before ECS's own
		task  string
	}{
		"the network":                     {[]Task{pull, pull}, nil, ClassInfrastructure, "CannotPullContainerError: i/o timeout", "a"},
		"the network of an instance":      {[]Task{onInstance}, nil, ClassInfrastructure, "CannotPullContainerError: no such host", "e"},
		"and one that has just started":   {[]Task{pull, starting}, nil, ClassInfrastructure, "CannotPullContainerError: i/o timeout", "a"},
		"no room":                         {[]Task{stopped("a", "TaskFailedToStart", "Capacity is unavailable at this time")}, nil, ClassCapacity, "a task could not be placed: Capacity is unavailable at this time", "a"},
		"what the old tasks fail of too":  {[]Task{crashed, crashed}, []Task{crashed}, ClassEnvironment, `container "web" exited 1 while starting; the old tasks fail in the same way`, "x"},
		"checks that the old ones fail":   {[]Task{sick}, []Task{sick}, ClassEnvironment, "target group web finds the task unhealthy: [500]; the old tasks fail in the same way", "u"},
		"the image, which is not there":   {[]Task{pull, stopped("b", "TaskFailedToStart", "CannotPullContainerError: ref not found")}, nil, "", "the image cannot be pulled: CannotPullContainerError: ref not found", "b"},
		"one crash, and nothing else":     {[]Task{crashed}, nil, ClassECS, `container "web" exited 1 while starting`, "x"},
		"two crashes":                     {[]Task{crashed, crashed}, nil, "", `container "web" exited 1 while starting, 2 of 2 tasks`, "x"},
		"checks":                          {[]Task{checked}, nil, "", "task failed container health checks, 1 of 1 tasks", "c"},
		"nobody knows":                    {nil, nil, ClassECS, "", ""},
		"nothing but what was scaled in":  {[]Task{stopped("z", "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)")}, nil, ClassECS, "", ""},
		"only one that has just started":  {[]Task{starting}, nil, ClassECS, "", ""},
		"one crash, and one just started": {[]Task{crashed, starting}, nil, ClassECS, `container "web" exited 1 while starting`, "x"},
	} {
		for how, giveUp := range givesUp {
			t.Run(name+", "+how, func(t *testing.T) {
				o := seen(time.Minute, 2, c.tasks...)
				o.OldTasks = c.old
				o, why := giveUp(o)
				because, evidence := becauseOf(t, Next(converging(), o))
				if blames := c.class == "" || c.class.Blames(); because.Class.Blames() != blames || !blames && because.Class != c.class {
					t.Errorf("class %s, want %q", because.Class, c.class)
				}
				if !strings.HasPrefix(because.Words, c.words) || c.class != "" && !strings.Contains(because.Words, why) {
					t.Errorf("it says %q, want %q and %q", because.Words, c.words, why)
				}
				if because.Task != c.task || evidence.Task != c.task {
					t.Errorf("task %q and %q in the evidence, want %q", because.Task, evidence.Task, c.task)
				}
			})
		}
	}
}

// An alarm sees more than tasks: that Spot took one meanwhile does not excuse the image. That the old tasks fail as well does.
func TestECSGivesUpForAnAlarm(t *testing.T) {
	alarmed := func(tasks, old []Task) Reason {
		o := seen(time.Minute, 2, tasks...)
		o.OldTasks = old
		o = primary(o, "ecs-svc/1", web43, "IN_PROGRESS")
		o.ServiceDeployment, o.ServiceDeploymentReason = "ROLLBACK_IN_PROGRESS", "Amazon ECS deployment failed: alarm(s) detected: [errors]"
		because, _ := becauseOf(t, Next(converging(), o))
		return because
	}
	spot := stopped("s", "SpotInterruption", "Your Spot Task was interrupted.")
	if got := alarmed([]Task{spot, up("a"), up("b")}, nil); got.Class != ClassECS || !strings.Contains(got.Words, "[errors]") {
		t.Errorf("got %+v, want ECS's alarm", got)
	}
	if got := alarmed([]Task{exited("x", 1)}, []Task{exited("o", 1)}); got.Class != ClassEnvironment {
		t.Errorf("got %+v, want the environment", got)
	}
}

// What ECS counted while the old tasks failed as well is no more the image's fault when they have recovered and are not remembered.
func TestECSGivesUpAfterADelay(t *testing.T) {
	failed := stopped("b", "ServiceSchedulerInitiated", "Task failed container health checks")
	failed.StoppedAt = t0.Add(50 * time.Second)
	o := seen(time.Minute, 2, failed)
	o.OldTasks, o.OldHealthy = []Task{failed}, 0
	delayed := Next(converging(), o)
	o = seen(2*time.Minute, 2, failed)
	o.Deployments[0].State, o.Deployments[0].Reason = "FAILED", tripped
	because, _ := becauseOf(t, Next(delayed, o))
	if because.Class != ClassEnvironment || !strings.Contains(because.Words, "failed in the same way (ECS gave the deployment up") {
		t.Fatalf("got %+v, want the environment", because)
	}
}
