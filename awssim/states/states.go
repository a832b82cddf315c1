// Package states is AWS Step Functions for awssim: Standard workflows in the Amazon States Language, and the API over them.
//
// The interpreter knows JSONata only. parse*.go read and check a definition, template.go and expression.go evaluate, run.go,
// visit.go, task.go, branches.go and flowstates.go execute, history.go keeps what GetExecutionHistory answers, logging.go
// writes execution logs, and the remaining files are the API's operations. An execution is a coroutine of the clock, so a
// wait of an hour costs nothing in virtual time and the same seed gives the same history.
//
// What is not here: JSONPath, Express workflows, distributed Map, activities and task tokens, aliases, and every integration
// but Lambda. A definition that asks for them is refused by name when it is created.
package states

import (
	"sort"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// Outcome is what came of invoking a function, as awssim/lambda reports it.
type Outcome struct {
	Payload      []byte // JSON: the function's answer, or its error object
	ErrorType    string // set for a function error: errorType of the error object
	ErrorMessage string
	StatusCode   int    // of the Invoke call; 0 means 200
	Unavailable  string // error code of the service ("Lambda.TooManyRequestsException"), set when no function ran
}

// Invoker runs a Lambda function and waits for its answer. It is called inside a coroutine and may sleep. Every failure is in
// the Outcome. roleARN is the execution's role, which must be allowed the call; functionARN may carry a qualifier.
type Invoker interface {
	Invoke(roleARN, functionARN string, payload []byte) Outcome
}

// EventBus takes the events that Step Functions sends to the default bus.
type EventBus interface {
	Emit(source, detailType string, resources []string, detail any)
}

// Service is Step Functions of one account and region. Its methods are called inside turns of the clock.
type Service struct {
	clock   *clock.Clock
	id      protocol.Identity
	lambda  Invoker
	bus     EventBus
	logs    Logs
	watch   []func(executionARN, stateName string)
	byARN   map[string]*stateMachine
	runs    map[string]*execution
	started []*execution // every execution, oldest first
	begun   int          // how many there ever were
	api     protocol.API
}

// New returns a service without state machines. bus may be nil: then no events are sent.
func New(c *clock.Clock, id protocol.Identity, lambda Invoker, bus EventBus) *Service {
	s := &Service{
		clock: c, id: id, lambda: lambda, bus: bus,
		byARN: map[string]*stateMachine{},
		runs:  map[string]*execution{},
		api:   protocol.API{Service: "states", Target: "AWSStepFunctions", Format: protocol.JSON10},
	}
	a := &s.api
	protocol.Handle(a, "CreateStateMachine", s.createStateMachine)
	protocol.Handle(a, "UpdateStateMachine", s.updateStateMachine)
	protocol.Handle(a, "DescribeStateMachine", s.describeStateMachine)
	protocol.Handle(a, "DescribeStateMachineForExecution", s.describeStateMachineForExecution)
	protocol.Handle(a, "ListStateMachines", s.listStateMachines)
	protocol.Handle(a, "DeleteStateMachine", s.deleteStateMachine)
	protocol.Handle(a, "ValidateStateMachineDefinition", s.validateDefinition)
	protocol.Handle(a, "PublishStateMachineVersion", s.publishVersion)
	protocol.Handle(a, "ListStateMachineVersions", s.listVersions)
	protocol.Handle(a, "StartExecution", s.startExecution)
	protocol.Handle(a, "DescribeExecution", s.describeExecution)
	protocol.Handle(a, "ListExecutions", s.listExecutions)
	protocol.Handle(a, "StopExecution", s.stopExecution)
	protocol.Handle(a, "RedriveExecution", s.redriveExecution)
	protocol.Handle(a, "GetExecutionHistory", s.getExecutionHistory)
	protocol.Handle(a, "TagResource", s.tagResource)
	protocol.Handle(a, "UntagResource", s.untagResource)
	protocol.Handle(a, "ListTagsForResource", s.listTags)
	return s
}

// API is the wire side of the service.
func (s *Service) API() *protocol.API { return &s.api }

// Watch calls fn each time an execution enters a state, in the turn in which it does. For live displays.
func (s *Service) Watch(fn func(executionARN, stateName string)) { s.watch = append(s.watch, fn) }

// Transitions counts the state transitions of an execution as AWS bills them: the start, every state entered, every
// retry and every redrive. An unknown execution has none.
func (s *Service) Transitions(executionARN string) int {
	if x := s.runs[executionARN]; x != nil {
		return x.transitions
	}
	return 0
}

// Summary is an execution in a list for people.
type Summary struct {
	ARN, Machine, Name string
	Status             types.ExecutionStatus
	State              string    // where it is or was last
	Start, Stop        time.Time // Stop is zero while it runs
	Error, Cause       string
}

// Executions are all executions, oldest first.
func (s *Service) Executions() []Summary {
	list := make([]Summary, 0, len(s.started))
	for _, x := range s.started {
		list = append(list, Summary{
			ARN: x.arn, Machine: x.machine.name, Name: x.name, Status: x.status, State: x.state,
			Start: x.start, Stop: x.stop, Error: x.errorName, Cause: x.cause,
		})
	}
	return list
}

// sortedKeys is the order in which a map may leave the service.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
