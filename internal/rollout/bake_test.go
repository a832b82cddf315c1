package rollout

import (
	"strings"
	"testing"
	"time"
)

func TestBake(t *testing.T) {
	s := Next(converging(), seen(time.Minute, 2, up("a"), up("b")))
	s = Next(s, seen(65*time.Second, 2, up("a"), up("b")))
	if b := s.(Baking); !b.Counted || !b.Since.Equal(t0.Add(65*time.Second)) {
		t.Fatalf("the bake counts from %s, want the second healthy look: the first is dated by when its step began", b.Since)
	}
	s = Next(s, seen(6*time.Minute, 2, up("a"), up("b")))
	if s.Phase() != PhaseBaking {
		t.Fatalf("got %s before the bake is over", s.Phase())
	}
	late := exited("b", 1)
	late.StoppedAt = t0.Add(4 * time.Minute)
	if s := Next(s, seen(5*time.Minute, 2, up("a"), late)); s.Phase() != PhaseConverging {
		t.Fatalf("got %s when a task crashes in the bake, want Converging: the bake starts over", s.Phase())
	}
	if s := Next(s, seen(5*time.Minute, 2, up("a"), up("c"), late)).(Baking); !s.Since.Equal(t0.Add(5 * time.Minute)) {
		t.Fatalf("the bake began at %s, want it anew after a crash that was replaced between two looks", s.Since)
	}
	if s := Next(s, seen(5*time.Minute, 3, up("a"), up("b"))); s.Phase() != PhaseBaking {
		t.Fatalf("got %s when the service was scaled out in the bake, want Baking", s.Phase())
	}
	if s := Next(s, seen(7*time.Minute, 3, up("a"), up("b"))); s.Phase() != PhaseBaking {
		t.Fatalf("got %s: a bake does not end before all are healthy", s.Phase())
	}
	if s := Next(s, seen(40*time.Minute, 3, up("a"), up("b"))); s.Phase() != PhaseFailed {
		t.Fatalf("got %s: the deadline holds in a bake too", s.Phase())
	}
	if s := Next(s, seen(5*time.Minute, 2, exited("a", 1), exited("b", 1))); s.Phase() != PhaseFailed {
		t.Fatalf("got %s when tasks crash in the bake", s.Phase())
	}
	done, ok := Next(s, completed(seen(6*time.Minute+5*time.Second, 2, up("a"), up("b")))).(Succeeded)
	if !ok || !done.Proven {
		t.Fatalf("got %+v after the bake", done)
	}
	if s := Next(converging(), seen(time.Minute, 0)).(Succeeded); s.Proven {
		t.Fatal("nothing was proven with 0 tasks")
	}
}

// A bake does not end while ECS still works on the deployment: it may drain, or bake by the service's own alarms, and roll back.
func TestBakeWaitsForECS(t *testing.T) {
	busy := func(d time.Duration, mark string) Observation {
		o := seen(d, 2, up("a"), up("b"))
		o.Mark = mark
		return o
	}
	done := func(d time.Duration) Observation { return completed(busy(d, "done")) }
	s := Next(Next(converging(), busy(time.Minute, "m")), busy(65*time.Second, "m"))
	end := 65*time.Second + 300*time.Second
	waiting, ok := Next(s, busy(end+time.Second, "m")).(Baking)
	if !ok || waiting.Seconds < 5 {
		t.Fatalf("got %+v, want to go on baking while ECS works on the deployment", waiting)
	}
	if !waiting.Quiet(busy(end+time.Minute, "m")) || waiting.Quiet(done(end+time.Minute)) || waiting.Quiet(busy(end+30*time.Minute+time.Second, "m")) {
		t.Fatal("a look is quiet while nothing changes, but never the one that ends the bake")
	}
	if s, ok := Next(waiting, done(end+time.Minute)).(Succeeded); !ok || s.Unfinished != "" {
		t.Fatalf("got %+v when ECS is done", s)
	}
	late, ok := Next(waiting, busy(end+30*time.Minute+time.Second, "m")).(Succeeded)
	if !ok || !late.Proven {
		t.Fatalf("got %+v past the timeout, want success", late)
	}
	if _, cause, _ := Conclude(late, t0.Add(time.Hour)); !strings.HasSuffix(cause, "; ECS had not finished the deployment 30 m 00 s after the bake: 2 old tasks still run") {
		t.Fatalf("it says: %s", cause)
	}
	back := primary(busy(end+time.Minute, "n"), "ecs-svc/1", web43, "IN_PROGRESS")
	back.ServiceDeployment, back.ServiceDeploymentReason = "ROLLBACK_IN_PROGRESS", "alarm errors"
	if s := Next(waiting, back); s.Phase() != PhaseRollingBack {
		t.Fatalf("got %s when ECS rolls back on its alarm", s.Phase())
	}
}

// A look that finds nothing changed needs no tasks, but for the one that ends the bake.
func TestQuietBake(t *testing.T) {
	bare := func(d time.Duration, mark string) Observation {
		o := completed(seen(d, 2))
		o.Mark = mark
		return o
	}
	full := func(d time.Duration, mark string, tasks ...Task) Observation {
		o := completed(seen(d, 2, tasks...))
		o.Mark = mark
		return o
	}
	s := Next(converging(), full(time.Minute, "m", up("a"), up("b")))
	if s.(Baking).Quiet(bare(65*time.Second, "m")) {
		t.Fatal("the bake does not count yet, so the look is not quiet")
	}
	s = Next(s, full(65*time.Second, "m", up("a"), up("b")))
	for _, c := range []struct {
		after time.Duration
		mark  string
		want  bool
	}{{2 * time.Minute, "m", true}, {2 * time.Minute, "other", false}, {2 * time.Minute, "", false}, {6*time.Minute + 4*time.Second, "m", true}, {6*time.Minute + 5*time.Second, "m", false}} {
		if got := s.(Baking).Quiet(bare(c.after, c.mark)); got != c.want {
			t.Errorf("after %s with mark %q: quiet %t, want %t", c.after, c.mark, got, c.want)
		}
	}
	quiet := Next(s, bare(2*time.Minute, "m")).(Baking)
	if !quiet.Since.Equal(s.(Baking).Since) || !quiet.ProgressAt.Equal(t0.Add(2*time.Minute)) || quiet.Seconds != 15 {
		t.Fatalf("got %+v, want the same bake to go on with the next look in 15 s", quiet)
	}
	scaling := Next(quiet, full(3*time.Minute, "n", up("a"))).(Baking)
	if scaling.Mark != "" {
		t.Fatalf("mark %q was kept although a task was missing at that look", scaling.Mark)
	}
	if s := Next(quiet, full(6*time.Minute+5*time.Second, "m", exited("a", 1), exited("b", 1))); s.Phase() != PhaseFailed {
		t.Fatalf("got %s at the last look of the bake, want Failed: it sees the tasks again", s.Phase())
	}
}

// UNKNOWN is an answer only of containers that have no health check.
func TestChecks(t *testing.T) {
	c := ChecksOf(web44, Definition{Containers: []ContainerDefinition{{Name: "web", Essential: true, HealthCheck: true}, {Name: "proxy", Essential: true}, {Name: "logs", HealthCheck: true}}})
	for _, test := range []struct {
		web, proxy, logs string
		open             bool
	}{{"HEALTHY", "UNKNOWN", "UNKNOWN", false}, {"UNKNOWN", "UNKNOWN", "UNKNOWN", true}, {"UNHEALTHY", "UNKNOWN", "HEALTHY", true}} {
		task := Task{Containers: []Container{{Name: "web", Health: test.web}, {Name: "proxy", Health: test.proxy}, {Name: "logs", Health: test.logs}}}
		if got := c.Open(task); got != test.open {
			t.Errorf("%+v: open %t", test, got)
		}
	}
	if (Checks{}).Open(Task{Containers: []Container{{Name: "web", Health: "UNKNOWN"}}}) {
		t.Error("a container without a health check keeps a task from being healthy")
	}
}

func TestMark(t *testing.T) {
	service := func() Service {
		return Service{Desired: 2, LastEvent: "e1", Deployments: []Deployment{{ID: "ecs-svc/2", Primary: true, Revision: web44, Desired: 2, Running: 2, State: "COMPLETED"}}}
	}
	targets := map[string][]SeenTarget{"web": {{ID: "10.0.0.1", Port: 80, State: "healthy"}, {ID: "10.0.0.2", Port: 80, State: "healthy"}}, "admin": nil}
	mark := Mark(service(), targets)
	if swapped := map[string][]SeenTarget{"admin": nil, "web": {targets["web"][1], targets["web"][0]}}; Mark(service(), swapped) != mark {
		t.Error("the order of targets changes the mark")
	}
	for name, change := range map[string]func(*Service){
		"scaled":           func(s *Service) { s.Desired = 3 },
		"an event":         func(s *Service) { s.LastEvent = "e2" },
		"a task less":      func(s *Service) { s.Deployments[0].Running = 1 },
		"a task starting":  func(s *Service) { s.Deployments[0].Pending = 1 },
		"a failed task":    func(s *Service) { s.Deployments[0].Failed = 1 },
		"a new deployment": func(s *Service) { s.Deployments[0].ID = "ecs-svc/3" },
	} {
		s := service()
		if change(&s); Mark(s, targets) == mark {
			t.Errorf("%s: the mark is the same", name)
		}
	}
	if sick := map[string][]SeenTarget{"web": {{ID: "10.0.0.1", Port: 80, State: "unhealthy"}, targets["web"][1]}}; Mark(service(), sick) == mark {
		t.Error("an unhealthy target: the mark is the same")
	}
}
