package ecs

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// config is what a caller sets on a service. target is the part that a service revision freezes: a change of it starts a
// deployment.
type config struct {
	target
	deployment       types.DeploymentConfiguration
	controller       types.DeploymentControllerType
	scheduling       types.SchedulingStrategy
	launchType       types.LaunchType
	providers        []types.CapacityProviderStrategyItem
	grace            *int32
	propagate        types.PropagateTags
	managedTags      bool
	exec             bool
	rebalancing      types.AvailabilityZoneRebalancing
	placement        []types.PlacementStrategy
	constraints      []types.PlacementConstraint
	role             *string
	monitoring       *types.MonitoringConfiguration
	gatewayConnector []types.GatewayConnector
}

// target is what UpdateService's fields describe with "This parameter triggers a new service deployment".
type target struct {
	def           *definition
	loadBalancers []types.LoadBalancer
	network       *types.NetworkConfiguration
	platform      string
	connect       *types.ServiceConnectConfiguration
	registries    []types.ServiceRegistry
	volumes       []types.ServiceVolumeConfiguration
	lattice       []types.VpcLatticeConfiguration
}

func (a target) equal(b target) bool { return reflect.DeepEqual(a, b) }

func (c *config) daemon() bool { return c.scheduling == types.SchedulingStrategyDaemon }

// fargate reports whether the tasks run on Fargate, by launch type or by capacity provider.
func (c *config) fargate() bool {
	if len(c.providers) > 0 {
		return strings.HasPrefix(aws.ToString(c.providers[0].CapacityProvider), "FARGATE")
	}
	return c.launchType == types.LaunchTypeFargate
}

// placeBy fills in where tasks run when a caller does not say: by the cluster's default strategy, else on instances.
func (c *config) placeBy(cl *cluster) {
	if c.launchType != "" || len(c.providers) > 0 {
		return
	}
	if c.providers = cl.strategy; len(c.providers) == 0 {
		c.launchType = types.LaunchTypeEc2
	}
}

// launch is the launch type of the tasks, and their capacity provider if they have one.
func (c *config) launch() (types.LaunchType, string) {
	switch {
	case len(c.providers) == 0:
		return c.launchType, ""
	case c.fargate():
		return types.LaunchTypeFargate, aws.ToString(c.providers[0].CapacityProvider)
	}
	return types.LaunchTypeEc2, aws.ToString(c.providers[0].CapacityProvider)
}

// rolls reports whether this package deploys the service: rolling updates of the ECS controller.
func (c *config) rolls() bool {
	return c.controller == types.DeploymentControllerTypeEcs && c.deployment.Strategy == types.DeploymentStrategyRolling
}

func (c *config) maximumPercent() int { return intOr(c.deployment.MaximumPercent, 200) }
func (c *config) minimumPercent() int { return intOr(c.deployment.MinimumHealthyPercent, 100) }

// breaker is the circuit breaker's configuration, nil when it is off.
func (c *config) breaker() *types.DeploymentCircuitBreaker {
	if b := c.deployment.DeploymentCircuitBreaker; b != nil && b.Enable {
		return b
	}
	return nil
}

// subnets are the subnets of the tasks' network interfaces.
func (t *target) subnets() []string {
	if t.network == nil || t.network.AwsvpcConfiguration == nil {
		return nil
	}
	return t.network.AwsvpcConfiguration.Subnets
}

// setDeployment merges what a caller sent into the deployment configuration, with the API's defaults for what was never set.
func (c *config) setDeployment(in *types.DeploymentConfiguration) error {
	if in != nil {
		have := &c.deployment
		override(&have.MaximumPercent, in.MaximumPercent)
		override(&have.MinimumHealthyPercent, in.MinimumHealthyPercent)
		override(&have.DeploymentCircuitBreaker, in.DeploymentCircuitBreaker)
		override(&have.Alarms, in.Alarms)
		override(&have.BakeTimeInMinutes, in.BakeTimeInMinutes)
		override(&have.CanaryConfiguration, in.CanaryConfiguration)
		override(&have.LinearConfiguration, in.LinearConfiguration)
		if in.Strategy != "" {
			have.Strategy = in.Strategy
		}
		if in.LifecycleHooks != nil {
			have.LifecycleHooks = in.LifecycleHooks
		}
		if in.EarlySuccessCriteria != nil && in.EarlySuccessCriteria.Enable {
			return invalid("awssim does not implement earlySuccessCriteria: a deployment is successful when all its tasks are healthy and the old ones are gone.")
		}
	}
	c.deploymentDefaults()
	return c.checkDeployment()
}

func override[T any](have **T, sent *T) {
	if sent != nil {
		*have = sent
	}
}

func (c *config) deploymentDefaults() {
	d := &c.deployment
	minimum, maximum := int32(100), int32(200)
	if c.daemon() {
		minimum, maximum = 0, 100
	}
	if d.MinimumHealthyPercent == nil {
		d.MinimumHealthyPercent = &minimum
	}
	if d.MaximumPercent == nil {
		d.MaximumPercent = &maximum
	}
	if d.Strategy == "" {
		d.Strategy = types.DeploymentStrategyRolling
	}
	if d.BakeTimeInMinutes == nil {
		d.BakeTimeInMinutes = new(int32(0))
	}
	if d.DeploymentCircuitBreaker == nil {
		d.DeploymentCircuitBreaker = &types.DeploymentCircuitBreaker{}
	}
}

func (c *config) checkDeployment() error {
	minimum, maximum := c.minimumPercent(), c.maximumPercent()
	switch {
	case maximum < 100:
		return invalid("Invalid maximumPercent %d: give at least 100, or a deployment could never finish.", maximum)
	case minimum < 0 || minimum > 100:
		return invalid("Invalid minimumHealthyPercent %d: give 0 to 100.", minimum)
	case c.rolls() && len(c.deployment.LifecycleHooks) > 0:
		return invalid("awssim does not run lifecycle hooks of rolling deployments: remove lifecycleHooks.")
	}
	t := c.deployment.DeploymentCircuitBreaker.ThresholdConfiguration
	if t == nil {
		return nil
	}
	if !slices.Contains(t.Type.Values(), t.Type) {
		return invalid("Invalid thresholdConfiguration type %q: give COUNT, BOUNDED_PERCENT or UNBOUNDED_PERCENT.", t.Type)
	}
	if t.Value < 1 || t.Type != types.ThresholdTypeCount && t.Value > 100 {
		return invalid("Invalid thresholdConfiguration value %d: a percentage is 1 to 100, a count at least 1.", t.Value)
	}
	return nil
}

// checkPlacement refuses the ways of placing tasks on instances that are not there: tasks are spread over zones and instances.
func (c *config) checkPlacement() error {
	for _, p := range c.placement {
		if p.Type != types.PlacementStrategyTypeSpread {
			return invalid("awssim does not implement the placement strategy %s: tasks are spread over zones, then over instances.", p.Type)
		}
	}
	if len(c.constraints) > 0 || c.def != nil && !c.fargate() && len(c.def.in.PlacementConstraints) > 0 {
		return invalid("awssim does not implement placement constraints: remove placementConstraints.")
	}
	return nil
}

// checkTarget refuses combinations of task definition, network and load balancers that AWS refuses.
func (s *Service) checkTarget(c *config) error {
	d := c.def
	if err := c.checkPlacement(); err != nil {
		return err
	}
	if d.awsvpc() != (c.network != nil && c.network.AwsvpcConfiguration != nil) {
		if d.awsvpc() {
			return invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
		}
		return invalid("Network Configuration is not valid for the given networkMode of this task definition.")
	}
	if c.fargate() && !slices.Contains(d.in.RequiresCompatibilities, types.CompatibilityFargate) {
		return invalid("Task definition does not support launch_type FARGATE.")
	}
	for _, lb := range c.loadBalancers {
		if err := s.checkLoadBalancer(d, lb); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) checkLoadBalancer(d *definition, lb types.LoadBalancer) error {
	if lb.TargetGroupArn == nil {
		return invalid("awssim implements load balancers by targetGroupArn only: Classic Load Balancers (loadBalancerName) are not there.")
	}
	kind, _, ok := s.targetGroup(*lb.TargetGroupArn)
	if !ok {
		return invalid("Unable to find target group %s.", *lb.TargetGroupArn)
	}
	want := "instance"
	if d.awsvpc() {
		want = "ip"
	}
	if kind != want {
		mode := cmp.Or(d.in.NetworkMode, types.NetworkModeBridge)
		return invalid("The provided target group %s has target type %s, which is incompatible with the %s network mode specified in the task definition.", *lb.TargetGroupArn, kind, mode)
	}
	def, ok := d.container(aws.ToString(lb.ContainerName))
	if !ok {
		return invalid("The container %s does not exist in the task definition.", aws.ToString(lb.ContainerName))
	}
	for _, p := range def.PortMappings {
		if int(aws.ToInt32(p.ContainerPort)) == int(aws.ToInt32(lb.ContainerPort)) {
			return nil
		}
	}
	return invalid("The container %s did not have a container port %d defined.", *lb.ContainerName, int(aws.ToInt32(lb.ContainerPort)))
}

func (s *Service) targetGroup(arn string) (kind string, used, ok bool) {
	if s.deps.LoadBalancer == nil {
		return "", false, false
	}
	return s.deps.LoadBalancer.TargetGroup(arn)
}

// checkUsed refuses target groups that no listener forwards to, where a caller names them. The best known mistake of templates is a
// service without DependsOn on its listener.
func (s *Service) checkUsed(list []types.LoadBalancer) error {
	for _, lb := range list {
		if _, used, ok := s.targetGroup(aws.ToString(lb.TargetGroupArn)); ok && !used {
			return invalid("The target group with targetGroupArn %s does not have an associated load balancer.", *lb.TargetGroupArn)
		}
	}
	return nil
}

// describedGrace is nil where AWS leaves the grace period out: it means nothing without load balancers.
func (c *config) describedGrace() *int32 {
	if c.grace == nil && len(c.loadBalancers) > 0 {
		return new(int32(0))
	}
	return c.grace
}
