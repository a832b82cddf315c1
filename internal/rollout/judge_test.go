package rollout

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestForward(t *testing.T) {
	unhealthy := up("a")
	unhealthy.Targets = []Target{{Group: "web", State: "unhealthy", Reason: "Health checks failed with these codes: [500]"}}
	withOld := seen(time.Minute, 2, exited("a", 1), exited("b", 1))
	withOld.OldTasks = []Task{exited("old", 1)}
	lateOld := withOld
	lateOld.At = t0.Add(31 * time.Minute)
	graced := seen(time.Minute, 1, unhealthy)
	graced.Grace = 5 * time.Minute
	ecsBack := primary(seen(time.Minute, 2), "ecs-svc/1", web43, "IN_PROGRESS")
	ecsBack.ServiceDeployment, ecsBack.ServiceDeploymentReason = "ROLLBACK_IN_PROGRESS", "deployment circuit breaker"
	gone := seen(time.Minute, 2)
	gone.Gone = "the service was deleted"

	for name, c := range map[string]struct {
		o     Observation
		phase Phase
		class Class
		words string
	}{
		"tasks on their way":               {seen(10*time.Second, 2), PhaseConverging, "", ""},
		"half healthy":                     {seen(30*time.Second, 2, up("a")), PhaseConverging, "", ""},
		"all healthy":                      {seen(30*time.Second, 2, up("a"), up("b")), PhaseBaking, "", ""},
		"a health check has not answered":  {seen(30*time.Second, 2, up("a"), unchecked("b")), PhaseConverging, "", ""},
		"desired count went down":          {seen(30*time.Second, 1, up("a"), up("b")), PhaseBaking, "", ""},
		"nothing wanted":                   {seen(30*time.Second, 0), PhaseSucceeded, "", ""},
		"one crash":                        {seen(time.Minute, 2, exited("a", 1)), PhaseConverging, "", ""},
		"two crashes":                      {seen(time.Minute, 2, exited("a", 1), exited("b", 1)), PhaseFailed, ClassCrash, `container "web" exited 1 while starting, 2 of 2 tasks`},
		"an essential container ends 0":    {seen(time.Minute, 2, exited("a", 0), exited("b", 0)), PhaseFailed, ClassCrash, "exited 0"},
		"two crashes of different kinds":   {seen(time.Minute, 2, exited("a", 1), exited("b", 2)), PhaseConverging, "", ""},
		"image missing":                    {seen(time.Minute, 2, stopped("a", "TaskFailedToStart", "CannotPullContainerError: ref not found")), PhaseFailed, ClassDefinitive, "cannot be pulled"},
		"registry busy":                    {seen(time.Minute, 2, stopped("a", "TaskFailedToStart", "CannotPullContainerError: toomanyrequests")), PhaseConverging, "", ""},
		"wrong architecture":               {seen(time.Minute, 2, stopped("a", "TaskFailedToStart", "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'")), PhaseFailed, ClassDefinitive, "CPU architecture"},
		"secret missing":                   {seen(time.Minute, 2, stopped("a", "TaskFailedToStart", "ResourceInitializationError: unable to pull secrets: invalid parameters: /shop/DB")), PhaseFailed, ClassDefinitive, "secret"},
		"killed by its health check":       {seen(time.Minute, 2, stopped("a", "ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/abc)")), PhaseFailed, ClassHealth, "task failed ELB health checks in (target-group web)"},
		"unhealthy past the grace period":  {seen(time.Minute, 1, unhealthy), PhaseFailed, ClassHealth, "[500]"},
		"unhealthy within grace":           {graced, PhaseConverging, "", ""},
		"scale-in is not counted":          {seen(time.Minute, 1, up("c"), stopped("a", "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)"), stopped("b", "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)")), PhaseBaking, "", ""},
		"Spot is not counted":              {seen(time.Minute, 2, stopped("a", "SpotInterruption", "Your Spot Task was interrupted."), stopped("b", "SpotInterruption", "Your Spot Task was interrupted.")), PhaseConverging, "", ""},
		"no capacity, before the deadline": {seen(29*time.Minute, 2, stopped("a", "TaskFailedToStart", "Capacity is unavailable at this time")), PhaseConverging, "", ""},
		"no capacity, past the deadline":   {seen(31*time.Minute, 2, stopped("a", "TaskFailedToStart", "Capacity is unavailable at this time")), PhaseFailed, ClassCapacity, "could not be placed"},
		"never a task":                     {seen(31*time.Minute, 2), PhaseFailed, ClassCapacity, "could not place"},
		"the old tasks crash too":          {withOld, PhaseConverging, "", ""},
		"and past the deadline":            {lateOld, PhaseFailed, ClassEnvironment, "old tasks fail in the same way"},
		"no progress":                      {seen(31*time.Minute, 2, Task{ID: "a", Status: "PENDING"}), PhaseFailed, ClassDeadline, "no progress for 30 m 00 s"},
		"an answer from before our call":   {primary(seen(10*time.Second, 2), "ecs-svc/1", web43, "COMPLETED"), PhaseConverging, "", ""},
		"somebody else's deployment":       {primary(seen(10*time.Second, 2), "ecs-svc/9", web45, "IN_PROGRESS"), PhaseForeign, "", ""},
		"the old one again, by hand":       {primary(seen(2*time.Minute, 2), "ecs-svc/9", web43, "IN_PROGRESS"), PhaseForeign, "", ""},
		"ECS rolls back":                   {ecsBack, PhaseRollingBack, ClassECS, "circuit breaker"},
		"service deleted":                  {gone, PhaseForeign, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := Next(converging(), c.o)
			if got.Phase() != c.phase {
				t.Fatalf("got %s %+v, want %s", got.Phase(), got, c.phase)
			}
			var because Reason
			switch s := got.(type) {
			case Failed:
				because = s.Because
			case RollingBack:
				because = s.Because
			}
			if because.Class != c.class || !strings.Contains(because.Words, c.words) {
				t.Fatalf("got %+v, want class %q and words %q", because, c.class, c.words)
			}
		})
	}
}

// A count of 0 during a first deployment is an answer from before our call, or somebody's wish; it never proves an image.
func TestFirstDeploymentThatIsScaledToNothing(t *testing.T) {
	first := converging()
	first.Policy.InitialCount = 2
	if s := Next(first, seen(10*time.Second, 0)); s.Phase() != PhaseConverging {
		t.Fatalf("got %s, want Converging: ECS may answer with the world before", s.Phase())
	}
	if s, ok := Next(first, seen(10*time.Minute, 0)).(Succeeded); !ok || s.Proven {
		t.Fatalf("got %+v, want an unproven success", s)
	}
}

func TestProgressMovesTheDeadline(t *testing.T) {
	s := Next(converging(), seen(29*time.Minute, 2, up("a")))
	if s = Next(s, seen(58*time.Minute, 2, up("a"))); s.Phase() != PhaseConverging {
		t.Fatalf("got %s 29 minutes after progress", s.Phase())
	}
	if s = Next(s, seen(60*time.Minute, 2, up("a"))); s.Phase() != PhaseFailed {
		t.Fatalf("got %s 31 minutes after progress", s.Phase())
	}
}

func TestPollIntervalGrowsAndIsBounded(t *testing.T) {
	last := 0
	for age := time.Duration(0); age < 5*time.Hour; age += time.Minute {
		s := pollSeconds(age)
		if s < last || s < 5 || s > 30 {
			t.Fatalf("after %s the pause is %d s (before %d s)", age, s, last)
		}
		last = s
	}
}

// Next is total: any state with any observation gives a state, with the same plan.
func TestNextIsTotal(t *testing.T) {
	states := []State{Waiting{Plan: plan()}, Ready{plan()}, converging(), Baking{Plan: plan(), Since: t0}, Succeeded{Plan: plan()}, Failed{Plan: plan()},
		RollingBack{Plan: plan(), To: web43}, RolledBack{Plan: plan()}, Stuck{Plan: plan()}, Foreign{Plan: plan()}, Ended{Plan: plan()}}
	if len(states) != len(Phases()) {
		t.Fatalf("%d states, %d phases", len(states), len(Phases()))
	}
	observations := []Observation{{}, {At: t0}, seen(0, 0), seen(time.Hour, 3), seen(time.Minute, 2, up("a"), exited("b", 1))}
	for _, s := range states {
		for i, o := range observations {
			t.Run(fmt.Sprint(s.Phase(), i), func(t *testing.T) {
				if got := Next(s, o); got == nil || PlanOf(got).Revision != web44 {
					t.Fatalf("got %+v", got)
				}
			})
		}
	}
}

// AWS may refuse UpdateService for minutes before it takes it: only from the first look on had ECS time to show our deployment, and
// the tasks time to get on.
func TestTimeCountsFromTheFirstLook(t *testing.T) {
	told := converging()
	told.LookedAt = time.Time{}
	first := Next(told, primary(seen(12*time.Minute, 2), "ecs-svc/1", web43, "COMPLETED"))
	if first.Phase() != PhaseConverging {
		t.Fatalf("got %+v at the first look, want to wait: it may show the world before our call", first)
	}
	if s := Next(first, primary(seen(12*time.Minute+59*time.Second, 2), "ecs-svc/1", web43, "COMPLETED")); s.Phase() != PhaseConverging {
		t.Fatalf("got %+v a minute later, want to wait", s)
	}
	if s := Next(first, primary(seen(13*time.Minute, 2), "ecs-svc/1", web43, "COMPLETED")); s.Phase() != PhaseForeign {
		t.Fatalf("got %+v, want Foreign", s)
	}
	told.Policy.Timeout = 600
	late := Next(told, seen(12*time.Minute, 2))
	if late.Phase() != PhaseConverging {
		t.Fatalf("got %+v at the first look, want the deadline to run from there", late)
	}
	if s := Next(late, seen(22*time.Minute+time.Second, 2)); s.Phase() != PhaseFailed {
		t.Fatalf("got %s past the deadline", s.Phase())
	}
}

// What failed before an adoption began says nothing of it, but for what ECS still rolls out or has given up.
func TestAdoption(t *testing.T) {
	began := 50 * time.Minute
	adopting := converging()
	adopting.Adopting, adopting.Previous = true, ""
	adopting.ToldAt, adopting.LookedAt, adopting.ProgressAt = t0.Add(began), t0.Add(began), t0.Add(began)
	at := func(state string, d time.Duration, tasks ...Task) Observation {
		o := completed(seen(d, 2, tasks...))
		o.Deployments[0].State, o.Deployments[0].CreatedAt = state, t0
		return o
	}
	late := func(id string) Task {
		task := exited(id, 1)
		task.StoppedAt = t0.Add(began + time.Minute)
		return task
	}
	checked := stopped("x", "ServiceSchedulerInitiated", "Task failed container health checks")
	noAnswer := stopped("p", "TaskFailedToStart", "CannotPullContainerError: i/o timeout")
	for name, c := range map[string]struct {
		o     Observation
		phase Phase
	}{
		"checks failed before":              {at("COMPLETED", began, up("a"), up("b"), checked), PhaseBaking},
		"both crashed before":               {at("COMPLETED", began, up("a"), up("b"), exited("x", 1), exited("y", 1)), PhaseBaking},
		"ECS does not say how far it is":    {at("", began, up("a"), up("b"), checked), PhaseBaking},
		"one crashed before, and one since": {at("COMPLETED", began+2*time.Minute, up("a"), exited("x", 1), late("y")), PhaseConverging},
		"both crashed since":                {at("COMPLETED", began+2*time.Minute, late("x"), late("y")), PhaseFailed},
		"ECS still rolls it out":            {at("IN_PROGRESS", began, up("a"), exited("x", 1), exited("y", 1)), PhaseFailed},
		"ECS gave it up":                    {at("FAILED", began, noAnswer), PhaseFailed},
	} {
		t.Run(name, func(t *testing.T) {
			s := Next(adopting, c.o)
			if s.Phase() != c.phase {
				t.Fatalf("got %s %+v, want %s", s.Phase(), s, c.phase)
			}
			if f, ok := s.(Failed); ok && name == "ECS gave it up" && f.Because.Class != ClassInfrastructure {
				t.Fatalf("got %+v, want the network to be blamed, which it met before", f.Because)
			}
		})
	}
	before := converging()
	if s := Next(before, at("COMPLETED", began, up("a"), up("b"), checked)); s.Phase() != PhaseFailed {
		t.Fatalf("got %s of a deployment, want all its failures to count", s.Phase())
	}
}
