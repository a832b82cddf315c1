package record

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/internal/image"
)

var t0 = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func wish(n int, tag string) Wish {
	return Wish{Action: Deploy, Origin: FromPush, PushedAt: t0.Add(time.Duration(n) * time.Minute), AskedAt: t0.Add(time.Duration(n) * time.Minute),
		Image: image.Reference{Registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com", Repository: "shop/web", Tag: tag, Digest: image.Digest(fmt.Sprintf("sha256:%064x", n))}}
}

func TestAskOrdersByPushNotArrival(t *testing.T) {
	var e Entry
	if w, asked := e.Ask(wish(2, "v2"), image.Follow{}); !asked || w.Number != 1 {
		t.Fatalf("got wish %d, asked %v", w.Number, asked)
	}
	if w, asked := e.Ask(wish(1, "v1"), image.Follow{}); asked || w.Image.Tag != "v2" {
		t.Fatal("an older push that arrived later was asked for")
	}
	if _, asked := e.Ask(wish(2, "v2"), image.Follow{}); asked {
		t.Fatal("the same push twice was asked for twice")
	}
	if _, asked := e.Ask(wish(2, "also-v2"), image.Follow{}); asked || len(e.Followed.Tags) != 2 {
		t.Fatal("another tag of the same image is no new wish")
	}
	if w, asked := e.Ask(wish(3, "v3"), image.Follow{}); !asked || w.Number != 2 {
		t.Fatalf("a newer push was not asked for: %+v", w)
	}
	older := wish(1, "v1")
	older.Origin = FromPerson
	if w, asked := e.Ask(older, image.Follow{}); !asked || w.Number != 3 {
		t.Fatal("a person may ask for an older image")
	}
	if _, asked := e.Ask(wish(3, "v3"), image.Follow{}); asked {
		t.Fatal("an old event undid what a person asked for")
	}
}

func TestFailedDigestUnderAnotherTagIsAskedForOnce(t *testing.T) {
	var e Entry
	w, _ := e.Ask(wish(1, "bad"), image.Follow{})
	e.Isolate(Failure{Digest: w.Image.Digest})
	e.Settle(Outcome{Wish: w.Number})
	if _, asked := e.Ask(wish(1, "bad"), image.Follow{}); asked {
		t.Fatal("the same event again was asked for")
	}
	again := wish(1, "bad-again")
	if w, asked := e.Ask(again, image.Follow{}); !asked || w.Number != 2 {
		t.Fatal("a failed image under another tag must be answered")
	}
	if _, asked := e.Ask(again, image.Follow{}); asked {
		t.Fatal("that event twice was asked for twice")
	}
}

func TestLease(t *testing.T) {
	var e Entry
	if err := e.Take("a", 1, t0, Death{}); err != nil {
		t.Fatal(err)
	}
	fence := e.Lease.Fence
	if err := e.Take("a", 1, t0.Add(time.Minute), Death{}); err != nil || e.Lease.Fence != fence {
		t.Fatal("the lease is not re-entrant")
	}
	var busy *Busy
	if err := e.Take("b", 2, t0.Add(2*time.Minute), Death{}); !errors.As(err, &busy) || busy.Owner != "a" {
		t.Fatalf("got %v, want *Busy", err)
	}
	ended := t0.Add(2 * time.Minute)
	if err := e.Take("b", 2, ended.Add(LambdaTimeout-time.Second), Death{"a", ended}); !errors.As(err, &busy) {
		t.Fatal("taken over while a call of the ended owner may be in flight")
	}
	if err := e.Take("b", 2, ended.Add(LambdaTimeout), Death{"z", ended}); !errors.As(err, &busy) {
		t.Fatal("taken over for the death of another owner")
	}
	if err := e.Take("b", 2, ended.Add(LambdaTimeout), Death{"a", ended}); err != nil || e.Lease.Fence != fence+1 || e.Lease.Wish != 2 {
		t.Fatalf("got %v and lease %+v, want it under the next fence", err, e.Lease)
	}
	var lost *LeaseLost
	if err := e.Renew("a", 1, fence, t0.Add(3*time.Minute)); !errors.As(err, &lost) || lost.Owner != "b" {
		t.Fatalf("got %v, want *LeaseLost", err)
	}
	e.Settle(Outcome{Execution: "a", Wish: 1})
	if e.Lease == nil {
		t.Fatal("an execution gave back a lease that it does not hold")
	}
	if err := e.Take("c", 3, e.Lease.Until, Death{}); err != nil {
		t.Fatalf("an expired lease was not given: %v", err)
	}
}

// A redriven execution takes its lease again if nobody has had it since.
func TestRenew(t *testing.T) {
	var e Entry
	if err := e.Take("a", 1, t0, Death{}); err != nil {
		t.Fatal(err)
	}
	e.Settle(Outcome{Execution: "a", Wish: 1})
	if err := e.Renew("a", 1, 1, t0.Add(time.Hour)); err != nil || e.Lease == nil || !e.Lease.Until.Equal(t0.Add(time.Hour+Lease)) {
		t.Fatalf("got %v, %+v: want the lease again, renewed", err, e.Lease)
	}
	if err := e.Renew("a", 1, 1, t0.Add(2*time.Hour)); err != nil || !e.Lease.Until.Equal(t0.Add(2*time.Hour+Lease)) {
		t.Fatalf("got %v, %+v: want the lease renewed under its new fence", err, e.Lease)
	}
	e.Settle(Outcome{Execution: "a", Wish: 1})
	if err := e.Take("b", 2, t0.Add(3*time.Hour), Death{}); err != nil {
		t.Fatal(err)
	}
	e.Settle(Outcome{Execution: "b", Wish: 2})
	var lost *LeaseLost
	if err := e.Renew("a", 1, 1, t0.Add(4*time.Hour)); !errors.As(err, &lost) {
		t.Fatalf("got %v: another has had the service meanwhile", err)
	}
	if err := e.Renew("never", 1, 0, t0.Add(4*time.Hour)); !errors.As(err, &lost) {
		t.Fatalf("got %v: who never had the lease has none to keep", err)
	}
}

func TestSettleLeavesWhatIsNotItsOwn(t *testing.T) {
	var e Entry
	e.Ask(wish(1, "v1"), image.Follow{})
	e.Ask(wish(2, "v2"), image.Follow{})
	e.Settle(Outcome{Wish: 99})
	if !e.Open() {
		t.Fatal("a wish that nobody asked for was handled, and the newest with it")
	}
	if err := e.Take("b", 2, t0, Death{}); err != nil {
		t.Fatal(err)
	}
	e.Intent = &Intent{Wish: 1}
	e.Settle(Outcome{Execution: "b", Wish: 2})
	if e.Lease != nil || e.Intent == nil {
		t.Fatal("the intent of a dead execution was closed by one that did nothing about it")
	}
}

// The outcome of an execution that somebody stopped does not free its lease while a function of it may still be running.
func TestBury(t *testing.T) {
	var e Entry
	if err := e.Take("a", 1, t0, Death{}); err != nil {
		t.Fatal(err)
	}
	e.Bury(Outcome{Execution: "a", Wish: 1, EndedAt: t0.Add(time.Minute)}, "")
	if e.Free(t0.Add(time.Minute)) || !e.Free(t0.Add(time.Minute+LambdaTimeout)) || !e.Lease.Over {
		t.Fatalf("got %+v, want a lease that ends a Lambda timeout after its owner", e.Lease)
	}
}

func TestQuarantineIsBounded(t *testing.T) {
	var e Entry
	for i := range MaxQuarantine + 5 {
		e.Isolate(Failure{Digest: wish(i, "").Image.Digest})
	}
	if len(e.Quarantine) != MaxQuarantine || e.Failed(wish(0, "").Image.Digest) != nil || e.Failed(wish(MaxQuarantine+4, "").Image.Digest) == nil {
		t.Fatalf("got %d failures; the oldest must give way", len(e.Quarantine))
	}
	e.Prove(Good{Revision: "r", Image: wish(MaxQuarantine, "").Image})
	if e.Failed(wish(MaxQuarantine, "").Image.Digest) != nil {
		t.Fatal("what is good stays quarantined")
	}
}

// However owners take, hold and settle, fences only grow and at most one owner holds the lease at a time.
func TestFencesGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e Entry
		now, highest := t0, int64(0)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "minutes")) * time.Minute)
			owner := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "owner")
			before := e.Lease
			if rapid.Bool().Draw(t, "settle") {
				e.Settle(Outcome{Execution: owner})
				if before != nil && before.Owner != owner && e.Lease == nil {
					t.Fatal("a stranger gave the lease back")
				}
				continue
			}
			var until time.Time
			var holder string
			if before != nil {
				until, holder = before.Until, before.Owner
			}
			if err := e.Take(owner, 1, now, Death{}); err != nil {
				continue
			}
			if before != nil && holder != owner && until.After(now) {
				t.Fatal("a live lease was taken over")
			}
			if e.Lease.Fence < highest {
				t.Fatal("a fence went down")
			}
			highest = e.Lease.Fence
		}
	})
}

func TestParseServiceName(t *testing.T) {
	for _, good := range []string{"shop/web", "arn:aws:ecs:eu-west-1:123456789012:service/shop/web"} {
		if n, err := ParseServiceName(good); err != nil || n.String() != "shop/web" {
			t.Errorf("%s: got %v, %v", good, n, err)
		}
	}
	for _, bad := range []string{"", "web", "shop/", "/web", "a/b/c", "shop/we b", "arn:aws:ecs:eu-west-1:123456789012:cluster/shop"} {
		if _, err := ParseServiceName(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestHoldBars(t *testing.T) {
	hold := &Hold{Wish: 3}
	for _, c := range []struct {
		name string
		wish Wish
		bars bool
	}{
		{"a push from before the change", Wish{Number: 3, Origin: FromPush}, true},
		{"a newer push", Wish{Number: 4, Origin: FromPush}, false},
		{"a person", Wish{Number: 4, Origin: FromPerson}, true},
		{"a person who forces it", Wish{Number: 4, Origin: FromPerson, Force: true}, false},
		{"a wish that was forced before the change", Wish{Number: 2, Origin: FromPerson, Force: true}, false},
		{"drift, which looked since", Wish{Number: 4, Origin: FromDrift}, false},
		{"drift before the change", Wish{Number: 3, Origin: FromDrift}, true},
		{"the undoing of a stopped execution", Wish{Number: 4, Origin: FromPerson, Undoes: "e"}, false},
	} {
		if got := hold.Bars(c.wish); got != c.bars {
			t.Errorf("%s: got %v", c.name, got)
		}
		if (*Hold)(nil).Bars(c.wish) {
			t.Errorf("%s: barred by no hold", c.name)
		}
	}
}

// A push that gave way to a person's wish is wished for again if that is rejected, and only then.
func TestPassedPush(t *testing.T) {
	person := wish(1, "v1")
	person.Origin = FromPerson
	for name, c := range map[string]struct {
		deployed bool // the push was told to ECS before the person asked
		ending   Ending
		again    bool
	}{
		"rejected":                           {false, EndingRejected, true},
		"deployed":                           {false, EndingDeployed, false},
		"the push is being deployed already": {true, EndingRejected, false},
	} {
		var e Entry
		push, _ := e.Ask(wish(2, "v2"), image.Follow{})
		if c.deployed {
			e.Intent = &Intent{Wish: push.Number}
		}
		asked, _ := e.Ask(person, image.Follow{})
		e.Settle(Outcome{Wish: asked.Number, Ending: c.ending})
		if again := e.Open() && e.Wish.Image == push.Image && e.Wish.Number == asked.Number+1; again != c.again || e.Passed != nil {
			t.Errorf("%s: wish %+v, handled %d, passed %+v", name, e.Wish, e.Handled, e.Passed)
		}
	}
	var e Entry
	e.Ask(wish(2, "v2"), image.Follow{})
	asked, _ := e.Ask(person, image.Follow{})
	e.Ask(wish(3, "v3"), image.Follow{})
	e.Settle(Outcome{Wish: asked.Number, Ending: EndingRejected})
	if e.Wish.Image.Tag != "v3" || e.Passed != nil {
		t.Errorf("an older push came back over a newer one: %+v", e.Wish)
	}
}

// Last good is never quarantined by a failure, and no failure stands for every image that is not named by digest.
func TestBlame(t *testing.T) {
	e := Entry{LastGood: &Good{Image: wish(1, "").Image}}
	e.Blame(Failure{Digest: wish(1, "").Image.Digest})
	e.Blame(Failure{})
	e.Isolate(Failure{})
	if len(e.Quarantine) != 0 {
		t.Fatalf("quarantined: %+v", e.Quarantine)
	}
	if e.Blame(Failure{Digest: wish(2, "").Image.Digest}); e.Failed(wish(2, "").Image.Digest) == nil {
		t.Fatal("a failed image is not quarantined")
	}
	if e.Isolate(Failure{Digest: wish(1, "").Image.Digest}); e.Failed(wish(1, "").Image.Digest) == nil {
		t.Fatal("a person who goes back from what is good cannot keep it from returning")
	}
}

func TestMeet(t *testing.T) {
	var e Entry
	e.Ask(wish(1, "v1"), image.Follow{})
	e.Meet(t0)
	if e.Followed == nil || !e.Created.Equal(t0) {
		t.Fatal("an entry from before it was noted when the service was created is about another service")
	}
	if err := e.Take("a", 1, t0, Death{}); err != nil {
		t.Fatal(err)
	}
	e.Isolate(Failure{Digest: wish(2, "").Image.Digest})
	e.Prove(Good{Revision: "r"})
	known := e
	e.Meet(t0.Add(-time.Hour))
	e.Meet(t0)
	if e.Lease == nil || e.LastGood == nil {
		t.Fatal("the service was taken for another one")
	}
	e.Meet(t0.Add(time.Hour))
	if e.Lease != nil || e.LastGood != nil || e.Quarantine != nil || e.Followed != nil || !e.SeenAt.IsZero() || e.Open() {
		t.Fatalf("what was of the old service is of the new one: %+v", e)
	}
	var lost *LeaseLost
	if err := e.Renew("a", 1, known.Fence, t0); !errors.As(err, &lost) {
		t.Fatal("who held the old service's lease takes it again")
	}
	if w, asked := e.Ask(wish(1, "v1"), image.Follow{}); !asked || w.Number != 2 {
		t.Fatalf("wish %+v, asked %v: the image that the old service had is new to this one, and wishes are numbered on", w, asked)
	}
}
