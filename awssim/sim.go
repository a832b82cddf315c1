package awssim

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"slipway/awssim/clock"
	"slipway/awssim/cloudformation"
	"slipway/awssim/dynamodb"
	"slipway/awssim/ecr"
	"slipway/awssim/ecs"
	"slipway/awssim/ecs/scripted"
	"slipway/awssim/elbv2"
	"slipway/awssim/events"
	"slipway/awssim/events/delivery"
	"slipway/awssim/iam"
	"slipway/awssim/lambda"
	"slipway/awssim/logs"
	"slipway/awssim/protocol"
	"slipway/awssim/scheduler"
	"slipway/awssim/sns"
	"slipway/awssim/sqs"
	"slipway/awssim/ssm"
	"slipway/awssim/states"
	"slipway/awssim/sts"
	"slipway/awssim/tagging"
)

// Tasks runs the containers of tasks and is the network on which they are found: scripted in tests, processes on a laptop.
type Tasks interface {
	ecs.Runtime
	elbv2.Network
}

// Options are what a Sim is made of. The zero value is a virtual Sim of the default account and region with scripted tasks and
// functions that cannot be run.
type Options struct {
	Clock    *clock.Clock      // nil: a virtual clock from clock.Epoch with Seed
	Seed     uint64            // of that clock
	Identity protocol.Identity // zero: protocol.Default
	// Tasks makes what runs the tasks; nil: scripted. It is closed with the Sim if it has a Close method.
	Tasks func(c *clock.Clock, images *ecr.Service) (Tasks, error)
	// Functions runs Lambda functions: lambda.Handlers in tests, a runtimeapi.Runner on a laptop. It is closed with the Sim if it
	// has a Close method. A lambda.Handlers map may be filled later.
	Functions lambda.Runner
}

// Sim is a small AWS: one account in one region. Its fields may be used inside turns of its Clock.
type Sim struct {
	Clock *clock.Clock
	ID    protocol.Identity

	DynamoDB  *dynamodb.Service
	ECR       *ecr.Service
	ECS       *ecs.Service
	ELB       *elbv2.Service
	Events    *events.Service
	IAM       *iam.Service
	Lambda    *lambda.Service
	Logs      *logs.Service
	Scheduler *scheduler.Service
	SNS       *sns.Service
	SQS       *sqs.Service
	SSM       *ssm.Service
	States    *states.Service
	Tasks     Tasks

	// Fault decides what befalls a call of a Client; nil, and a nil answer, spare it. It is called in a turn.
	Fault func(Call) *Fault

	apis     []*protocol.API
	registry http.Handler
	closers  []io.Closer

	subnets map[string]subnet
	foreign int // subnets that no template made
	stacks  map[string]*cloudformation.Stack
	tallies map[[2]string]*Tally
	calls   int
}

type subnet struct{ vpc, zone string }

// New wires the services. Nothing runs until the clock does.
func New(o Options) (*Sim, error) {
	if o.Clock == nil {
		o.Clock = clock.New(clock.Epoch, o.Seed)
	}
	if o.Identity == (protocol.Identity{}) {
		o.Identity = protocol.Default
	}
	s := &Sim{
		Clock: o.Clock, ID: o.Identity,
		subnets: map[string]subnet{}, stacks: map[string]*cloudformation.Stack{}, tallies: map[[2]string]*Tally{},
	}
	for _, zone := range []string{"a", "b", "c"} {
		s.AddSubnet(DefaultSubnet(zone), defaultVPC, o.Identity.Region+zone)
	}
	s.wireEvents(o)
	if err := s.wireContainers(o); err != nil {
		return nil, err
	}
	s.serveAll()
	if s.Clock.Paced() {
		s.Clock.Every(time.Hour, "forget", s.forget)
	}
	return s, nil
}

// defaultVPC is the account's own VPC.
const defaultVPC = "vpc-00000000000000000"

// DefaultSubnet is the id of the account's own subnet in zone "a", "b" or "c", which needs no template.
func DefaultSubnet(zone string) string { return "subnet-0000000000000000" + zone }

// AddSubnet tells where a subnet lies.
func (s *Sim) AddSubnet(id, vpc, zone string) { s.subnets[id] = subnet{vpc, zone} }

// wireEvents makes what events flow through. The targets know the services, which know the targets: delivery takes them later.
func (s *Sim) wireEvents(o Options) {
	c, id := s.Clock, s.ID
	targets := &delivery.Targets{}
	s.IAM = iam.New(id)
	s.Logs = logs.New(c, id)
	s.SSM = ssm.New(c, id)
	s.SQS = sqs.New(c, id)
	s.DynamoDB = dynamodb.New(c, id)
	s.Events = events.New(c, id, targets)
	s.Scheduler = scheduler.New(c, id, targets)
	runner := o.Functions
	if runner == nil {
		runner = lambda.Handlers{}
	}
	s.closeLater(runner)
	s.Lambda = lambda.New(c, id, &lambda.Wiring{Runner: runner, Logs: s.Logs, Bus: s.Events, Targets: targets})
	s.States = states.New(c, id, invoker{s}, s.Events)
	s.States.LogTo(s.Logs)
	s.SNS = sns.New(c, id, s.SQS, s.Lambda)
	*targets = delivery.Targets{Functions: s.Lambda, Machines: s.States, Queues: s.SQS, Topics: s.SNS, Logs: s.Logs, Authorize: s.mayDeliver}
}

// wireContainers makes what images become: registry, tasks and load balancers.
func (s *Sim) wireContainers(o Options) error {
	c, id := s.Clock, s.ID
	s.ECR = ecr.New(c, id, s.Events)
	makeTasks := o.Tasks
	if makeTasks == nil {
		makeTasks = func(c *clock.Clock, _ *ecr.Service) (Tasks, error) { return scripted.New(c), nil }
	}
	var err error
	if s.Tasks, err = makeTasks(c, s.ECR); err != nil {
		return fmt.Errorf("make the task runtime: %w", err)
	}
	s.closeLater(s.Tasks)
	s.ELB = elbv2.New(c, id, s.Tasks, places{s})
	s.ECS = ecs.New(c, id, ecs.Dependencies{
		Images: s.ECR, Runtime: s.Tasks, LoadBalancer: s.ELB, Events: s.Events, Parameters: s.SSM, Logs: s.Logs, Subnets: places{s},
	})
	s.ELB.WatchTargets(s.ECS.TargetHealthChanged)
	s.ECS.Timing.TargetPoll, s.ECS.Timing.TargetIdlePoll = 0, 0
	return nil
}

// serveAll collects the APIs that the handler answers.
func (s *Sim) serveAll() {
	s.registry = s.ECR.Handler()
	s.apis = []*protocol.API{
		s.DynamoDB.API(), s.ECR.API(), s.ECS.API(), s.ELB.API(), s.Events.API(), s.Lambda.API(), s.Logs.API(), s.Scheduler.API(),
		s.SNS.API(), s.SQS.API(), s.SSM.API(), s.States.API(), sts.New(s.ID, s.caller).API(), tagging.New(s.Clock, s.taggedContainers, s.taggedBalancers).API(),
	}
}

// api finds an API by its endpoint prefix.
func (s *Sim) api(service string) *protocol.API {
	for _, a := range s.apis {
		if a.Service == service {
			return a
		}
	}
	panic("awssim: no API " + service)
}

func (s *Sim) closeLater(v any) {
	if c, ok := v.(io.Closer); ok {
		s.closers = append(s.closers, c)
	}
}

// Close ends what runs outside the clock, processes of tasks and functions, and what waits on a virtual one. It is called outside
// turns.
func (s *Sim) Close() error {
	if !s.Clock.Paced() {
		s.Clock.Close()
	}
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// invoker is Lambda as Step Functions sees it.
type invoker struct{ sim *Sim }

func (i invoker) Invoke(roleARN, functionARN string, payload []byte) states.Outcome {
	call := iam.Request{Action: "lambda:InvokeFunction", Resource: functionARN, Keys: func(string) []string { return nil }}
	var denied *protocol.Error
	if errors.As(i.sim.IAM.Authorize(roleARN, call), &denied) {
		return states.Outcome{Unavailable: "Lambda.AWSLambdaException", StatusCode: http.StatusForbidden,
			ErrorMessage: denied.Message + " (Service: Lambda, Status Code: 403, Error Code: AccessDeniedException)"}
	}
	out := i.sim.Lambda.Invoke(functionARN, payload)
	return states.Outcome{
		Payload: out.Payload, ErrorType: out.ErrorType, ErrorMessage: out.ErrorMessage, StatusCode: out.StatusCode, Unavailable: out.Unavailable,
	}
}

// places is EC2 as load balancing and ECS see it.
type places struct{ sim *Sim }

// Subnet takes a subnet that no template made, such as one that is named by a stack's parameter, as it comes: there is no EC2 API
// to make it with. The zones a, b and c are given to those in turn.
func (p places) Subnet(id string) (vpc, zone string, ok bool) {
	if _, known := p.sim.subnets[id]; !known {
		zone := string("abc"[p.sim.foreign%3])
		p.sim.foreign++
		p.sim.AddSubnet(id, defaultVPC, p.sim.ID.Region+zone)
	}
	at := p.sim.subnets[id]
	return at.vpc, at.zone, true
}

func (p places) Instance(id string, port int) (address string, at int, ok bool) {
	address, ok = p.sim.ECS.InstanceAddress(id)
	return address, port, ok
}

func (s *Sim) taggedContainers() []tagging.Resource {
	var list []tagging.Resource
	for _, t := range s.ECS.TaggedResources() {
		list = append(list, tagging.Resource{ARN: t.ARN, Type: kindOf(t.ARN), Tags: t.Tags})
	}
	return list
}

func (s *Sim) taggedBalancers() []tagging.Resource {
	var list []tagging.Resource
	s.ELB.Tagged(func(arn, kind string, tags map[string]string) {
		if len(tags) > 0 {
			list = append(list, tagging.Resource{ARN: arn, Type: kind, Tags: tags})
		}
	})
	return list
}
