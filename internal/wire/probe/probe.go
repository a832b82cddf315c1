// Package probe wires the function probe: one look, one judgement.
package probe

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"slipway/internal/deployer"
	"slipway/internal/ecsservice"
	"slipway/internal/logtail"
	"slipway/internal/targethealth"
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
	d.Targets = targethealth.New(elasticloadbalancingv2.NewFromConfig(a))
	d.Logs = logtail.New(cloudwatchlogs.NewFromConfig(a))
	return d
}
