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

// DriftReport is what a check found, one line per service that is not in sync.
type DriftReport struct {
	Checked  int                        `json:"checked"`
	Services map[string][]drift.Finding `json:"services,omitempty"`
}

// Drift compares every service that opted in with what it should run. Lost pushes and dead leases are healed by an execution
// of the workflow; the rest is reported, one message per change of state. A service that is being deployed is not checked.
func (d *Deployer) Drift(ctx context.Context, r DriftRequest) (DriftReport, error) {
	report, err := d.drift(ctx, r)
	return report, fault.AtTheDoor(err)
}

func (d *Deployer) drift(ctx context.Context, r DriftRequest) (DriftReport, error) {
	report := DriftReport{Services: map[string][]drift.Finding{}}
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
	images := map[image.Reference][]image.Candidate{} // a repository may have many followers
	var failed error
	for _, f := range followers {
		service, ok := services[f.Name]
		if !ok || deployable(service) != "" {
			continue
		}
		findings, err := d.check(ctx, service, images, r.ScheduledTime)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("service %s: %w", f.Name, err))
			continue
		}
		report.Checked++
		if len(findings) > 0 {
			report.Services[f.Name.String()] = findings
		}
	}
	d.Log.Info("drift", "checked", report.Checked, "drifted", len(report.Services))
	return report, failed
}

func (d *Deployer) check(ctx context.Context, s rollout.Service, images map[image.Reference][]image.Candidate, now time.Time) ([]drift.Finding, error) {
	entry, err := d.Ledger.Load(ctx, s.Name)
	if err != nil {
		return nil, err
	}
	if entry.SeenAt.IsZero() {
		return nil, d.meet(ctx, s, now)
	}
	finding, busy, err := d.find(ctx, s, entry, images, now)
	if busy || err != nil {
		return nil, err
	}
	var findings []drift.Finding
	if finding != nil {
		findings = append(findings, *finding)
	}
	return findings, d.report(ctx, s, findings, now)
}

// find looks for the first thing that is not as it should be: what is wrong with the memory of a service comes before what is
// wrong with the service. busy says that a deployment is under way, so that there is nothing to compare yet.
func (d *Deployer) find(ctx context.Context, s rollout.Service, entry record.Entry, images map[image.Reference][]image.Candidate, now time.Time) (finding *drift.Finding, busy bool, err error) {
	if l := entry.Lease; l != nil && (!l.Over || !entry.Free(now)) {
		finding, err = d.freeDead(ctx, entry, now)
		return finding, finding == nil, err
	}
	if entry.Open() {
		if finding, busy, err = d.startAgain(ctx, s, entry, now); finding != nil || busy || err != nil {
			return finding, busy, err
		}
	}
	if entry.Intent != nil {
		finding, err = d.undoLeft(ctx, entry, now)
		return finding, finding == nil, err
	}
	if finding, err = d.lostPush(ctx, s, entry, images, now); finding != nil || err != nil {
		return finding, false, err
	}
	finding, err = d.foreign(ctx, s, entry, now)
	return finding, false, err
}

// meet remembers when a service was first seen: pushes from before it opted in are not lost. A service that was created
// with 0 tasks, to get its first image, is another matter: that image may be there already.
func (d *Deployer) meet(ctx context.Context, s rollout.Service, now time.Time) error {
	_, err := d.Ledger.Update(ctx, s.Name, func(e *record.Entry) error {
		if e.SeenAt.IsZero() {
			e.SeenAt = now
			if s.Desired == 0 && s.Tags[rollout.TagInitialCount] != "" {
				e.SeenAt = time.Unix(0, 0).UTC()
			}
		}
		return nil
	})
	return err
}

// freeDead frees a lease whose owner has ended, the way settle would have on the event that was lost.
func (d *Deployer) freeDead(ctx context.Context, entry record.Entry, now time.Time) (*drift.Finding, error) {
	owner := entry.Lease.Owner
	at, ended, err := d.Executions.Ended(ctx, owner)
	if err != nil && !fault.IsMissing(err) {
		return nil, err
	}
	if err == nil && (!ended || now.Before(at.Add(record.LambdaTimeout))) {
		return nil, nil // alive, or its last calls may be: being deployed, not checked
	}
	x := dead{stoppedExecution: stoppedExecution{Execution: owner, Status: "ABORTED"}, at: now}
	if w := entry.Wish; w != nil && w.Number == entry.Lease.Wish {
		x.undoes = w.Undoes
	}
	if entry.Intent != nil && x.undoes == "" {
		if _, over, err := d.Executions.Ended(ctx, undoName(entry)); err == nil && !over {
			return nil, nil // being undone: that execution waits for the lease
		}
	}
	if _, err := d.cleanUp(ctx, entry, x); err != nil {
		return nil, err
	}
	return &drift.Finding{Kind: drift.DeadLease, Healed: true, Words: "execution " + owner[strings.LastIndex(owner, ":")+1:] + " ended without giving the service back; it is free again or being rolled back"}, nil
}

// undoLeft undoes what an execution told ECS before it died, when the one that took the service over did nothing about it: it
// was rejected, say.
func (d *Deployer) undoLeft(ctx context.Context, entry record.Entry, now time.Time) (*drift.Finding, error) {
	if _, over, err := d.Executions.Ended(ctx, undoName(entry)); err == nil && !over {
		return nil, nil
	}
	x := dead{stoppedExecution: stoppedExecution{Execution: entry.Intent.By, Status: "ABORTED"}, wish: entry.Intent.Wish, at: now}
	if _, err := d.undo(ctx, entry, x); fault.IsRefusal(err) {
		if _, err := d.bury(ctx, entry, x, rollout.StuckEnding, "a stopped execution cannot be rolled back: "+err.Error()); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	return &drift.Finding{Kind: drift.DeadLease, Healed: true, Words: "a stopped execution left the service on " + rollout.ShortRevision(entry.Intent.Revision) + "; it is being rolled back"}, nil
}

// lostPush deploys the newest followed image if nobody did.
func (d *Deployer) lostPush(ctx context.Context, s rollout.Service, entry record.Entry, images map[image.Reference][]image.Candidate, now time.Time) (*drift.Finding, error) {
	rule, err := image.ParseFollow(s.Tags[rollout.TagFollow])
	if err != nil {
		return nil, nil // claim says so at the next push
	}
	own := ownImages(s)
	candidates, listed := images[own]
	if !listed {
		if candidates, err = d.Registry.List(ctx, own); err != nil && !fault.IsMissing(err) {
			return nil, err
		}
		images[own] = candidates
	}
	newest, ok := rule.Newest(candidates)
	switch {
	case !ok, newest.PushedAt.After(now.Add(-eventGrace)):
		return nil, nil
	case entry.Followed != nil && !rule.Newer(newest, *entry.Followed):
		return nil, nil
	case entry.Followed == nil && !newest.PushedAt.After(entry.SeenAt):
		return nil, nil
	}
	own.Tag, own.Digest = rule.Tag(newest), newest.Digest
	if _, err := d.Registry.Resolve(ctx, own); err != nil {
		return nil, nil // not runnable, or gone again
	}
	wish := record.Wish{Action: record.Deploy, Origin: record.FromPush, Image: own, PushedAt: newest.PushedAt, AskedAt: now}
	wish, _, asked, err := d.ask(ctx, s.Name, wish, rule)
	if err != nil || !asked {
		return nil, err
	}
	return &drift.Finding{Kind: drift.LostPush, Healed: true, Words: fmt.Sprintf("image %s was pushed at %s and never deployed; deploying it now", own.Name(), newest.PushedAt.UTC().Format(time.RFC3339))},
		d.start(ctx, s.Name, wish)
}

// startAgain serves a wish whose execution never started, or died before it took the lease. busy: it lives, and waits for its
// turn. One that never started is started now; after a death it is a wish of its own, because the name of an execution that ended cannot be used again for 90 days.
func (d *Deployer) startAgain(ctx context.Context, s rollout.Service, entry record.Entry, now time.Time) (finding *drift.Finding, busy bool, err error) {
	wish := *entry.Wish
	if wish.AskedAt.After(now.Add(-eventGrace)) {
		return nil, true, nil
	}
	execution := wish.By
	if execution == "" {
		execution = ExecutionName(s.Name, wish)
	}
	_, over, err := d.Executions.Ended(ctx, execution)
	switch missing := fault.IsMissing(err); {
	case err != nil && !missing:
		return nil, false, err
	case !over && !missing:
		return nil, true, nil
	case wish.Origin == record.FromPerson:
		return nil, false, nil // who started it sees that it ended
	case !missing:
		wish.Origin, wish.AskedAt = record.FromDrift, now
		if wish, _, _, err = d.ask(ctx, s.Name, wish, image.Follow{}); err != nil {
			return nil, false, err
		}
	}
	return &drift.Finding{Kind: drift.LostPush, Healed: true, Words: fmt.Sprintf("image %s was wished for and not deployed; trying again", wish.Image.Name())}, false, d.start(ctx, s.Name, wish)
}

// foreign finds what somebody else changed. Slipway does not fight people: a foreign image holds the service unless it is
// tagged slipway:drift=repair; a foreign revision with the good image is baked and adopted.
func (d *Deployer) foreign(ctx context.Context, s rollout.Service, entry record.Entry, now time.Time) (*drift.Finding, error) {
	if entry.LastGood != nil && entry.LastGood.Revision == s.Revision || s.Desired == 0 {
		return nil, nil // nothing runs that could be proven good or bad
	}
	definition, err := d.Definitions.Describe(ctx, s.Revision)
	if err != nil {
		return nil, err
	}
	finding := drift.Running(entry, definition, s.Tags[rollout.TagDrift] == "repair")
	if finding == nil {
		return nil, nil
	}
	if finding.Healed {
		wanted := entry.LastGood
		if finding.Kind == drift.Unproven {
			wanted = &record.Good{Image: entry.Wish.Image}
		}
		return finding, d.wishAgain(ctx, s, entry, wanted.Image, now)
	}
	_, err = d.Ledger.Update(ctx, s.Name, func(e *record.Entry) error {
		if e.Hold == nil || e.Hold.Revision != s.Revision {
			e.Hold = &record.Hold{Reason: finding.Words, Revision: s.Revision, Wish: e.Newest(), At: now}
		}
		return nil
	})
	return finding, err
}

// wishAgain wishes for an image once more: claim finds out whether that means to deploy it or to adopt what runs. A wish that
// was rejected the last time is not repeated at every check: a person has been told what to fix.
func (d *Deployer) wishAgain(ctx context.Context, s rollout.Service, entry record.Entry, ref image.Reference, now time.Time) error {
	if last := entry.Last; last != nil && last.Ending == string(rollout.RejectedEnding) && last.Image.Digest == ref.Digest {
		return nil
	}
	wish := record.Wish{Action: record.Deploy, Origin: record.FromDrift, Image: ref, AskedAt: now, Reason: "drift"}
	wish, _, _, err := d.ask(ctx, s.Name, wish, image.Follow{})
	if err != nil {
		return err
	}
	return d.start(ctx, s.Name, wish)
}

// report tells people when the state of a service changed, and only then.
func (d *Deployer) report(ctx context.Context, s rollout.Service, findings []drift.Finding, now time.Time) error {
	words := make([]string, 0, len(findings))
	for _, f := range findings {
		words = append(words, f.Words)
	}
	changed := false
	if _, err := d.Ledger.Update(ctx, s.Name, func(e *record.Entry) error {
		if e.Hold != nil && e.LastGood != nil && e.LastGood.Revision == s.Revision {
			e.Hold = nil // whoever changed the service by hand has put it back
		}
		changed = !slices.Equal(e.Findings, words) && (len(words) > 0 || len(e.Findings) > 0)
		if changed {
			e.Findings = words
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
