package states

import (
	"fmt"
	"slices"
)

// Error names of Step Functions.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
const (
	errAll             = "States.ALL"
	errTaskFailed      = "States.TaskFailed"
	errTimeout         = "States.Timeout"
	errHeartbeat       = "States.HeartbeatTimeout"
	errRuntime         = "States.Runtime"
	errDataLimit       = "States.DataLimitExceeded"
	errQueryEvaluation = "States.QueryEvaluationError"
	errNoChoice        = "States.NoChoiceMatched"
)

// failure is why a state did not succeed: what Retry and Catch match, and what ends the execution when nothing does.
type failure struct {
	name, cause string
	query       bool   // an EvaluationFailed event belongs to it
	location    string // of a query failure, "" when it is not one field's
	afterEntry  bool   // AWS links the event of this failure to the state's entry, not to what came before it
}

// queryError is a field that could not be evaluated. The state puts its name before the cause.
func queryError(location, format string, args ...any) *failure {
	return &failure{name: errQueryEvaluation, cause: fmt.Sprintf(format, args...), query: true, location: location}
}

func tooLarge(what string) *failure {
	return &failure{name: errDataLimit, cause: fmt.Sprintf("The state/task '%s' returned a result with a size exceeding the maximum number of bytes service limit.", what)}
}

// matches reports whether an ErrorEquals list takes an error. States.ALL and States.TaskFailed do not take the two errors
// that nothing but their own name catches; States.TaskFailed does not take a timeout either.
func matches(list []string, name string) bool {
	if slices.Contains(list, name) {
		return name != errRuntime // which no list catches
	}
	if name == errRuntime || name == errDataLimit {
		return false
	}
	if slices.Contains(list, errAll) {
		return true
	}
	if slices.Contains(list, errTimeout) && name == errHeartbeat {
		return true
	}
	return slices.Contains(list, errTaskFailed) && name != errTimeout
}
