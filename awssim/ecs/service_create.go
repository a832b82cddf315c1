package ecs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

const (
	serviceActive   = "ACTIVE"
	serviceDraining = "DRAINING"
	serviceInactive = "INACTIVE"
)

// service is an ECS service.
type service struct {
	cluster   *cluster
	name, arn string
	status    string
	createdAt time.Time
	createdBy string
	token     string // client token of its creation
	desired   int    // as asked for; see Service.desiredCount for DAEMON
	cfg       config
	tags      tagSet

	deployments []*deployment // [0] is PRIMARY, the others are ACTIVE, newest first
	completed   *deployment   // what a rollback goes back to; nil while there is none
	inactiveAt  time.Time
	history     []*rollout  // oldest first
	revisions   []*revision // oldest first
	tasks       []*task     // not yet STOPPED, oldest first
	events      []types.ServiceEvent

	timer     *clock.Timer // the next look
	timerAt   time.Time
	steady    bool
	steadyAt  time.Time
	stuckSaid bool // the percentages allow no step, and that was said
	throttle  throttle
	placement placement
}

func (svc *service) primary() *deployment {
	if len(svc.deployments) == 0 {
		return nil
	}
	return svc.deployments[0]
}

func (s *Service) createService(c *protocol.Call, in *ecs.CreateServiceInput) (*ecs.CreateServiceOutput, error) {
	cl, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.ServiceName)
	if !validName(name) {
		return nil, invalid("Service name %q may have up to 255 letters, digits, hyphens and underscores.", name)
	}
	if known := cl.services[name]; known != nil && known.status != serviceInactive {
		if in.ClientToken != nil && *in.ClientToken == known.token {
			return &ecs.CreateServiceOutput{Service: s.describe(known, true)}, nil
		}
		return nil, invalid("Creation of service was not idempotent.")
	}
	if err := checkTags(c, in.Tags); err != nil {
		return nil, err
	}
	cfg, err := s.newConfig(cl, in)
	if err != nil {
		return nil, err
	}
	if err := checkCount(cfg, in.DesiredCount); err != nil {
		return nil, err
	}
	svc := &service{cluster: cl, name: name, arn: s.id.ARN("ecs", "service/"+cl.name+"/"+name), status: serviceActive,
		createdAt: s.now(), createdBy: "arn:aws:iam::" + s.id.Account + ":root", token: aws.ToString(in.ClientToken), desired: int(aws.ToInt32(in.DesiredCount)), cfg: *cfg, tags: tagsOf(in.Tags)}
	cl.services[name] = svc
	if cfg.rolls() {
		s.deploy(svc)
	}
	return &ecs.CreateServiceOutput{Service: s.describe(svc, true)}, nil
}

// newConfig is the configuration of a new service, checked.
func (s *Service) newConfig(cl *cluster, in *ecs.CreateServiceInput) (*config, error) {
	c := &config{
		target: target{loadBalancers: in.LoadBalancers, network: in.NetworkConfiguration, platform: aws.ToString(in.PlatformVersion),
			connect: in.ServiceConnectConfiguration, registries: in.ServiceRegistries, volumes: in.VolumeConfigurations, lattice: in.VpcLatticeConfigurations},
		controller: types.DeploymentControllerTypeEcs, scheduling: in.SchedulingStrategy, launchType: in.LaunchType,
		providers: in.CapacityProviderStrategy, grace: in.HealthCheckGracePeriodSeconds, propagate: in.PropagateTags,
		managedTags: in.EnableECSManagedTags, exec: in.EnableExecuteCommand, rebalancing: in.AvailabilityZoneRebalancing,
		placement: in.PlacementStrategy, constraints: in.PlacementConstraints, role: in.Role, monitoring: in.Monitoring, gatewayConnector: in.GatewayConnectors,
	}
	if in.DeploymentController != nil {
		c.controller = in.DeploymentController.Type
	}
	if c.scheduling == "" {
		c.scheduling = types.SchedulingStrategyReplica
	}
	if c.rebalancing == "" {
		c.rebalancing = types.AvailabilityZoneRebalancingEnabled
	}
	if len(c.providers) > 0 && c.launchType != "" {
		return nil, invalid("Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
	}
	if err := cl.checkStrategy(c.providers); err != nil {
		return nil, err
	}
	c.placeBy(cl)
	if c.fargate() && c.platform == "" {
		c.platform = "LATEST"
	}
	if err := c.setDeployment(in.DeploymentConfiguration); err != nil {
		return nil, err
	}
	if err := s.setDefinition(c, in.TaskDefinition); err != nil {
		return nil, err
	}
	return c, s.checkUsed(c.loadBalancers)
}

// setDefinition finds the task definition and checks that the service can run it. Only EXTERNAL services have none.
func (s *Service) setDefinition(c *config, ref *string) error {
	if c.controller == types.DeploymentControllerTypeExternal {
		if ref != nil {
			return invalid("When using EXTERNAL deployment controller, task definition must not be specified.")
		}
		return nil
	}
	if ref == nil {
		return invalid("TaskDefinition can not be blank.")
	}
	def, err := s.runnable(*ref)
	if err != nil {
		return err
	}
	c.def = def
	return s.checkTarget(c)
}

func checkCount(c *config, desired *int32) error {
	switch {
	case c.daemon() && c.fargate():
		return invalid("The daemon scheduling strategy is not supported for the Fargate launch type.")
	case c.daemon() && desired != nil:
		return invalid("The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again.")
	case c.daemon() && c.controller != types.DeploymentControllerTypeEcs:
		return invalid("The daemon scheduling strategy is not supported with the %s deployment controller.", c.controller)
	case !c.daemon() && desired == nil && c.controller == types.DeploymentControllerTypeEcs:
		return invalid("desiredCount is required for services with the REPLICA scheduling strategy.")
	case desired != nil && *desired < 0:
		return invalid("desiredCount must not be negative.")
	}
	return nil
}

// desiredCount is how many tasks the service wants now: for DAEMON one on each container instance.
func (s *Service) desiredCount(svc *service) int {
	if svc.cfg.daemon() && svc.status == serviceActive {
		return len(svc.cluster.instances)
	}
	return svc.desired
}
