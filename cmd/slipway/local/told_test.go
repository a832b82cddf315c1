package local

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
		{Execution: "x", Told: &rollout.Announcement{Kind: "RolledBack", Service: p.Service, Image: p.Image, Sentence: "web v2 rolled back", At: at.Add(15 * time.Second)}},
	} {
		n.At = at.Add(time.Duration(i) * time.Second)
		got += s.hear(n)
	}
	want := `09:00:00  -  shop/web v1: is to run as web:2 in place of web:1
09:00:02  -  shop/web v2: is to run as web:3 in place of web:2 (v1)
09:00:04  -  shop/web v2: ECS is told to run web:3 (v2)
09:00:06  -  shop/web v2: 1 of 2 healthy
09:00:08  -  shop/web v2: Baking: 2 of 2 healthy, to stay so for 1 m 00 s
09:00:10  -  shop/web v2: Failed: it crashed
09:00:12  -  shop/web v2: is quarantined; ECS is told to run web:2 (v1) again
09:00:15  x  shop/web v2: RolledBack: web v2 rolled back
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// heard is what is printed of news, a second after the other from nine o'clock on.
func heard(news ...laptop.News) (got string) {
	s := newSaid()
	for i, n := range news {
		n.At = time.Date(2026, 1, 5, 9, 0, i, 0, time.Local)
		if n.Told != nil {
			n.Told.At = n.At
		}
		got += s.hear(n)
	}
	return got
}

var web = record.ServiceName{Cluster: "shop", Service: "web"}

// pushed is the plan for an image of shop/web with this tag and digest, in place of a revision.
func pushed(tag string, digest byte, revision, baseline string) rollout.Plan {
	const family = "arn:aws:ecs:eu-west-1:123456789012:task-definition/"
	return rollout.Plan{Service: web, Image: image.Reference{Repository: "shop/web", Tag: tag, Digest: image.Digest("sha256:" + strings.Repeat(string(digest), 64))},
		Revision: family + revision, Baseline: family + baseline}
}

// Two pushes at once: each line says whose it is, who has the turn and what gave way.
func TestWhoWaitsForWhom(t *testing.T) {
	v2, v3 := pushed("v2", '2', "web:3", "web:2"), pushed("v3", '3', "web:4", "web:2")
	const owner = "arn:aws:states:eu-west-1:123456789012:execution:slipway:web-v2-0123456789ab-01234567-2"
	busy := &record.Busy{Owner: owner, Until: time.Date(2026, 1, 5, 9, 15, 0, 0, time.UTC)}
	turn := laptop.News{Execution: "x3", Step: "Claimed?", State: rollout.Waiting{Plan: v3, For: "its turn: " + busy.Error()}}
	why := "a newer wish took over: v4 (wish 8)"
	got := heard(turn, // before anything is known of who has it
		laptop.News{Execution: owner, Step: "Claimed?", State: rollout.Ready{Plan: v2}}, laptop.News{Execution: "x3", Step: "Settle", State: rollout.Failed{Plan: v3}},
		turn, laptop.News{Execution: owner, Step: "Healthy?", State: rollout.Failed{Plan: v2}}, laptop.News{Execution: "x3", Step: "Ending?"}, turn,
		laptop.News{Execution: "x3", Step: "Claimed?", State: rollout.Ended{Plan: v3, Ending: record.EndingSuperseded, Why: why}},
		laptop.News{Execution: "x3", Told: &rollout.Announcement{Kind: "Superseded", Service: web, Image: v3.Image, Execution: "x3", Sentence: why}},
		laptop.News{Execution: "x4", Told: &rollout.Announcement{Kind: "Superseded", Service: web, Image: v3.Image, Execution: "x4", Sentence: why}},
	)
	want := `09:00:00  -  shop/web v3: waits for its turn, another deployment is under way
09:00:01  -  shop/web v2: is to run as web:3 in place of web:2
09:00:03  -  shop/web v3: waits for its turn, v2 is being deployed
09:00:04  -  shop/web v2: Failed: 
09:00:06  -  shop/web v3: waits for its turn, v2 is being rolled back
09:00:07  ok shop/web v3: Superseded: a newer wish took over: v4 (wish 8)
09:00:09  ok shop/web v3: Superseded: a newer wish took over: v4 (wish 8)
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// An input that names no service ends with a reason, although Slipway can tell nobody.
func TestATypingErrorIsSaid(t *testing.T) {
	const execution = "arn:aws:states:eu-west-1:123456789012:execution:slipway:6f1c"
	got := heard(laptop.News{Execution: execution, Step: "Claimed?", State: rollout.Ended{Ending: record.EndingRejected, Why: `input: unknown key "servce"`}},
		laptop.News{Execution: execution, Step: "Settle", State: rollout.Ended{Ending: record.EndingRejected, Why: `input: unknown key "servce"`}})
	if want := "09:00:00  x  execution 6f1c: Rejected: input: unknown key \"servce\"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAMovedTagIsToldApartByDigests(t *testing.T) {
	before, after := pushed("production", '1', "web:10", "web:9"), pushed("production", '2', "web:12", "web:10")
	same := pushed("production", '2', "web:13", "web:12")
	crash := rollout.Reason{Class: rollout.ClassCrash, Words: "it crashed"}
	got := heard(laptop.News{Execution: "0", Step: "Claimed?", State: rollout.Ready{Plan: before}}, laptop.News{Execution: "1", Step: "Claimed?", State: rollout.Ready{Plan: after}},
		laptop.News{Execution: "1", Step: "Going back?", State: rollout.RollingBack{Plan: after, Because: crash, To: before.Revision}}, laptop.News{Execution: "2", Step: "Claimed?", State: rollout.Ready{Plan: same}})
	want := `09:00:00  -  shop/web production: is to run as web:10 in place of web:9
09:00:01  -  shop/web production: 222222222222 is to run as web:12 in place of web:10 (production 111111111111)
09:00:02  -  shop/web production: 222222222222 is quarantined; ECS is told to run web:10 (production 111111111111) again
09:00:03  -  shop/web production: is to run as web:13 in place of web:12 (production)
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What push decided is said where no execution says it.
func TestAPushThatDeploysNothing(t *testing.T) {
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.Local)
	pinned := "123456789012.dkr.ecr.eu-west-1.amazonaws.com/api@sha256:" + strings.Repeat("7", 64)
	const short = "777777777777"
	for _, c := range []struct {
		name string
		log  []laptop.Decision
		want string
	}{
		{"nobody follows", []laptop.Decision{{Message: "push", Image: pinned, Tag: "pr-1"}}, "push api:pr-1: no service follows it"},
		{"not this tag", []laptop.Decision{{Message: "push", Image: pinned, Tag: "pr-1", Followers: 2}}, "push api:pr-1: no service follows this tag: their slipway:follow leaves it out"},
		{"a moved tag", []laptop.Decision{{Message: "the tag has moved on", Service: "api/api", Tag: "production", Pushed: short, Now: "888888888888"}, {Message: "push", Image: pinned, Tag: "production", Followers: 1}},
			"api/api: " + short + " is not deployed: the tag production has moved on"},
		{"a signature", []laptop.Decision{{Message: "push", Image: pinned, Tag: "s", Followers: 1, Matching: 1}, {Message: "push ignored", Image: pinned, Why: "it is attached to another image"}},
			"push api " + short + ": it is not deployed: it is attached to another image"},
		{"an old one", []laptop.Decision{{Message: "nothing new to deploy", Service: "api/api", Pushed: short, Wished: "888888888888"}}, "api/api: " + short + " is not deployed: 888888888888 was asked for already"},
		{"deployed", []laptop.Decision{{Message: "push", Image: pinned, Tag: "v1", Followers: 1, Matching: 1}, {Message: "execution started", Service: "api/api"}}, ""},
		{"a part", []laptop.Decision{{Message: "push ignored", Why: "the manifest has no tag: a part of an index"}}, ""},
	} {
		s, got := newSaid(), ""
		for _, d := range c.log {
			d.At = at
			got += s.decide(d)
		}
		if c.want != "" {
			c.want = "09:00:00  -  " + c.want + "\n"
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
