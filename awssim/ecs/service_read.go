package ecs

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/protocol"
)

func (s *Service) describeServices(_ *protocol.Call, in *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
	cl, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if n := len(in.Services); n == 0 || n > 10 {
		return nil, invalid("Services must have 1 to 10 entries, not %d.", n)
	}
	out := &ecs.DescribeServicesOutput{Services: []types.Service{}, Failures: []types.Failure{}}
	withTags := slices.Contains(in.Include, types.ServiceFieldTags)
	for _, ref := range in.Services {
		name, err := s.within(cl, "service", ref)
		if err != nil {
			return nil, err
		}
		svc := cl.services[name]
		if svc == nil {
			out.Failures = append(out.Failures, s.missing(cl, "service", ref))
			continue
		}
		out.Services = append(out.Services, *s.describe(svc, withTags))
	}
	return out, nil
}

func (s *Service) listServices(c *protocol.Call, in *ecs.ListServicesInput) (*ecs.ListServicesOutput, error) {
	if err := protocol.Only(c, in, "Cluster", "LaunchType", "SchedulingStrategy", "MaxResults", "NextToken"); err != nil {
		return nil, err
	}
	cl, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	arns := []string{}
	for _, name := range slices.Sorted(maps.Keys(cl.services)) {
		svc := cl.services[name]
		wanted := svc.status != serviceInactive &&
			(in.LaunchType == "" || in.LaunchType == svc.cfg.launchType) &&
			(in.SchedulingStrategy == "" || in.SchedulingStrategy == svc.cfg.scheduling)
		if wanted {
			arns = append(arns, svc.arn)
		}
	}
	arns, next, err := page(arns, in.MaxResults, 10, 100, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ecs.ListServicesOutput{ServiceArns: arns, NextToken: next}, nil
}

func (s *Service) describe(svc *service, withTags bool) *types.Service {
	c := &svc.cfg
	out := &types.Service{
		ServiceArn: &svc.arn, ServiceName: &svc.name, ClusterArn: &svc.cluster.arn, Status: new(svc.status),
		CreatedAt: &svc.createdAt, CreatedBy: &svc.createdBy, DesiredCount: int32(s.desiredCount(svc)),
		DeploymentController: &types.DeploymentController{Type: c.controller}, SchedulingStrategy: c.scheduling,
		LaunchType: c.launchType, CapacityProviderStrategy: c.providers, HealthCheckGracePeriodSeconds: c.describedGrace(),
		LoadBalancers: notNil(c.loadBalancers), ServiceRegistries: notNil(c.registries), NetworkConfiguration: c.network,
		PlatformVersion: opt(c.platform), PlacementStrategy: notNil(c.placement), PlacementConstraints: notNil(c.constraints),
		EnableECSManagedTags: c.managedTags, EnableExecuteCommand: c.exec, AvailabilityZoneRebalancing: c.rebalancing,
		PropagateTags: c.propagate, RoleArn: c.role, Events: append([]types.ServiceEvent{}, svc.events...), Deployments: []types.Deployment{},
		ResourceManagementType: types.ResourceManagementTypeCustomer,
	}
	deployment := c.deployment
	out.DeploymentConfiguration = &deployment
	if c.propagate == "" {
		out.PropagateTags = types.PropagateTagsNone
	}
	if c.fargate() {
		out.PlatformFamily = new("Linux")
	}
	if c.def != nil {
		out.TaskDefinition = &c.def.arn
	}
	if withTags {
		out.Tags = svc.tags.list()
	}
	s.describeRunning(svc, out)
	return out
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// describeRunning adds the counts, the deployments and the revisions that have tasks.
func (s *Service) describeRunning(svc *service, out *types.Service) {
	for _, t := range svc.tasks {
		switch {
		case t.running():
			out.RunningCount++
		case t.starting():
			out.PendingCount++
		}
	}
	for i, d := range svc.deployments {
		described := s.describeDeployment(svc, d, i == 0)
		out.Deployments = append(out.Deployments, described)
		out.CurrentServiceRevisions = append(out.CurrentServiceRevisions, types.ServiceCurrentRevisionSummary{
			Arn: &d.rev.arn, RequestedTaskCount: described.DesiredCount, RunningTaskCount: described.RunningCount, PendingTaskCount: described.PendingCount})
	}
	if n := len(svc.history); n > 0 {
		out.CurrentServiceDeployment = &svc.history[n-1].arn
	}
}

func (s *Service) describeDeployment(svc *service, d *deployment, primary bool) types.Deployment {
	c := d.count(svc)
	out := types.Deployment{
		Id: &d.id, Status: new("ACTIVE"), TaskDefinition: &d.rev.def.arn, CreatedAt: &d.createdAt, UpdatedAt: new(d.updatedAt),
		DesiredCount: int32(c.desired), RunningCount: int32(c.running), PendingCount: int32(c.pending), FailedTasks: int32(d.failed),
		RolloutState: d.state, RolloutStateReason: new(d.reason), LaunchType: svc.cfg.launchType, CapacityProviderStrategy: svc.cfg.providers,
		NetworkConfiguration: d.rev.network, PlatformVersion: opt(d.rev.platform), ServiceConnectConfiguration: d.rev.connect,
		VolumeConfigurations: d.rev.volumes, VpcLatticeConfigurations: d.rev.lattice,
	}
	if svc.cfg.fargate() {
		out.PlatformFamily = new("Linux")
	}
	if primary {
		out.Status, out.DesiredCount = new("PRIMARY"), int32(s.desiredCount(svc))
	}
	return out
}
