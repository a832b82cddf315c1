package deployer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"slipway/internal/fault"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Settled is what the workflow ends with: the Choice after settle branches on Ending, and the Fail states show Cause.
type Settled struct {
	Ending  record.Ending `json:"ending"`
	Cause   string        `json:"cause"`
	Service string        `json:"service"`
	Image   string        `json:"image,omitempty"`
	Report  []string      `json:"report,omitempty"`
}

// Settle writes how an execution ended, moves last good, gives the lease back and tells people. It never touches ECS. It takes
// a Request from the workflow, or an EventBridge event about an execution that was stopped, timed out or failed without
// having settled. Of a deployment that is delayed it only tells people, and the workflow goes on.
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
	if sentence, delayed := rollout.Delayed(state); delayed && r.Error == nil {
		d.announceDelay(ctx, r, rollout.PlanOf(state), sentence)
		return Settled{}, nil
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
	lost, err := d.overtakenAtTheEnd(ctx, r, s)
	if err != nil {
		return Settled{}, err
	}
	if lost != nil {
		ending, cause = record.EndingSuperseded, lost.Error()+", before it could be recorded that "+cause
	}
	outcome := record.Outcome{Execution: r.Execution, Redrive: r.Redrive, Service: p.Service, Wish: p.Wish, Ending: ending, Cause: cause, Image: p.Image,
		Revision: p.Revision, Report: rollout.Block(s, r.Now), StartedAt: p.StartedAt, EndedAt: r.Now}
	outcome, entry, err := d.conclude(ctx, outcome, func(e *record.Entry, o record.Outcome) { settleEntry(e, o, s) })
	if err != nil {
		return Settled{}, err
	}
	// Also when a try before was told already: another outcome may have come in between. What counts is that it is still last good;
	// one that names no image of the followed repository by digest, a placeholder, is nothing to publish.
	success, ok := s.(rollout.Succeeded)
	if good := entry.LastGood; ok && success.Proven && good.Runs(success.Revision) && good.Image.Digest != "" {
		if outcome, err = d.publish(ctx, outcome, *good); err != nil {
			return Settled{}, err
		}
	}
	return d.finish(ctx, outcome, entry)
}

// overtakenAtTheEnd says who took the service over from a deployment that succeeded, nil if nobody did: then it must not be told as
// one that runs. It may have waited for hours to be recorded.
func (d *Deployer) overtakenAtTheEnd(ctx context.Context, r Request, s rollout.State) (*record.LeaseLost, error) {
	if _, ok := s.(rollout.Succeeded); !ok {
		return nil, nil
	}
	p := rollout.PlanOf(s)
	entry, err := d.Ledger.Load(ctx, p.Service)
	var lost *record.LeaseLost
	if err == nil {
		errors.As(entry.Renew(r.Execution, p.Wish, p.Fence, r.Now), &lost)
	}
	return lost, err
}

// publish puts the last good image where templates can read it, so that infrastructure as code and Slipway agree. It comes before
// anybody is told: what SSM refuses undoes no deployment, but is a clause of the outcome that people read.
func (d *Deployer) publish(ctx context.Context, o record.Outcome, good record.Good) (record.Outcome, error) {
	name := "/slipway/" + o.Service.String() + "/image"
	err := d.Parameters.Put(ctx, name, good.Image.Pinned())
	if fault.IsRefusal(err) {
		o.Cause = rollout.Sentence(fmt.Sprintf("%s; the image could not be published for templates: %s", o.Cause, err))
		return o, nil
	}
	if err != nil {
		err = fmt.Errorf("publish last good to %s: %w", name, err)
	}
	return o, err
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

// conclude stores an outcome once, then the memory of the service. Each may run again after a crash. It returns the outcome that
// was stored first.
func (d *Deployer) conclude(ctx context.Context, o record.Outcome, change func(*record.Entry, record.Outcome)) (record.Outcome, record.Entry, error) {
	if o.Service == (record.ServiceName{}) { // input that names no service: nothing to remember it under
		return o, record.Entry{}, nil
	}
	o, err := d.Ledger.Conclude(ctx, o)
	if err != nil {
		return o, record.Entry{}, err
	}
	entry, err := d.Ledger.Update(ctx, o.Service, func(e *record.Entry) error {
		change(e, o)
		return nil
	})
	return o, entry, err
}

// untold reports whether the outcome is the service's newest and not everybody was told of it.
func untold(e record.Entry, o record.Outcome) bool {
	return e.Last != nil && e.Last.Execution == o.Execution && e.Last.Redrive == o.Redrive && !e.Told
}

// finish announces an outcome and answers the workflow. What was told is written down last, because a message that comes twice is
// better than one that never comes.
func (d *Deployer) finish(ctx context.Context, o record.Outcome, e record.Entry) (Settled, error) {
	settled := Settled{Ending: o.Ending, Cause: o.Cause}
	var err error
	if o.Service != (record.ServiceName{}) {
		settled.Service, settled.Image, settled.Report = o.Service.String(), o.Image.Name(), o.Report
	}
	if untold(e, o) {
		if told := d.announceOutcome(ctx, o, e.LastTold); told != e.LastTold {
			err = d.told(ctx, o, told)
		}
	}
	d.Log.Info("settle", "execution", o.Execution, "service", settled.Service, "ending", o.Ending, "cause", o.Cause)
	return settled, err
}

func (d *Deployer) told(ctx context.Context, o record.Outcome, told record.Told) error {
	_, err := d.Ledger.Update(ctx, o.Service, func(e *record.Entry) error {
		if untold(*e, o) {
			e.Told, e.LastTold, e.Last.Cause = told.Everywhere(), told, o.Cause
		}
		return nil
	})
	return err
}

// settleEntry is what an ending changes in the memory of a service. Only the holder of the lease moves last good, holds the
// service or closes what an execution before it left open.
func settleEntry(e *record.Entry, o record.Outcome, s rollout.State) {
	if e.Renew(o.Execution, o.Wish, rollout.PlanOf(s).Fence, o.EndedAt) == nil {
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
			blameOrExcuse(e, s.Plan, s.Because, o.EndedAt)
			if s.To != "" { // else it is still what the service names, for 0 tasks
				e.Abandon(s.Revision)
			}
		case rollout.Stuck:
			blameOrExcuse(e, s.Plan, s.Because, o.EndedAt)
			e.GivenUp = cmp.Or(leftoverRevision(e.Intent), s.Revision)
		}
		if o.Ending != record.EndingRejected && o.Ending != record.EndingSuperseded {
			e.Intent = nil
		}
	}
	e.Settle(o)
}

// blameOrExcuse quarantines the digest that ECS rolled back by itself: the rollback verb, which quarantines others, had nothing to
// do. What ECS rolled back for no fault of the image is noted, because ECS's history will say only that it did.
func blameOrExcuse(e *record.Entry, p rollout.Plan, why rollout.Reason, at time.Time) {
	switch {
	case !why.Class.Blames() && why.Class != rollout.ClassDeployer:
		e.Excused = &record.Excused{Revision: p.Revision, At: at}
	case why.Class == rollout.ClassECS:
		e.Blame(record.Failure{Digest: p.Image.Digest, Name: p.Image.Name(), Revision: p.Revision, Reason: why.Words, At: at})
	}
}

// announceDelay tells people of what may need them before the deadline.
func (d *Deployer) announceDelay(ctx context.Context, r Request, p rollout.Plan, sentence string) {
	d.Log.Info("delayed", "execution", r.Execution, "service", p.Service.String(), "why", sentence)
	d.announce(ctx, rollout.Announcement{Kind: rollout.KindDelayed, Service: p.Service, Execution: r.Execution, Image: p.Image, Revision: p.Revision,
		Sentence: sentence, At: r.Now}, record.Told{})
}

// announceOutcome tells how an execution ended, where that was not told. Telling never changes an outcome; what could not be told
// is told by the next check for drift.
func (d *Deployer) announceOutcome(ctx context.Context, o record.Outcome, told record.Told) record.Told {
	return d.announce(ctx, rollout.Announcement{Kind: string(o.Ending), Service: o.Service, Execution: o.Execution, Image: o.Image, Revision: o.Revision,
		Sentence: o.Cause, Report: o.Report, At: o.EndedAt, Page: o.Ending == record.EndingStuck,
		Quiet: o.Ending == record.EndingNothingToDo || o.Ending == record.EndingSuperseded}, told)
}
