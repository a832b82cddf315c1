package deployer

import (
	"context"
	"testing"
	"time"

	"slipway/internal/record"
	"slipway/internal/rollout"
)

// remembering is ECS with a history of a service, newest first.
type remembering struct {
	Services
	history []rollout.Past
	asked   int
}

func (r *remembering) History(context.Context, record.ServiceName) ([]rollout.Past, error) {
	r.asked++
	return r.history, nil
}

// The history is asked about what ECS was told to run: on the way back that is last good, and how it was once deployed before
// does not count.
func TestLookBack(t *testing.T) {
	const good = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:43"
	began := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	told := began.Add(10 * time.Minute)
	plan := rollout.Plan{Revision: web44, Baseline: good, StartedAt: began}
	watch := rollout.Watch{Deployment: "ecs-svc/3", ToldAt: told}
	deployed := func(at time.Time, revision, status string) rollout.Past {
		return rollout.Past{CreatedAt: at, Revision: revision, Status: status, Rollback: "words"}
	}
	failed := deployed(began.Add(time.Minute), web44, "ROLLBACK_SUCCESSFUL")
	listed := func(id, revision, state string) []rollout.Deployment {
		return []rollout.Deployment{{ID: id, Primary: true, Revision: revision, State: state}}
	}
	for name, c := range map[string]struct {
		state   rollout.State
		listed  []rollout.Deployment
		history []rollout.Past
		asked   int
		want    string
	}{
		"the rollback is under way":          {rollout.RollingBack{Plan: plan, Watch: watch, To: good}, listed("ecs-svc/3", good, "IN_PROGRESS"), []rollout.Past{failed}, 0, ""},
		"ECS took it back":                   {rollout.RollingBack{Plan: plan, Watch: watch, To: good}, listed("ecs-svc/2", web44, "IN_PROGRESS"), []rollout.Past{deployed(told, good, "ROLLBACK_IN_PROGRESS"), failed}, 1, "ROLLBACK_IN_PROGRESS"},
		"last good was deployed long before": {rollout.RollingBack{Plan: plan, Watch: watch, To: good}, listed("ecs-svc/2", web44, "IN_PROGRESS"), []rollout.Past{failed, deployed(told.Add(-time.Hour), good, "ROLLBACK_FAILED")}, 1, ""},
		"ECS goes back by itself":            {rollout.RollingBack{Plan: plan, Watch: watch, To: good, ByECS: true}, listed("ecs-svc/3", good, "IN_PROGRESS"), []rollout.Past{failed}, 1, "ROLLBACK_SUCCESSFUL"},
		"back to no tasks":                   {rollout.RollingBack{Plan: plan, Watch: watch}, listed("ecs-svc/3", web44, "IN_PROGRESS"), nil, 0, ""},
		"a deployment failed":                {rollout.Converging{Plan: plan, Watch: watch}, listed("ecs-svc/3", web44, "FAILED"), []rollout.Past{failed}, 1, "ROLLBACK_SUCCESSFUL"},
	} {
		t.Run(name, func(t *testing.T) {
			ecs := &remembering{history: c.history}
			v, err := viewOf(c.state)
			if err != nil {
				t.Fatal(err)
			}
			o := rollout.Observation{Deployments: c.listed}
			if err := (&Deployer{Services: ecs}).lookBack(context.Background(), v, &o); err != nil {
				t.Fatal(err)
			}
			if o.ServiceDeployment != c.want || ecs.asked != c.asked {
				t.Fatalf("got %q after %d calls, want %q after %d", o.ServiceDeployment, ecs.asked, c.want, c.asked)
			}
		})
	}
}

// running is ECS with the tasks of a service.
type running struct {
	Services
	tasks []rollout.SeenTask
}

func (r running) Tasks(context.Context, rollout.Service) ([]rollout.SeenTask, error) {
	return r.tasks, nil
}

// A deployment may have been left half done before ours: the tasks of the revision before it count as old ones, and while one is
// healthy nothing follows from how those of the one that was left fail.
func TestSeeTasksOfThreeRevisions(t *testing.T) {
	const (
		web42 = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:42"
		web43 = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:43"
	)
	began := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	task := func(revision, health string) rollout.SeenTask {
		return rollout.SeenTask{Task: rollout.Task{ID: revision + health, Status: "RUNNING", Health: health, StartedAt: began}, Revision: revision, Deployment: "ecs-svc/" + revision}
	}
	stopped := task(web43, "UNKNOWN")
	stopped.Task = rollout.Task{ID: "s", Status: "STOPPED", Stopping: true, StopCode: "ServiceSchedulerInitiated", StopReason: "Task failed container health checks", StoppedAt: began.Add(time.Minute)}
	ours := task(web44, "UNHEALTHY")
	for name, c := range map[string]struct {
		tasks   []rollout.SeenTask
		healthy int
		old     int // tasks that may show that the environment is to blame
		phase   rollout.Phase
	}{
		"the one before is healthy":       {[]rollout.SeenTask{ours, task(web43, "UNHEALTHY"), stopped, task(web42, "HEALTHY"), task(web42, "HEALTHY")}, 2, 0, rollout.PhaseFailed},
		"both have healthy tasks":         {[]rollout.SeenTask{ours, task(web43, "HEALTHY"), stopped, task(web42, "HEALTHY")}, 2, 0, rollout.PhaseFailed},
		"the one before is sick, as well": {[]rollout.SeenTask{ours, task(web43, "UNHEALTHY"), stopped, task(web42, "UNHEALTHY")}, 0, 2, rollout.PhaseConverging},
		"there is none before":            {[]rollout.SeenTask{ours, task(web43, "UNHEALTHY"), stopped}, 0, 2, rollout.PhaseConverging},
	} {
		t.Run(name, func(t *testing.T) {
			deployment := rollout.Deployment{ID: ours.Deployment, Primary: true, Revision: web44, State: "IN_PROGRESS"}
			s := rollout.Converging{Plan: rollout.Plan{Revision: web44, Baseline: web43, StartedAt: began, Policy: rollout.Policy{Timeout: 1800}},
				Watch: rollout.Watch{Deployment: ours.Deployment, ToldAt: began}}
			v, err := viewOf(s)
			if err != nil {
				t.Fatal(err)
			}
			o := rollout.Observation{At: began.Add(2 * time.Minute), Desired: 2, Deployments: []rollout.Deployment{deployment}}
			if err := (&Deployer{Services: running{tasks: c.tasks}}).seeTasks(t.Context(), v, rollout.Service{Deployments: o.Deployments}, nil, &o); err != nil {
				t.Fatal(err)
			}
			if o.OldHealthy != c.healthy || len(o.OldTasks) != c.old || len(o.Tasks) != 1 {
				t.Errorf("%d healthy, %d others, %d of ours, want %d, %d and 1", o.OldHealthy, len(o.OldTasks), len(o.Tasks), c.healthy, c.old)
			}
			after := rollout.Next(s, o)
			if after.Phase() != c.phase {
				t.Errorf("got %+v, want %s", after, c.phase)
			}
			if f, ok := after.(rollout.Failed); ok && (f.Because.Class != rollout.ClassHealth || f.Evidence.OldUp != c.healthy) {
				t.Errorf("got %+v, want its checks to be the reason, and %d old tasks in the evidence", f, c.healthy)
			}
		})
	}
}
