package deployer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"slipway/internal/fault"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// stoppedExecution is the detail of a Step Functions Execution Status Change event, as far as settle reads it.
// https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
type stoppedExecution struct {
	Execution string `json:"executionArn"`
	Name      string `json:"name"`
	Status    string `json:"status"`
	Input     string `json:"input"`
	Error     string `json:"error"`
	Cause     string `json:"cause"`
	Redrive   int    `json:"redriveCount"`
}

// settleEvent takes care of an execution that ended without its settle step: stopped in the console, timed out, or failed
// because a function did. Events come twice and late; an execution that settled is left alone.
func (d *Deployer) settleEvent(ctx context.Context, raw json.RawMessage) (Settled, error) {
	var event struct {
		Time   time.Time        `json:"time"`
		Detail stoppedExecution `json:"detail"`
	}
	if err := json.Unmarshal(raw, &event); err != nil {
		return Settled{}, &fault.BadEvent{Words: "execution status event: " + err.Error()}
	}
	detail := event.Detail
	switch detail.Status {
	case "ABORTED", "TIMED_OUT", "FAILED":
	default:
		d.Log.Info("status ignored", "execution", detail.Execution, "status", detail.Status)
		return Settled{}, nil
	}
	in, name, err := parseInput([]byte(detail.Input))
	if err != nil {
		d.Log.Info("status ignored", "execution", detail.Execution, "why", err.Error()) // claim rejected it, or would have
		return Settled{}, nil
	}
	entry, err := d.Ledger.Load(ctx, name)
	if err != nil {
		return Settled{}, err
	}
	x := dead{stoppedExecution: detail, wish: in.Wish, undoes: in.Stopped, at: event.Time}
	if entry.Wish != nil && entry.Wish.By == detail.Execution {
		x.wish = entry.Wish.Number
	}
	if !x.hasLeftover(entry) {
		return Settled{}, nil // it settled, or never asked for anything
	}
	if _, ended, err := d.Executions.Ended(ctx, detail.Execution); err != nil && !fault.IsMissing(err) || err == nil && !ended {
		d.Log.Info("status ignored", "execution", detail.Execution, "why", "it was redriven and runs again")
		return Settled{}, err
	}
	return d.cleanUp(ctx, entry, x)
}

// dead is an execution that ended without its settle step.
type dead struct {
	stoppedExecution
	wish   int    // which it served, 0 if not known
	undoes string // the execution whose deployment it was to take back
	at     time.Time
}

func (x dead) holds(e record.Entry) bool {
	return e.Lease != nil && e.Lease.Owner == x.Execution && !e.Lease.Over
}

// gaveUp reports whether a person stopped the undoing of what is still to be undone, before it had the service.
func (x dead) gaveUp(e record.Entry) bool {
	return x.Status == "ABORTED" && x.undoes != "" && !x.holds(e) && e.Intent != nil && e.Intent.By == x.undoes
}

// hasLeftover reports whether it still has the service, its wish has no outcome, or it was to undo what is still there.
func (x dead) hasLeftover(e record.Entry) bool {
	return x.holds(e) || x.wish > e.Handled || x.gaveUp(e)
}

// cleanUp ends what a dead execution began: an open deployment is rolled back by an execution of its own; if that one was
// stopped too, a person must look.
func (d *Deployer) cleanUp(ctx context.Context, e record.Entry, x dead) (Settled, error) {
	if x.holds(e) {
		x.wish = e.Lease.Wish
	}
	switch {
	case x.gaveUp(e):
		x.wish = max(x.wish, e.Intent.Wish) // so that nobody wishes for it anew
		return d.bury(ctx, e, x, record.EndingStuck, fmt.Sprintf("the rollback %s while it waited: the service may run %s", x.how(), rollout.ShortRevision(leftoverRevision(e.Intent))))
	case !x.holds(e) || e.Intent == nil:
		return d.bury(ctx, e, x, record.EndingRejected, "the execution "+x.how()+" before it touched anything")
	case x.undoes != "":
		return d.bury(ctx, e, x, record.EndingStuck, fmt.Sprintf("the rollback %s: the service may run %s", x.how(), rollout.ShortRevision(e.Intent.Baseline)))
	case e.Open() && e.Wish.Number > x.wish:
		return d.bury(ctx, e, x, record.EndingSuperseded, fmt.Sprintf("the execution %s; a newer wish takes over what it left: %s (wish %d)", x.how(), e.Wish.Image.Name(), e.Wish.Number))
	}
	settled, err := d.startUndo(ctx, e, x)
	if fault.IsRefusal(err) { // an execution of that name ran already, and failed
		return d.bury(ctx, e, x, record.EndingStuck, fmt.Sprintf("the execution %s and its rollback could not be started: %s", x.how(), err))
	}
	return settled, err
}

// bury writes the outcome of a dead execution.
func (d *Deployer) bury(ctx context.Context, e record.Entry, x dead, ending record.Ending, cause string) (Settled, error) {
	o := record.Outcome{Execution: x.Execution, Redrive: x.Redrive, Service: e.Service, Wish: x.wish, Ending: ending, Cause: rollout.Sentence(cause), StartedAt: x.at, EndedAt: x.at}
	if e.Wish != nil && e.Wish.Number == x.wish {
		o.Image = e.Wish.Image
	}
	o, entry, err := d.conclude(ctx, o, func(e *record.Entry, o record.Outcome) {
		if ending == record.EndingStuck { // it is a person's now
			e.GivenUp, e.Intent = leftoverRevision(e.Intent), nil
		}
		e.Bury(o, x.undoes)
	})
	if err != nil {
		return Settled{}, err
	}
	return d.finish(ctx, o, entry)
}

// leftoverRevision is what an intent that nobody brought to its end leaves a service with.
func leftoverRevision(i *record.Intent) string {
	switch {
	case i == nil:
		return ""
	case i.Action == record.Rollback:
		return i.Baseline
	}
	return i.Revision
}

func (x stoppedExecution) how() string {
	switch x.Status {
	case "ABORTED":
		return "was stopped"
	case "TIMED_OUT":
		return "timed out"
	}
	return "failed (" + strings.TrimSpace(StepError{Error: x.Error, Cause: x.Cause}.words()) + ")"
}
