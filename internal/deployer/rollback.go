package deployer

import (
	"context"
	"fmt"

	"slipway/internal/fault"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Rollback records the failure, quarantines the digest if it is to blame, and tells ECS to run the last good revision. It
// takes Failed; after a fault of Slipway itself (Request.Error) also the state in which update or probe could not do its
// work. It returns RollingBack, Stuck, Foreign or Ended.
func (d *Deployer) Rollback(ctx context.Context, r Request) (Step, error) {
	state, err := rollout.Decode(r.Step)
	if err != nil {
		return Step{}, &fault.Impossible{Words: err.Error()}
	}
	failed, ok := failedOf(state, r)
	if !ok {
		return Step{}, &fault.Impossible{Words: fmt.Sprintf("rollback takes Failed and got %s", state.Phase())}
	}
	after, err := d.rollback(ctx, r, failed)
	if err != nil {
		return Step{}, fault.AtTheDoor(err)
	}
	d.Log.Info("rollback", "execution", r.Execution, "service", failed.Service.String(), "class", failed.Because.Class, "why", failed.Because.Words, "phase", after.Phase())
	return Step{after}, nil
}

// failedOf is the failure to act upon. A fault of Slipway is not the image's: its digest stays deployable.
func failedOf(s rollout.State, r Request) (rollout.Failed, bool) {
	if f, ok := s.(rollout.Failed); ok {
		return f, true
	}
	if r.Error == nil {
		return rollout.Failed{}, false
	}
	f := rollout.Failed{Plan: rollout.PlanOf(s), Because: rollout.Reason{Class: rollout.ClassDeployer, Words: "Slipway could not go on: " + r.Error.words()}}
	switch s := s.(type) {
	case rollout.Ready:
	case rollout.Converging:
		f.Watch = s.Watch
	case rollout.Baking:
		f.Watch = s.Watch
	default:
		return f, false
	}
	return f, true
}

func (d *Deployer) rollback(ctx context.Context, r Request, f rollout.Failed) (rollout.State, error) {
	service, err := d.Services.Describe(ctx, f.Service)
	if fault.IsMissing(err) {
		return rollout.Foreign{Plan: f.Plan, Why: "the service was deleted"}, nil
	}
	if err != nil {
		return nil, err
	}
	entry, lost, err := d.recordFailure(ctx, r, f, service)
	if err != nil {
		return nil, err
	}
	if lost != "" {
		return rollout.Ended{Plan: f.Plan, Ending: rollout.SupersededEnding, Why: lost}, nil
	}
	primary := service.Primary()
	watch := rollout.Watch{Deployment: primary.ID, ToldAt: r.Now, ProgressAt: r.Now, Desired: service.Desired, RenewedAt: r.Now, Seconds: 5}
	back := rollout.RollingBack{Plan: f.Plan, Watch: watch, Because: f.Because, Evidence: f.Evidence}
	if first(entry) {
		return d.empty(ctx, back, service)
	}
	good := entry.LastGood
	if good == nil || good.Revision == f.Revision {
		return rollout.Stuck{Plan: f.Plan, Because: f.Because, Evidence: f.Evidence, Why: "there is no earlier good revision to roll back to"}, nil
	}
	back.To, back.ToName = good.Revision, good.Image.Name()
	switch {
	case primary.Revision == good.Revision:
		// An earlier run of this step told ECS, or ECS went back by itself, or it never was told to leave.
		return back, d.announceRollback(ctx, r, back, entry.Intent)
	case primary.Revision != f.Revision:
		return rollout.Foreign{Plan: f.Plan, Revision: primary.Revision,
			Why: fmt.Sprintf("somebody deployed %s to the service before it could be rolled back", rollout.ShortRevision(primary.Revision))}, nil
	}
	back.Previous = primary.ID
	if back.Deployment, err = d.Services.Update(ctx, f.Service, good.Revision, nil); err != nil {
		return nil, fmt.Errorf("roll service %s back to %s: %w", f.Service, rollout.ShortRevision(good.Revision), err)
	}
	return back, d.announceRollback(ctx, r, back, nil)
}

// recordFailure comes before the rollback: whoever takes over must know that the digest failed.
func (d *Deployer) recordFailure(ctx context.Context, r Request, f rollout.Failed, service rollout.Service) (entry record.Entry, lost string, err error) {
	entry, err = d.Ledger.Update(ctx, f.Service, func(e *record.Entry) (err error) {
		if lost, err = hold(e, r, f.Fence); err != nil || lost != "" {
			return err
		}
		isGood := e.LastGood != nil && e.LastGood.Image.Digest == f.Image.Digest // then the configuration is to blame
		if f.Because.Class.Blames() && f.Image.Digest != "" && !isGood {
			e.Isolate(record.Failure{Digest: f.Image.Digest, Name: f.Image.Name(), Revision: f.Revision, Reason: f.Because.Words, At: r.Now})
		}
		intent := record.Intent{Action: record.Rollback, Wish: f.Wish, Digest: f.Image.Digest, Baseline: f.Revision, At: r.Now, First: first(*e)}
		if e.LastGood != nil {
			intent.Revision = e.LastGood.Revision
		}
		if e.Intent != nil && e.Intent.Action == record.Rollback && e.Intent.Wish == f.Wish {
			intent.At = e.Intent.At // a second run of this step
		}
		e.Intent = &intent
		return nil
	})
	return entry, lost, err
}

// first reports whether what failed is the first deployment of a service created with 0 tasks.
func first(e record.Entry) bool { return e.LastGood == nil && e.Intent != nil && e.Intent.First }

// empty takes the count of a failed first deployment back to 0, if it is still the one that update sent.
func (d *Deployer) empty(ctx context.Context, back rollout.RollingBack, service rollout.Service) (rollout.State, error) {
	if service.Desired != 0 && service.Desired != back.Policy.InitialCount {
		return rollout.Stuck{Plan: back.Plan, Because: back.Because, Evidence: back.Evidence,
			Why: fmt.Sprintf("the service now wants %d tasks, which somebody else asked for, and there is no good revision to run", service.Desired)}, nil
	}
	none := 0
	deployment, err := d.Services.Update(ctx, back.Service, service.Revision, &none)
	if err != nil {
		return nil, fmt.Errorf("set service %s back to 0 tasks: %w", back.Service, err)
	}
	back.Deployment = deployment
	return back, nil
}

// announceRollback tells machines at once; people hear of it with the ending. Telling never changes what happens.
func (d *Deployer) announceRollback(ctx context.Context, r Request, back rollout.RollingBack, before *record.Intent) error {
	if before != nil && before.At.Before(r.Now) {
		return nil // told by the earlier run of this step
	}
	err := d.Announcer.Announce(ctx, rollout.Announcement{Kind: "Rollback Started", Service: back.Service, Execution: r.Execution, Image: back.Image, Revision: back.To,
		Sentence: fmt.Sprintf("%s %s is being rolled back to %s: %s", back.Service.Service, back.Image.Name(), rollout.ShortRevision(back.To), back.Because.Words), At: r.Now, Quiet: true})
	if err != nil {
		d.Log.Warn("announce", "why", err.Error())
	}
	return nil
}
