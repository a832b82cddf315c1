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
