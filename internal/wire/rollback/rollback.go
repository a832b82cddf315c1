// Package rollback wires the function rollback: ECS is told to run the last good revision.
package rollback

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"slipway/internal/announce"
	"slipway/internal/deployer"
	"slipway/internal/ecsservice"
	"slipway/internal/wire"
)

// New makes the function's deployer.
func New(c *wire.Config) *deployer.Deployer {
	d := wire.Remembering(c)
	d.Services = ecsservice.New(ecs.NewFromConfig(c.AWS))
	d.Announcer = announce.New(eventbridge.NewFromConfig(c.AWS), sns.NewFromConfig(c.AWS), c.TopicARN)
	return d
}
