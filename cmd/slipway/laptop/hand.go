package laptop

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"slipway/awssim/events"
)

// What a person does by hand, through the same APIs as the consoles and the aws CLI.

// StartExecution starts Slipway's workflow with an input as typed, and returns the execution's ARN.
func (l *Laptop) StartExecution(ctx context.Context, input string) (string, error) {
	out, err := sfn.NewFromConfig(l.sim.Config("person")).StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: aws.String(l.sim.ID.ARN("states", "stateMachine:slipway")), Input: &input})
	if err != nil {
		return "", fmt.Errorf("start an execution with %s: %w", input, err)
	}
	return aws.ToString(out.ExecutionArn), nil
}

// UpdateService deploys a revision past Slipway.
func (l *Laptop) UpdateService(ctx context.Context, cluster, service, revision string) error {
	_, err := ecs.NewFromConfig(l.sim.Config("person")).UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &cluster, Service: &service, TaskDefinition: &revision})
	if err != nil {
		return fmt.Errorf("update service %s/%s to %s: %w", cluster, service, revision, err)
	}
	return nil
}

// LosePushes makes EventBridge lose ECR's events, or deliver them again. EventBridge promises ECR's events at best effort only.
func (l *Laptop) LosePushes(lost bool) {
	l.clock.Do("events", func() {
		l.sim.Events.Fault = func(e events.Event) events.Delivery { return events.Delivery{Lost: lost && e.Source == "aws.ecr"} }
	})
}

// DriftCheck is a run of the scheduled drift check, as its log tells it.
type DriftCheck struct {
	At               time.Time
	Checked, Drifted int
}

// DriftChecks are the drift checks that ended since a time, oldest first.
func (l *Laptop) DriftChecks(ctx context.Context, since time.Time) ([]DriftCheck, error) {
	out, err := cloudwatchlogs.NewFromConfig(l.sim.Config("person")).FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String("/aws/lambda/slipway-drift"), StartTime: aws.Int64(since.UnixMilli())})
	if err != nil {
		return nil, fmt.Errorf("read the drift function's log: %w", err)
	}
	var checks []DriftCheck
	for _, e := range out.Events {
		var line struct {
			Message          string
			Checked, Drifted int
		}
		if json.Unmarshal([]byte(aws.ToString(e.Message)), &line) == nil && line.Message == "drift" {
			checks = append(checks, DriftCheck{At: time.UnixMilli(aws.ToInt64(e.Timestamp)).UTC(), Checked: line.Checked, Drifted: line.Drifted})
		}
	}
	return checks, nil
}

// TaskPort is the port on which the tasks of a service listen as its definition has it, each on an address of its own; 0 if they publish
// none. Port tells where that is.
func (l *Laptop) TaskPort(ctx context.Context, cluster, service string) (int, error) {
	client := ecs.NewFromConfig(l.sim.Config("person"))
	s, err := describe(ctx, client, cluster, service)
	if err != nil {
		return 0, err
	}
	out, err := client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: s.TaskDefinition})
	if err != nil {
		return 0, fmt.Errorf("describe what %s/%s runs: %w", cluster, service, err)
	}
	for _, c := range out.TaskDefinition.ContainerDefinitions {
		for _, m := range c.PortMappings {
			return int(aws.ToInt32(m.ContainerPort)), nil
		}
	}
	return 0, nil
}
