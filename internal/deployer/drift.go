package deployer

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"slipway/internal/drift"
	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

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
	short  bool                        // fewer tasks run than are wanted
	looked bool                        // at its family: to be remembered
	act    func(context.Context) error // nil: nothing
}

func (v *sight) add(f *drift.Finding) {
	if f != nil {
		v.Findings = append(v.Findings, *f)
	}
}

// sweep looks at every service that opted in: ten are described in a call, then each of them is compared with its entry in the
// ledger, read just after, so that what is compared is of the same moment. A repository is listed once, a family is looked at
// about once an hour (family.go). act is called with what was seen of each, if it is given.
//
// A sweep that runs out of time ends before its Lambda does, with an error that says so; the next one begins elsewhere.
func (d *Deployer) sweep(ctx context.Context, now time.Time, act func(context.Context, rollout.Service, sight, time.Time) error) (drift.Report, error) {
	report := drift.Report{Services: []drift.Service{}}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-timeToEnd))
		defer cancel()
	}
	followers, err := d.Followers.Following(ctx, "")
	if err != nil {
		return report, err
	}
	r := &round{now: now, images: map[image.Reference][]image.Candidate{}, artefacts: map[image.Digest]bool{}, services: len(followers), fresh: act == nil}
	var failed error
	groups := batches(followers, now)
	for i, names := range groups {
		if ctx.Err() != nil {
			failed = errors.Join(failed, fmt.Errorf("there was time for %d of %d groups of services; the next check begins with others", i, len(groups)))
			break
		}
		services, err := d.Services.DescribeAll(ctx, names)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("service %s and the %d after it: %w", names[0], len(names)-1, err))
			continue
		}
		for _, name := range names {
			service, ok := services[name]
			if !ok || ctx.Err() != nil {
				continue // deleted: the tagging API knows it for a while; or there is no more time, as is said above
			}
			seen, err := d.check(ctx, service, r)
			if err == nil && act != nil {
				err = act(ctx, service, seen, now)
			}
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("service %s: %w", name, err))
				continue
			}
			report.Add(seen.Service)
		}
	}
	report.Sort()
	return report, failed
}

// atOnce is how many services DescribeServices describes in a call.
const atOnce = 10

// timeToEnd is how long before its deadline a sweep ends.
const timeToEnd = 10 * time.Second

// batches are the services of each cluster, ten at a time, beginning with others at every sweep: where a sweep does not reach all
// of them, none is left out for ever.
func batches(followers []rollout.Follower, now time.Time) [][]record.ServiceName {
	var all [][]record.ServiceName
	for i, f := range followers { // sorted by name
		if i == 0 || f.Name.Cluster != followers[i-1].Name.Cluster || len(all[len(all)-1]) == atOnce {
			all = append(all, nil)
		}
		last := &all[len(all)-1]
		*last = append(*last, f.Name)
	}
	if len(all) == 0 {
		return nil
	}
	h := fnv.New32a()
	fmt.Fprint(h, now.Unix())
	first := int(h.Sum32() % uint32(len(all)))
	return slices.Concat(all[first:], all[:first])
}

// heal does what is to be done about a service, and tells people if its state changed.
func (d *Deployer) heal(ctx context.Context, s rollout.Service, seen sight, now time.Time) error {
	if err := d.tellAgain(ctx, s, seen.entry, now); err != nil {
		return err
	}
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
	policy, err := policyOf(s.Tags)
	switch {
	case err != nil:
		v.add(drift.New(drift.BadTag, false, "%s", err))
	case busy:
		v.add(drift.TooLong(v.entry, policy, r.now))
	default:
		if v.short = drift.Short(s); v.short {
			v.add(drift.Missing(v.entry))
		}
		v.add(drift.Safeguards(v.entry, s.Guard))
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
		return d.leftoverIntent(ctx, v, now)
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

// report tells people when the state of a service changed, and only then. The change is written first, with what was seen of its
// family, on condition that nobody wrote another one since it was seen.
func (d *Deployer) report(ctx context.Context, s rollout.Service, seen sight, now time.Time) error {
	words := drift.Words(seen.Findings)
	news := false
	entry, err := d.Ledger.Update(ctx, s.Name, func(e *record.Entry) error {
		if e.Hold != nil && e.LastGood.Runs(s.Revision) {
			e.Hold = nil // whoever changed the service by hand has put it back
		}
		if news = !slices.Equal(e.Findings, words) && slices.Equal(e.Findings, seen.entry.Findings); news {
			found(e, words, now)
		}
		if !seen.short {
			e.ShortAt = time.Time{}
		} else if e.ShortAt.IsZero() {
			e.ShortAt = now
		}
		if seen.looked {
			e.Family = seen.entry.Family
		}
		return nil
	})
	if err != nil || !news {
		return err
	}
	a := rollout.DriftOf(s.Name, words, now)
	a.Revision = s.Revision
	return d.tellFound(ctx, entry, a)
}
