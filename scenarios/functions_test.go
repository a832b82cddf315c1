package scenarios

import (
	"log/slog"

	awslambda "github.com/aws/aws-lambda-go/lambda"

	"slipway/awssim"
	"slipway/internal/wire"
)

// functions are the verbs as the Lambda functions run them, with SDK clients that reach the Sim. Each has its own access key,
// so that calls can be told apart.
func functions(sim *awssim.Sim) map[string]awslambda.Handler {
	c := wire.Config{Table: "slipway", StateMachineARN: sim.ID.ARN("states", "stateMachine:slipway"), TopicARN: sim.ID.ARN("sns", "slipway"), Log: slog.New(slog.DiscardHandler)}
	return map[string]awslambda.Handler{
		"push":     awslambda.NewHandler(wire.PushFromConfig(sim.Config("push"), c).Push),
		"claim":    awslambda.NewHandler(wire.ClaimFromConfig(sim.Config("claim"), c).Claim),
		"update":   awslambda.NewHandler(wire.UpdateFromConfig(sim.Config("update"), c).Update),
		"probe":    awslambda.NewHandler(wire.ProbeFromConfig(sim.Config("probe"), c).Probe),
		"rollback": awslambda.NewHandler(wire.RollbackFromConfig(sim.Config("rollback"), c).Rollback),
		"settle":   awslambda.NewHandler(wire.SettleFromConfig(sim.Config("settle"), c).Settle),
		"drift":    awslambda.NewHandler(wire.DriftFromConfig(sim.Config("drift"), c).Drift),
	}
}
