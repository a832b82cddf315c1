package rollout

import (
	"strings"
	"testing"
	"time"
)

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
	started := func(began, ended time.Duration) Task {
		task := failed(ended)
		task.StartedAt = t0.Add(began)
		return task
	}
	o = seen(5*time.Minute, 2, started(50*time.Second, 4*time.Minute), up("c"))
	if s := Next(over, o); s.Phase() != PhaseConverging {
		t.Fatalf("got %+v, want to go on: it was drained for minutes", s)
	}
	o = seen(5*time.Minute, 2, started(150*time.Second, 4*time.Minute), up("c"))
	if s := Next(over, o); s.Phase() != PhaseFailed {
		t.Fatalf("got %+v, want Failed: it started when all was well", s)
	}
	o = seen(10*time.Minute, 2, started(50*time.Second, 9*time.Minute), up("c"))
	if s := Next(over, o); s.Phase() != PhaseFailed {
		t.Fatalf("got %+v, want Failed: it failed long after", s)
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

// delays plays looks and counts what people are told.
func delays(s State, looks ...Observation) (after State, told []string) {
	for _, o := range looks {
		s = Next(s, o)
		if sentence, tell := Delayed(s); tell {
			told = append(told, sentence)
		}
	}
	return s, told
}

// crowdedAt is a look when a task finds no room.
func crowdedAt(d time.Duration) Observation {
	return seen(d, 3, stopped("c", "TaskFailedToStart", "Capacity is unavailable at this time"))
}

// Two things are in the way and one of them comes and goes: people are told of each once.
func TestDelaysThatTakeTurns(t *testing.T) {
	sick := up("a")
	sick.Targets = []Target{{Group: "web", State: "unhealthy", Reason: "Health checks failed with these codes: [500]"}}
	var looks []Observation
	for i := range 40 {
		o := crowdedAt(6*time.Minute + time.Duration(i)*30*time.Second)
		if i%2 == 0 {
			o.Tasks, o.OldTasks = append(o.Tasks, sick), []Task{sick}
		}
		looks = append(looks, o)
	}
	if s, told := delays(converging(), looks...); len(told) != 2 || s.Phase() != PhaseConverging {
		t.Errorf("%s, told %q, want of the environment and of the room", s.Phase(), told)
	}
}

// A delay that comes back after every task was healthy is told of again; what a release before told of is not.
func TestDelayThatComesBack(t *testing.T) {
	healthy := seen(20*time.Minute, 3, up("a"), up("b"), up("c"))
	s, told := delays(converging(), crowdedAt(time.Minute), crowdedAt(7*time.Minute), crowdedAt(8*time.Minute), healthy)
	if len(told) != 1 || s.Phase() != PhaseBaking {
		t.Fatalf("%s, told %q, want once, and the bake", s.Phase(), told)
	}
	if _, told = delays(s, crowdedAt(22*time.Minute), crowdedAt(26*time.Minute), crowdedAt(27*time.Minute)); len(told) != 1 {
		t.Errorf("told %q, want once more", told)
	}
	old, err := Decode([]byte(`{"version":1,"phase":"Converging","deployment":"ecs-svc/2","revision":"` + web44 + `","policy":{"timeout":1800},"toldAt":"2026-01-05T09:00:00Z",` +
		`"lookedAt":"2026-01-05T09:00:00Z","progressAt":"2026-01-05T09:00:00Z","delay":{"class":"capacity","words":"no room"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, told = delays(old, crowdedAt(8*time.Minute)); len(told) != 0 {
		t.Errorf("told %q of what the release before told", told)
	}
}
