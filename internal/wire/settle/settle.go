// Package settle wires the function settle: the outcome is recorded and people are told.
package settle

import (
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

// New makes the function's deployer.
func New(c *wire.Config) *deployer.Deployer {
	d := wire.Remembering(c)
	d.Executions = executions.New(sfn.NewFromConfig(c.AWS), c.StateMachineARN)
	d.Announcer = announce.New(eventbridge.NewFromConfig(c.AWS), sns.NewFromConfig(c.AWS), c.TopicARN)
	d.Parameters = parameter.New(ssm.NewFromConfig(c.AWS))
	return d
}
