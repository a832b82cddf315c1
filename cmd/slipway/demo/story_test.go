package demo

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

var epoch = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

func arn(revision string) string {
	return "arn:aws:ecs:eu-west-1:123456789012:task-definition/" + revision
}

func planOf(tag, revision, baseline string) rollout.Plan {
	return rollout.Plan{Service: record.ServiceName{Cluster: "shop", Service: "web"}, Image: image.Reference{Repository: "shop/web", Tag: tag},
		Revision: arn(revision), Baseline: arn(baseline), Policy: rollout.Policy{Bake: 60}, StartedAt: epoch}
}

// step is news of an execution, seconds into the scene.
func step(seconds int, name string, s rollout.State) laptop.News {
	return laptop.News{At: epoch.Add(time.Duration(seconds) * time.Second), Execution: "x", Step: name, State: s}
}

// taskOf is a task by its condition.
func taskOf(revision string, c condition) laptop.Task {
	t := laptop.Task{ID: "0123456789abcdef", Revision: revision, CreatedAt: epoch.Add(time.Second), Status: "RUNNING"}
	switch c {
	case healthy:
		t.Target = "healthy"
	case unhealthy:
		t.Target, t.Reason = "unhealthy", "Health checks failed with these codes: [500]"
	case failed:
		t.Status, t.Stopping, t.Failed, t.Reason = "STOPPED", true, true, "Essential container in task exited"
	case stopping:
		t.Status, t.Stopping, t.Target = "DEACTIVATING", true, "draining"
	case starting:
		t.Target = "initial"
	}
	return t
}

func tasksOf(parts ...any) (tasks []laptop.Task) {
	for i := 0; i < len(parts); i += 2 {
		tasks = append(tasks, taskOf(parts[i].(string), parts[i+1].(condition)))
	}
	return tasks
}

func TestStory(t *testing.T) {
	p, names := planOf("v3", "web:4", "web:3"), map[string]string{"web:3": "v2", "web:4": "v3"}
	reason := rollout.Reason{Class: rollout.ClassCrash, Words: `container "web" exited 1 while starting, 2 of 2 tasks`}
	two := rollout.Watch{Healthy: 2, Desired: 2}
	rolledBack := rollout.RolledBack{Plan: p, Because: reason, To: arn("web:3"), ToName: "v2"}
	capacity := rollout.Reason{Class: rollout.ClassCapacity, Words: "no room"}
	drift := laptop.News{At: epoch.Add(6 * time.Minute), Told: &rollout.Announcement{Kind: "Drift", Sentence: "shop/web drifted: somebody was here"}}
	for name, c := range map[string]struct {
		news []laptop.News
		want string
	}{
		"a good push": {[]laptop.News{
			step(1, "Claim", nil), step(4, "Claimed?", rollout.Ready{Plan: p}), step(4, "Update", rollout.Ready{Plan: p}),
			step(5, "Updated?", rollout.Converging{Plan: p}), step(5, "Wait to probe", rollout.Converging{Plan: p}),
			step(10, "Healthy?", rollout.Converging{Plan: p}), step(15, "Healthy?", rollout.Converging{Plan: p}),
			step(40, "Healthy?", rollout.Baking{Plan: p, Watch: two}), step(60, "Healthy?", rollout.Baking{Plan: p, Watch: two}),
			step(100, "Healthy?", rollout.Succeeded{Plan: p, Proven: true}), step(100, "Settle", rollout.Succeeded{Plan: p, Proven: true}), step(101, "Ending?", nil),
			{At: epoch.Add(101 * time.Second), Execution: "x", Told: &rollout.Announcement{Kind: "Deployed"}},
		}, `
        4 s  Claim      v3 is to run as web:4 in place of web:3 (v2)
        5 s  Update     ECS is told to run web:4 (v3)
       40 s  Probe      Baking: 2 of 2 healthy, to stay so for 1 m 00 s
   1 m 40 s  Probe      Succeeded
   1 m 40 s  Settle     Deployed`},
		"a rollback": {[]laptop.News{
			step(36, "Healthy?", rollout.Failed{Plan: p, Because: reason}), step(36, "Roll back", rollout.Failed{Plan: p, Because: reason}),
			{At: epoch.Add(37 * time.Second), Execution: "x", Told: &rollout.Announcement{Kind: "Rollback Started"}},
			step(38, "Going back?", rollout.RollingBack{Plan: p, Because: reason, To: arn("web:3")}),
			step(43, "Healthy?", rollout.RollingBack{Plan: p, Because: reason, To: arn("web:3")}),
			step(68, "Healthy?", rolledBack), step(68, "Settle", rolledBack),
		}, `
       36 s  Probe      Failed: container "web" exited 1 while starting, 2 of 2 tasks
       38 s  Roll back  v3 is quarantined; ECS is told to run web:3 (v2) again
   1 m 08 s  Probe      RolledBack: web:3 (v2) is healthy
   1 m 08 s  Settle     RolledBack`},
		"other ways back": {[]laptop.News{
			step(1, "Going back?", rollout.RollingBack{Plan: p, Because: capacity, To: arn("web:3")}),
			step(2, "Going back?", rollout.RollingBack{Plan: p, Because: capacity}),
			step(3, "Going back?", rollout.RollingBack{Plan: p, Because: capacity, To: arn("web:3"), ByECS: true}),
			step(4, "Healthy?", rollout.RolledBack{Plan: p, Because: capacity}),
		}, `
        1 s  Roll back  ECS is told to run web:3 (v2) again
        2 s  Roll back  ECS is told to run 0 tasks again
        3 s  Roll back  ECS goes back by itself
        4 s  Probe      RolledBack: the service is back at 0 tasks`},
		"what claim finds": {[]laptop.News{
			step(1, "Claimed?", rollout.Waiting{Plan: p, For: "its turn"}), step(11, "Claimed?", rollout.Waiting{Plan: p, For: "its turn"}),
			step(21, "Claimed?", rollout.Converging{Plan: p}), step(22, "Claimed?", rollout.Ended{Plan: p, Ending: record.EndingRejected}),
			step(23, "Settle", rollout.Ended{Plan: p, Ending: record.EndingRejected}),
		}, `
        1 s  Claim      waits for its turn
       21 s  Claim      web:4 (v3) runs already: it is watched, and becomes last good if it stays healthy
       22 s  Claim      nothing is touched
       23 s  Settle     Rejected`},
		"other verdicts": {[]laptop.News{
			step(1, "Healthy?", rollout.Stuck{Plan: p, Why: "there is no way back"}), step(2, "Healthy?", rollout.Foreign{Plan: p, Why: "somebody deployed web:9"}), drift,
		}, `
        1 s  Probe      Stuck: there is no way back
        2 s  Probe      Foreign: somebody deployed web:9
   6 m 00 s  drift      shop/web drifted: somebody was here`},
	} {
		t.Run(name, func(t *testing.T) {
			teller := newTeller(epoch, "web:3", names)
			got := ""
			for _, n := range c.news {
				if l := teller.hear(n); l.what != "" {
					got += "\n" + teller.text(l)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSummary(t *testing.T) {
	for want, tasks := range map[string][]laptop.Task{
		"":                              nil,
		"new 2 starting":                tasksOf("web:4", starting, "web:4", starting),
		"old 2 healthy, new 1 starting": tasksOf("web:3", healthy, "web:3", healthy, "web:4", starting),
		"old 1 healthy, 1 unhealthy, new 1 healthy, 1 starting, 2 failed": tasksOf("web:3", healthy, "web:3", unhealthy, "web:4", failed, "web:4", starting, "web:4", failed, "web:4", healthy),
		"new 2 healthy": tasksOf("web:3", stopping, "web:3", stopping, "web:4", healthy, "web:4", healthy),
	} {
		if got := summary(tasks, "web:3", epoch); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := summary(tasksOf("web:4", failed), "web:3", epoch.Add(time.Minute)); got != "" {
		t.Errorf("got %q for what failed before the scene", got)
	}
	launching := laptop.Task{Revision: "web:4", Status: "PROVISIONING"}
	if got := conditionOf(launching); got != starting {
		t.Errorf("got %s for a task without a target, want starting", got)
	}
}

// A line is said when two looks agree, and once.
func TestTasksAreToldOnceAndWhenTwoLooksAgree(t *testing.T) {
	teller := newTeller(epoch, "web:3", nil)
	teller.tasks = "old 2 healthy"
	var got []string
	for i, tasks := range [][]laptop.Task{
		tasksOf("web:3", healthy, "web:3", healthy),
		tasksOf("web:3", healthy, "web:3", healthy),
		tasksOf("web:3", healthy),
		tasksOf("web:3", healthy, "web:3", healthy, "web:4", starting),
		tasksOf("web:3", healthy, "web:3", healthy, "web:4", starting),
		tasksOf("web:3", healthy, "web:3", healthy, "web:4", starting),
		nil, nil,
	} {
		if l := teller.look(laptop.View{At: epoch.Add(time.Duration(i) * time.Second), Tasks: tasks}); l.what != "" {
			got = append(got, teller.text(l))
		}
	}
	want := []string{"        4 s  tasks      old 2 healthy, new 1 starting"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(strings.TrimSpace(diff))
	}
}
