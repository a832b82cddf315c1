// Package settle wires the function settle: the outcome is recorded and people are told.
package settle

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"slipway/internal/announce"
	"slipway/internal/deployer"
	"slipway/internal/executions"
	"slipway/internal/parameter"
	"slipway/internal/wire"
)

// FromEnvironment makes the deployer from the environment of the function.
func FromEnvironment(lookup wire.Lookup) (*deployer.Deployer, error) {
	return wire.Starting(lookup, FromConfig)
}

// FromConfig makes it from an AWS configuration.
func FromConfig(a aws.Config, c wire.Config) *deployer.Deployer {
	d := wire.Remembering(a, c)
	d.Executions = executions.New(sfn.NewFromConfig(a), c.StateMachineARN)
	d.Announcer = announce.New(eventbridge.NewFromConfig(a), sns.NewFromConfig(a), c.TopicARN)
	d.Parameters = parameter.New(ssm.NewFromConfig(a))
	return d
}
