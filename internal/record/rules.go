package record

import (
	"fmt"
	"slices"
	"time"

	"slipway/internal/image"
)

// Busy is why a lease was not given: another execution holds it.
type Busy struct {
	Owner string
	Until time.Time
}

func (e *Busy) Error() string {
	return fmt.Sprintf("execution %s holds the service until %s", e.Owner, e.Until.UTC().Format(time.RFC3339))
}

// LeaseLost is why a write was refused: the writer's lease was taken over, or given back.
type LeaseLost struct {
	Owner string // who has it now, "" nobody
}

func (e *LeaseLost) Error() string {
	if e.Owner == "" {
		return "the lease on the service is no longer held"
	}
	return "the lease on the service was taken over by " + e.Owner
}

// Ask records a wish and returns the newest wish. asked is false when a push brings nothing new: the same image was pushed
// before (its further tags are kept), or it is not newer than what was. Wishes of people and of drift are always new.
//
// A digest that is pushed again under a tag not seen before, after it failed, is a new wish, so that somebody is told why
// it is not deployed.
func (e *Entry) Ask(w Wish, follow image.Follow) (wish Wish, asked bool) {
	if w.Origin == FromPush && !e.follows(w, follow) {
		return *e.Wish, false
	}
	w.Number = 1
	if e.Wish != nil {
		w.Number = e.Wish.Number + 1
	}
	e.Wish = &w
	if e.SeenAt.IsZero() {
		e.SeenAt = w.AskedAt
	}
	return w, true
}

// follows remembers a pushed image and reports whether it is to be deployed.
func (e *Entry) follows(w Wish, follow image.Follow) bool {
	c := w.candidate()
	if e.Followed == nil || follow.Newer(c, *e.Followed) {
		e.Followed = &c
		return true
	}
	if c.Digest != e.Followed.Digest || slices.Contains(e.Followed.Tags, w.Image.Tag) {
		return false
	}
	e.Followed.Tags = append(slices.Clone(e.Followed.Tags), w.Image.Tag)
	return e.Failed(c.Digest) != nil && !e.Open()
}

// Prove makes g last good. The last good before is kept for a rollback by hand.
func (e *Entry) Prove(g Good) {
	if e.LastGood != nil && e.LastGood.Revision != g.Revision {
		before := *e.LastGood
		e.GoodBefore = &before
	}
	e.LastGood = &g
	e.Lift(g.Image.Digest)
}

// Take gives the lease to owner until now+Lease. It is re-entrant. A lease is taken over only when it has expired, or when
// ownerEnded says that its owner's execution is no longer running and a Lambda timeout has passed since it ended (nil:
// not known). The error is *Busy.
func (e *Entry) Take(owner string, now time.Time, ownerEnded *time.Time) error {
	if e.Lease != nil && e.Lease.Owner != owner && e.Lease.Until.After(now) {
		if ownerEnded == nil || now.Before(ownerEnded.Add(LambdaTimeout)) {
			return &Busy{Owner: e.Lease.Owner, Until: e.Lease.Until}
		}
	}
	if e.Lease == nil || e.Lease.Owner != owner {
		e.Fence++
		e.Lease = &Holding{Owner: owner, Fence: e.Fence}
	}
	e.Lease.Until = now.Add(Lease)
	return nil
}

// Held checks that owner holds the lease under fence, and renews it. The error is *LeaseLost.
func (e *Entry) Held(owner string, fence int64, now time.Time) error {
	if e.Lease == nil {
		return &LeaseLost{}
	}
	if e.Lease.Owner != owner || e.Lease.Fence != fence {
		return &LeaseLost{Owner: e.Lease.Owner}
	}
	e.Lease.Until = now.Add(Lease)
	return nil
}

// Failed is the recorded failure of a digest, nil if it is not quarantined.
func (e *Entry) Failed(d image.Digest) *Failure {
	for i := range e.Quarantine {
		if e.Quarantine[i].Digest == d {
			return &e.Quarantine[i]
		}
	}
	return nil
}

// Isolate quarantines a digest. The oldest failures give way past MaxQuarantine.
func (e *Entry) Isolate(f Failure) {
	e.Lift(f.Digest)
	e.Quarantine = append(e.Quarantine, f)
	if over := len(e.Quarantine) - MaxQuarantine; over > 0 {
		e.Quarantine = slices.Clone(e.Quarantine[over:])
	}
}

// Lift takes a digest out of quarantine: a person forced it.
func (e *Entry) Lift(d image.Digest) {
	e.Quarantine = slices.DeleteFunc(slices.Clone(e.Quarantine), func(f Failure) bool { return f.Digest == d })
}

// Settle writes the outcome of a wish: it is handled, its intent is closed and owner's lease, if it has it, is given back.
func (e *Entry) Settle(o Outcome, owner string) {
	e.Handled = max(e.Handled, o.Wish)
	e.Last = &o
	if e.Lease != nil && e.Lease.Owner == owner {
		e.Lease, e.Intent = nil, nil
	}
}

// Open reports whether the newest wish has no outcome yet.
func (e *Entry) Open() bool { return e.Wish != nil && e.Wish.Number > e.Handled }
