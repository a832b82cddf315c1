package local

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// A deployment is followed from its claim to its ending: a line per step, and none where nothing happened.
func TestADeploymentIsFollowed(t *testing.T) {
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.Local)
	const family = "arn:aws:ecs:eu-west-1:123456789012:task-definition/"
	p := rollout.Plan{Service: record.ServiceName{Cluster: "shop", Service: "web"}, Image: image.Reference{Repository: "shop/web", Tag: "v2"},
		Revision: family + "web:3", Baseline: family + "web:2", Policy: rollout.Policy{Bake: 60}, StartedAt: at}
	before := p
	before.Image.Tag, before.Revision, before.Baseline = "v1", family+"web:2", family+"web:1"
	some, two := rollout.Watch{Healthy: 1, Desired: 2}, rollout.Watch{Healthy: 2, Desired: 2}
	reason := rollout.Reason{Class: rollout.ClassCrash, Words: "it crashed"}
	s, got := newSaid(), ""
	for i, n := range []laptop.News{
		{Execution: "before", Step: "Claimed?", State: rollout.Ready{Plan: before}},
		{Execution: "x", Step: "Claim"},
		{Execution: "x", Step: "Claimed?", State: rollout.Ready{Plan: p}}, {Execution: "x", Step: "Update", State: rollout.Ready{Plan: p}},
		{Execution: "x", Step: "Updated?", State: rollout.Converging{Plan: p}}, {Execution: "x", Step: "Healthy?", State: rollout.Converging{Plan: p}},
		{Execution: "x", Step: "Healthy?", State: rollout.Converging{Plan: p, Watch: some}}, {Execution: "x", Step: "Healthy?", State: rollout.Converging{Plan: p, Watch: some}},
		{Execution: "x", Step: "Healthy?", State: rollout.Baking{Plan: p, Watch: two}}, {Execution: "x", Step: "Healthy?", State: rollout.Baking{Plan: p, Watch: two}},
		{Execution: "x", Step: "Healthy?", State: rollout.Failed{Plan: p, Because: reason}},
		{Execution: "x", Told: &rollout.Announcement{Kind: "Rollback Started", Sentence: "web v2 is being rolled back: it crashed", At: at.Add(11 * time.Second)}},
		{Execution: "x", Step: "Going back?", State: rollout.RollingBack{Plan: p, Because: reason, To: before.Revision}},
		{Execution: "x", Step: "Healthy?", State: rollout.RolledBack{Plan: p, Because: reason, To: before.Revision}},
		{Execution: "x", Step: "Settle", State: rollout.RolledBack{Plan: p, Because: reason, To: before.Revision}},
		{Execution: "x", Told: &rollout.Announcement{Kind: "RolledBack", Sentence: "web v2 rolled back", At: at.Add(15 * time.Second)}},
	} {
		n.At = at.Add(time.Duration(i) * time.Second)
		got += s.hear(n)
	}
	want := `09:00:00  -  web: v1 is to run as web:2 in place of web:1
09:00:02  -  web: v2 is to run as web:3 in place of web:2 (v1)
09:00:04  -  web: ECS is told to run web:3 (v2)
09:00:06  -  web: 1 of 2 healthy
09:00:08  -  web: Baking: 2 of 2 healthy, to stay so for 1 m 00 s
09:00:10  -  web: Failed: it crashed
09:00:12  -  web: v2 is quarantined; ECS is told to run web:2 (v1) again
09:00:15  x  RolledBack: web v2 rolled back
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
