package scenarios

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	awslambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"

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

// functions are the verbs as the Lambda functions run them, with SDK clients that reach the Sim under the function's own role:
// every call is held against the template's policies. What they log goes to the writers.
func functions(sim *awssim.Sim, logs ...io.Writer) map[string]awslambda.Handler {
	c := wire.Config{Table: "slipway", StateMachineARN: sim.ID.ARN("states", "stateMachine:slipway"), TopicARN: sim.ID.ARN("sns", "slipway"), Log: slog.New(slog.NewJSONHandler(io.MultiWriter(logs...), nil))}
	return map[string]awslambda.Handler{
		"push":     awslambda.NewHandler(push.FromConfig(asRole(sim, "PushRole"), c).Push),
		"claim":    awslambda.NewHandler(claim.FromConfig(asRole(sim, "ClaimRole"), c).Claim),
		"update":   awslambda.NewHandler(update.FromConfig(asRole(sim, "UpdateRole"), c).Update),
		"probe":    awslambda.NewHandler(probe.FromConfig(asRole(sim, "ProbeRole"), c).Probe),
		"rollback": awslambda.NewHandler(rollback.FromConfig(asRole(sim, "RollbackRole"), c).Rollback),
		"settle":   awslambda.NewHandler(settle.FromConfig(asRole(sim, "SettleRole"), c).Settle),
		"drift":    awslambda.NewHandler(drift.FromConfig(asRole(sim, "DriftRole"), c).Drift),
	}
}

// asRole is the configuration of clients that call as a role of the stack slipway. The role is looked up at the first call, because
// functions are made before their stack is.
func asRole(sim *awssim.Sim, id string) aws.Config {
	cfg := sim.Config("")
	var key string
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		for _, stack := range sim.Stacks() {
			if role, ok := stack.Resource(id); key == "" && ok && stack.Name == "slipway" {
				key = awssim.AccessKey(fmt.Sprint(role.Attributes["Arn"]))
			}
		}
		if key == "" {
			return aws.Credentials{}, fmt.Errorf("the stack slipway has no role %s", id)
		}
		return aws.Credentials{AccessKeyID: key, SecretAccessKey: "secret"}, nil
	})
	return cfg
}
