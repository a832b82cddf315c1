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

// LeaseLost is why a write was refused: others have, or have had, the service since the writer took its lease.
type LeaseLost struct {
	Owner string // who has it now, "" nobody
}

func (e *LeaseLost) Error() string {
	if e.Owner == "" {
		return "another execution has had the service meanwhile"
	}
	return "execution " + e.Owner + " has taken the service over"
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
	switch {
	case w.Origin == FromPush:
		e.Passed = nil
	case w.Origin == FromPerson && e.Open() && e.Wish.Origin == FromPush && (e.Intent == nil || e.Intent.Wish != e.Wish.Number):
		e.Passed = e.Wish
	}
	w.Number = e.Newest() + 1
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

// Meet notes which service the entry is about. One that was deleted and created again under its name is another service: nothing
// that was good, failed or held of the old one is so of it, and who held that one's lease has lost it. Wishes are numbered on,
// because the names of executions are made of their numbers.
func (e *Entry) Meet(created time.Time) {
	switch {
	case !created.After(e.Created): // the same; or an old description
	case e.Created.IsZero():
		e.Created = created
	default:
		*e = Entry{Service: e.Service, Created: created, Version: e.Version, Fence: e.Fence + 1, Wish: e.Wish, Handled: e.Newest(), Last: e.Last, Told: e.Told, LastTold: e.LastTold}
	}
}

// Runs reports whether a service that runs a revision runs what is good.
func (g *Good) Runs(revision string) bool {
	return g != nil && revision != "" && (revision == g.Revision || revision == g.Of)
}

// Own reports whether a revision that a service runs is there because Slipway deployed it, for the newest wish or for one before
// that, if what was asked for since came to nothing.
func (e *Entry) Own(revision string) bool { return revision != "" && revision == e.Deployed }

// Excuses reports whether a deployment of a revision that ECS began at some time and rolled back was excused.
func (e *Entry) Excuses(revision string, began time.Time) bool {
	return e.Excused != nil && e.Excused.Revision == revision && began.Before(e.Excused.At)
}

// Abandon notes that the service was brought back from a revision: whoever deploys that one again is not Slipway.
func (e *Entry) Abandon(revision string) {
	if e.Deployed == revision {
		e.Deployed = ""
	}
}

// Bars reports whether the hold keeps a wish away: whatever was asked for before the change, and people who do not force it. A
// newer push passes; so does drift, which asks only for what agrees with the change, or for what the service's tags let it
// repair; and so does the undoing of a stopped execution, which leaves alone what somebody deployed since.
func (h *Hold) Bars(w Wish) bool {
	return h != nil && !w.Force && w.Undoes == "" && (w.Origin == FromPerson || w.Number <= h.Wish)
}

// Prove makes g last good. The last good before is kept for a rollback by hand.
func (e *Entry) Prove(g Good) {
	if e.LastGood != nil && e.LastGood.Revision != g.Revision {
		before := *e.LastGood
		e.GoodBefore = &before
	}
	e.LastGood, e.GivenUp = &g, ""
	e.Lift(g.Image.Digest)
}

// Death is that an execution is no longer running, and since when.
type Death struct {
	Owner string
	At    time.Time
}

// Take gives the lease to owner, who serves the wish with that number, until now+Lease. It is re-entrant. A lease is taken
// over only when it has expired, or when its owner is the one that dead says has ended, at least a Lambda timeout ago: a
// death that was looked up before this entry was read may be that of an owner before. The error is *Busy.
func (e *Entry) Take(owner string, wish int, now time.Time, dead Death) error {
	if l := e.Lease; l != nil && l.Owner != owner && l.Until.After(now) && (dead.Owner != l.Owner || now.Before(dead.At.Add(LambdaTimeout))) {
		return &Busy{Owner: l.Owner, Until: l.Until}
	}
	if e.Lease == nil || e.Lease.Owner != owner {
		e.Fence++
		e.Lease = &Holding{Owner: owner, Fence: e.Fence}
	}
	e.Lease.Wish, e.Lease.Until, e.Lease.Over = wish, now.Add(Lease), false
	return nil
}

// Free reports whether nobody has the lease.
func (e *Entry) Free(now time.Time) bool { return e.Lease == nil || !e.Lease.Until.After(now) }

// Renew checks that owner, who took the lease under fence, still has it, and renews it. A lease that was given back is taken
// again if nobody has had it since: an execution that failed and was redriven goes on. The error is *LeaseLost.
func (e *Entry) Renew(owner string, wish int, fence int64, now time.Time) error {
	switch {
	case e.Lease != nil && e.Lease.Owner != owner:
		return &LeaseLost{Owner: e.Lease.Owner}
	case e.Lease == nil && (fence == 0 || e.Fence != fence):
		return &LeaseLost{}
	}
	return e.Take(owner, wish, now, Death{})
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

// Blame quarantines the digest of a deployment that failed, unless it is the last good one: then the configuration is to blame.
func (e *Entry) Blame(f Failure) {
	if e.LastGood == nil || e.LastGood.Image.Digest != f.Digest {
		e.Isolate(f)
	}
}

// Isolate quarantines a digest. The oldest failures give way past MaxQuarantine.
func (e *Entry) Isolate(f Failure) {
	if f.Digest == "" { // an image that is not named by digest would stand for every other such image
		return
	}
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

// Settle writes the outcome of a wish: the wish is handled, and the lease, if the execution has it, is given back together with the
// intent of this wish. The intent of another wish stays: its owner died after it had told ECS, and somebody must undo that.
//
// A wish that nobody asked for is not handled: its number may be typed by hand.
func (e *Entry) Settle(o Outcome) {
	e.outcome(o)
	if e.Lease == nil || e.Lease.Owner != o.Execution {
		return
	}
	e.Lease = nil
	if e.Intent != nil && e.Intent.Wish == o.Wish {
		e.Intent = nil
	}
}

// Bury writes the outcome of a wish whose execution ended without it. The lease, if that execution has it or the one that it was
// to undo ("": none), is not free at once: a function that it called may still be running, and about to tell ECS. What it
// told ECS remains to be undone.
func (e *Entry) Bury(o Outcome, undone string) {
	e.outcome(o)
	if e.Lease != nil && (e.Lease.Owner == o.Execution || e.Lease.Owner == undone) {
		e.Lease.Until, e.Lease.Over = o.EndedAt.Add(LambdaTimeout), true
	}
}

func (e *Entry) outcome(o Outcome) {
	if e.Wish != nil && o.Wish <= e.Wish.Number {
		e.Handled = max(e.Handled, o.Wish)
	}
	if e.Last == nil || e.Last.Execution != o.Execution || e.Last.Redrive != o.Redrive {
		e.Last, e.Told, e.LastTold = &o, false, Told{}
	}
	if e.Passed == nil || e.Wish == nil || o.Wish != e.Wish.Number {
		return
	}
	if o.Ending == EndingRejected {
		again := *e.Passed // open, and of an execution that drift will find missing and start
		again.Number = e.Wish.Number + 1
		e.Wish = &again
	}
	e.Passed = nil
}

// Newest is the number of the newest wish.
func (e *Entry) Newest() int {
	if e.Wish == nil {
		return 0
	}
	return e.Wish.Number
}

// Open reports whether the newest wish has no outcome yet.
func (e *Entry) Open() bool { return e.Wish != nil && e.Wish.Number > e.Handled }
