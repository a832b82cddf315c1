// Package probe wires the function probe: one look, one judgement.
package probe

import (
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

// New makes the function's deployer.
func New(c *wire.Config) *deployer.Deployer {
	d := wire.Remembering(c)
	containers := ecs.NewFromConfig(c.AWS)
	d.Services, d.Definitions = ecsservice.New(containers), taskdef.New(containers)
	d.Targets = targethealth.New(elasticloadbalancingv2.NewFromConfig(c.AWS))
	d.Logs = logtail.New(cloudwatchlogs.NewFromConfig(c.AWS))
	return d
}
