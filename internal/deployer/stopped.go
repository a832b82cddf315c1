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
	x := event.Detail
	switch x.Status {
	case "ABORTED", "TIMED_OUT", "FAILED":
	default:
		d.Log.Info("status ignored", "execution", x.Execution, "status", x.Status)
		return Settled{}, nil
	}
	in, name, err := parseInput([]byte(x.Input))
	if err != nil {
		d.Log.Info("status ignored", "execution", x.Execution, "why", err.Error()) // claim rejected it, or would have
		return Settled{}, nil
	}
	entry, err := d.Ledger.Load(ctx, name)
	if err != nil {
		return Settled{}, err
	}
	return d.cleanUp(ctx, entry, x, in, event.Time)
}

// cleanUp ends what a dead execution began: an open deployment is rolled back by an execution of its own; if that one was
// stopped too, a person must look.
func (d *Deployer) cleanUp(ctx context.Context, entry record.Entry, x stoppedExecution, in Input, at time.Time) (Settled, error) {
	holds := entry.Lease != nil && entry.Lease.Owner == x.Execution
	o := record.Outcome{Execution: x.Execution, Service: entry.Service, Wish: in.Wish, StartedAt: at, EndedAt: at}
	if entry.Wish != nil && (entry.Wish.By == x.Execution || entry.Wish.Number == in.Wish) {
		o.Wish, o.Image = entry.Wish.Number, entry.Wish.Image
	}
	how := ended(x)
	switch {
	case !holds:
		if o.Wish == 0 || entry.Handled >= o.Wish {
			return Settled{}, nil // it settled, or never asked for anything
		}
		o.Ending, o.Cause = string(rollout.RejectedEnding), "the execution "+how+" before it touched anything"
	case entry.Intent == nil:
		o.Ending, o.Cause = string(rollout.RejectedEnding), "the execution "+how+" before it touched anything"
	case in.Stopped != "":
		o.Ending, o.Cause = string(rollout.StuckEnding), fmt.Sprintf("the rollback %s: the service may run %s", how, rollout.ShortRevision(entry.Intent.Baseline))
	default:
		return d.undo(ctx, entry, x, how)
	}
	settled, _, err := d.conclude(ctx, o, rollout.Ended{})
	return settled, err
}

func ended(x stoppedExecution) string {
	switch x.Status {
	case "ABORTED":
		return "was stopped"
	case "TIMED_OUT":
		return "timed out"
	}
	return "failed (" + strings.TrimSpace(StepError{Error: x.Error, Cause: x.Cause}.words()) + ")"
}

// undo starts the rollback of a deployment whose execution is gone. The lease stays with the dead owner until the new
// execution takes it over, so nobody deploys in between.
func (d *Deployer) undo(ctx context.Context, entry record.Entry, x stoppedExecution, how string) (Settled, error) {
	input, err := json.Marshal(Input{Service: entry.Service.String(), Action: string(record.Rollback), Reason: "execution " + x.Name + " " + how, Stopped: x.Execution})
	if err != nil {
		return Settled{}, err
	}
	wish := record.Wish{Number: entry.Intent.Wish}
	wish.Image.Tag, wish.Image.Digest = "undo", entry.Intent.Digest
	arn, err := d.Executions.Start(ctx, ExecutionName(entry.Service, wish), input)
	if err != nil {
		return Settled{}, err
	}
	d.Log.Info("undo", "service", entry.Service.String(), "stopped", x.Execution, "execution", arn)
	return Settled{Service: entry.Service.String(), Cause: "rollback started: " + arn}, nil
}
