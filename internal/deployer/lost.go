package deployer

import (
	"context"
	"time"

	"slipway/internal/arn"
	"slipway/internal/drift"
	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// deadLease finds a lease whose owner has ended, to be freed the way settle would have on the event that was lost.
func (d *Deployer) deadLease(ctx context.Context, v *sight, now time.Time) (busy bool, err error) {
	entry, owner := v.entry, v.entry.Lease.Owner
	at, ended, err := d.Executions.Ended(ctx, owner)
	if err != nil && !fault.IsMissing(err) {
		return false, err
	}
	if err == nil && (!ended || now.Before(at.Add(record.LambdaTimeout))) {
		return true, nil // alive, or its last calls may be
	}
	x := dead{stoppedExecution: stoppedExecution{Execution: owner, Status: "ABORTED"}, at: now}
	if w := entry.Wish; w != nil && w.Number == entry.Lease.Wish {
		x.undoes = w.Undoes
	}
	if entry.Intent != nil && x.undoes == "" {
		if _, alive, err := d.undoing(ctx, entry); err == nil && alive {
			return true, nil // being undone: that execution waits for the lease
		}
	}
	v.add(drift.New(drift.DeadLease, true, "execution %s ended without giving the service back; it is to be freed, or rolled back", arn.Name(owner)))
	v.act = func(ctx context.Context) error {
		_, err := d.cleanUp(ctx, entry, x)
		return err
	}
	return false, nil
}

// leftoverIntent finds what an execution told ECS before it died, when the one that took the service over did nothing about it: it
// was rejected, say. It is to be undone.
func (d *Deployer) leftoverIntent(ctx context.Context, v *sight, now time.Time) (busy bool, err error) {
	entry := v.entry
	if _, alive, err := d.undoing(ctx, entry); err == nil && alive {
		return true, nil
	}
	v.add(drift.New(drift.DeadLease, true, "a stopped execution left the service on %s; it is to be rolled back", rollout.ShortRevision(entry.Intent.Revision)))
	v.act = func(ctx context.Context) error {
		x := dead{stoppedExecution: stoppedExecution{Execution: entry.Intent.By, Status: "ABORTED"}, wish: entry.Intent.Wish, at: now}
		_, err := d.startUndo(ctx, entry, x)
		if fault.IsRefusal(err) { // its own outcome was told long ago, and was a quiet one
			x.Redrive = record.Afterwards
			_, err = d.bury(ctx, entry, x, record.EndingStuck, "a stopped execution cannot be rolled back: "+err.Error())
		}
		return err
	}
	return false, nil
}

// lostPush finds that the newest followed image that a task can run was never wished for. It is to be deployed.
func (d *Deployer) lostPush(ctx context.Context, s rollout.Service, v *sight, r *round) error {
	entry, now := v.entry, r.now
	rule, err := image.ParseFollow(s.Tags[rollout.TagFollow])
	if err != nil {
		return nil // claim says so at the next push
	}
	own := ownImages(s)
	candidates, listed := r.images[own]
	if !listed {
		candidates, err = d.Registry.List(ctx, own)
		if fault.IsMissing(err) {
			v.add(drift.New(drift.BadTag, false, "tag %s names repository %s, which does not exist: create it, or write another", rollout.TagRepository, own.Repository))
			return nil
		}
		if err != nil {
			return err
		}
		r.images[own] = candidates
	}
	lost := func(c image.Candidate) bool {
		switch {
		case c.PushedAt.After(now.Add(-eventGrace)):
			return false
		case entry.Followed != nil:
			return rule.Newer(c, *entry.Followed)
		}
		return c.PushedAt.After(entry.SeenAt)
	}
	found, ok, err := d.newestRunnable(ctx, own, rule, candidates, lost, r.artefacts)
	if fault.IsRefusal(err) { // claim would say so; the rest of the check does not need the image
		d.Log.Warn("newest image cannot be read", "service", s.Name.String(), "why", err.Error())
		return nil
	}
	if err != nil || !ok {
		return err
	}
	ref, pushedAt := found.Image, found.Candidate.PushedAt
	pushed := pushedAt.UTC().Format(time.RFC3339)
	if tag, pointer := rule.Pointer(); pointer {
		v.add(drift.New(drift.TagMoved, true, "tag %s points at image %s, pushed at %s, which was never deployed and is to be", tag, ref.Digest.Short(), pushed))
	} else {
		v.add(drift.New(drift.LostPush, true, "image %s was pushed at %s and never deployed; it is to be deployed", ref.Name(), pushed))
	}
	v.act = func(ctx context.Context) error {
		wish := record.Wish{Action: record.Deploy, Origin: record.FromPush, Image: ref, PushedAt: pushedAt, AskedAt: now}
		wish, _, asked, err := d.ask(ctx, s, wish, rule)
		if err != nil || !asked { // its event has come meanwhile
			return err
		}
		return d.start(ctx, s.Name, wish)
	}
	return nil
}

// lostWish finds a wish whose execution never started, or died before it took the lease. busy: it lives, and waits for its
// turn. One that never started is to be started; after a death it is a wish of its own, because the name of an execution that ended
// cannot be used again for 90 days.
func (d *Deployer) lostWish(ctx context.Context, s rollout.Service, v *sight, now time.Time) (busy bool, err error) {
	wish := *v.entry.Wish
	if wish.AskedAt.After(now.Add(-eventGrace)) {
		return true, nil
	}
	execution := wish.By
	if execution == "" {
		execution = ExecutionName(s.Name, wish)
	}
	_, over, err := d.Executions.Ended(ctx, execution)
	missing := fault.IsMissing(err)
	switch {
	case err != nil && !missing:
		return false, err
	case !over && !missing:
		return true, nil
	case wish.Origin == record.FromPerson:
		return false, nil // who started it sees that it ended
	}
	v.add(drift.New(drift.LostPush, true, "image %s was wished for and not deployed; it is to be tried again", wish.Image.Name()))
	v.act = func(ctx context.Context) error {
		if !missing {
			wish.Origin, wish.AskedAt = record.FromDrift, now
			if wish, _, _, err = d.ask(ctx, s, wish, image.Follow{}); err != nil {
				return err
			}
		}
		return d.start(ctx, s.Name, wish)
	}
	return false, nil
}
