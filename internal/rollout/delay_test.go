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
