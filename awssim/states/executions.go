package states

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/awssim/ids"
	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

// How long AWS remembers: a closed execution, and its name, for 90 days; it can be redriven for 14.
const (
	kept       = 90 * 24 * time.Hour
	redrivable = 14 * 24 * time.Hour
)

// execution is one execution through all its redrives. revision is the one it started with, which it keeps.
type execution struct {
	revision
	service    *Service
	machine    *stateMachine
	versionARN string
	arn, name  string
	number     int // in the order of starts
	input      string
	inputValue any
	logging    *types.LoggingConfiguration
	stream     string // of its log, "" before its first line

	status           types.ExecutionStatus
	start, stop      time.Time
	output           string
	errorName, cause string
	history          []types.HistoryEvent
	state            string // the one entered last
	transitions      int
	redrives         int
	redriven         time.Time
	redriveToken     string

	run    *run
	resume resumption
}

// Start starts an execution, as StartExecution does, and returns its ARN. machineARN may name a version. An empty name
// gets a UUID, an empty input is {}. Errors are those of StartExecution.
func (s *Service) Start(machineARN, name, input string) (executionARN string, err error) {
	x, err := s.begin(machineARN, name, input)
	if err != nil {
		return "", err
	}
	return x.arn, nil
}

func (s *Service) startExecution(c *protocol.Call, in *sfn.StartExecutionInput) (*sfn.StartExecutionOutput, error) {
	if in.Name != nil {
		if err := checkName(*in.Name); err != nil {
			return nil, err
		}
	}
	x, err := s.begin(aws.ToString(in.StateMachineArn), aws.ToString(in.Name), aws.ToString(in.Input))
	if err != nil {
		return nil, err
	}
	return &sfn.StartExecutionOutput{ExecutionArn: &x.arn, StartDate: &x.start}, nil
}

func (s *Service) begin(machineARN, name, input string) (*execution, error) {
	m, v, err := s.machine(machineARN)
	if err != nil {
		return nil, err
	}
	if m.deleting {
		return nil, protocol.Errorf("StateMachineDeleting", "State Machine is being deleted: '%s'", m.arn)
	}
	input = cmp.Or(input, "{}")
	if len(input) > maxData {
		return nil, protocol.Errorf("ValidationException", "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to %d", maxData)
	}
	value, err := decode([]byte(input))
	if err != nil {
		return nil, protocol.Errorf("InvalidExecutionInput", "Invalid State Machine Execution Input: '%v'", err)
	}
	if name == "" {
		name = ids.UUID(s.clock.Rand())
	} else if err := checkName(name); err != nil {
		return nil, err
	}
	arn := s.id.ARN("states", "execution:"+m.name+":"+name)
	if old := s.remembered(arn); old != nil {
		if old.status == types.ExecutionStatusRunning && old.input == input {
			return old, nil
		}
		return nil, protocol.Errorf("ExecutionAlreadyExists", "Execution Already Exists: '%s'", arn)
	}
	x := &execution{revision: m.revision, service: s, machine: m, arn: arn, name: name, input: input, inputValue: value, logging: m.logging, start: s.clock.Now()}
	if v != nil {
		x.revision, x.versionARN = v.revision, v.arn
	}
	s.launch(x)
	return x, nil
}

func (s *Service) launch(x *execution) {
	s.runs[x.arn] = x
	s.begun++
	x.number = s.begun
	s.started = append(s.started, x)
	x.status, x.transitions = types.ExecutionStatusRunning, 1
	x.machine.running++
	x.append(0, types.HistoryEventTypeExecutionStarted, func(e *types.HistoryEvent) {
		e.ExecutionStartedEventDetails = &types.ExecutionStartedEventDetails{
			Input: &x.input, InputDetails: whole(), RoleArn: &x.role, StateMachineVersionArn: optional(x.versionARN),
		}
	})
	s.announce(x)
	x.resume = resumption{state: x.parsed.startAt, input: x.inputValue, vars: &scope{named: map[string]any{}}}
	x.live(x.resume, 0) // 0: AWS's histories do not link the first state to the start
}

// forgotten reports that the execution closed so long ago that AWS no longer has it.
func (x *execution) forgotten() bool {
	return x.status != types.ExecutionStatusRunning && x.service.clock.Now().Sub(x.stop) > kept
}

// remembered is the execution, nil when there is none or AWS would have forgotten it. A forgotten one is dropped.
func (s *Service) remembered(arn string) *execution {
	x := s.runs[arn]
	if x == nil || !x.forgotten() {
		return x
	}
	delete(s.runs, arn)
	for i, other := range s.started {
		if other == x {
			s.started = append(s.started[:i], s.started[i+1:]...)
			break
		}
	}
	return nil
}

func (s *Service) execution(arn *string) (*execution, error) {
	text := aws.ToString(arn)
	if !strings.Contains(text, ":execution:") {
		return nil, protocol.Errorf("InvalidArn", "Invalid Arn: '%s'", text)
	}
	x := s.remembered(text)
	if x == nil {
		return nil, protocol.Errorf("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", text)
	}
	return x, nil
}

func (s *Service) describeExecution(c *protocol.Call, in *sfn.DescribeExecutionInput) (*sfn.DescribeExecutionOutput, error) {
	x, err := s.execution(in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	status, reason := x.redriveStatus()
	out := &sfn.DescribeExecutionOutput{
		ExecutionArn: &x.arn, StateMachineArn: &x.machine.arn, Name: &x.name, Status: x.status, StartDate: &x.start,
		StateMachineVersionArn: optional(x.versionARN), RedriveCount: new(int32(x.redrives)), // #nosec G115: bounded by the history
		RedriveStatus: status, Error: optional(x.errorName), Cause: optional(x.cause),
	}
	if status == types.ExecutionRedriveStatusNotRedrivable {
		out.RedriveStatusReason = &reason
	}
	if x.redrives > 0 {
		out.RedriveDate = new(x.redriven)
	}
	if x.status != types.ExecutionStatusRunning {
		out.StopDate = new(x.stop)
	}
	if in.IncludedData == types.IncludedDataMetadataOnly {
		return out, nil
	}
	out.Input, out.InputDetails = &x.input, &types.CloudWatchEventsExecutionDataDetails{Included: true}
	if x.status == types.ExecutionStatusSucceeded {
		out.Output, out.OutputDetails = new(x.output), &types.CloudWatchEventsExecutionDataDetails{Included: true}
	}
	return out, nil
}

func (s *Service) listExecutions(c *protocol.Call, in *sfn.ListExecutionsInput) (*sfn.ListExecutionsOutput, error) {
	if err := protocol.Only(c, in, "StateMachineArn", "StatusFilter", "RedriveFilter", "MaxResults", "NextToken"); err != nil {
		return nil, err
	}
	m, v, err := s.machine(aws.ToString(in.StateMachineArn))
	if err != nil {
		return nil, err
	}
	var found []*execution
	for i := len(s.started) - 1; i >= 0; i-- { // newest first
		x := s.started[i]
		if x.machine == m && (v == nil || x.versionARN == v.arn) && x.passes(in) && !x.forgotten() {
			found = append(found, x)
		}
	}
	found, token, err := page(found, func(x *execution) string { return numbered(x.number) }, paging.Descending, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sfn.ListExecutionsOutput{Executions: []types.ExecutionListItem{}, NextToken: token}
	for _, x := range found {
		out.Executions = append(out.Executions, x.listed())
	}
	return out, nil
}

// passes reports whether the filters of a list let the execution through.
func (x *execution) passes(in *sfn.ListExecutionsInput) bool {
	redriven := in.RedriveFilter == "" || (in.RedriveFilter == types.ExecutionRedriveFilterRedriven) == (x.redrives > 0)
	return redriven && (in.StatusFilter == "" || x.status == in.StatusFilter)
}

func (x *execution) listed() types.ExecutionListItem {
	item := types.ExecutionListItem{
		ExecutionArn: &x.arn, StateMachineArn: &x.machine.arn, Name: &x.name, Status: x.status, StartDate: &x.start,
		StateMachineVersionArn: optional(x.versionARN), RedriveCount: new(int32(x.redrives)), // #nosec G115: bounded by the history
	}
	if x.redrives > 0 {
		item.RedriveDate = new(x.redriven)
	}
	if x.status != types.ExecutionStatusRunning {
		item.StopDate = new(x.stop)
	}
	return item
}

func (s *Service) stopExecution(c *protocol.Call, in *sfn.StopExecutionInput) (*sfn.StopExecutionOutput, error) {
	x, err := s.execution(in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	if x.status == types.ExecutionStatusRunning {
		f := &failure{name: aws.ToString(in.Error), cause: aws.ToString(in.Cause)}
		x.run.end(types.ExecutionStatusAborted, f, "", int64(len(x.history)))
	}
	return &sfn.StopExecutionOutput{StopDate: new(x.stop)}, nil
}

// redriveStatus says whether the execution can be redriven, and why in AWS's words.
func (x *execution) redriveStatus() (types.ExecutionRedriveStatus, string) {
	no := types.ExecutionRedriveStatusNotRedrivable
	switch {
	case x.status == types.ExecutionStatusRunning || x.status == types.ExecutionStatusSucceeded:
		return no, fmt.Sprintf("Execution is %s and cannot be redriven", x.status)
	case len(x.history) >= maxEvents-1:
		return no, "Execution history event limit exceeded"
	case x.service.clock.Now().Sub(x.stop) > redrivable:
		return no, "Execution has exceeded the redrivable period of 14 days"
	}
	return types.ExecutionRedriveStatusRedrivable, fmt.Sprintf("Execution is %s and is redrivable", x.status)
}

// redriveExecution goes on at the state that failed, with its input and the variables it saw. Retries and timeouts count anew.
func (s *Service) redriveExecution(c *protocol.Call, in *sfn.RedriveExecutionInput) (*sfn.RedriveExecutionOutput, error) {
	x, err := s.execution(in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	token := aws.ToString(in.ClientToken)
	if token != "" && token == x.redriveToken {
		return &sfn.RedriveExecutionOutput{RedriveDate: new(x.redriven)}, nil
	}
	if status, reason := x.redriveStatus(); status != types.ExecutionRedriveStatusRedrivable {
		return nil, protocol.Errorf("ExecutionNotRedrivable", "%s: '%s'", reason, x.arn)
	}
	if x.machine.deleting {
		return nil, protocol.Errorf("StateMachineDeleting", "State Machine is being deleted: '%s'", x.machine.arn)
	}
	if kind := x.parsed.states[x.resume.state].kind; kind == kindMap || kind == kindParallel {
		return nil, protocol.Errorf("ExecutionNotRedrivable", "awssim does not redrive a %s state: AWS runs its failed branches or iterations alone again, here %s would run whole. Start a new execution: '%s'",
			kind, x.resume.state, x.arn)
	}
	x.redrives++
	x.transitions++
	x.redriven, x.redriveToken = s.clock.Now(), token
	x.status, x.stop = types.ExecutionStatusRunning, time.Time{}
	x.errorName, x.cause = "", ""
	x.machine.running++
	id := x.append(int64(len(x.history)), types.HistoryEventTypeExecutionRedriven, func(e *types.HistoryEvent) {
		e.ExecutionRedrivenEventDetails = &types.ExecutionRedrivenEventDetails{RedriveCount: new(int32(x.redrives))} // #nosec G115: bounded by the history
	})
	s.announce(x)
	x.live(x.resume, id)
	return &sfn.RedriveExecutionOutput{RedriveDate: new(x.redriven)}, nil
}

func (s *Service) getExecutionHistory(c *protocol.Call, in *sfn.GetExecutionHistoryInput) (*sfn.GetExecutionHistoryOutput, error) {
	x, err := s.execution(in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	places, order := make([]int, len(x.history)), strings.Compare
	for i := range places {
		places[i] = i
	}
	if in.ReverseOrder {
		slices.Reverse(places)
		order = paging.Descending
	}
	places, token, err := page(places, numbered, order, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sfn.GetExecutionHistoryOutput{Events: make([]types.HistoryEvent, 0, len(places)), NextToken: token}
	for _, i := range places {
		e := x.history[i]
		if in.IncludeExecutionData != nil && !*in.IncludeExecutionData {
			e = withoutData(e)
		}
		out.Events = append(out.Events, e)
	}
	return out, nil
}
