package deployer

import (
	"context"
	"errors"

	"slipway/internal/fault"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// takeTurn takes the lease, or returns Waiting while another execution has it.
func (c *claim) takeTurn(ctx context.Context) (rollout.State, error) {
	if c.ownerWaits(ctx) {
		return c.wait("its turn: execution " + c.entry.Lease.Owner + " has the service and could not renew its lease")
	}
	busy, err := c.take(ctx, record.Death{})
	if err != nil {
		return nil, err
	}
	if busy != nil {
		// The owner may be gone without having given the lease back: stopped by hand, or timed out.
		at, ended, err := c.Executions.Ended(ctx, busy.Owner)
		if err != nil && !fault.IsMissing(err) {
			return nil, err
		}
		if !ended {
			return c.wait("its turn: " + busy.Error())
		}
		if busy, err = c.take(ctx, record.Death{Owner: busy.Owner, At: at}); err != nil {
			return nil, err
		}
		if busy != nil {
			return c.wait("the last calls of a stopped execution to be over")
		}
	}
	c.plan.Fence = c.entry.Lease.Fence
	return nil, nil
}

// ownerWaits reports whether the owner of a lease that has run out lives: it may be waiting for the end of an outage, to record what
// it knows alone. If nobody can say, the lease is over.
func (c *claim) ownerWaits(ctx context.Context) bool {
	l := c.entry.Lease
	if l == nil || l.Over || l.Owner == c.request.Execution || !c.entry.Free(c.request.Now) {
		return false
	}
	_, ended, err := c.Executions.Ended(ctx, l.Owner)
	return err == nil && !ended
}

// taking is what one try to take the lease came to. The change of an entry may run several times; only its last run counts.
type taking struct {
	busy  *record.Busy // another execution has it
	newer *record.Wish // nothing was taken, because somebody asked for something else
	owner string       // who had it before
	held  string       // the revision of the hold that there was
}

func (c *claim) take(ctx context.Context, death record.Death) (*record.Busy, error) {
	var t taking
	entry, err := c.Ledger.Update(ctx, c.plan.Service, func(e *record.Entry) error {
		t = taking{}
		e.Meet(c.service.CreatedAt)
		if e.Wish != nil && e.Wish.Number > c.wish.Number {
			t.newer = e.Wish
			return nil
		}
		if e.Lease != nil {
			t.owner = e.Lease.Owner
		}
		if err := e.Take(c.request.Execution, c.wish.Number, c.request.Now, death); err != nil {
			if !errors.As(err, &t.busy) {
				return err
			}
			return nil
		}
		if c.wish.Force || c.wish.Undoes != "" && e.LastGood.Runs(c.wish.Revision) {
			e.Lift(c.wish.Image.Digest) // what is gone back to after a stop may have been rolled back by hand just before
		}
		if e.Hold != nil {
			t.held = e.Hold.Revision
		}
		if c.wish.Undoes == "" && !e.Hold.Bars(c.wish) {
			e.Hold = nil
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if t.newer != nil {
		return nil, c.superseded(*t.newer)
	}
	c.entry, c.held, c.tookOver = entry, t.held, t.owner != "" && t.owner != c.request.Execution
	return t.busy, nil
}

// wait is a look later. The pause grows with the age of the wait; after MaxTurn the claim gives up.
func (c *claim) wait(what string) (rollout.State, error) {
	since := c.request.Now
	if c.waiting != nil {
		since = c.waiting.Since
	}
	waited := c.request.Now.Sub(since)
	if waited > rollout.MaxTurn {
		return nil, reject("service %s was busy for %s, waiting for %s: start again when it is free", c.plan.Service, rollout.Elapsed(rollout.MaxTurn), what)
	}
	return rollout.Waiting{Plan: c.plan, For: what, Since: since, Seconds: min(max(int(waited.Seconds())/10, 10), 60)}, nil
}

// checkHistory, at a takeover, reads what ECS remembers: a revision that ECS rolled back has failed, even if nobody lived to record
// it. Otherwise update's look is enough, just before ECS is told. The primary that an ended execution left behind needs no care
// here: its rollback target is still recorded, and the deployment of this wish replaces it.
func (c *claim) checkHistory(ctx context.Context) error {
	if !c.tookOver || c.wish.Revision == "" || c.wish.Force || c.wish.Action == record.Rollback {
		return nil
	}
	p := c.plan
	p.Revision = c.wish.Revision
	reason, err := c.blameHistory(ctx, c.request, p)
	if err != nil || reason == "" {
		return err
	}
	return reject("ECS rolled %s back before (%s): push another image, or start with \"force\":true", rollout.ShortRevision(c.wish.Revision), reason)
}

// blameHistory quarantines the image of a plan if ECS has rolled the plan's revision back, and says why it did, "" if it did not.
func (d *Deployer) blameHistory(ctx context.Context, r Request, p rollout.Plan) (reason string, err error) {
	reason, err = d.rolledBackBefore(ctx, p.Service, p.Revision)
	if err != nil || reason == "" {
		return "", err
	}
	_, err = d.writeHeld(ctx, r, p, func(e *record.Entry) {
		e.Blame(record.Failure{Digest: p.Image.Digest, Name: p.Image.Name(), Revision: p.Revision, Reason: reason, At: r.Now})
	})
	return reason, err
}

// rolledBackBefore says why ECS rolled the newest deployment of a revision back, "" if it did not, or for no fault of the image.
func (d *Deployer) rolledBackBefore(ctx context.Context, name record.ServiceName, revision string) (string, error) {
	history, err := d.Services.History(ctx, name)
	if err != nil {
		return "", err
	}
	for _, past := range history { // newest first
		if past.Revision != revision {
			continue
		}
		reason := past.RolledBack()
		if reason == "" {
			return "", nil
		}
		entry, err := d.Ledger.Load(ctx, name)
		if err != nil || entry.Excuses(revision, past.CreatedAt) {
			return "", err
		}
		return reason, nil
	}
	return "", nil
}

// write is writeHeld for a claim, which goes on with what was stored.
func (c *claim) write(ctx context.Context, change func(*record.Entry)) error {
	entry, err := c.writeHeld(ctx, c.request, c.plan, change)
	if err == nil {
		c.entry = entry
	}
	return err
}
