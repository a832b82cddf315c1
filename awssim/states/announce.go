package states

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// maxEventData is how much of input and output together an event carries; beyond it they are left out.
const maxEventData = 248 * 1024

// statusChange is the detail of an event. What does not apply is null, not absent; dates are epoch milliseconds.
// https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
type statusChange struct {
	ExecutionARN           string    `json:"executionArn"`
	StateMachineARN        string    `json:"stateMachineArn"`
	Name                   string    `json:"name"`
	Status                 string    `json:"status"`
	StartDate              int64     `json:"startDate"`
	StopDate               *int64    `json:"stopDate"`
	Input                  *string   `json:"input"`
	InputDetails           *included `json:"inputDetails"`
	Output                 *string   `json:"output"`
	OutputDetails          *included `json:"outputDetails"`
	StateMachineVersionARN *string   `json:"stateMachineVersionArn"`
	StateMachineAliasARN   *string   `json:"stateMachineAliasArn"`
	RedriveCount           int       `json:"redriveCount"`
	RedriveDate            *int64    `json:"redriveDate"`
	RedriveStatus          string    `json:"redriveStatus"`
	RedriveStatusReason    string    `json:"redriveStatusReason"`
	Error                  *string   `json:"error"`
	Cause                  *string   `json:"cause"`
}

type included struct {
	Included bool `json:"included"`
}

// announce sends the event of the execution's present status.
func (s *Service) announce(x *execution) {
	if s.bus == nil {
		return
	}
	status, reason := x.redriveStatus()
	d := statusChange{
		ExecutionARN: x.arn, StateMachineARN: x.machine.arn, Name: x.name, Status: string(x.status),
		StartDate: x.start.UnixMilli(), StopDate: milliseconds(x.stop), RedriveCount: x.redrives, RedriveDate: milliseconds(x.redriven),
		StateMachineVersionARN: optional(x.versionARN), RedriveStatus: string(status), RedriveStatusReason: reason,
		Error: optional(x.errorName), Cause: optional(x.cause),
	}
	fits := len(x.input)+len(x.output) <= maxEventData
	d.InputDetails = &included{fits}
	if fits {
		d.Input = &x.input
	}
	if x.status == types.ExecutionStatusSucceeded {
		d.OutputDetails = &included{fits}
		if fits {
			d.Output = optional(x.output)
		}
	}
	s.bus.Emit("aws.states", "Step Functions Execution Status Change", []string{x.arn}, d)
}

func milliseconds(at time.Time) *int64 {
	if at.IsZero() {
		return nil
	}
	ms := at.UnixMilli()
	return &ms
}
