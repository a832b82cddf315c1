package deployer

import (
	"context"
	"errors"
	"fmt"

	"slipway/internal/fault"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Update re-reads the world, records what it is about to do, and tells ECS. It takes Ready and returns Converging, Foreign
// or Ended. It may run again after a crash at any point: what ECS was told already is watched, not told twice.
func (d *Deployer) Update(ctx context.Context, r Request) (Step, error) {
	ready, err := stepOf[rollout.Ready](r)
	if err != nil {
		return Step{}, &fault.Impossible{Words: err.Error()}
	}
	state, err := d.update(ctx, r, ready.Plan)
	if err != nil {
		return Step{}, fault.AtTheDoor(err)
	}
	d.Log.Info("update", "execution", r.Execution, "service", ready.Service.String(), "revision", rollout.ShortRevision(ready.Revision), "phase", state.Phase())
	return Step{state}, nil
}

func (d *Deployer) update(ctx context.Context, r Request, p rollout.Plan) (rollout.State, error) {
	service, err := d.Services.Describe(ctx, p.Service)
	if fault.IsMissing(err) {
		return rollout.Foreign{Plan: p, Why: "the service was deleted"}, nil
	}
	if err != nil {
		return nil, err
	}
	if words := deployable(service); words != "" {
		return rollout.Ended{Plan: p, Ending: rollout.RejectedEnding, Why: words}, nil
	}
	primary := service.Primary()
	first := p.Policy.InitialCount > 0 && service.Desired == 0
	if primary.Revision == p.Revision && !first {
		return watching(r, p, primary.ID, ""), nil // an earlier run of this step told ECS
	}
	if primary.Revision != p.Baseline {
		return rollout.Foreign{Plan: p, Revision: primary.Revision,
			Why: fmt.Sprintf("somebody deployed %s to the service just before %s was to be deployed", rollout.ShortRevision(primary.Revision), p.Image.Name())}, nil
	}
	if state, err := d.failedBefore(ctx, r, p); state != nil || err != nil {
		return state, err
	}
	if state, err := d.intend(ctx, r, p, service, first); state != nil || err != nil {
		return state, err
	}
	var desired *int
	if first {
		desired = &p.Policy.InitialCount
	}
	deployment, err := d.Services.Update(ctx, p.Service, p.Revision, desired)
	if err != nil {
		return nil, fmt.Errorf("update service %s: %w", p.Service, err)
	}
	return watching(r, p, deployment, primary.ID), nil
}

func watching(r Request, p rollout.Plan, deployment, previous string) rollout.State {
	return rollout.Converging{Plan: p, Watch: rollout.Watch{Deployment: deployment, Previous: previous, ToldAt: r.Now, ProgressAt: r.Now, Seconds: 5}}
}

// failedBefore reads ECS's history once more, as late as can be: ECS may have rolled this revision back meanwhile.
func (d *Deployer) failedBefore(ctx context.Context, r Request, p rollout.Plan) (rollout.State, error) {
	if p.Force || p.Action == record.Rollback {
		return nil, nil
	}
	reason, err := d.rolledBackBefore(ctx, p.Service, p.Revision)
	if err != nil || reason == "" {
		return nil, err
	}
	_, err = d.Ledger.Update(ctx, p.Service, func(e *record.Entry) error {
		e.Isolate(record.Failure{Digest: p.Image.Digest, Name: p.Image.Name(), Revision: p.Revision, Reason: reason, At: r.Now})
		return nil
	})
	return rollout.Ended{Plan: p, Ending: rollout.RejectedEnding, Why: fmt.Sprintf("ECS rolled %s back before: %s", rollout.ShortRevision(p.Revision), reason)}, err
}

// intend records the intent before its effect. Another holder of the lease, or a newer wish, ends the execution instead. A
// lease that is free is taken again: a redriven execution lost it when it failed.
func (d *Deployer) intend(ctx context.Context, r Request, p rollout.Plan, service rollout.Service, first bool) (rollout.State, error) {
	intent := record.Intent{Action: p.Action, Wish: p.Wish, Digest: p.Image.Digest, Revision: p.Revision, Baseline: p.Baseline, First: first, At: r.Now}
	ended := ""
	_, err := d.Ledger.Update(ctx, p.Service, func(e *record.Entry) error {
		ended = ""
		if e.Wish != nil && e.Wish.Number > p.Wish {
			ended = fmt.Sprintf("a newer wish took over: %s (wish %d)", e.Wish.Image.Name(), e.Wish.Number)
			return nil
		}
		if lost, err := hold(e, r, p.Fence); err != nil || lost != "" {
			ended = lost
			return err
		}
		if p.Action == record.Rollback && e.LastGood != nil && e.LastGood.Revision == service.Revision && e.LastGood.Image.Digest != p.Image.Digest {
			// A person goes back from what counted as good: it must not return by itself.
			e.Isolate(record.Failure{Digest: e.LastGood.Image.Digest, Name: e.LastGood.Image.Name(), Revision: service.Revision, Reason: "rolled back by hand: " + p.Reason, At: r.Now})
		}
		e.Intent = &intent
		return nil
	})
	if err != nil || ended == "" {
		return nil, err
	}
	return rollout.Ended{Plan: p, Ending: rollout.SupersededEnding, Why: ended}, nil
}

// hold checks and renews the lease inside a ledger update. lost says who has it instead.
func hold(e *record.Entry, r Request, fence int64) (lost string, err error) {
	err = e.Held(r.Execution, fence, r.Now)
	var gone *record.LeaseLost
	if !errors.As(err, &gone) {
		return "", err
	}
	if e.Lease == nil {
		return "", e.Take(r.Execution, r.Now, nil)
	}
	if e.Lease.Owner == r.Execution {
		return "", nil // taken again by a redriven step before this one, under a new fence
	}
	return gone.Error(), nil
}
