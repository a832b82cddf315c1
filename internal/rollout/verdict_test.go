package rollout

import (
	"slices"
	"strings"
	"testing"
	"time"
)

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

// A task that has stopped is in no target group any more: the evidence has what its other groups say of it.
func TestEvidenceHasNoEmptyTarget(t *testing.T) {
	task := exited("a", 1)
	task.Targets = []Target{{Group: "web"}, {Group: "admin", State: "draining"}, {Group: "internal", State: "unhealthy"}}
	got := evidenceOf(Reason{Task: "a"}, Observation{At: t0, Tasks: []Task{task}}).Targets
	if want := []string{"internal: unhealthy"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// What an old task failed of before ours were all healthy excuses nothing that ours fail of afterwards; an old task that fails now does.
func TestOldFailuresFromBeforeOursWereHealthy(t *testing.T) {
	failed := func(id string, d time.Duration) Task {
		task := stopped(id, "ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1)")
		task.StoppedAt = t0.Add(d)
		return task
	}
	scaledIn := stopped("old2", "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)")
	scaledIn.StoppedAt = t0.Add(100 * time.Second)
	crashed := exited("old1", 1)
	crashed.StoppedAt = t0.Add(30 * time.Second)
	sick := func(id string) Task {
		task := up(id)
		task.Targets = []Target{{Group: "web", State: "unhealthy", Reason: "Health checks failed with these codes: [500]"}}
		return task
	}
	late := func(task Task, began time.Duration) Task {
		task.StartedAt, task.StoppedAt = t0.Add(began), t0.Add(290*time.Second)
		return task
	}
	for name, c := range map[string]struct {
		early Task   // an old task that stopped while ours were started
		ours  []Task // during the bake
		now   []Task // old tasks during the bake
		class Class  // "" to go on
	}{
		"checks":                        {failed("old1", 30*time.Second), []Task{sick("a"), sick("b")}, nil, ClassHealth},
		"checks, and replaced":          {failed("old1", 30*time.Second), []Task{late(failed("c", 0), 4*time.Minute), up("d"), up("e")}, nil, ClassHealth},
		"drained since before":          {failed("old1", 30*time.Second), []Task{late(failed("c", 0), 10*time.Second), up("d"), up("e")}, nil, ""},
		"crashes":                       {crashed, []Task{late(exited("a", 1), 4*time.Minute), late(exited("b", 1), 4*time.Minute)}, nil, ClassCrash},
		"an old one is sick now":        {failed("old1", 30*time.Second), []Task{sick("a"), sick("b")}, []Task{sick("old3")}, ""},
		"an old one was stopped lately": {failed("old1", 30*time.Second), []Task{sick("a"), sick("b")}, []Task{failed("old3", 4*time.Minute)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			look := func(d time.Duration, oldHealthy int, old []Task, ours ...Task) Observation {
				o := seen(d, 2, ours...)
				o.Guard.MinPercent, o.OldTasks, o.OldHealthy = 100, old, oldHealthy
				return o
			}
			s := Next(converging(), look(time.Minute, 2, []Task{c.early}, up("a")))
			s = Next(s, completed(look(2*time.Minute, 0, []Task{c.early, scaledIn}, up("a"), up("b"))))
			if s.Phase() != PhaseBaking {
				t.Fatalf("got %+v, want the bake", s)
			}
			s = Next(s, completed(look(5*time.Minute, 0, append([]Task{c.early, scaledIn}, c.now...), c.ours...)))
			switch f, failed := s.(Failed); {
			case failed != (c.class != ""):
				t.Fatalf("got %s, want class %q", s.Phase(), c.class)
			case failed && f.Because.Class != c.class:
				t.Fatalf("got %+v, want class %q", f.Because, c.class)
			}
		})
	}
}
