package rollout

import (
	"strings"
	"testing"
	"time"
)

func TestBack(t *testing.T) {
	back := RollingBack{Plan: plan(), To: web43, Because: Reason{Class: ClassCrash, Words: "w"}, Watch: Watch{Deployment: "ecs-svc/3", Previous: "ecs-svc/2", ToldAt: t0, LookedAt: t0, ProgressAt: t0}}
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

// ECS's circuit breaker counts the tasks of a rollback as well. What it goes back to then is what was to be left: nobody tells it again.
func TestBackThatECSGivesUp(t *testing.T) {
	back := RollingBack{Plan: plan(), To: web43, Because: Reason{Class: ClassCrash, Words: "w"}, Watch: Watch{Deployment: "ecs-svc/3", Previous: "ecs-svc/2", ToldAt: t0, LookedAt: t0, ProgressAt: t0}}
	at := func(id, revision, state, history string, listed ...Deployment) Observation {
		o := primary(seen(2*time.Minute, 2, exited("a", 1)), id, revision, state)
		o.Deployments[0].Running = 0
		o.Deployments[0].Reason = tripped
		o.Deployments = append(o.Deployments, listed...)
		o.ServiceDeployment, o.ServiceDeploymentReason, o.OldHealthy = history, tripped, 0
		if history == "" {
			o.ServiceDeploymentReason = ""
		}
		return o
	}
	ours := Deployment{ID: "ecs-svc/3", Revision: web43, State: "FAILED", Reason: tripped}
	returned := "ECS gave up the rollback to web:43 and went back to web:44: " + tripped + `: container "web" exited 1 while starting`
	stayed := at("ecs-svc/1", web43, "IN_PROGRESS", "ROLLBACK_IN_PROGRESS")
	stayed.Tasks = []Task{up("a"), up("b")}
	for name, c := range map[string]struct {
		o     Observation
		phase Phase
		why   string
	}{
		"it returned to what failed":           {at("ecs-svc/2", web44, "IN_PROGRESS", "ROLLBACK_IN_PROGRESS"), PhaseStuck, returned},
		"and that is what it had completed":    {at("ecs-svc/2", web44, "COMPLETED", "ROLLBACK_SUCCESSFUL"), PhaseStuck, returned},
		"under another id":                     {at("ecs-svc/4", web44, "IN_PROGRESS", "ROLLBACK_IN_PROGRESS"), PhaseStuck, returned},
		"the history does not show it yet":     {at("ecs-svc/2", web44, "IN_PROGRESS", "", ours), PhaseStuck, returned},
		"it returned to another":               {at("ecs-svc/0", web45, "IN_PROGRESS", "ROLLBACK_IN_PROGRESS"), PhaseStuck, "went back to web:45"},
		"it does not go back itself":           {at("ecs-svc/3", web43, "FAILED", "STOPPED"), PhaseStuck, "ECS gave up the rollback to web:43: " + tripped},
		"it finds nothing to go back to":       {at("ecs-svc/3", web43, "FAILED", "ROLLBACK_FAILED"), PhaseStuck, "ECS gave up the rollback to web:43"},
		"where to does not show yet":           {at("ecs-svc/3", web43, "FAILED", "ROLLBACK_REQUESTED"), PhaseRollingBack, ""},
		"last good's own deployment of old":    {at("ecs-svc/1", web43, "IN_PROGRESS", "ROLLBACK_IN_PROGRESS"), PhaseRollingBack, ""},
		"which is healthy":                     {stayed, PhaseRolledBack, ""},
		"which fails too":                      {at("ecs-svc/1", web43, "FAILED", "ROLLBACK_FAILED"), PhaseStuck, "ECS gave up the rollback to web:43"},
		"somebody deploys another over it":     {at("ecs-svc/9", web45, "IN_PROGRESS", "", ours), PhaseForeign, ""},
		"somebody forces last good anew":       {at("ecs-svc/9", web43, "IN_PROGRESS", "IN_PROGRESS", ours), PhaseRollingBack, ""},
		"our call never arrived: tell it anew": {at("ecs-svc/2", web44, "COMPLETED", ""), PhaseFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := Next(back, c.o)
			if got.Phase() != c.phase {
				t.Fatalf("got %s %+v, want %s", got.Phase(), got, c.phase)
			}
			if s, ok := got.(Stuck); ok && (!strings.Contains(s.Why, c.why) || strings.Contains(s.Why, "no progress")) {
				t.Fatalf("it says %q, want %q", s.Why, c.why)
			}
		})
	}
}

// A rollback that ECS never shows is told again, but not for ever.
func TestBackThatNeverArrives(t *testing.T) {
	lost := func(d time.Duration) Observation { return primary(seen(d, 2), "ecs-svc/2", web44, "COMPLETED") }
	var s State = RollingBack{Plan: plan(), To: web43, Watch: Watch{Deployment: "ecs-svc/3", Previous: "ecs-svc/2", ToldAt: t0}}
	if s = Next(s, lost(10*time.Minute)); s.Phase() != PhaseRollingBack {
		t.Fatalf("got %s at the first look, long after the step that told ECS began", s.Phase())
	}
	at := 10 * time.Minute
	for range 100 {
		at += 65 * time.Second
		s = Next(s, lost(at))
		failed, again := s.(Failed)
		if !again {
			break
		}
		watch := Watch{Deployment: "ecs-svc/3", Previous: "ecs-svc/2", ToldAt: t0.Add(at), LookedAt: t0.Add(at)}
		s = RollingBack{Plan: plan(), To: web43, Because: failed.Because, Evidence: failed.Evidence, Watch: watch}
	}
	stuck, ok := s.(Stuck)
	if !ok || !strings.Contains(stuck.Why, "still shows no sign of it, 3") || at > time.Hour {
		t.Fatalf("after %s: got %s %+v, want Stuck", at, s.Phase(), s)
	}
}

// Old tasks may be of two revisions, and more than are wanted while one takes the place of the other.
func TestKeptWords(t *testing.T) {
	for up, want := range map[int]string{0: "no old task was running", 1: "1 of 2 old tasks were kept", 2: "customers saw no change (2/2 old tasks kept)", 3: "customers saw no change (2/2 old tasks kept)"} {
		if got := kept(Evidence{OldUp: up, Wanted: 2}); got != want {
			t.Errorf("%d old tasks: %q, want %q", up, got, want)
		}
	}
}
