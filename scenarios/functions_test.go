package scenarios

import (
	"log/slog"

	awslambda "github.com/aws/aws-lambda-go/lambda"

	"slipway/awssim"
	"slipway/internal/wire"
	"slipway/internal/wire/claim"
	"slipway/internal/wire/drift"
	"slipway/internal/wire/probe"
	"slipway/internal/wire/push"
	"slipway/internal/wire/rollback"
	"slipway/internal/wire/settle"
	"slipway/internal/wire/update"
)

// functions are the verbs as the Lambda functions run them, with SDK clients that reach the Sim. Each has its own access key,
// so that calls can be told apart.
func functions(sim *awssim.Sim) map[string]awslambda.Handler {
	c := wire.Config{Table: "slipway", StateMachineARN: sim.ID.ARN("states", "stateMachine:slipway"), TopicARN: sim.ID.ARN("sns", "slipway"), Log: slog.New(slog.DiscardHandler)}
	return map[string]awslambda.Handler{
		"push":     awslambda.NewHandler(push.FromConfig(sim.Config("push"), c).Push),
		"claim":    awslambda.NewHandler(claim.FromConfig(sim.Config("claim"), c).Claim),
		"update":   awslambda.NewHandler(update.FromConfig(sim.Config("update"), c).Update),
		"probe":    awslambda.NewHandler(probe.FromConfig(sim.Config("probe"), c).Probe),
		"rollback": awslambda.NewHandler(rollback.FromConfig(sim.Config("rollback"), c).Rollback),
		"settle":   awslambda.NewHandler(settle.FromConfig(sim.Config("settle"), c).Settle),
		"drift":    awslambda.NewHandler(drift.FromConfig(sim.Config("drift"), c).Drift),
	}
}
