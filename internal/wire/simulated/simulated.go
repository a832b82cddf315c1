// Package simulated puts Slipway into an awssim: the real verbs with SDK clients that reach the simulator, each under the role
// that the template gives its function, and images to push. It is for tests and benchmarks.
//
// What is not here: the stacks. Whoever makes a world deploys the templates of its choice.
package simulated

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	awslambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/awssim"
	"slipway/internal/wire"
	"slipway/internal/wire/every"
)

// stack is the name under which the template is deployed.
const stack = "slipway"

// Handlers are the functions by the names of their verbs. Every call that they make is checked against the template's policies.
func Handlers(sim *awssim.Sim, log *slog.Logger) map[string]awslambda.Handler {
	c := wire.Config{Table: stack, StateMachineARN: sim.ID.ARN("states", "stateMachine:"+stack), TopicARN: sim.ID.ARN("sns", stack), Log: log}
	return every.Handlers(c, func(verb string) aws.Config { return As(sim, verb) })
}

// As is the configuration of clients that call as the role of a verb's function. The role is looked up at the first call, because
// functions are made before their stack is.
func As(sim *awssim.Sim, verb string) aws.Config {
	cfg := sim.Config("")
	role, key := strings.ToUpper(verb[:1])+verb[1:]+roleSuffix, ""
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		for _, s := range sim.Stacks() {
			if r, ok := s.Resource(role); key == "" && ok && s.Name == stack {
				key = awssim.AccessKey(fmt.Sprint(r.Attributes["Arn"]))
			}
		}
		if key == "" {
			return aws.Credentials{}, fmt.Errorf("the stack %s has no role %s", stack, role)
		}
		return aws.Credentials{AccessKeyID: key, SecretAccessKey: "secret"}, nil
	})
	return cfg
}

// roleSuffix follows the function's name in the logical id of the role that SAM makes for it.
const roleSuffix = "Role"

// VerbOf is the verb that calls with an access key id, "" for anybody else.
func VerbOf(sim *awssim.Sim, accessKey string) string {
	arn, _ := sim.RoleOf(accessKey)
	_, name, _ := strings.Cut(arn, ":role/"+stack+"-")
	role, _, _ := strings.Cut(name, "-") // the rest is CloudFormation's, so that the name is unique
	verb, ok := strings.CutSuffix(role, roleSuffix)
	if !ok {
		return ""
	}
	return strings.ToLower(verb)
}
