package deployer

import (
	"context"
	"time"

	"slipway/internal/record"
	"slipway/internal/rollout"
)

// announce tells people and machines what they were not told before, which never changes what happens. It returns where they were
// told then: what is missing, because AWS was in trouble, is worth another try later.
func (d *Deployer) announce(ctx context.Context, a rollout.Announcement, told record.Told) record.Told {
	told, err := d.Announcer.Announce(ctx, a, told)
	if err != nil {
		d.Log.Warn("announce", "kind", a.Kind, "service", a.Service.String(), "why", err.Error())
	}
	return told
}

// found writes down what people are about to be told of, so that a check that cannot write tells nobody.
func found(e *record.Entry, words []string, at time.Time) {
	e.Findings, e.FoundAt, e.FoundTold = words, at, &record.Told{}
}

// tellFound tells of what was found, and remembers where that was told.
func (d *Deployer) tellFound(ctx context.Context, e record.Entry, a rollout.Announcement) error {
	told := d.announce(ctx, a, *e.FoundTold)
	if told == *e.FoundTold {
		return nil
	}
	_, err := d.Ledger.Update(ctx, e.Service, func(now *record.Entry) error {
		switch {
		case now.FoundTold == nil || !now.FoundAt.Equal(e.FoundAt): // something else was found meanwhile
		case told.Everywhere():
			now.FoundTold = nil
		default:
			now.FoundTold = &told
		}
		return nil
	})
	return err
}

// tellAgain tells what could not be told when it came: for a day the newest ending of a service, and what was found. That it
// begins to is written first, so that nothing is told over and over that cannot be written down as told.
func (d *Deployer) tellAgain(ctx context.Context, s rollout.Service, e record.Entry, now time.Time) error {
	o := e.Last
	ending := o != nil && !e.Told && !now.Before(o.EndedAt.Add(eventGrace)) && !now.After(o.EndedAt.Add(24*time.Hour))
	findings := e.FoundTold != nil && !now.Before(e.FoundAt.Add(eventGrace))
	if !ending && !findings {
		return nil
	}
	e, err := d.Ledger.Update(ctx, s.Name, func(e *record.Entry) error {
		e.TellingAt = now
		return nil
	})
	if err == nil && ending {
		_, err = d.finish(ctx, *o, e)
	}
	if err == nil && findings && e.FoundTold != nil {
		a := rollout.DriftOf(s.Name, e.Findings, e.FoundAt)
		a.Revision = s.Revision
		err = d.tellFound(ctx, e, a)
	}
	return err
}
