package deployer

import (
	"context"
	"fmt"
	"time"

	"slipway/internal/fault"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Update re-reads the world, records what it is about to do, and tells ECS. It takes Ready and returns Converging, Foreign
// or Ended. It may run again after a crash at any point: what ECS was told already is watched, not told twice.
func (d *Deployer) Update(ctx context.Context, r Request) (Step, error) {
	return door(r, func(ready rollout.Ready) (rollout.State, error) {
		return d.update(ctx, r, ready.Plan)
	}, func(ready rollout.Ready, after rollout.State) {
		d.Log.Info("update", "execution", r.Execution, "service", ready.Service.String(), "revision", rollout.ShortRevision(ready.Revision), "phase", after.Phase())
	})
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
		return rollout.Ended{Plan: p, Ending: record.EndingRejected, Why: words}, nil
	}
	primary := service.Primary()
	first := p.Policy.InitialCount > 0 && service.Desired == 0
	running := primary.Revision == p.Revision && !first // an earlier run of this step told ECS
	if !running && primary.Revision != p.Baseline {
		return rollout.Foreign{Plan: p, Revision: primary.Revision,
			Why: fmt.Sprintf("somebody deployed %s to the service just before %s was to be deployed", rollout.ShortRevision(primary.Revision), p.Image.Name())}, nil
	}
	if !running {
		if state, err := d.failedBefore(ctx, r, p); state != nil || err != nil {
			return state, err
		}
		if state, err := d.proveAgain(ctx, r, p); state != nil || err != nil {
			return state, err
		}
	}
	intent, err := d.intend(ctx, r, p, service, first)
	if intent.ended != nil || err != nil {
		return intent.ended, err
	}
	if running {
		return watching(r, p, primary.ID, ""), nil
	}
	return d.tell(ctx, r, p, primary, first, intent.leftover)
}

// tell tells ECS. What ECS refuses had no effect: it ends in ECS's words, unless another execution left something behind that
// must be rolled back all the same.
func (d *Deployer) tell(ctx context.Context, r Request, p rollout.Plan, primary rollout.Deployment, first, leftover bool) (rollout.State, error) {
	var desired *int
	if first {
		desired = &p.Policy.InitialCount
	}
	deployment, err := d.Services.Update(ctx, p.Service, p.Revision, desired)
	switch {
	case fault.IsRefusal(err) && !leftover:
		return rollout.Ended{Plan: p, Ending: record.EndingRejected, Why: "ECS refused the deployment: " + err.Error()}, nil
	case err != nil:
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
	reason, err := d.blameHistory(ctx, r, p)
	if err != nil || reason == "" {
		return nil, err
	}
	return rollout.Ended{Plan: p, Ending: record.EndingRejected, Why: fmt.Sprintf("ECS rolled %s back before: %s", rollout.ShortRevision(p.Revision), reason)}, nil
}

// proof is how long claim's proof of a way back is good for. Without a redrive or a retry there is less than a second between.
const proof = time.Minute

// proveAgain makes sure that last good can still be gone back to when claim did so a while ago: an execution that was stopped here
// may be redriven days later.
func (d *Deployer) proveAgain(ctx context.Context, r Request, p rollout.Plan) (rollout.State, error) {
	if r.Now.Sub(p.ProvenAt) <= proof || p.Force {
		return nil, nil
	}
	entry, err := d.Ledger.Load(ctx, p.Service)
	if err != nil || entry.LastGood == nil {
		return nil, err
	}
	definition, err := d.Definitions.Describe(ctx, entry.LastGood.Revision)
	if err != nil && !fault.IsMissing(err) || err == nil && definition.Active {
		return nil, err
	}
	return rollout.Ended{Plan: p, Ending: record.EndingRejected,
		Why: fmt.Sprintf("the last good revision %s was deregistered meanwhile: start again with the same input, which finds another way back", rollout.ShortRevision(entry.LastGood.Revision))}, nil
}

// intending is what one try to record an intent came to. The change of an entry may run several times; only its last run counts.
type intending struct {
	ended    rollout.State // nil: it is recorded
	leftover bool          // an execution before this one died with an intent of its own
}

// intend records the intent before its effect. A newer wish ends the execution instead, but not once ECS may have been told:
// a running deployment is never pre-empted.
func (d *Deployer) intend(ctx context.Context, r Request, p rollout.Plan, service rollout.Service, first bool) (intending, error) {
	var i intending
	_, err := d.writeHeld(ctx, r, p, func(e *record.Entry) {
		before, abandons := e.Intent, abandonedBy(e.Intent, p.Wish)
		i = intending{leftover: abandons != ""}
		if e.Wish != nil && e.Wish.Number > p.Wish && (before == nil || before.Wish != p.Wish) {
			i.ended = rollout.Ended{Plan: p, Ending: record.EndingSuperseded, Why: fmt.Sprintf("a newer wish took over: %s (wish %d)", e.Wish.Image.Name(), e.Wish.Number)}
			return
		}
		undoes := e.Wish != nil && e.Wish.Number == p.Wish && e.Wish.Undoes != ""
		if good := e.LastGood; p.Action == record.Rollback && !undoes && good.Runs(service.Revision) && good.Image.Digest != p.Image.Digest {
			// A person goes back from what counted as good: it must not return by itself.
			e.Isolate(record.Failure{Digest: good.Image.Digest, Name: good.Image.Name(), Revision: service.Revision, Reason: byHand(p), At: r.Now})
		}
		intent := record.Intent{Action: p.Action, Wish: p.Wish, Digest: p.Image.Digest, Revision: p.Revision, Baseline: p.Baseline, Abandons: abandons, At: r.Now, By: r.Execution}
		if first {
			intent.Count = p.Policy.InitialCount
		} else if emptiable(*e) {
			intent.Count = before.Count // the first deployment still: the execution before died after it had told ECS
		}
		e.Intent, e.Deployed, e.GivenUp = &intent, p.Revision, ""
	})
	return i, err
}

// abandonedBy is what the execution of another wish told ECS to run before it died, "" if none did. It may not be what runs now.
func abandonedBy(before *record.Intent, wish int) string {
	switch {
	case before == nil:
		return ""
	case before.Wish == wish:
		return before.Abandons // an earlier run of this step, or of one after it, noted it
	case before.Action == record.Rollback:
		return before.Baseline
	}
	return before.Revision
}

// writeHeld changes the entry on condition that the lease of a plan is still held, and renews it. The error is *record.LeaseLost if
// it is not, which ends the execution (door, Claim).
func (d *Deployer) writeHeld(ctx context.Context, r Request, p rollout.Plan, change func(*record.Entry)) (record.Entry, error) {
	return d.Ledger.Update(ctx, p.Service, func(e *record.Entry) error {
		if err := e.Renew(r.Execution, p.Wish, p.Fence, r.Now); err != nil {
			return err
		}
		change(e)
		return nil
	})
}

// byHand is why a person's rollback quarantines what it leaves.
func byHand(p rollout.Plan) string {
	if p.Reason == "" {
		return "rolled back by hand"
	}
	return "rolled back by hand: " + p.Reason
}
