// Package claim wires the function claim: the wish is validated and the lease taken.
package claim

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"slipway/internal/announce"
	"slipway/internal/deployer"
	"slipway/internal/ecsservice"
	"slipway/internal/executions"
	"slipway/internal/registry"
	"slipway/internal/taskdef"
	"slipway/internal/wire"
)

// FromEnvironment makes the deployer from the environment of the function.
func FromEnvironment(lookup wire.Lookup) (*deployer.Deployer, error) {
	return wire.Observing(lookup, FromConfig)
}

// FromConfig makes it from an AWS configuration.
func FromConfig(a aws.Config, c wire.Config) *deployer.Deployer {
	d := wire.Remembering(a, c)
	containers := ecs.NewFromConfig(a)
	d.Services, d.Definitions = ecsservice.New(containers), taskdef.New(containers)
	d.Registry, d.Executions = registry.New(ecr.NewFromConfig(a), a.HTTPClient), executions.New(sfn.NewFromConfig(a), c.StateMachineARN)
	d.Announcer = announce.New(eventbridge.NewFromConfig(a), sns.NewFromConfig(a), c.TopicARN)
	return d
}
