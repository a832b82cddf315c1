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
// work. It returns RollingBack, Stuck, Foreign or Ended. A rollback that probe could not watch is not begun anew: it is Stuck.
func (d *Deployer) Rollback(ctx context.Context, r Request) (Step, error) {
	return door(r, func(before rollout.State) (rollout.State, error) {
		if stuck, ok := unwatched(before, r); ok {
			return stuck, nil
		}
		failed, ok := failedOf(before, r)
		if !ok {
			return nil, &fault.Impossible{Words: fmt.Sprintf("rollback takes Failed and got %s", before.Phase())}
		}
		return d.rollback(ctx, r, failed)
	}, func(before, after rollout.State) {
		if failed, ok := failedOf(before, r); ok {
			d.Log.Info("rollback", "execution", r.Execution, "service", failed.Service.String(), "class", failed.Because.Class, "why", failed.Because.Words, "phase", after.Phase())
		}
	})
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

// unwatched is the end of a rollback that could not be watched any more.
func unwatched(s rollout.State, r Request) (rollout.Stuck, bool) {
	b, ok := s.(rollout.RollingBack)
	if !ok || r.Error == nil {
		return rollout.Stuck{}, false
	}
	return rollout.Stuck{Plan: b.Plan, Because: b.Because, Evidence: b.Evidence, Why: "the rollback could not be watched: " + r.Error.words()}, true
}

func (d *Deployer) rollback(ctx context.Context, r Request, f rollout.Failed) (rollout.State, error) {
	service, err := d.Services.Describe(ctx, f.Service)
	if fault.IsMissing(err) {
		return rollout.Foreign{Plan: f.Plan, Why: "the service was deleted"}, nil
	}
	if err != nil {
		return nil, err
	}
	if service.Status != "ACTIVE" {
		return rollout.Foreign{Plan: f.Plan, Why: "the service is " + service.Status}, nil
	}
	entry, ended, err := d.recordFailure(ctx, r, f)
	if ended != nil || err != nil {
		return ended, err
	}
	primary := service.Primary()
	watch := rollout.Watch{Deployment: primary.ID, Previous: f.Watch.Deployment, ToldAt: r.Now, ProgressAt: r.Now, Desired: service.Desired, RenewedAt: r.Now, Seconds: 5}
	back := rollout.RollingBack{Plan: f.Plan, Watch: watch, Because: f.Because, Evidence: f.Evidence}
	if emptiable(entry) {
		return d.empty(ctx, back, service, entry.Intent.Count)
	}
	return d.goBack(ctx, r, back, primary, entry)
}

// goBack tells ECS to run last good, unless it does already or somebody else has taken the service.
func (d *Deployer) goBack(ctx context.Context, r Request, back rollout.RollingBack, primary rollout.Deployment, entry record.Entry) (rollout.State, error) {
	good := entry.LastGood
	if good == nil || good.Revision == back.Revision {
		return rollout.Stuck{Plan: back.Plan, Because: back.Because, Evidence: back.Evidence, Why: "there is no earlier good revision to roll back to"}, nil
	}
	back.To, back.ToName = good.Revision, good.Image.Name()
	switch primary.Revision {
	case good.Revision:
		// An earlier run of this step told ECS, or ECS went back by itself, or it never was told to leave.
	case back.Revision, entry.Intent.Baseline, entry.Intent.Abandons:
		id, err := d.Services.Update(ctx, back.Service, good.Revision, nil)
		if err != nil {
			return nil, fmt.Errorf("roll service %s back to %s: %w", back.Service, rollout.ShortRevision(good.Revision), err)
		}
		back.Previous, back.Deployment = primary.ID, id
	case back.Baseline: // what somebody deployed before, which is not last good
		if back.Previous == "" { // no deployment of ours was ever seen
			return rollout.Ended{Plan: back.Plan, Ending: record.EndingRejected, Why: back.Because.Words + "; ECS was not told, and runs " + rollout.ShortRevision(back.Baseline) + " as before"}, nil
		}
		back.To, back.ToName, back.ByECS = back.Baseline, back.Name, true
	default:
		return rollout.Foreign{Plan: back.Plan, Revision: primary.Revision,
			Why: fmt.Sprintf("somebody deployed %s to the service before it could be rolled back", rollout.ShortRevision(primary.Revision))}, nil
	}
	d.announceRollback(ctx, r, back)
	return back, nil
}

// recordFailure comes before the rollback: whoever takes over must know that the digest failed. A fault of Slipway before ECS
// was told has nothing to roll back.
func (d *Deployer) recordFailure(ctx context.Context, r Request, f rollout.Failed) (entry record.Entry, ended rollout.State, err error) {
	var i intending
	entry, err = d.writeHeld(ctx, r, f.Plan, func(e *record.Entry) {
		i = intending{}
		if f.Because.Class == rollout.ClassDeployer && e.Intent == nil {
			i.ended = rollout.Ended{Plan: f.Plan, Ending: record.EndingRejected, Why: f.Because.Words + "; ECS was not told"}
			return
		}
		if f.Because.Class.Blames() {
			e.Blame(record.Failure{Digest: f.Image.Digest, Name: f.Image.Name(), Revision: f.Revision, Reason: f.Because.Words, At: r.Now})
		}
		intent := record.Intent{Action: record.Rollback, Wish: f.Wish, Digest: f.Image.Digest, Baseline: abandoned(e.Intent, f), Abandons: abandonedBy(e.Intent, f.Wish), At: r.Now, By: r.Execution}
		if emptiable(*e) {
			intent.Count = e.Intent.Count
		}
		if e.LastGood != nil {
			intent.Revision = e.LastGood.Revision
		}
		e.Intent = &intent
	})
	return entry, i.ended, err
}

// abandoned is the revision that is to be left: the one that failed, or what an execution before this one left behind when it died.
func abandoned(before *record.Intent, f rollout.Failed) string {
	switch {
	case before == nil:
	case before.Action == record.Rollback:
		return before.Baseline // a second run of this step, or of one that died in it
	case before.Wish != f.Wish:
		return before.Revision
	}
	return f.Revision
}

// emptiable reports whether what was begun is the first deployment of a service created with 0 tasks, which has nothing to go
// back to but those 0.
func emptiable(e record.Entry) bool {
	return e.LastGood == nil && e.Intent != nil && e.Intent.Count > 0
}

// empty takes the count of a failed first deployment back to 0, if it is still the one that update sent.
func (d *Deployer) empty(ctx context.Context, back rollout.RollingBack, service rollout.Service, sent int) (rollout.State, error) {
	if service.Desired != 0 && service.Desired != sent {
		return rollout.Stuck{Plan: back.Plan, Because: back.Because, Evidence: back.Evidence,
			Why: fmt.Sprintf("the service now wants %d tasks, which somebody else asked for, and there is no good revision to run", service.Desired)}, nil
	}
	none := 0
	deployment, err := d.Services.Update(ctx, back.Service, "", &none)
	if err != nil {
		return nil, fmt.Errorf("set service %s back to 0 tasks: %w", back.Service, err)
	}
	back.Deployment = deployment
	return back, nil
}

// announceRollback tells machines at once; people hear of it with the ending.
func (d *Deployer) announceRollback(ctx context.Context, r Request, back rollout.RollingBack) {
	d.announce(ctx, rollout.Announcement{Kind: rollout.KindRollbackStarted, Service: back.Service, Execution: r.Execution, Image: back.Image, Revision: back.To,
		Sentence: fmt.Sprintf("%s %s is being rolled back to %s: %s", back.Service.Service, back.Image.Name(), rollout.ShortRevision(back.To), back.Because.Words), At: r.Now, Quiet: true}, record.Told{})
}
