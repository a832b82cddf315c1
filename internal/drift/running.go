package drift

import (
	"time"

	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Running compares the definition that a service runs with what is remembered. It returns nil when the service runs what it
// should, or when there is nothing to compare with yet. repair: Slipway is the only authority over what the service runs.
func Running(entry record.Entry, primary rollout.Definition, repair bool) *Finding {
	good := entry.LastGood
	own := entry.Own(primary.ARN)
	if good.Runs(primary.ARN) {
		return nil
	}
	if primary.ARN == entry.GivenUp {
		return New(GivenUp, false, "the service still runs %s, which was to be rolled back and could not be: deploy an image that is known to be good",
			rollout.ShortRevision(primary.ARN))
	}
	// A failed deployment of our own that is still there is a rollback that did not arrive. It is a person's: to try it again
	// at every check would be to try what failed.
	if f := quarantined(entry, primary); f != nil {
		return New(Quarantined, repair && !own && good != nil, "the service runs %s with the quarantined image %s (%s): it failed on %s - %s",
			rollout.ShortRevision(primary.ARN), f.Name, f.Digest.Short(), f.At.UTC().Format(time.RFC3339), f.Reason)
	}
	switch {
	case own:
		return New(Unproven, true, "the service runs %s, which Slipway deployed and nobody recorded as good: to be baked and adopted",
			rollout.ShortRevision(primary.ARN))
	case good == nil:
		return nil
	}
	for _, c := range primary.Containers {
		if good.Image.Digest != "" && c.Image == good.Image.At(c.Image) {
			return New(ConfigurationChange, true, "the service runs %s, which Slipway did not register, with the last good image %s: a configuration change, to be baked and adopted",
				rollout.ShortRevision(primary.ARN), good.Image.Name())
		}
	}
	return New(ForeignImage, repair, "the service runs %s; last good is %s (%s), and Slipway did not deploy the change",
		rollout.ShortRevision(primary.ARN), rollout.ShortRevision(good.Revision), good.Image.Name())
}

// quarantined is the failure of an image that the definition runs, nil if none failed.
func quarantined(entry record.Entry, runs rollout.Definition) *record.Failure {
	for i := range entry.Quarantine {
		if entry.Quarantine[i].Revision == runs.ARN {
			return &entry.Quarantine[i]
		}
	}
	for _, c := range runs.Containers {
		if ref, err := image.Parse(c.Image); err == nil && ref.Digest != "" {
			if f := entry.Failed(ref.Digest); f != nil {
				return f
			}
		}
	}
	return nil
}

// TooLong finds a deployment that has been going on for longer than its policy allows, counted from its intent, and whose execution
// still has the service. A service that makes slow but steady progress, or is healthy only now and then, may legitimately take this
// long; a person should know.
func TooLong(entry record.Entry, p rollout.Policy, now time.Time) *Finding {
	if entry.Intent == nil || entry.Lease == nil {
		return nil
	}
	allowed, took := p.Timeout.Duration()+p.Bake.Duration(), now.Sub(entry.Intent.At)
	if took <= allowed {
		return nil
	}
	return New(Overdue, false, "the deployment of %s began at %s and still goes on; timeout and bake allow %s",
		rollout.ShortRevision(entry.Intent.Revision), entry.Intent.At.UTC().Format(time.RFC3339), rollout.Elapsed(allowed))
}
