package ecs

import (
	"time"

	"slipway/awssim/clock"
	"slipway/awssim/ecr"
	"slipway/awssim/protocol"
)

// Images finds what a container reference stands for on a platform. Its error is an *ecr.PullError; any other error's text is
// shown as the reason of a failed pull.
type Images interface {
	Resolve(ref, os, arch string) (ecr.Image, error)
}

// LoadBalancer is what ECS does with target groups. Register and Deregister return the load balancer's own errors; Health's
// state is elbv2's TargetHealthState, "" for a target that is not registered, and its reason is quoted in service events.
type LoadBalancer interface {
	Register(targetGroupARN, id string, port int, az string) error
	Deregister(targetGroupARN, id string, port int) error
	Health(targetGroupARN, id string, port int) (state, reason string)
	// TargetGroup is "ip" or "instance", and whether a listener uses the group; ok is false when there is no such group.
	TargetGroup(targetGroupARN string) (targetType string, used, ok bool)
}

// EventBus takes ECS's EventBridge events.
type EventBus interface {
	Emit(source, detailType string, resources []string, detail any)
}

// Parameters are the values that secrets[].valueFrom names: an SSM parameter's name, or the whole ARN of a Secrets Manager
// secret.
type Parameters interface {
	Value(name string) (string, bool)
}

// Logs takes what the awslogs driver writes. An unknown group is an error.
type Logs interface {
	Put(group, stream string, lines ...string) error
}

// Subnets tells where a subnet lies; ok is false when there is no such subnet.
type Subnets interface {
	Subnet(id string) (vpc, zone string, ok bool)
}

// Dependencies are the services that ECS works with. Images and Runtime are required. Without the others no load balancer,
// event, secret or log can be used, and whatever asks for one fails as it does when AWS does not find it.
type Dependencies struct {
	Images       Images
	Runtime      Runtime
	LoadBalancer LoadBalancer
	Events       EventBus
	Parameters   Parameters
	Logs         Logs
	Subnets      Subnets // without it, or an unknown one: the zones a, b, c... in the order in which a service names its subnets
}

// Timing is how long things take. All of them are typical durations; each use varies by a quarter, by the clock's seed,
// except where the comment says otherwise.
type Timing struct {
	React          time.Duration // from a change to the scheduler looking at the service: a fifth of this to all of it
	Provision      time.Duration // PROVISIONING: attaching the network interface (awsvpc only)
	Prepare        time.Duration // secrets and log streams, before the pull
	Pull           time.Duration // pulling the images
	Deprovision    time.Duration // DEPROVISIONING: giving the network interface back (awsvpc only)
	HealthyAfter   time.Duration // exact: RUNNING this long counts as healthy where nothing checks health (40 s)
	TargetPoll     time.Duration // exact: between looks at target health while a target is not settled
	TargetIdlePoll time.Duration // exact: between looks while all are healthy; both are 0 where TargetHealthChanged is called
	PlaceRetry     time.Duration // between attempts to place a task that did not fit
	Backoff        time.Duration // first delay of the launch throttle; it doubles
	BackoffMax     time.Duration // exact: 27 minutes on AWS
	SteadyEvery    time.Duration // exact: a steady service says so again
	Retention      time.Duration // exact: how long a stopped task can be described (1 h)
}

// DefaultTiming is AWS's documented durations where there are any (40 s, 27 min, 1 h), and ordinary Fargate ones elsewhere.
func DefaultTiming() Timing {
	return Timing{
		React: 5 * time.Second, Provision: 10 * time.Second, Prepare: 2 * time.Second, Pull: 8 * time.Second,
		Deprovision: 10 * time.Second, HealthyAfter: 40 * time.Second, TargetPoll: 5 * time.Second, TargetIdlePoll: 15 * time.Second,
		PlaceRetry: 15 * time.Second, Backoff: 10 * time.Second, BackoffMax: 27 * time.Minute, SteadyEvery: 6 * time.Hour,
		Retention: time.Hour,
	}
}

// Service is Amazon ECS in one account and region. Its methods are called inside turns of its clock.
type Service struct {
	// Timing may be changed at any time; it applies to what begins afterwards.
	Timing Timing
	// FutureFields are names of task-definition members, at any level, that the SDK does not know and that are accepted and
	// kept all the same. Every other unknown name is refused.
	FutureFields []string
	// CountEarlyExits makes the circuit breaker count a task whose essential container exits before the task was ever
	// healthy. The developer guide counts only tasks that do not reach RUNNING or fail health checks; measured services
	// roll back on "exit 1" as well, so it is on unless switched off.
	CountEarlyExits bool
	// FargateUnavailable, when not "", is the reason for which no Fargate task can be placed.
	FargateUnavailable string

	clock    *clock.Clock
	id       protocol.Identity
	deps     Dependencies
	api      *protocol.API
	clusters map[string]*cluster
	families map[string]*family
}

// New returns an ECS without clusters.
func New(c *clock.Clock, id protocol.Identity, deps Dependencies) *Service {
	s := &Service{
		Timing: DefaultTiming(), CountEarlyExits: true,
		clock: c, id: id, deps: deps,
		clusters: map[string]*cluster{}, families: map[string]*family{},
	}
	s.api = &protocol.API{Service: "ecs", Target: "AmazonEC2ContainerServiceV20141113", Format: protocol.JSON11, Invalid: "InvalidParameterException"}
	s.handle()
	return s
}

// API is the service's operations.
func (s *Service) API() *protocol.API { return s.api }

func (s *Service) handle() {
	a := s.api
	protocol.Handle(a, "CreateCluster", s.createCluster)
	protocol.Handle(a, "DescribeClusters", s.describeClusters)
	protocol.Handle(a, "ListClusters", s.listClusters)
	protocol.Handle(a, "DeleteCluster", s.deleteCluster)
	protocol.Handle(a, "DescribeContainerInstances", s.describeContainerInstances)
	protocol.Handle(a, "ListContainerInstances", s.listContainerInstances)

	protocol.HandleRaw(a, "RegisterTaskDefinition", s.registerTaskDefinition)
	protocol.HandleRaw(a, "DescribeTaskDefinition", s.describeTaskDefinition)
	protocol.HandleRaw(a, "DeregisterTaskDefinition", s.deregisterTaskDefinition)
	protocol.Handle(a, "ListTaskDefinitions", s.listTaskDefinitions)
	protocol.Handle(a, "ListTaskDefinitionFamilies", s.listTaskDefinitionFamilies)

	protocol.Handle(a, "CreateService", s.createService)
	protocol.Handle(a, "UpdateService", s.updateService)
	protocol.Handle(a, "DeleteService", s.deleteService)
	protocol.Handle(a, "DescribeServices", s.describeServices)
	protocol.Handle(a, "ListServices", s.listServices)

	protocol.Handle(a, "ListServiceDeployments", s.listServiceDeployments)
	protocol.Handle(a, "DescribeServiceDeployments", s.describeServiceDeployments)
	protocol.Handle(a, "DescribeServiceRevisions", s.describeServiceRevisions)
	protocol.Handle(a, "StopServiceDeployment", s.stopServiceDeployment)

	protocol.Handle(a, "ListTasks", s.listTasks)
	protocol.Handle(a, "DescribeTasks", s.describeTasks)
	protocol.Handle(a, "RunTask", s.runTask)
	protocol.Handle(a, "StopTask", s.stopTask)

	protocol.Handle(a, "TagResource", s.tagResource)
	protocol.Handle(a, "UntagResource", s.untagResource)
	protocol.Handle(a, "ListTagsForResource", s.listTagsForResource)
}

func (s *Service) now() time.Time { return s.clock.Now() }

// vary spreads a typical duration over three to five quarters of it.
func (s *Service) vary(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d*3/4 + time.Duration(s.clock.Rand().Int64N(int64(d)/2+1))
}
