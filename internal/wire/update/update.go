// Package update wires the function update: ECS is told to run the new revision.
package update

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"slipway/internal/deployer"
	"slipway/internal/ecsservice"
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
	return d
}
