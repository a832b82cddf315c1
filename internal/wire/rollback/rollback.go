// Package rollback wires the function rollback: ECS is told to run the last good revision.
package rollback

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"slipway/internal/announce"
	"slipway/internal/deployer"
	"slipway/internal/ecsservice"
	"slipway/internal/wire"
)

// FromEnvironment makes the deployer from the environment of the function.
func FromEnvironment(lookup wire.Lookup) (*deployer.Deployer, error) {
	return wire.Observing(lookup, FromConfig)
}

// FromConfig makes it from an AWS configuration.
func FromConfig(a aws.Config, c wire.Config) *deployer.Deployer {
	d := wire.Remembering(a, c)
	d.Services = ecsservice.New(ecs.NewFromConfig(a))
	d.Announcer = announce.New(eventbridge.NewFromConfig(a), sns.NewFromConfig(a), c.TopicARN)
	return d
}
