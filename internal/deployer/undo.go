package deployer

import (
	"context"
	"encoding/json"
	"fmt"

	"slipway/internal/arn"
	"slipway/internal/fault"
	"slipway/internal/record"
)

// maxUndos is how many executions may try to undo one deployment, before a person must look.
const maxUndos = 3

// startUndo starts the rollback of a deployment whose execution is gone. A lease that is left stays with the dead owner until the new
// execution takes it over, so nobody deploys in between. The error is *fault.Impossible when every name was used: what the
// last one left is a person's.
func (d *Deployer) startUndo(ctx context.Context, e record.Entry, x dead) (Settled, error) {
	name, alive, err := d.undoing(ctx, e)
	if err != nil || alive {
		return Settled{}, err
	}
	reason := clipReason("execution " + arn.Name(x.Execution) + " " + x.how())
	input, err := json.Marshal(Input{Service: e.Service.String(), Action: string(record.Rollback), Reason: reason, Stopped: x.Execution})
	if err != nil {
		return Settled{}, err
	}
	started, err := d.Executions.Start(ctx, name, input)
	if err != nil {
		return Settled{}, err
	}
	d.Log.Info("undo", "service", e.Service.String(), "stopped", x.Execution, "execution", started)
	return Settled{Service: e.Service.String(), Cause: "rollback started: " + started}, nil
}

// undoing finds the execution that undoes the open intent, if one is alive; else the name for the next one. One that has ended has not
// undone it, however it ended: it gave way to a newer wish that was rejected then, say, or could not reach AWS.
func (d *Deployer) undoing(ctx context.Context, e record.Entry) (name string, alive bool, err error) {
	for n := range maxUndos {
		name = undoName(e, n+1)
		_, over, err := d.Executions.Ended(ctx, name)
		switch {
		case fault.IsMissing(err):
			return name, false, nil
		case err != nil:
			return "", false, err
		case !over:
			return name, true, nil
		}
	}
	return "", false, &fault.Impossible{Words: fmt.Sprintf("%d executions tried to roll it back, the last one is %s", maxUndos, name)}
}

// undoName is the name of the n-th execution that undoes the open intent.
func undoName(e record.Entry, n int) string {
	wish := record.Wish{Number: e.Intent.Wish}
	wish.Image.Digest = e.Intent.Digest
	name := ExecutionName(e.Service, wish) + "-undo" // at the end, where no tag of an image can come
	if n > 1 {
		name += fmt.Sprint(n)
	}
	return name
}
