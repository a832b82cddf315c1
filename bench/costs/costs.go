// Package costs prices what was counted at AWS's list prices of us-east-1, free tiers not deducted. A price that changes is changed
// here.
package costs

import (
	"time"

	"slipway/bench/world"
)

// List prices in dollars.
const (
	transition = 0.025 / 1000 // Step Functions Standard: https://aws.amazon.com/step-functions/pricing/
	invocation = 0.20 / 1e6   // Lambda: https://aws.amazon.com/lambda/pricing/
	gbSecond   = 0.0000133334 // Lambda, arm64
	writeUnit  = 0.625 / 1e6  // DynamoDB on demand, 1 KB: https://aws.amazon.com/dynamodb/pricing/on-demand/
	readUnit   = 0.125 / 1e6  // a consistent read of 4 KB
	ownEvent   = 1.00 / 1e6   // EventBridge PutEvents, 64 KB: https://aws.amazon.com/eventbridge/pricing/
	schedule   = 1.00 / 1e6   // EventBridge Scheduler, an invocation
	message    = 0.50 / 1e6   // SNS Publish: https://aws.amazon.com/sns/pricing/
)

// memory is that of the functions, in GB: template.yaml has 256 MB.
const memory = 0.25

// Bill is dollars by service.
type Bill struct{ StepFunctions, Lambda, DynamoDB, Messages float64 }

// Total is the sum.
func (b Bill) Total() float64 { return b.StepFunctions + b.Lambda + b.DynamoDB + b.Messages }

// Of prices the work of functions and the state transitions of executions. What is called of ECS, ECR, Elastic Load Balancing, SSM and
// the tagging API is free; log ingestion and X-Ray are not in it.
func Of(v world.Verb, transitions int) Bill {
	calls := v.Calls
	return Bill{
		StepFunctions: float64(transitions) * transition,
		Lambda:        float64(v.Invocations)*invocation + v.Billed.Seconds()*memory*gbSecond,
		DynamoDB:      float64(v.WriteUnits)*writeUnit + float64(calls["dynamodb:GetItem"])*readUnit,
		Messages:      float64(calls["events:PutEvents"])*ownEvent + float64(calls["sns:Publish"])*message,
	}
}

// Scheduled prices the schedule that invoked a function so often.
func Scheduled(invocations int) float64 { return float64(invocations) * schedule }

// Month is how the bills of a time are stretched to thirty days.
func Month(dollars float64, of time.Duration) float64 {
	return dollars * float64(30*24*time.Hour) / float64(of)
}
