package ecs

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/protocol"
)

// service finds a service by name or ARN within a cluster.
func (s *Service) service(clusterRef, ref *string) (*service, error) {
	cl, err := s.cluster(clusterRef)
	if err != nil {
		return nil, err
	}
	name, err := s.within(cl, "service", aws.ToString(ref))
	if err != nil {
		return nil, err
	}
	if svc := cl.services[name]; svc != nil {
		return svc, nil
	}
	return nil, protocol.Errorf("ServiceNotFoundException", "Service not found.")
}

func (s *Service) serviceByARN(arn string) *service {
	for _, name := range slices.Sorted(maps.Keys(s.clusters)) {
		if svc := s.clusters[name].services[lastPart(arn)]; svc != nil && svc.arn == arn {
			return svc
		}
	}
	return nil
}

// updateService starts a deployment for exactly the fields that the API reference marks with "This parameter triggers a new
// service deployment", where they differ from what is there, and for forceNewDeployment.
func (s *Service) updateService(_ *protocol.Call, in *ecs.UpdateServiceInput) (*ecs.UpdateServiceOutput, error) {
	svc, err := s.service(in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	if svc.status != serviceActive {
		return nil, protocol.Errorf("ServiceNotActiveException", "Service was not ACTIVE.")
	}
	if err := refuseUpdate(svc, in); err != nil {
		return nil, err
	}
	cfg := svc.cfg
	if err := s.mergeTarget(&cfg, in); err != nil {
		return nil, err
	}
	if err := mergeSettings(svc.cluster, &cfg, in); err != nil {
		return nil, err
	}
	starts := in.ForceNewDeployment || !cfg.target.equal(svc.cfg.target)
	if starts {
		if err := s.checkStart(&cfg); err != nil {
			return nil, err
		}
	}
	if err := s.checkUsed(in.LoadBalancers); err != nil {
		return nil, err
	}
	svc.cfg = cfg
	if in.DesiredCount != nil {
		svc.desired = int(*in.DesiredCount)
	}
	svc.stuckSaid = false
	if starts && cfg.rolls() {
		s.deploy(svc)
	} else {
		s.wake(svc)
	}
	return &ecs.UpdateServiceOutput{Service: s.describe(svc, true)}, nil
}

// refuseUpdate follows "Updating Amazon ECS service parameters" for controllers that do not deploy by UpdateService.
func refuseUpdate(svc *service, in *ecs.UpdateServiceInput) error {
	if in.DesiredCount != nil {
		if err := checkCount(&svc.cfg, in.DesiredCount); err != nil {
			return err
		}
	}
	if in.DeploymentController != nil && in.DeploymentController.Type != svc.cfg.controller {
		return invalid("awssim does not change the deployment controller of a service: delete it and create it anew.")
	}
	deploys := in.TaskDefinition != nil || in.ForceNewDeployment || in.NetworkConfiguration != nil || in.LoadBalancers != nil || in.PlatformVersion != nil
	if !deploys || svc.cfg.rolls() {
		return nil
	}
	switch svc.cfg.controller {
	case types.DeploymentControllerTypeCodeDeploy:
		if in.TaskDefinition != nil {
			return invalid("Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.")
		}
		return invalid("Unable to update network parameters on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.")
	case types.DeploymentControllerTypeExternal:
		return invalid("Unable to update task definition on services with an EXTERNAL deployment controller. Use CreateTaskSet to trigger a new deployment.")
	}
	return invalid("awssim does not implement deployments with the strategy %s: set deploymentConfiguration.strategy to ROLLING first.", svc.cfg.deployment.Strategy)
}

func (s *Service) mergeTarget(c *config, in *ecs.UpdateServiceInput) error {
	if in.TaskDefinition != nil {
		def := s.definition(*in.TaskDefinition)
		if def == nil {
			return client("TaskDefinition not found.")
		}
		c.def = def
	}
	if in.LoadBalancers != nil {
		c.loadBalancers = emptyAsNil(in.LoadBalancers)
	}
	if in.ServiceRegistries != nil {
		c.registries = emptyAsNil(in.ServiceRegistries)
	}
	if in.VolumeConfigurations != nil {
		c.volumes = in.VolumeConfigurations // an empty list is not the same as none, and deploys
	}
	if in.VpcLatticeConfigurations != nil {
		c.lattice = emptyAsNil(in.VpcLatticeConfigurations)
	}
	override(&c.network, in.NetworkConfiguration)
	override(&c.connect, in.ServiceConnectConfiguration)
	if in.PlatformVersion != nil {
		c.platform = *in.PlatformVersion
	}
	return nil
}

func emptyAsNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// mergeSettings takes over the fields that start no deployment.
func mergeSettings(cl *cluster, c *config, in *ecs.UpdateServiceInput) error {
	override(&c.grace, in.HealthCheckGracePeriodSeconds)
	override(&c.monitoring, in.Monitoring)
	if err := cl.checkStrategy(in.CapacityProviderStrategy); err != nil {
		return err
	}
	if in.CapacityProviderStrategy != nil {
		c.providers = in.CapacityProviderStrategy
		if len(c.providers) > 0 {
			c.launchType = ""
		}
	}
	if in.EnableECSManagedTags != nil {
		c.managedTags = *in.EnableECSManagedTags
	}
	if in.EnableExecuteCommand != nil {
		c.exec = *in.EnableExecuteCommand
	}
	if in.AvailabilityZoneRebalancing != "" {
		c.rebalancing = in.AvailabilityZoneRebalancing
	}
	if in.PropagateTags != "" {
		c.propagate = in.PropagateTags
	}
	if in.PlacementStrategy != nil {
		c.placement = in.PlacementStrategy
	}
	if in.PlacementConstraints != nil {
		c.constraints = in.PlacementConstraints
	}
	if in.GatewayConnectors != nil {
		c.gatewayConnector = in.GatewayConnectors
	}
	if err := c.checkPlacement(); err != nil {
		return err
	}
	if in.DeploymentConfiguration == nil {
		return nil
	}
	return c.setDeployment(in.DeploymentConfiguration)
}

// checkStart refuses a deployment that AWS would not begin. The running tasks of an INACTIVE task definition live on, but
// nothing new is started of it, not even by force.
func (s *Service) checkStart(c *config) error {
	if c.def != nil && !c.def.active {
		return client("TaskDefinition is inactive")
	}
	return s.checkTarget(c)
}

func (s *Service) deleteService(_ *protocol.Call, in *ecs.DeleteServiceInput) (*ecs.DeleteServiceOutput, error) {
	svc, err := s.service(in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	if svc.status == serviceInactive {
		return nil, protocol.Errorf("ServiceNotActiveException", "Service was not ACTIVE.")
	}
	if svc.desired > 0 && !svc.cfg.daemon() && (in.Force == nil || !*in.Force) {
		return nil, invalid("The service cannot be stopped while it is scaled above 0.")
	}
	svc.status, svc.desired = serviceDraining, 0
	s.wake(svc)
	return &ecs.DeleteServiceOutput{Service: s.describe(svc, true)}, nil
}
