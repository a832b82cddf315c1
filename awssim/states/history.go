package states

import (
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// maxEvents is the quota of a history: its last event can only be the execution's end.
const maxEvents = 25_000

// add appends an event and returns its id. The event before the last one allowed ends the execution instead; nothing is
// added once it has ended.
func (r *run) add(previous int64, kind types.HistoryEventType, details func(*types.HistoryEvent)) int64 {
	if r.root.over {
		return 0
	}
	if len(r.x.history) >= maxEvents-1 {
		r.end(types.ExecutionStatusFailed, &failure{name: errRuntime, cause: "The execution reached the maximum number of history events (25000)."}, "", previous)
		return 0
	}
	return r.x.append(previous, kind, details)
}

func (x *execution) append(previous int64, kind types.HistoryEventType, details func(*types.HistoryEvent)) int64 {
	id := int64(len(x.history) + 1)
	e := types.HistoryEvent{Id: id, PreviousEventId: previous, Timestamp: new(x.service.clock.Now()), Type: kind}
	if details != nil {
		details(&e)
	}
	x.history = append(x.history, e)
	x.log(e)
	return id
}

// whole says that an event's data was not cut short, which awssim never does.
func whole() *types.HistoryEventExecutionDataDetails {
	return &types.HistoryEventExecutionDataDetails{Truncated: false}
}

func entered(name, input string) func(*types.HistoryEvent) {
	return func(e *types.HistoryEvent) {
		e.StateEnteredEventDetails = &types.StateEnteredEventDetails{Name: &name, Input: &input, InputDetails: whole()}
	}
}

func exited(name, output string, assigned map[string]string) func(*types.HistoryEvent) {
	return func(e *types.HistoryEvent) {
		d := &types.StateExitedEventDetails{Name: &name, Output: &output, OutputDetails: whole()}
		if len(assigned) > 0 {
			d.AssignedVariables = assigned
			d.AssignedVariablesDetails = &types.AssignedVariablesDetails{Truncated: false}
		}
		e.StateExitedEventDetails = d
	}
}

func evaluationFailed(state string, f *failure) func(*types.HistoryEvent) {
	return func(e *types.HistoryEvent) {
		e.EvaluationFailedEventDetails = &types.EvaluationFailedEventDetails{
			State: &state, Error: &f.name, Cause: &f.cause, Location: optional(f.location),
		}
	}
}

// optional is a text that AWS leaves out when it is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// withoutData is an event as GetExecutionHistory answers it with includeExecutionData false.
func withoutData(e types.HistoryEvent) types.HistoryEvent {
	if d := e.ExecutionStartedEventDetails; d != nil {
		c := *d
		c.Input, c.InputDetails = nil, nil
		e.ExecutionStartedEventDetails = &c
	}
	if d := e.ExecutionSucceededEventDetails; d != nil {
		c := *d
		c.Output, c.OutputDetails = nil, nil
		e.ExecutionSucceededEventDetails = &c
	}
	if d := e.StateEnteredEventDetails; d != nil {
		c := *d
		c.Input, c.InputDetails = nil, nil
		e.StateEnteredEventDetails = &c
	}
	if d := e.StateExitedEventDetails; d != nil {
		c := *d
		c.Output, c.OutputDetails = nil, nil
		c.AssignedVariables, c.AssignedVariablesDetails = nil, nil
		e.StateExitedEventDetails = &c
	}
	return withoutTaskData(e)
}

func withoutTaskData(e types.HistoryEvent) types.HistoryEvent {
	if d := e.TaskScheduledEventDetails; d != nil {
		c := *d
		c.Parameters = nil
		e.TaskScheduledEventDetails = &c
	}
	if d := e.TaskSucceededEventDetails; d != nil {
		c := *d
		c.Output, c.OutputDetails = nil, nil
		e.TaskSucceededEventDetails = &c
	}
	if d := e.LambdaFunctionScheduledEventDetails; d != nil {
		c := *d
		c.Input, c.InputDetails = nil, nil
		e.LambdaFunctionScheduledEventDetails = &c
	}
	if d := e.LambdaFunctionSucceededEventDetails; d != nil {
		c := *d
		c.Output, c.OutputDetails = nil, nil
		e.LambdaFunctionSucceededEventDetails = &c
	}
	return e
}
