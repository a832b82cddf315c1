// Package update wires the function update: ECS is told to run the new revision.
package update

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"slipway/internal/deployer"
	"slipway/internal/ecsservice"
	"slipway/internal/taskdef"
	"slipway/internal/wire"
)

// New makes the function's deployer.
func New(c *wire.Config) *deployer.Deployer {
	d := wire.Remembering(c)
	containers := ecs.NewFromConfig(c.AWS)
	d.Services, d.Definitions = ecsservice.New(containers), taskdef.New(containers)
	return d
}
