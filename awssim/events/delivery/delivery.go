// Package delivery carries a payload to a target by its ARN, retries as EventBridge does, and puts what it gives up into a
// dead-letter queue. Rules (awssim/events), schedules (awssim/scheduler) and the destinations of Lambda share it.
//
// What is not here: which target gets what.
package delivery

import (
	"fmt"
	"strings"

	"slipway/awssim/protocol"
)

// Functions queues an asynchronous invocation. An unknown function is a *protocol.Error ResourceNotFoundException.
type Functions interface {
	InvokeAsync(functionARN string, payload []byte) error
}

// Machines starts executions. An unknown machine is a *protocol.Error StateMachineDoesNotExist.
type Machines interface {
	Start(machineARN, name, input string) (executionARN string, err error)
}

// Queues sends messages. An unknown queue is a *protocol.Error.
type Queues interface {
	Send(queueARN, body string, attributes map[string]string) error
}

// Topics publishes messages. An unknown topic is a *protocol.Error.
type Topics interface {
	Publish(topicARN, subject, message string) error
}

// Logs writes log lines. An unknown group is a *protocol.Error ResourceNotFoundException.
type Logs interface {
	Put(group, stream string, lines ...string) error
}

// Targets is where payloads can go. Its fields are set when the services are wired, before the first delivery; a service that
// is not wired refuses its targets.
type Targets struct {
	Functions Functions
	Machines  Machines
	Queues    Queues
	Topics    Topics
	Logs      Logs

	// Authorize decides whether roleARN ("" for a target that AWS reaches through the target's resource policy) may do action
	// on resource; nil allows everything. Its error should be a *protocol.Error AccessDeniedException.
	Authorize func(roleARN, action, resource string) error
}

// Service is the service of an ARN ("lambda").
func Service(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	return parts[2]
}

// Supports says in words why arn cannot be a target, nil where it can.
func Supports(arn string) error {
	switch Service(arn) {
	case "lambda", "states", "sqs", "sns", "logs":
		return nil
	case "":
		return fmt.Errorf("%q is not an ARN", arn)
	}
	return fmt.Errorf("awssim delivers to Lambda functions, state machines, SQS queues, SNS topics and log groups, not to %s", arn)
}

// Deliver makes one attempt. name is the name of an execution or a log stream that the delivery makes.
func (t *Targets) Deliver(targetARN, roleARN, name string, payload []byte) error {
	if err := t.authorize(targetARN, roleARN); err != nil {
		return err
	}
	switch Service(targetARN) {
	case "lambda":
		if t.Functions != nil {
			return t.Functions.InvokeAsync(targetARN, payload)
		}
	case "states":
		if t.Machines != nil {
			_, err := t.Machines.Start(targetARN, name, string(payload))
			return err
		}
	case "sqs":
		if t.Queues != nil {
			return t.Queues.Send(targetARN, string(payload), nil)
		}
	case "sns":
		if t.Topics != nil {
			return t.Topics.Publish(targetARN, "", string(payload))
		}
	case "logs":
		if t.Logs != nil {
			return t.Logs.Put(logGroup(targetARN), name, string(payload))
		}
	default:
		return protocol.Errorf("InvalidParameterException", "%v", Supports(targetARN))
	}
	return protocol.Errorf("ResourceNotFoundException", "%s: this awssim runs without the service %s", targetARN, Service(targetARN))
}

var actions = map[string]string{
	"lambda": "lambda:InvokeFunction",
	"states": "states:StartExecution",
	"sqs":    "sqs:SendMessage",
	"sns":    "sns:Publish",
	"logs":   "logs:PutLogEvents",
}

func (t *Targets) authorize(targetARN, roleARN string) error {
	action, ok := actions[Service(targetARN)]
	if t.Authorize == nil || !ok {
		return nil
	}
	return t.Authorize(roleARN, action, targetARN)
}

// logGroup is the name in arn:aws:logs:REGION:ACCOUNT:log-group:NAME[:*].
func logGroup(arn string) string {
	_, name, _ := strings.Cut(arn, ":log-group:")
	return strings.TrimSuffix(name, ":*")
}
