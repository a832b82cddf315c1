// Package elbv2 is the Elastic Load Balancing of awssim: Application Load Balancers with listeners, rules, target groups of
// type ip and instance, health checks, draining and routing.
//
// The health of targets lives on the clock (health.go); a request is routed in one turn (routing.go); Serve gives every
// listener a real socket and proxies to real targets (proxy.go), Request does the same in virtual time through a Network.
//
// What is not here: Network and Gateway Load Balancers, Lambda and ALB targets, stickiness, authentication, and capacity; requests
// for them are refused. There is no TLS either, but an HTTPS listener is accepted: it keeps its certificate and speaks plain HTTP.
package elbv2

import (
	"fmt"
	"time"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// Network reaches the targets: over sockets on a laptop, by script in tests.
//
// Request returns at once and later calls done in a turn, exactly once, with the HTTP status that the target answered or
// with an error when it did not answer. An error whose Timeout method reports true (context.DeadlineExceeded is one) means
// that timeout passed; every other error means that the connection failed.
type Network interface {
	Request(address string, port int, method, path string, timeout time.Duration, done func(status int, err error))
}

// Ports is a Network on which a target's port may differ from the one it is registered with, because the machine's user may not bind
// privileged ports. Request finds them by itself; the proxy, which dials on its own, asks. Port is called in turns.
type Ports interface{ Port(port int) int }

// EC2 is what load balancing asks of the instances and subnets around it.
type EC2 interface {
	// Subnet tells where a subnet lies; ok is false when there is no such subnet.
	Subnet(id string) (vpc, zone string, ok bool)
	// Instance tells where a port of an instance can really be reached; ok is false for an unknown instance or port, which
	// is then tried by its id; only scripted networks know ids.
	Instance(id string, port int) (address string, at int, ok bool)
}

// Service holds the load balancers of the account. All its methods but Serve and Endpoints are called in turns.
type Service struct {
	clock   *clock.Clock
	id      protocol.Identity
	network Network
	ec2     EC2
	api     *protocol.API

	balancers map[string]*balancer // these four by ARN
	groups    map[string]*group
	listeners map[string]*listener
	rules     map[string]*rule

	watch []func(targetGroupARN, id string, port int)
	front front
}

// New returns a service without load balancers. ec2 may be nil: subnets then lie in the zones a, b, c... in the order in which
// a load balancer names them, and instances are reached by their ids.
func New(c *clock.Clock, id protocol.Identity, network Network, ec2 EC2) *Service {
	s := &Service{
		clock: c, id: id, network: network, ec2: ec2,
		balancers: map[string]*balancer{}, groups: map[string]*group{},
		listeners: map[string]*listener{}, rules: map[string]*rule{},
	}
	s.front.open = map[string]*socket{}
	s.api = s.operations()
	return s
}

// API is the service's wire interface.
func (s *Service) API() *protocol.API { return s.api }

func (s *Service) operations() *protocol.API {
	a := &protocol.API{Service: "elasticloadbalancing", Target: "2015-12-01", Format: protocol.Query, Invalid: "ValidationError"}
	protocol.Handle(a, "CreateLoadBalancer", s.createLoadBalancer)
	protocol.Handle(a, "DescribeLoadBalancers", s.describeLoadBalancers)
	protocol.Handle(a, "DeleteLoadBalancer", s.deleteLoadBalancer)
	protocol.Handle(a, "ModifyLoadBalancerAttributes", s.modifyLoadBalancerAttributes)
	protocol.Handle(a, "DescribeLoadBalancerAttributes", s.describeLoadBalancerAttributes)
	protocol.Handle(a, "CreateTargetGroup", s.createTargetGroup)
	protocol.Handle(a, "DescribeTargetGroups", s.describeTargetGroups)
	protocol.Handle(a, "ModifyTargetGroup", s.modifyTargetGroup)
	protocol.Handle(a, "DeleteTargetGroup", s.deleteTargetGroup)
	protocol.Handle(a, "ModifyTargetGroupAttributes", s.modifyTargetGroupAttributes)
	protocol.Handle(a, "DescribeTargetGroupAttributes", s.describeTargetGroupAttributes)
	protocol.Handle(a, "CreateListener", s.createListener)
	protocol.Handle(a, "DescribeListeners", s.describeListeners)
	protocol.Handle(a, "ModifyListener", s.modifyListener)
	protocol.Handle(a, "DeleteListener", s.deleteListener)
	protocol.Handle(a, "CreateRule", s.createRule)
	protocol.Handle(a, "DescribeRules", s.describeRules)
	protocol.Handle(a, "ModifyRule", s.modifyRule)
	protocol.Handle(a, "SetRulePriorities", s.setRulePriorities)
	protocol.Handle(a, "DeleteRule", s.deleteRule)
	protocol.Handle(a, "RegisterTargets", s.registerTargets)
	protocol.Handle(a, "DeregisterTargets", s.deregisterTargets)
	protocol.Handle(a, "DescribeTargetHealth", s.describeTargetHealth)
	protocol.Handle(a, "AddTags", s.addTags)
	protocol.Handle(a, "RemoveTags", s.removeTags)
	protocol.Handle(a, "DescribeTags", s.describeTags)
	return a
}

// newID draws the 16 hexadecimal digits that end an ARN.
func (s *Service) newID() string { return fmt.Sprintf("%016x", s.clock.Rand().Uint64()) }

// arn names a resource: arn("targetgroup/web/73e2d6bc24d8a067").
func (s *Service) arn(resource string) string { return s.id.ARN("elasticloadbalancing", resource) }

// invalid is the error that this service gives for most wrong input.
func invalid(format string, args ...any) error {
	return protocol.Errorf("ValidationError", format, args...)
}

// required refuses a missing member in the words of the API.
func required(member string, text *string) (string, error) {
	if text == nil || *text == "" {
		return "", invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
	}
	return *text, nil
}

// within refuses a number outside of a closed range; a nil number passes.
func within(what string, n *int32, low, high int32) error {
	if n != nil && (*n < low || *n > high) {
		return invalid("%s must be between %d and %d, got %d", what, low, high, *n)
	}
	return nil
}
