package deployer

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"slipway/internal/fault"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Request is what the workflow hands to its functions.
type Request struct {
	Now       time.Time       `json:"now"`              // when the workflow's state was entered
	Execution string          `json:"execution"`        // execution ARN, the owner of leases
	Started   time.Time       `json:"started,omitzero"` // claim only: when the execution was started or redriven
	Redrive   int             `json:"redrive"`          // settle only: how often the execution was redriven
	Input     json.RawMessage `json:"input"`            // claim only: the execution's input, perhaps typed by hand
	Step      json.RawMessage `json:"step"`             // what the step before returned
	Error     *StepError      `json:"error"`            // rollback and settle only: why the step before could not do its work
}

// StepError is the error output of a workflow state.
type StepError struct {
	Error string `json:"Error"`
	Cause string `json:"Cause"`
}

// words are the cause for people: a Lambda's error is JSON with the message inside.
func (e StepError) words() string {
	var cause struct {
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal([]byte(e.Cause), &cause) == nil && cause.Message != "" {
		return cause.Message
	}
	if e.Cause != "" {
		return e.Error + ": " + e.Cause
	}
	return e.Error
}

// Step is a state of the deployment on its way through the workflow.
type Step struct{ rollout.State }

// MarshalJSON writes the state by its codec.
func (s Step) MarshalJSON() ([]byte, error) { return rollout.Encode(s.State) }

// door decodes the state of a request as one of the kind that a verb takes, calls the verb, and lets out no error but those of
// package fault. An execution that has lost its lease ends. log is told what the verb made of the state.
func door[S rollout.State](r Request, verb func(S) (rollout.State, error), log func(before S, after rollout.State)) (Step, error) {
	state, err := rollout.Decode(r.Step)
	if err != nil {
		return Step{}, &fault.Impossible{Words: err.Error()}
	}
	before, ok := state.(S)
	if !ok {
		return Step{}, &fault.Impossible{Words: fmt.Sprintf("this step takes phase %s and got %s", before.Phase(), state.Phase())}
	}
	after, err := verb(before)
	var lost *record.LeaseLost
	if errors.As(err, &lost) {
		after, err = rollout.Ended{Plan: rollout.PlanOf(before), Ending: record.EndingSuperseded, Why: lost.Error()}, nil
	}
	if err != nil {
		return Step{}, fault.AtTheDoor(err)
	}
	log(before, after)
	return Step{after}, nil
}
