package elbv2

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/awssim/protocol"
)

// trafficPort says that a target is checked at the port on which it takes traffic.
const trafficPort = "traffic-port"

type group struct {
	shape      types.TargetGroup
	input      elb.CreateTargetGroupInput // as created, to tell a repetition from a duplicate
	attributes attributes
	tags       map[string]string
	targets    []*target // in the order of registration, which is the order of the round robin
	turn       int       // the round robin's position
}

func (g *group) arn() string  { return *g.shape.TargetGroupArn }
func (g *group) name() string { return *g.shape.TargetGroupName }

// used tells whether a listener or rule forwards to the group, without which nobody checks its targets.
func (g *group) used() bool { return len(g.shape.LoadBalancerArns) > 0 }

func (s *Service) createTargetGroup(c *protocol.Call, in *elb.CreateTargetGroupInput) (*elb.CreateTargetGroupOutput, error) {
	err := protocol.Only(c, in, "Name", "HealthCheckEnabled", "HealthCheckIntervalSeconds", "HealthCheckPath", "HealthCheckPort", "HealthCheckProtocol",
		"HealthCheckTimeoutSeconds", "HealthyThresholdCount", "IpAddressType", "Matcher", "Port", "Protocol", "ProtocolVersion", "Tags", "TargetType",
		"UnhealthyThresholdCount", "VpcId")
	if err != nil {
		return nil, err
	}
	if err := checkTargetGroup(in); err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	settings := *in
	settings.Tags = nil
	for _, g := range s.groups {
		if g.name() != *in.Name {
			continue
		}
		if reflect.DeepEqual(g.input, settings) {
			return &elb.CreateTargetGroupOutput{TargetGroups: []types.TargetGroup{g.shape}}, nil
		}
		return nil, protocol.Errorf("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", *in.Name)
	}
	g := &group{shape: s.shapeTargetGroup(in), input: settings, attributes: attributes{}, tags: tags}
	if err := checkHealthSettings(&g.shape); err != nil {
		return nil, err
	}
	s.groups[g.arn()] = g
	return &elb.CreateTargetGroupOutput{TargetGroups: []types.TargetGroup{g.shape}}, nil
}

func checkTargetGroup(in *elb.CreateTargetGroupInput) error {
	if err := checkName("Target group", in.Name); err != nil {
		return err
	}
	switch in.TargetType {
	case "", types.TargetTypeEnumInstance, types.TargetTypeEnumIp:
	default:
		return invalid("awssim implements the target types instance and ip, not %s", in.TargetType)
	}
	switch {
	case in.Protocol == "":
		return invalid("A protocol must be specified")
	case in.Protocol != types.ProtocolEnumHttp:
		return invalid("awssim implements target groups with protocol HTTP only, not %s", in.Protocol)
	case in.Port == nil:
		return invalid("A port must be specified")
	case aws.ToString(in.VpcId) == "":
		return invalid("A VPC ID must be specified")
	case in.IpAddressType != "" && in.IpAddressType != types.TargetGroupIpAddressTypeEnumIpv4:
		return invalid("awssim implements the address type ipv4 only, not %s", in.IpAddressType)
	case in.ProtocolVersion != nil && *in.ProtocolVersion != "HTTP1":
		return invalid("awssim implements protocol version HTTP1 only, not %s", *in.ProtocolVersion)
	}
	return within("Port", in.Port, 1, 65535)
}

// shapeTargetGroup fills in the defaults for protocol HTTP (Application Load Balancers guide, "Health check settings"). The
// SDK's comments say a timeout of 6 s, which is that of Network Load Balancers.
func (s *Service) shapeTargetGroup(in *elb.CreateTargetGroupInput) types.TargetGroup {
	kind := cmp.Or(in.TargetType, types.TargetTypeEnumInstance)
	check := cmp.Or(in.HealthCheckProtocol, types.ProtocolEnumHttp)
	matcher := in.Matcher
	if matcher == nil {
		matcher = &types.Matcher{HttpCode: new("200")}
	}
	return types.TargetGroup{
		TargetGroupArn:             new(s.arn("targetgroup/" + *in.Name + "/" + s.newID())),
		TargetGroupName:            in.Name,
		TargetType:                 kind,
		Protocol:                   in.Protocol,
		ProtocolVersion:            cmp.Or(in.ProtocolVersion, new("HTTP1")),
		Port:                       in.Port,
		VpcId:                      in.VpcId,
		IpAddressType:              types.TargetGroupIpAddressTypeEnumIpv4,
		LoadBalancerArns:           []string{},
		HealthCheckEnabled:         cmp.Or(in.HealthCheckEnabled, new(true)),
		HealthCheckProtocol:        check,
		HealthCheckPort:            cmp.Or(in.HealthCheckPort, new(trafficPort)),
		HealthCheckPath:            cmp.Or(in.HealthCheckPath, new("/")),
		HealthCheckIntervalSeconds: cmp.Or(in.HealthCheckIntervalSeconds, new(int32(30))),
		HealthCheckTimeoutSeconds:  cmp.Or(in.HealthCheckTimeoutSeconds, new(int32(5))),
		HealthyThresholdCount:      cmp.Or(in.HealthyThresholdCount, new(int32(5))),
		UnhealthyThresholdCount:    cmp.Or(in.UnhealthyThresholdCount, new(int32(2))),
		Matcher:                    matcher,
	}
}

func checkHealthSettings(g *types.TargetGroup) error {
	for _, err := range []error{
		within("Health check interval", g.HealthCheckIntervalSeconds, 5, 300),
		within("Health check timeout", g.HealthCheckTimeoutSeconds, 2, 120),
		within("Healthy threshold count", g.HealthyThresholdCount, 2, 10),
		within("Unhealthy threshold count", g.UnhealthyThresholdCount, 2, 10),
	} {
		if err != nil {
			return err
		}
	}
	path, port := *g.HealthCheckPath, *g.HealthCheckPort
	switch {
	case !*g.HealthCheckEnabled:
		return invalid("Health check enabled must be true for target groups with target type '%s'", g.TargetType)
	case g.HealthCheckProtocol != types.ProtocolEnumHttp:
		return invalid("awssim implements health checks with protocol HTTP only, not %s", g.HealthCheckProtocol)
	case *g.HealthCheckTimeoutSeconds >= *g.HealthCheckIntervalSeconds:
		return invalid("Health check interval must be greater than the timeout")
	case path == "" || path[0] != '/' || len(path) > 1024:
		return invalid("Health check path '%s' must begin with a '/' character and can have at most 1024 characters", path)
	case port != trafficPort && !number(1, 65535)(port):
		return invalid("Health check port '%s' must be '%s' or a number between 1 and 65535", port, trafficPort)
	}
	_, err := parseMatcher(g.Matcher)
	return err
}

func (s *Service) modifyTargetGroup(_ *protocol.Call, in *elb.ModifyTargetGroupInput) (*elb.ModifyTargetGroupOutput, error) {
	g, err := s.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	shape := g.shape
	if in.HealthCheckProtocol != "" {
		shape.HealthCheckProtocol = in.HealthCheckProtocol
	}
	if in.Matcher != nil {
		shape.Matcher = in.Matcher
	}
	replace(&shape.HealthCheckEnabled, in.HealthCheckEnabled)
	replace(&shape.HealthCheckPath, in.HealthCheckPath)
	replace(&shape.HealthCheckPort, in.HealthCheckPort)
	replace(&shape.HealthCheckIntervalSeconds, in.HealthCheckIntervalSeconds)
	replace(&shape.HealthCheckTimeoutSeconds, in.HealthCheckTimeoutSeconds)
	replace(&shape.HealthyThresholdCount, in.HealthyThresholdCount)
	replace(&shape.UnhealthyThresholdCount, in.UnhealthyThresholdCount)
	if err := checkHealthSettings(&shape); err != nil {
		return nil, err
	}
	g.shape = shape
	return &elb.ModifyTargetGroupOutput{TargetGroups: []types.TargetGroup{g.shape}}, nil
}

func replace[T any](field **T, by *T) {
	if by != nil {
		*field = by
	}
}

func (s *Service) describeTargetGroups(_ *protocol.Call, in *elb.DescribeTargetGroupsInput) (*elb.DescribeTargetGroupsOutput, error) {
	if in.LoadBalancerArn != nil {
		if _, err := s.balancer(in.LoadBalancerArn); err != nil {
			return nil, err
		}
	}
	var found []types.TargetGroup
	for _, g := range sorted(s.groups) {
		if in.LoadBalancerArn != nil && !slices.Contains(g.shape.LoadBalancerArns, *in.LoadBalancerArn) {
			continue
		}
		if asked(in.TargetGroupArns, in.Names, g.arn(), g.name()) {
			found = append(found, g.shape)
		}
	}
	if len(found) < len(in.TargetGroupArns) || len(found) < len(in.Names) {
		return nil, protocol.Errorf("TargetGroupNotFound", "One or more target groups not found")
	}
	items, next, err := page(found, func(g types.TargetGroup) string { return *g.TargetGroupArn }, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeTargetGroupsOutput{TargetGroups: items, NextMarker: next}, nil
}

// deleteTargetGroup succeeds for a group that does not exist: ResourceInUse is the only error that the API documents.
func (s *Service) deleteTargetGroup(_ *protocol.Call, in *elb.DeleteTargetGroupInput) (*elb.DeleteTargetGroupOutput, error) {
	arn, err := required("targetGroupArn", in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	g, ok := s.groups[arn]
	if !ok {
		return &elb.DeleteTargetGroupOutput{}, nil
	}
	if g.used() {
		return nil, protocol.Errorf("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", arn)
	}
	for _, t := range g.targets {
		t.halt()
	}
	delete(s.groups, arn)
	for _, t := range g.targets {
		s.tell(g, t)
	}
	return &elb.DeleteTargetGroupOutput{}, nil
}

func (s *Service) group(arn *string) (*group, error) {
	text, err := required("targetGroupArn", arn)
	if err != nil {
		return nil, err
	}
	if g, ok := s.groups[text]; ok {
		return g, nil
	}
	return nil, protocol.Errorf("TargetGroupNotFound", "Target groups '%s' not found", text)
}

// TargetGroup is "ip" or "instance", and whether a listener or rule forwards to the group; ok is false when there is none.
func (s *Service) TargetGroup(targetGroupARN string) (targetType string, used, ok bool) {
	g, ok := s.groups[targetGroupARN]
	if !ok {
		return "", false, false
	}
	return string(g.shape.TargetType), g.used(), true
}

// checkPort is where a target of the group is checked.
func (g *group) checkPort(t *target) int {
	if *g.shape.HealthCheckPort == trafficPort {
		return t.port
	}
	port, _ := strconv.Atoi(*g.shape.HealthCheckPort) // a number: checkHealthSettings
	return port
}
