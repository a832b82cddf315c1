package deployer

import (
	"context"
	"time"

	"slipway/internal/drift"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

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
	v.add(finding)
	switch {
	case finding.Kind == drift.Unproven:
		v.act = func(ctx context.Context) error {
			return d.wishAgain(ctx, s, entry, deployedImage(s, entry, definition), now)
		}
	case finding.Healed:
		v.act = func(ctx context.Context) error { return d.wishAgain(ctx, s, entry, entry.LastGood.Image, now) }
	case finding.Kind != drift.GivenUp && !entry.Own(s.Revision): // what is left of a failed deployment of ours is no change by hand
		v.act = func(ctx context.Context) error { return d.hold(ctx, s, entry, finding.Words, now) }
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

// hold leaves a service to the person who changed it, until the next push or a forced run. What was wished for since the service was
// looked at is newer than the change, and sees to the service itself.
func (d *Deployer) hold(ctx context.Context, s rollout.Service, judged record.Entry, why string, now time.Time) error {
	_, err := d.Ledger.Update(ctx, s.Name, func(e *record.Entry) error {
		since := !e.Free(now) || e.Newest() != judged.Newest()
		if known := e.Hold != nil && e.Hold.Revision == s.Revision; !known && !since {
			e.Hold = &record.Hold{Reason: why, Revision: s.Revision, Wish: e.Newest(), At: now}
		}
		return nil
	})
	return err
}

// wishAgain wishes for an image once more: claim finds out whether that means to deploy it or to adopt what runs. A wish
// of drift's that was rejected is not repeated at every check: a person has been told what to fix.
func (d *Deployer) wishAgain(ctx context.Context, s rollout.Service, entry record.Entry, ref image.Reference, now time.Time) error {
	if last, w := entry.Last, entry.Wish; last != nil && w != nil && last.Ending == record.EndingRejected && last.Wish == w.Number &&
		w.Origin == record.FromDrift && w.Image.Digest == ref.Digest {
		return nil
	}
	wish := record.Wish{Action: record.Deploy, Origin: record.FromDrift, Image: ref, AskedAt: now, Reason: "drift"}
	wish, _, _, err := d.ask(ctx, s, wish, image.Follow{})
	if err != nil {
		return err
	}
	return d.start(ctx, s.Name, wish)
}
