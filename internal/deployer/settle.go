package deployer

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"slipway/internal/fault"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Settled is what the workflow ends with: the Choice after settle branches on Ending, and the Fail states show Cause.
type Settled struct {
	Ending  rollout.Ending `json:"ending"`
	Cause   string         `json:"cause"`
	Service string         `json:"service"`
	Image   string         `json:"image,omitempty"`
	Report  []string       `json:"report,omitempty"`
}

// Settle writes how an execution ended, moves last good, gives the lease back and tells people. It never touches ECS. It takes
// a Request from the workflow, or an EventBridge event about an execution that was stopped, timed out or failed without
// having settled.
func (d *Deployer) Settle(ctx context.Context, raw json.RawMessage) (Settled, error) {
	var kind struct {
		DetailType string `json:"detail-type"`
	}
	if json.Unmarshal(raw, &kind) == nil && kind.DetailType != "" {
		settled, err := d.settleEvent(ctx, raw)
		return settled, fault.AtTheDoor(err)
	}
	var r Request
	if err := json.Unmarshal(raw, &r); err != nil {
		return Settled{}, &fault.Impossible{Words: "settle: " + err.Error()}
	}
	state, err := rollout.Decode(r.Step)
	if err != nil {
		return Settled{}, &fault.Impossible{Words: err.Error()}
	}
	settled, err := d.settle(ctx, r, state)
	return settled, fault.AtTheDoor(err)
}

func (d *Deployer) settle(ctx context.Context, r Request, s rollout.State) (Settled, error) {
	s = final(s, r)
	ending, cause, ok := rollout.Conclude(s, r.Now)
	if !ok {
		return Settled{}, &fault.Impossible{Words: fmt.Sprintf("settle takes a final state and got %s", s.Phase())}
	}
	p := rollout.PlanOf(s)
	outcome := record.Outcome{Execution: r.Execution, Redrive: r.Redrive, Service: p.Service, Wish: p.Wish, Ending: string(ending), Cause: cause, Image: p.Image,
		Revision: p.Revision, Report: rollout.Block(s, r.Now), StartedAt: p.StartedAt, EndedAt: r.Now}
	settled, entry, err := d.conclude(ctx, outcome, func(e *record.Entry, o record.Outcome) { settleEntry(e, o, s) })
	if err != nil {
		return settled, err
	}
	if success, ok := s.(rollout.Succeeded); ok && success.Proven && entry.LastGood != nil {
		err = d.publish(ctx, p.Service, *entry.LastGood)
	}
	return settled, err
}

// publish puts the last good image where templates can read it, so that infrastructure as code and Slipway agree.
func (d *Deployer) publish(ctx context.Context, service record.ServiceName, good record.Good) error {
	name := "/slipway/" + service.String() + "/image"
	if err := d.Parameters.Put(ctx, name, good.Image.Pinned()); err != nil {
		return fmt.Errorf("publish last good to %s: %w", name, err)
	}
	return nil
}

// final turns a state in which the workflow could not go on into Stuck: the rollback itself failed.
func final(s rollout.State, r Request) rollout.State {
	if r.Error == nil {
		return s
	}
	if f, ok := failedOf(s, r); ok {
		return rollout.Stuck{Plan: f.Plan, Because: f.Because, Evidence: f.Evidence, Why: "the rollback could not be done: " + r.Error.words()}
	}
	if stuck, ok := unwatched(s, r); ok { // the rollback function could not even be called
		return stuck
	}
	return s
}

// conclude stores an outcome once, then the memory of the service, then tells. Each part may run again after a crash; what was
// told is written down last, because a message that comes twice is better than one that never comes.
func (d *Deployer) conclude(ctx context.Context, o record.Outcome, change func(*record.Entry, record.Outcome)) (Settled, record.Entry, error) {
	if o.Service == (record.ServiceName{}) { // input that names no service: nothing to remember it under
		d.Log.Info("settle", "execution", o.Execution, "ending", o.Ending, "cause", o.Cause)
		return Settled{Ending: rollout.Ending(o.Ending), Cause: o.Cause}, record.Entry{}, nil
	}
	o, err := d.Ledger.Conclude(ctx, o)
	if err != nil {
		return Settled{}, record.Entry{}, err
	}
	entry, err := d.Ledger.Update(ctx, o.Service, func(e *record.Entry) error {
		change(e, o)
		return nil
	})
	if err != nil {
		return Settled{}, entry, err
	}
	if last := *entry.Last; last.Execution == o.Execution && last.Redrive == o.Redrive && !entry.Told {
		d.announceOutcome(ctx, o)
		err = d.told(ctx, o)
	}
	d.Log.Info("settle", "execution", o.Execution, "service", o.Service.String(), "ending", o.Ending, "cause", o.Cause)
	return Settled{Ending: rollout.Ending(o.Ending), Cause: o.Cause, Service: o.Service.String(), Image: o.Image.Name(), Report: o.Report}, entry, err
}

func (d *Deployer) told(ctx context.Context, o record.Outcome) error {
	_, err := d.Ledger.Update(ctx, o.Service, func(e *record.Entry) error {
		e.Told = e.Told || e.Last != nil && e.Last.Execution == o.Execution && e.Last.Redrive == o.Redrive
		return nil
	})
	return err
}

// settleEntry is what an ending changes in the memory of a service. Only the holder of the lease moves last good, holds the
// service or closes what an execution before it left open.
func settleEntry(e *record.Entry, o record.Outcome, s rollout.State) {
	if e.Keep(o.Execution, o.Wish, rollout.PlanOf(s).Fence, o.EndedAt) == nil {
		switch s := s.(type) {
		case rollout.Succeeded:
			if s.Proven {
				good := record.Good{Revision: s.Revision, Image: s.Image, At: o.EndedAt}
				if s.Guard != (record.Guard{}) { // the last step of the release before has none
					good.Guard = &s.Guard
				}
				e.Prove(good)
				e.Hold = nil
			}
		case rollout.Foreign:
			e.Hold = &record.Hold{Reason: s.Why, Revision: s.Revision, Wish: e.Newest(), At: o.EndedAt}
		case rollout.RolledBack:
			blame(e, s.Plan, s.Because, o.EndedAt)
		case rollout.Stuck:
			blame(e, s.Plan, s.Because, o.EndedAt)
		}
		if ending := rollout.Ending(o.Ending); ending != rollout.RejectedEnding && ending != rollout.SupersededEnding {
			e.Intent = nil
		}
	}
	e.Settle(o, o.Execution)
}

// blame quarantines the digest that ECS rolled back by itself: the rollback verb, which quarantines others, had nothing to do.
func blame(e *record.Entry, p rollout.Plan, why rollout.Reason, at time.Time) {
	if good := e.LastGood; why.Class == rollout.ClassECS && (good == nil || good.Image.Digest != p.Image.Digest) {
		e.Isolate(record.Failure{Digest: p.Image.Digest, Name: p.Image.Name(), Revision: p.Revision, Reason: why.Words, At: at})
	}
}

func (d *Deployer) announceOutcome(ctx context.Context, o record.Outcome) {
	ending := rollout.Ending(o.Ending)
	err := d.Announcer.Announce(ctx, rollout.Announcement{Kind: o.Ending, Service: o.Service, Execution: o.Execution, Image: o.Image, Revision: o.Revision,
		Sentence: o.Cause, Report: o.Report, At: o.EndedAt, Page: ending == rollout.StuckEnding,
		Quiet: ending == rollout.NothingToDo || ending == rollout.SupersededEnding})
	if err != nil {
		d.Log.Warn("announce", "why", err.Error()) // telling never changes an outcome
	}
}
