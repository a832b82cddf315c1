package deployer

import (
	"context"
	"slices"
	"time"

	"slipway/internal/drift"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// seeChange looks for a change by hand: drift looks only every few minutes, and a wish that is newer than its hold may be for an
// image from before the change, whose push was lost. A wish that a hold of this change bars is rejected, and the service is held;
// else people are told of a change that nobody has noticed yet, before it is replaced.
func (c *claim) seeChange(ctx context.Context) error {
	finding := c.changed()
	if finding == nil {
		return nil
	}
	hold := &record.Hold{Reason: finding.Words, Revision: c.runs.ARN, Wish: c.wish.Number, At: c.request.Now}
	if c.asked().After(c.service.Primary().CreatedAt) {
		hold.Wish-- // as it would be if drift had seen the change at once
	}
	if hold.Bars(c.wish) && !finding.Healed {
		if err := c.write(ctx, func(e *record.Entry) { e.Hold = hold }); err != nil {
			return err
		}
		return c.checkWish(ctx)
	}
	if c.held == c.runs.ARN {
		return nil // drift has told of it
	}
	return c.tellChange(ctx, finding.Words)
}

// changed is what drift would say if somebody deployed another image than Slipway, nil if nobody did.
func (c *claim) changed() *drift.Finding {
	if c.service.Desired == 0 || c.wish.Undoes != "" || c.wish.Origin == record.FromDrift || c.entry.Own(c.runs.ARN) {
		return nil
	}
	finding := drift.Running(c.entry, c.runs, c.service.Tags[rollout.TagDrift] == "repair")
	if finding == nil || finding.Kind != drift.ForeignImage && finding.Kind != drift.Quarantined {
		return nil
	}
	return finding
}

// asked is when what the wish is for came into being. A push whose event was lost is as old as its image; of a tag that was
// moved nobody knows when, but from its event.
func (c *claim) asked() time.Time {
	if _, pointer := c.follow.Pointer(); pointer || c.wish.PushedAt.IsZero() {
		return c.wish.AskedAt
	}
	return c.wish.PushedAt
}

// tellChange tells people once, in drift's words, so that drift does not tell them again.
func (c *claim) tellChange(ctx context.Context, words string) error {
	if slices.Equal(c.entry.Findings, []string{words}) {
		return nil
	}
	if err := c.write(ctx, func(e *record.Entry) { found(e, []string{words}, c.request.Now) }); err != nil {
		return err
	}
	a := rollout.DriftOf(c.plan.Service, []string{words}, c.request.Now)
	a.Execution, a.Image, a.Revision = c.request.Execution, c.wish.Image, c.runs.ARN
	a.Sentence += "; it is replaced by " + c.wish.Image.Name()
	return c.tellFound(ctx, c.entry, a)
}
