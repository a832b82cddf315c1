// Package push wires the function push: who follows the image that was pushed?
package push

import (
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"slipway/internal/deployer"
	"slipway/internal/ecsservice"
	"slipway/internal/executions"
	"slipway/internal/followers"
	"slipway/internal/registry"
	"slipway/internal/taskdef"
	"slipway/internal/wire"
)

// New makes the function's deployer.
func New(c *wire.Config) *deployer.Deployer {
	d := wire.Remembering(c)
	containers := ecs.NewFromConfig(c.AWS)
	d.Followers = followers.New(resourcegroupstaggingapi.NewFromConfig(c.AWS), c.Log)
	d.Services, d.Definitions = ecsservice.New(containers), taskdef.New(containers)
	d.Registry, d.Executions = registry.New(ecr.NewFromConfig(c.AWS), c.AWS.HTTPClient), executions.New(sfn.NewFromConfig(c.AWS), c.StateMachineARN)
	return d
}
