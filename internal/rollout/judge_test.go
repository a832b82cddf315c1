package rollout

import (
	"fmt"
	"slices"
	"strings"
	"testing"
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
	return Converging{Plan: plan(), Watch: Watch{Deployment: "ecs-svc/2", Previous: "ecs-svc/1", ToldAt: t0, ProgressAt: t0}}
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

// Trouble with the network, a disk or room is not the image's: it is waited for, and never quarantines. The texts are ECS's.
func TestTroubleThatIsNotTheImages(t *testing.T) {
	const pull, setup = "CannotPullContainerError: ", "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
	for name, c := range map[string]struct {
		text  string
		class Class
	}{
		"pull, no answer":         {pull + "pull image manifest has been retried 5 time(s): failed to resolve ref r/shop/web: failed to do request: Head \"https://r/v2/shop/web\": dial tcp 10.0.3.17:443: i/o timeout", ClassInfrastructure},
		"pull, no name":           {pull + "pull image manifest has been retried 1 time(s): failed to do request: dial tcp: lookup r on 10.0.0.2:53: no such host", ClassInfrastructure},
		"pull, broken off":        {pull + "ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected EOF", ClassInfrastructure},
		"pull, canceled":          {pull + "context canceled", ClassInfrastructure},
		"pull, old daemon":        {pull + "Get https://r/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)", ClassInfrastructure},
		"pull, disk full":         {pull + "write /var/lib/docker/tmp/GetImageBlob111: no space left on device", ClassInfrastructure},
		"pull, rate":              {pull + "inspect image has been retried 5 time(s): httpReaderSeeker: failed open: toomanyrequests: You have reached your pull rate limit", ClassInfrastructure},
		"pull, registry down":     {pull + "unexpected status from HEAD request to https://r/v2/shop/web: 503 Service Unavailable", ClassInfrastructure},
		"secrets, no answer":      {setup + "unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: request context canceled caused by: context deadline exceeded. Please check your task network configuration.", ClassInfrastructure},
		"secrets, no way":         {setup + "The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration.", ClassInfrastructure},
		"network interface":       {"Timeout waiting for network interface provisioning to complete.", ClassInfrastructure},
		"no address":              {"Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': InsufficientFreeAddressesInSubnet", ClassCapacity},
		"EC2":                     {"Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-1'", ClassInfrastructure},
		"runtime":                 {"ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 3m0s", ClassInfrastructure},
		"pull, no such image":     {pull + "pull image manifest has been retried 1 time(s): failed to resolve ref r/shop/timeout-429@sha256:503429: not found", ClassDefinitive},
		"pull, not allowed":       {pull + "pull image manifest has been retried 1 time(s): failed to resolve ref r/shop/web: unexpected status from HEAD request to https://r/v2/shop/web: 403 Forbidden", ClassDefinitive},
		"secrets, no such secret": {setup + "unable to retrieve secret from asm: service call has been retried 1 time(s): ResourceNotFoundException: Secrets Manager can't find the specified secret.", ClassDefinitive},
		"secrets, not allowed":    {setup + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: r is not authorized to perform: ssm:GetParameters", ClassDefinitive},
		"cannot start":            {"CannotStartContainerError: failed to create task for container: exec: \"/app\": stat /app: no such file or directory: unknown", ClassCrash},
	} {
		t.Run(name, func(t *testing.T) {
			early := seen(time.Minute, 2, stopped("a", "TaskFailedToStart", c.text), stopped("b", "TaskFailedToStart", c.text))
			late := early
			late.At = t0.Add(31 * time.Minute)
			if s := Next(converging(), early); (s.Phase() == PhaseFailed) != c.class.Blames() {
				t.Fatalf("got %s %+v", s.Phase(), s)
			}
			s, ok := Next(converging(), late).(Failed)
			if !ok || s.Because.Class != c.class {
				t.Fatalf("past the deadline: got %+v, want class %s", s.Because, c.class)
			}
		})
	}
}

// What is blamed past the deadline.
func TestDeadline(t *testing.T) {
	noAnswer := stopped("p", "TaskFailedToStart", "CannotPullContainerError: i/o timeout")
	spot := stopped("s", "SpotInterruption", "Your Spot Task was interrupted.")
	scaled := stopped("z", "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)")
	waits := Task{ID: "w", Status: "PROVISIONING"}
	silent := unchecked("u")
	silent.Targets = nil
	sick := exited("x", 1)
	sick.StoppedAt = t0.Add(20 * time.Minute)
	for name, c := range map[string]struct {
		tasks []Task
		class Class
		words string
	}{
		"waiting for a machine":               {[]Task{waits, waits}, ClassCapacity, "could not place a task, 0 of 2 are healthy, no progress for 30 m 00 s"},
		"one runs, one waits for a machine":   {[]Task{up("a"), waits}, ClassCapacity, "1 of 2 are healthy"},
		"one runs, and that is all":           {[]Task{up("a")}, ClassCapacity, "1 of 2 are healthy"},
		"one was stopped by scaling":          {[]Task{up("a"), scaled}, ClassCapacity, "1 of 2 are healthy"},
		"one runs, one cannot be pulled":      {[]Task{up("a"), noAnswer}, ClassInfrastructure, "i/o timeout, no progress"},
		"Spot takes them all":                 {[]Task{spot, spot}, ClassInfrastructure, "interrupted"},
		"Spot, and one that never answers":    {[]Task{silent, spot}, ClassDeadline, "a container health check has not answered"},
		"Spot, and one that crashed":          {[]Task{sick, spot}, ClassDeadline, "exited 1"},
		"still being pulled":                  {[]Task{{ID: "a", Status: "PENDING"}}, ClassDeadline, "tasks healthy"},
		"scaled in, and one that never comes": {[]Task{silent, scaled}, ClassDeadline, "tasks healthy"},
	} {
		t.Run(name, func(t *testing.T) {
			since := converging()
			since.Running, since.Healthy = 2, 2 // no progress since then
			s, ok := Next(since, seen(31*time.Minute, 2, c.tasks...)).(Failed)
			if !ok || s.Because.Class != c.class || !strings.Contains(s.Because.Words, c.words) {
				t.Fatalf("got %+v, want class %s and words %q", s.Because, c.class, c.words)
			}
		})
	}
}

// ECS's circuit breaker counts tasks that never ran, whatever the cause.
func TestECSRollsBackForTroubleThatIsNotTheImages(t *testing.T) {
	o := primary(seen(time.Minute, 2, stopped("a", "TaskFailedToStart", "CannotPullContainerError: i/o timeout")), "ecs-svc/1", web43, "IN_PROGRESS")
	o.ServiceDeployment, o.ServiceDeploymentReason = "ROLLBACK_IN_PROGRESS", "deployment circuit breaker"
	s, ok := Next(converging(), o).(RollingBack)
	if !ok || s.Because.Class != ClassInfrastructure || s.Because.Words != "CannotPullContainerError: i/o timeout (deployment circuit breaker)" {
		t.Fatalf("got %+v", s)
	}
}

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

// Old tasks that fail their checks at the same time show that the environment is to blame.
func TestChecksThatOldTasksFailToo(t *testing.T) {
	sick := up("a")
	sick.Targets = []Target{{Group: "web", State: "unhealthy", Reason: "Health checks failed with these codes: [500]"}}
	o := seen(time.Minute, 1, sick)
	o.OldTasks = []Task{sick}
	waiting := Next(converging(), o)
	if waiting.Phase() != PhaseConverging {
		t.Fatalf("got %s, want to wait for the deadline", waiting.Phase())
	}
	o.At = t0.Add(32 * time.Minute)
	s, ok := Next(waiting, o).(Failed)
	if !ok || s.Because.Class != ClassEnvironment {
		t.Fatalf("got %+v, want the environment to be blamed", s)
	}
}

// ECS replaces old tasks that fail their checks: until one of the new ones is healthy, the environment is still to blame; then
// it is ours.
func TestChecksThatOldTasksWereReplacedFor(t *testing.T) {
	sick := up("a")
	sick.Targets = []Target{{Group: "web", State: "unhealthy"}}
	failed := stopped("b", "ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1)")
	o := seen(time.Minute, 1, sick)
	o.OldTasks, o.OldHealthy = []Task{failed}, 0
	if s := Next(converging(), o); s.Phase() != PhaseConverging {
		t.Fatalf("got %+v, want to wait", s)
	}
	o.OldHealthy = 1
	if s := Next(converging(), o); s.Phase() != PhaseFailed {
		t.Fatalf("got %+v, want Failed: the old tasks are healthy again", s)
	}
	o = seen(time.Minute, 2, failed, stopped("c", failed.StopCode, failed.StopReason))
	o.OldTasks, o.OldHealthy = []Task{sick}, 0
	if s := Next(converging(), o); s.Phase() != PhaseConverging {
		t.Fatalf("got %+v, want to wait: ours were replaced already, the old ones are about to be", s)
	}
}

// ECS does not go below the minimum of healthy tasks: old tasks that it stopped before one of ours was healthy were not healthy.
func TestOldTasksThatWereStoppedTooEarly(t *testing.T) {
	sick := up("a")
	sick.Targets = []Target{{Group: "web", State: "unhealthy"}}
	o := seen(time.Minute, 1, sick)
	o.OldTasks, o.OldHealthy, o.Guard.MinPercent = []Task{stopped("b", "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)")}, 0, 100
	if s := Next(converging(), o); s.Phase() != PhaseConverging {
		t.Fatalf("got %+v, want to wait", s)
	}
	o.Guard.MinPercent = 0
	if s := Next(converging(), o); s.Phase() != PhaseFailed {
		t.Fatalf("got %+v, want Failed: ECS may stop all old tasks first", s)
	}
	o.Guard.MinPercent = 100
	was := converging()
	was.Healthy = 1
	if s := Next(was, o); s.Phase() != PhaseFailed {
		t.Fatalf("got %+v, want Failed: ours were healthy, and took the place of the old ones", s)
	}
}

// What failed while the old tasks failed as well says nothing of the image, also afterwards; what fails later does.
func TestFailuresOfADelayAreExcused(t *testing.T) {
	failed := func(d time.Duration) Task {
		task := stopped("b", "ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1)")
		task.StoppedAt = t0.Add(d)
		return task
	}
	o := seen(time.Minute, 2, failed(50*time.Second))
	o.OldTasks, o.OldHealthy = []Task{failed(55 * time.Second)}, 0
	delayed := Next(converging(), o)
	if _, tell := Delayed(delayed); !tell {
		t.Fatalf("got %+v, want a delay", delayed)
	}
	o = seen(90*time.Second, 2, failed(50*time.Second), up("c"))
	over := Next(delayed, o)
	if over.Phase() != PhaseConverging {
		t.Fatalf("got %+v, want to go on: the old tasks are healthy again, and ours", over)
	}
	o = seen(3*time.Minute, 2, failed(50*time.Second), up("c"))
	if s := Next(over, o); s.Phase() != PhaseConverging {
		t.Fatalf("got %+v, want to go on", s)
	}
	o = seen(4*time.Minute, 2, failed(50*time.Second), failed(3*time.Minute))
	if s, ok := Next(over, o).(Failed); !ok || s.Because.Class != ClassHealth || !strings.Contains(s.Because.Words, "1 of") {
		t.Fatalf("got %+v, want Failed for the later task alone", s)
	}
}

// People are told once of what is in the way, of room only when it has been for a while.
func TestDelay(t *testing.T) {
	sick := up("a")
	sick.Targets = []Target{{Group: "web", State: "unhealthy", Reason: "Health checks failed with these codes: [500]"}}
	o := seen(time.Minute, 1, sick)
	o.OldTasks = []Task{sick}
	first := Next(converging(), o)
	sentence, tell := Delayed(first)
	if want := "web 7c11d0f is delayed: target group web finds the task unhealthy: Health checks failed with these codes: [500]; the old tasks fail in the same way; " +
		"without progress it is given up at 2026-01-05T09:31:00Z"; !tell || sentence != want {
		t.Errorf("got %t %q, want %q", tell, sentence, want)
	}
	o.At = o.At.Add(time.Minute)
	if sentence, tell := Delayed(Next(first, o)); tell {
		t.Errorf("told again: %q", sentence)
	}
	crowded := func(d time.Duration) Observation {
		o := seen(d, 2)
		o.Tasks = []Task{{ID: "a", Status: "PROVISIONING"}}
		return o
	}
	waiting := Next(converging(), crowded(time.Minute))
	if sentence, tell := Delayed(waiting); tell {
		t.Errorf("told after a minute: %q", sentence)
	}
	waiting = Next(waiting, crowded(6*time.Minute))
	if sentence, tell := Delayed(waiting); !tell || !strings.Contains(sentence, "could not place a task") {
		t.Errorf("after six minutes: %t %q", tell, sentence)
	}
	if sentence, tell := Delayed(Next(waiting, crowded(12*time.Minute))); tell {
		t.Errorf("told again: %q", sentence)
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

func TestBlockHasSixLines(t *testing.T) {
	s := RolledBack{Plan: plan(), To: web43, ToName: "9ab03de", Kept: "customers saw no change (4/4 old tasks kept)",
		Because: Reason{Class: ClassCrash, Words: `container "web" exited 1 while starting, 3 of 3 tasks`, Task: "4be1c0aa"},
		Evidence: Evidence{Container: "web", Stream: "web/web/4be1c0aa11", Log: []string{"Traceback", "KeyError: 'DB_HOST'"}, Stopped: "Essential container in task exited",
			Changed: []string{"environment - DB_HOST", "image web 9ab03de -> 7c11d0f"}}}
	got := strings.Join(Block(s, t0.Add(111*time.Second)), "\n")
	want := `x web  7c11d0f  ROLLED BACK to web:43 (9ab03de) in 1 m 51 s - customers saw no change (4/4 old tasks kept)
  why    container "web" exited 1 while starting, 3 of 3 tasks        stopped: Essential container in task exited
  log    web/web/4be1c0  Traceback
         web/web/4be1c0  KeyError: 'DB_HOST'
  hint   DB_HOST is in web:43 but not in web:44
  more   again: start an execution with {"service":"shop/web","image":"` + string(plan().Image.Digest) + `","force":true}`
	if got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	ending, cause, _ := Conclude(s, t0.Add(111*time.Second))
	if wantCause := `web 7c11d0f rolled back to web:43 (9ab03de) in 1 m 51 s - container "web" exited 1 while starting, 3 of 3 tasks: KeyError: 'DB_HOST'`; ending != RolledBackEnding || cause != wantCause {
		t.Fatalf("got %s: %s", ending, cause)
	}
}

// Next is total: any state with any observation gives a state, with the same plan.
// A task that has stopped is in no target group any more: the evidence has what its other groups say of it.
func TestEvidenceHasNoEmptyTarget(t *testing.T) {
	task := exited("a", 1)
	task.Targets = []Target{{Group: "web"}, {Group: "admin", State: "draining"}}
	got := evidenceOf(Reason{Task: "a"}, Observation{At: t0, Tasks: []Task{task}}).Targets
	if want := []string{"admin: draining"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

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
