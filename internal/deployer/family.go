package deployer

import (
	"context"
	"hash/fnv"
	"time"

	"slipway/internal/drift"
	"slipway/internal/fault"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// looksPerSweep is roughly how many families one sweep looks at: 50 descriptions in a burst and 20 a second is what
// ECS gives an account, deployments included, and a sweep must end before its function does.
const looksPerSweep = 25

// turn reports whether a family may be looked at in this sweep. Where more are due than a sweep looks at, lots are drawn anew at
// every sweep, so that none waits for ever whatever the schedule.
func (r *round) turn(name record.ServiceName) bool {
	if r.services <= looksPerSweep {
		return true
	}
	h := fnv.New32a()
	h.Write([]byte(name.String() + r.now.UTC().Format(time.RFC3339)))
	return h.Sum32()%uint32(r.services) < looksPerSweep
}

// family finds that somebody registered a revision of the service's family and did not deploy it: the next push copies what
// the service runs, without it. What was found stays until the next look, so that most checks call nothing. A look that AWS
// cannot answer now is made at the next sweep: this is the least urgent of all that is looked for, and fails no check.
func (d *Deployer) family(ctx context.Context, s rollout.Service, v *sight, r *round) error {
	if !r.patience && (r.fresh || drift.LookDue(v.entry, s.Revision, r.now) && r.turn(s.Name)) {
		seen, err := d.lookAtFamily(ctx, s, v.entry, r.now)
		switch {
		case fault.IsRefusal(err):
			d.Log.Warn("family cannot be looked at", "service", s.Name.String(), "why", err.Error())
		case err != nil:
			r.patience = true
			d.Log.Warn("family is looked at later", "service", s.Name.String(), "why", err.Error())
		case seen != nil:
			v.entry.Family, v.looked = seen, true
		}
	}
	v.add(drift.Edited(v.entry, s.Revision))
	return nil
}

// lookAtFamily looks for an edit. nil: it is too early to tell, because a revision was registered a moment ago and whoever did
// is about to deploy it.
func (d *Deployer) lookAtFamily(ctx context.Context, s rollout.Service, entry record.Entry, now time.Time) (*record.Family, error) {
	newest, err := d.Definitions.Newest(ctx, s.Revision)
	if err != nil && !fault.IsMissing(err) {
		return nil, err
	}
	if err == nil && newest.ARN != s.Revision && newest.RegisteredAt.After(now.Add(-eventGrace)) {
		return nil, nil
	}
	var compared []drift.Revision
	if asked := drift.ToCompare(entry, s.Revision, newest.ARN); len(asked) > 0 {
		if compared, err = d.Definitions.Compare(ctx, s.Revision, asked); err != nil && !fault.IsMissing(err) {
			return nil, err
		}
	}
	return drift.Remember(entry, s.Revision, newest.ARN, compared, now), nil
}
