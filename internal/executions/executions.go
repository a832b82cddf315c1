// Package executions adapts AWS Step Functions: it starts executions of Slipway's workflow and says whether one has ended.
package executions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/internal/arn"
	"slipway/internal/awsfault"
	"slipway/internal/fault"
)

// Executions is the executions of one state machine.
type Executions struct {
	sfn     *sfn.Client
	machine string
}

// New returns the executions of the state machine with the ARN machine.
func New(client *sfn.Client, machine string) *Executions {
	return &Executions{sfn: client, machine: machine}
}

// Start starts an execution and returns its ARN. Step Functions answers a second start with the same name and input like the
// first as long as the execution runs, and ExecutionAlreadyExists afterwards or with other input. A name stands for one
// wish, so an execution of that name that is alive or succeeded has served it: success. One that failed has not, and a
// name cannot be used again for 90 days: *fault.Impossible.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func (e *Executions) Start(ctx context.Context, name string, input []byte) (string, error) {
	out, err := e.sfn.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &e.machine, Name: &name, Input: aws.String(string(input))})
	if awsfault.Code(err) == "ExecutionAlreadyExists" {
		return e.existing(ctx, name)
	}
	if err != nil {
		return "", awsfault.Of(err, "start execution %s", name)
	}
	return aws.ToString(out.ExecutionArn), nil
}

func (e *Executions) existing(ctx context.Context, name string) (string, error) {
	arn := e.arn(name)
	out, err := e.describe(ctx, arn)
	if err != nil {
		return "", err
	}
	switch out.Status {
	case types.ExecutionStatusRunning, types.ExecutionStatusPendingRedrive, types.ExecutionStatusSucceeded:
		return arn, nil
	}
	return "", &fault.Impossible{Words: fmt.Sprintf("start execution %s: there was one of that name and it ended %s; redrive it, or start one under another name", name, out.Status)}
}

// Ended reports whether an execution, given by its ARN or its name, has ended, and when. One that Step Functions does not know is *fault.Missing: it keeps
// them for 90 days.
func (e *Executions) Ended(ctx context.Context, execution string) (time.Time, bool, error) {
	if !strings.HasPrefix(execution, "arn:") {
		execution = e.arn(execution)
	}
	out, err := e.describe(ctx, execution)
	if err != nil {
		return time.Time{}, false, err
	}
	switch out.Status {
	case types.ExecutionStatusRunning, types.ExecutionStatusPendingRedrive:
		return time.Time{}, false, nil
	}
	return aws.ToTime(out.StopDate), true, nil
}

func (e *Executions) describe(ctx context.Context, execution string) (*sfn.DescribeExecutionOutput, error) {
	// The input and output of an execution are none of the caller's business and may be encrypted.
	out, err := e.sfn.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &execution, IncludedData: types.IncludedDataMetadataOnly})
	if err != nil {
		return nil, awsfault.Of(err, "describe execution %s", arn.Name(execution))
	}
	return out, nil
}

// arn is the ARN of an execution: arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME.
func (e *Executions) arn(name string) string {
	parts := strings.SplitN(e.machine, ":", 8) // a version or alias of the machine would be the eighth
	if len(parts) < 7 {
		return e.machine + ":" + name
	}
	parts[5] = "execution"
	return strings.Join(append(parts[:7:7], name), ":")
}
