package deployer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"slipway/internal/drift"
	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// eventGrace is how old a push must be before its event counts as lost: EventBridge and Lambda may take a while.
const eventGrace = 2 * time.Minute

// DriftRequest is the schedule's input.
type DriftRequest struct {
	ScheduledTime time.Time `json:"scheduledTime"`
}

// Drift compares every service that opted in with what it should run. Lost pushes and dead leases are healed by an execution
// of the workflow; the rest is reported, one message per change of state. A service that is being deployed is not checked.
func (d *Deployer) Drift(ctx context.Context, r DriftRequest) (drift.Report, error) {
	report, err := d.sweep(ctx, r.ScheduledTime, d.heal)
	d.Log.Info("drift", "checked", report.Checked, "drifted", report.Drifted, "deploying", report.Deploying)
	return report, fault.AtTheDoor(err)
}

// FindDrift is Drift that only looks: it heals nothing, remembers nothing and tells nobody.
func (d *Deployer) FindDrift(ctx context.Context, now time.Time) (drift.Report, error) {
	report, err := d.sweep(ctx, now, nil)
	return report, fault.AtTheDoor(err)
}

// sight is what was seen of a service, and what is to be done about it.
type sight struct {
	drift.Service
	entry  record.Entry
	looked bool                        // at its family: to be remembered
	act    func(context.Context) error // nil: nothing
}

func (v *sight) found(f *drift.Finding) {
	if f != nil {
		v.Findings = append(v.Findings, *f)
	}
}

// sweep looks at every service that opted in, one after the other: of a service that is in sync the entry in the ledger is read, ten
// services are described in a call, and a repository is listed once. Its family is looked at about once an hour (family.go). act is called with what was seen of each, if it is given.
func (d *Deployer) sweep(ctx context.Context, now time.Time, act func(context.Context, rollout.Service, sight, time.Time) error) (drift.Report, error) {
	report := drift.Report{Services: []drift.Service{}}
	followers, err := d.Followers.Following(ctx, "")
	if err != nil {
		return report, err
	}
	names := make([]record.ServiceName, len(followers))
	for i, f := range followers {
		names[i] = f.Name
	}
	services, err := d.Services.DescribeAll(ctx, names)
	if err != nil {
		return report, err
	}
	r := &round{now: now, images: map[image.Reference][]image.Candidate{}, services: len(followers), fresh: act == nil}
	var failed error
	for _, f := range followers {
		service, ok := services[f.Name]
		if !ok {
			continue // deleted; the tagging API knows it for a while
		}
		seen, err := d.check(ctx, service, r)
		if err == nil && act != nil {
			err = act(ctx, service, seen, now)
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("service %s: %w", f.Name, err))
			continue
		}
		report.Add(seen.Service)
	}
	return report, failed
}

// heal does what is to be done about a service, and tells people if its state changed.
func (d *Deployer) heal(ctx context.Context, s rollout.Service, seen sight, now time.Time) error {
	if seen.act != nil {
		if err := seen.act(ctx); err != nil {
			return err
		}
	}
	if seen.State == drift.NotChecked || seen.State == drift.Deploying {
		return nil
	}
	return d.report(ctx, s, seen, now)
}

// check looks at a service and judges it. It changes nothing.
func (d *Deployer) check(ctx context.Context, s rollout.Service, r *round) (sight, error) {
	v := sight{Service: drift.Service{Name: s.Name, State: drift.NotChecked}}
	if v.Why = deployable(s); v.Why != "" {
		return v, nil
	}
	var err error
	if v.entry, err = d.Ledger.Load(ctx, s.Name); err != nil {
		return v, err
	}
	if v.entry.Meet(s.CreatedAt); v.entry.SeenAt.IsZero() {
		v.Why = "it has only just opted in"
		v.act = func(ctx context.Context) error { return d.meet(ctx, s, r.now) }
		return v, nil
	}
	busy, err := d.find(ctx, s, &v, r)
	if err != nil {
		return v, err
	}
	if busy {
		if policy, err := policyOf(s.Tags); err == nil {
			v.found(drift.TooLong(v.entry, policy, r.now))
		}
	} else {
		v.found(drift.Safeguards(v.entry, s.Guard))
		if err := d.family(ctx, s, &v, r); err != nil {
			return v, err
		}
	}
	switch {
	case len(v.Findings) > 0:
		v.State = drift.Drifted
	case busy:
		v.State = drift.Deploying
	default:
		v.State = drift.InSync
	}
	if v.State == drift.Drifted && slices.Equal(v.entry.Findings, drift.Words(v.Findings)) {
		v.Since = v.entry.FoundAt
	}
	return v, nil
}

// find looks for the first thing that is not as it should be: what is wrong with the memory of a service comes before what is
// wrong with the service. busy says that a deployment is under way, so that there is nothing to compare yet.
func (d *Deployer) find(ctx context.Context, s rollout.Service, v *sight, r *round) (busy bool, err error) {
	now := r.now
	if l := v.entry.Lease; l != nil && (!l.Over || !v.entry.Free(now)) {
		return d.deadLease(ctx, v, now)
	}
	if v.entry.Open() {
		if busy, err := d.lostWish(ctx, s, v, now); busy || err != nil || v.Findings != nil {
			return busy, err
		}
	}
	if v.entry.Intent != nil {
		return d.leftOpen(ctx, v, now)
	}
	if err := d.lostPush(ctx, s, v, r); err != nil || v.Findings != nil {
		return false, err
	}
	return false, d.foreign(ctx, s, v, now)
}

// meet remembers when a service was first seen: pushes from before it opted in are not lost. A service that was created
// with 0 tasks, to get its first image, is another matter: that image may be there already.
func (d *Deployer) meet(ctx context.Context, s rollout.Service, now time.Time) error {
	_, err := d.Ledger.Update(ctx, s.Name, func(e *record.Entry) error {
		if e.Meet(s.CreatedAt); e.SeenAt.IsZero() {
			e.SeenAt = now
			if s.Desired == 0 && s.Tags[rollout.TagInitialCount] != "" {
				e.SeenAt = time.Unix(0, 0).UTC()
			}
		}
		return nil
	})
	return err
}

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
		if _, over, err := d.Executions.Ended(ctx, undoName(entry)); err == nil && !over {
			return true, nil // being undone: that execution waits for the lease
		}
	}
	v.found(drift.New(drift.DeadLease, true, "execution %s ended without giving the service back; it is to be freed, or rolled back", owner[strings.LastIndex(owner, ":")+1:]))
	v.act = func(ctx context.Context) error {
		_, err := d.cleanUp(ctx, entry, x)
		return err
	}
	return false, nil
}

// leftOpen finds what an execution told ECS before it died, when the one that took the service over did nothing about it: it
// was rejected, say. It is to be undone.
func (d *Deployer) leftOpen(ctx context.Context, v *sight, now time.Time) (busy bool, err error) {
	entry := v.entry
	if _, over, err := d.Executions.Ended(ctx, undoName(entry)); err == nil && !over {
		return true, nil
	}
	v.found(drift.New(drift.DeadLease, true, "a stopped execution left the service on %s; it is to be rolled back", rollout.ShortRevision(entry.Intent.Revision)))
	v.act = func(ctx context.Context) error {
		x := dead{stoppedExecution: stoppedExecution{Execution: entry.Intent.By, Status: "ABORTED"}, wish: entry.Intent.Wish, at: now}
		_, err := d.undo(ctx, entry, x)
		if fault.IsRefusal(err) {
			_, err = d.bury(ctx, entry, x, rollout.StuckEnding, "a stopped execution cannot be rolled back: "+err.Error())
		}
		return err
	}
	return false, nil
}

// lostPush finds that the newest followed image was never wished for. It is to be deployed.
func (d *Deployer) lostPush(ctx context.Context, s rollout.Service, v *sight, r *round) error {
	entry, now := v.entry, r.now
	rule, err := image.ParseFollow(s.Tags[rollout.TagFollow])
	if err != nil {
		return nil // claim says so at the next push
	}
	own := ownImages(s)
	candidates, listed := r.images[own]
	if !listed {
		if candidates, err = d.Registry.List(ctx, own); err != nil && !fault.IsMissing(err) {
			return err
		}
		r.images[own] = candidates
	}
	newest, ok := rule.Newest(candidates)
	switch {
	case !ok, newest.PushedAt.After(now.Add(-eventGrace)):
		return nil
	case entry.Followed != nil && !rule.Newer(newest, *entry.Followed):
		return nil
	case entry.Followed == nil && !newest.PushedAt.After(entry.SeenAt):
		return nil
	}
	own.Tag, own.Digest = rule.Tag(newest), newest.Digest
	if _, err := d.Registry.Resolve(ctx, own); err != nil {
		return nil // not runnable, or gone again
	}
	pushed := newest.PushedAt.UTC().Format(time.RFC3339)
	if tag, pointer := rule.Pointer(); pointer {
		v.found(drift.New(drift.TagMoved, true, "tag %s points at image %s, pushed at %s, which was never deployed and is to be", tag, newest.Digest.Short(), pushed))
	} else {
		v.found(drift.New(drift.LostPush, true, "image %s was pushed at %s and never deployed; it is to be deployed", own.Name(), pushed))
	}
	v.act = func(ctx context.Context) error {
		wish := record.Wish{Action: record.Deploy, Origin: record.FromPush, Image: own, PushedAt: newest.PushedAt, AskedAt: now}
		wish, _, asked, err := d.ask(ctx, s, wish, rule)
		if err != nil || !asked { // its event has come meanwhile
			return err
		}
		return d.start(ctx, s.Name, wish)
	}
	return nil
}

// lostWish finds a wish whose execution never started, or died before it took the lease. busy: it lives, and waits for its
// turn. One that never started is to be started; after a death it is a wish of its own, because the name of an execution that ended cannot be used again for 90 days.
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
	v.found(drift.New(drift.LostPush, true, "image %s was wished for and not deployed; it is to be tried again", wish.Image.Name()))
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

// foreign finds what somebody else changed. Slipway does not fight people: a foreign image holds the service unless it is
// tagged slipway:drift=repair; a foreign revision with the good image is baked and adopted.
func (d *Deployer) foreign(ctx context.Context, s rollout.Service, v *sight, now time.Time) error {
	entry := v.entry
	if entry.LastGood.Runs(s.Revision) || s.Desired == 0 {
		return nil // nothing runs that could be proven good or bad
	}
	definition, err := d.Definitions.Describe(ctx, s.Revision)
	if err != nil {
		return err
	}
	finding := drift.Running(entry, definition, s.Tags[rollout.TagDrift] == "repair")
	if finding == nil {
		return nil
	}
	v.found(finding)
	switch {
	case finding.Kind == drift.Unproven:
		v.act = func(ctx context.Context) error {
			return d.wishAgain(ctx, s, entry, deployedImage(s, entry, definition), now)
		}
	case finding.Healed:
		v.act = func(ctx context.Context) error { return d.wishAgain(ctx, s, entry, entry.LastGood.Image, now) }
	case !entry.Own(s.Revision): // what is left of a failed deployment of ours is no change by hand
		v.act = func(ctx context.Context) error { return d.hold(ctx, s, finding.Words, now) }
	}
	return nil
}

// deployedImage is the image of a revision that Slipway deployed: that of the newest wish, unless something that came to nothing was
// wished for since.
func deployedImage(s rollout.Service, entry record.Entry, runs rollout.Definition) image.Reference {
	if entry.Wish.Revision != runs.ARN {
		for _, c := range runs.Containers {
			if ref, err := parseOwn(c.Image, ownImages(s)); err == nil && ref.Digest != "" {
				return ref
			}
		}
	}
	return entry.Wish.Image
}

// hold leaves a service to the person who changed it, until the next push or a forced run.
func (d *Deployer) hold(ctx context.Context, s rollout.Service, why string, now time.Time) error {
	_, err := d.Ledger.Update(ctx, s.Name, func(e *record.Entry) error {
		if e.Hold == nil || e.Hold.Revision != s.Revision {
			e.Hold = &record.Hold{Reason: why, Revision: s.Revision, Wish: e.Newest(), At: now}
		}
		return nil
	})
	return err
}

// wishAgain wishes for an image once more: claim finds out whether that means to deploy it or to adopt what runs. A wish that
// was rejected the last time is not repeated at every check: a person has been told what to fix.
func (d *Deployer) wishAgain(ctx context.Context, s rollout.Service, entry record.Entry, ref image.Reference, now time.Time) error {
	if last := entry.Last; last != nil && last.Ending == string(rollout.RejectedEnding) && last.Image.Digest == ref.Digest {
		return nil
	}
	wish := record.Wish{Action: record.Deploy, Origin: record.FromDrift, Image: ref, AskedAt: now, Reason: "drift"}
	wish, _, _, err := d.ask(ctx, s, wish, image.Follow{})
	if err != nil {
		return err
	}
	return d.start(ctx, s.Name, wish)
}

// report tells people when the state of a service changed, and only then. What was seen of its family is remembered by the same
// write.
func (d *Deployer) report(ctx context.Context, s rollout.Service, seen sight, now time.Time) error {
	words := drift.Words(seen.Findings)
	changed := false
	if _, err := d.Ledger.Update(ctx, s.Name, func(e *record.Entry) error {
		if e.Hold != nil && e.LastGood.Runs(s.Revision) {
			e.Hold = nil // whoever changed the service by hand has put it back
		}
		changed = !slices.Equal(e.Findings, words) && (len(words) > 0 || len(e.Findings) > 0)
		if changed {
			e.Findings, e.FoundAt = words, now
		}
		if seen.looked {
			e.Family = seen.entry.Family
		}
		return nil
	}); err != nil || !changed {
		return err
	}
	a := rollout.Announcement{Kind: "Drift", Service: s.Name, Sentence: s.Name.String() + " is in sync again", Report: words, Revision: s.Revision, At: now}
	if len(words) > 0 {
		a.Sentence = s.Name.String() + " drifted: " + words[0]
	}
	if err := d.Announcer.Announce(ctx, a); err != nil {
		d.Log.Warn("announce", "why", err.Error())
	}
	return nil
}
