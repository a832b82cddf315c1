package elbv2

import (
	"cmp"
	"net/netip"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/awssim/protocol"
)

func (g *group) target(id string, port int) *target {
	for _, t := range g.targets {
		if t.id == id && t.port == port {
			return t
		}
	}
	return nil
}

func (g *group) remove(t *target) {
	g.targets = slices.DeleteFunc(g.targets, func(other *target) bool { return other == t })
}

// Register adds a target to a group, or takes a draining one back, which begins anew. A target that is registered already
// stays as it is. Errors are *protocol.Error: TargetGroupNotFound, or InvalidTarget and ValidationError for a wrong id.
func (s *Service) Register(targetGroupARN, id string, port int, zone string) error {
	g, err := s.group(&targetGroupARN)
	if err != nil {
		return err
	}
	if err := checkTarget(g, id, port); err != nil {
		return err
	}
	t := g.target(id, port)
	switch {
	case t == nil:
		t = &target{id: id, port: port, zone: zone}
		g.targets = append(g.targets, t)
	case !t.draining():
		return nil
	}
	s.begin(g, t)
	return nil
}

func checkTarget(g *group, id string, port int) error {
	if port < 1 || port > 65535 {
		return invalid("port %d of target '%s' must be between 1 and 65535", port, id)
	}
	if g.shape.TargetType == types.TargetTypeEnumInstance {
		if !strings.HasPrefix(id, "i-") {
			return protocol.Errorf("InvalidTarget", "The instance ID '%s' is not valid; target group '%s' takes instances", id, g.name())
		}
		return nil
	}
	if a, err := netip.ParseAddr(id); err != nil || !a.Is4() {
		return invalid("The IP address '%s' is not a valid IPv4 address", id)
	}
	return nil
}

// Deregister starts the draining of a target; after the group's deregistration delay it is gone. Deregistering what is not
// registered succeeds, as documented. The error is TargetGroupNotFound.
func (s *Service) Deregister(targetGroupARN, id string, port int) error {
	g, err := s.group(&targetGroupARN)
	if err != nil {
		return err
	}
	if t := g.target(id, port); t != nil && !t.draining() {
		s.drain(g, t)
	}
	return nil
}

// Health tells a target's state as the API names it ("initial", "healthy", "unhealthy", "draining", "unused"; "" when it is not
// registered) and the description of it that ECS quotes in its messages ("Health checks failed with these codes: [500]").
func (s *Service) Health(targetGroupARN, id string, port int) (state, reason string) {
	g, ok := s.groups[targetGroupARN]
	if !ok {
		return "", ""
	}
	t := g.target(id, port)
	if t == nil {
		return "", ""
	}
	return string(t.state), t.description
}

// reach is where a target's port answers.
func (s *Service) reach(g *group, id string, port int) (address string, at int) {
	if g.shape.TargetType == types.TargetTypeEnumInstance && s.ec2 != nil {
		if address, at, ok := s.ec2.Instance(id, port); ok {
			return address, at
		}
	}
	return id, port
}

func (s *Service) registerTargets(_ *protocol.Call, in *elb.RegisterTargetsInput) (*elb.RegisterTargetsOutput, error) {
	g, err := s.described(in.TargetGroupArn, in.Targets)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Targets {
		if err := checkTarget(g, aws.ToString(t.Id), g.portOf(t)); err != nil {
			return nil, err
		}
	}
	for _, t := range in.Targets {
		if err := s.Register(g.arn(), *t.Id, g.portOf(t), aws.ToString(t.AvailabilityZone)); err != nil {
			return nil, err
		}
	}
	return &elb.RegisterTargetsOutput{}, nil
}

func (s *Service) deregisterTargets(_ *protocol.Call, in *elb.DeregisterTargetsInput) (*elb.DeregisterTargetsOutput, error) {
	g, err := s.described(in.TargetGroupArn, in.Targets)
	if err != nil {
		return nil, err
	}
	for _, t := range in.Targets {
		if err := s.Deregister(g.arn(), aws.ToString(t.Id), g.portOf(t)); err != nil {
			return nil, err
		}
	}
	return &elb.DeregisterTargetsOutput{}, nil
}

// described is the group of a request that must name targets.
func (s *Service) described(arn *string, targets []types.TargetDescription) (*group, error) {
	g, err := s.group(arn)
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		return nil, invalid("at least one target must be specified")
	}
	for _, t := range targets {
		if t.QuicServerId != nil {
			return nil, invalid("awssim does not implement QuicServerId of a target")
		}
	}
	return g, nil
}

// portOf is the port that a description means: the group's own without an override.
func (g *group) portOf(t types.TargetDescription) int {
	return int(*cmp.Or(t.Port, g.shape.Port))
}

func (s *Service) describeTargetHealth(_ *protocol.Call, in *elb.DescribeTargetHealthInput) (*elb.DescribeTargetHealthOutput, error) {
	g, err := s.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	if len(in.Include) > 0 {
		return nil, invalid("awssim does not implement Include of DescribeTargetHealth")
	}
	out := &elb.DescribeTargetHealthOutput{TargetHealthDescriptions: []types.TargetHealthDescription{}}
	if len(in.Targets) == 0 {
		for _, t := range g.byID() {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, g.describe(t))
		}
		return out, nil
	}
	for _, asked := range in.Targets {
		t := g.target(aws.ToString(asked.Id), g.portOf(asked))
		if t == nil {
			t = &target{id: aws.ToString(asked.Id), port: g.portOf(asked)}
			t.set(types.TargetHealthStateEnumUnused, types.TargetHealthReasonEnumNotRegistered, "Target is not registered to the target group")
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, g.describe(t))
	}
	return out, nil
}

func (g *group) byID() []*target {
	list := slices.Clone(g.targets)
	sort.Slice(list, func(i, j int) bool {
		if list[i].id != list[j].id {
			return list[i].id < list[j].id
		}
		return list[i].port < list[j].port
	})
	return list
}

func (g *group) describe(t *target) types.TargetHealthDescription {
	d := types.TargetHealthDescription{
		Target:          &types.TargetDescription{Id: new(t.id), Port: new(int32(t.port))},
		HealthCheckPort: new(strconv.Itoa(g.checkPort(t))),
		TargetHealth:    &types.TargetHealth{State: t.state, Reason: t.reason},
	}
	if t.zone != "" {
		d.Target.AvailabilityZone = new(t.zone)
	}
	if t.description != "" {
		d.TargetHealth.Description = new(t.description)
	}
	return d
}
