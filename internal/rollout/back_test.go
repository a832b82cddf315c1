package rollout

import (
	"testing"
	"time"
)

func TestBack(t *testing.T) {
	back := RollingBack{Plan: plan(), To: web43, Because: Reason{Class: ClassCrash, Words: "w"}, Watch: Watch{Deployment: "ecs-svc/3", Previous: "ecs-svc/2", ToldAt: t0, ProgressAt: t0}}
	at := func(d time.Duration, id, revision string, tasks ...Task) Observation {
		o := seen(d, 2, tasks...)
		o.Deployments[0].ID, o.Deployments[0].Revision = id, revision
		return o
	}
	failedTo := at(time.Minute, "ecs-svc/3", web43)
	failedTo.Deployments[0].State = "FAILED"
	emptied := seen(time.Minute, 0)
	emptied.Deployments = []Deployment{{ID: "ecs-svc/2", Primary: true, Revision: web44}}
	first := back
	first.To = ""
	scaledUp := seen(2*time.Minute, 3)
	drained := emptied
	drained.Deployments = []Deployment{{ID: "ecs-svc/2", Primary: true, Revision: web44, Running: 1}}
	neverDrained := drained
	neverDrained.At = t0.Add(31 * time.Minute)
	byECS := back
	byECS.ByECS = true
	bad := at(time.Minute, "ecs-svc/1", web43, up("a"), up("b"))
	bad.Quarantined = map[string]bool{web43: true}
	stayed := at(time.Minute, "ecs-svc/3", web43)
	stayed.Kept, stayed.OldHealthy = 2, 0
	notYet := stayed
	notYet.OldHealthy = 1
	for name, c := range map[string]struct {
		s     RollingBack
		o     Observation
		phase Phase
	}{
		"on its way":           {back, at(time.Minute, "ecs-svc/3", web43, up("a")), PhaseRollingBack},
		"the old tasks stayed": {back, stayed, PhaseRolledBack},
		"and failed ones run":  {back, notYet, PhaseRollingBack},
		"safe":                 {back, at(time.Minute, "ecs-svc/3", web43, up("a"), up("b")), PhaseRolledBack},
		"not visible yet":      {back, at(10*time.Second, "ecs-svc/2", web44), PhaseRollingBack},
		"never arrived":        {back, at(2*time.Minute, "ecs-svc/2", web44), PhaseFailed},
		"failed one by hand":   {back, at(2*time.Minute, "ecs-svc/9", web44), PhaseForeign},
		"somebody else":        {back, at(time.Minute, "ecs-svc/9", web45), PhaseForeign},
		"ECS gave it up":       {back, failedTo, PhaseStuck},
		"no progress":          {back, at(31*time.Minute, "ecs-svc/3", web43), PhaseStuck},
		"back to no tasks":     {first, emptied, PhaseRolledBack},
		"0 is not shown yet":   {first, seen(30*time.Second, 2), PhaseRollingBack},
		"0 wanted, 1 runs":     {first, drained, PhaseRollingBack},
		"and it never stops":   {first, neverDrained, PhaseStuck},
		"0 tasks, and 3 again": {first, scaledUp, PhaseForeign},
		"ECS is on its way":    {byECS, at(time.Minute, "ecs-svc/2", web44), PhaseRollingBack},
		"ECS cannot":           {byECS, at(3*time.Minute, "ecs-svc/2", web44), PhaseFailed},
		"ECS did it":           {byECS, at(time.Minute, "ecs-svc/1", web43, up("a"), up("b")), PhaseRolledBack},
		"ECS chose a bad one":  {byECS, bad, PhaseStuck},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Next(c.s, c.o); got.Phase() != c.phase {
				t.Fatalf("got %s %+v, want %s", got.Phase(), got, c.phase)
			}
		})
	}
}
