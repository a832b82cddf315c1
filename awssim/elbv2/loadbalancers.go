package elbv2

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/awssim/protocol"
)

// provisioning is how long a load balancer is in state provisioning. AWS takes minutes and does not say how many.
const provisioning = 5 * time.Second

type balancer struct {
	shape      types.LoadBalancer
	input      elb.CreateLoadBalancerInput // as created, to tell a repetition from a duplicate
	attributes attributes
	tags       map[string]string
}

func (b *balancer) arn() string  { return *b.shape.LoadBalancerArn }
func (b *balancer) name() string { return *b.shape.LoadBalancerName }

func (s *Service) createLoadBalancer(c *protocol.Call, in *elb.CreateLoadBalancerInput) (*elb.CreateLoadBalancerOutput, error) {
	if err := protocol.Only(c, in, "Name", "IpAddressType", "Scheme", "SecurityGroups", "SubnetMappings", "Subnets", "Tags", "Type"); err != nil {
		return nil, err
	}
	if err := checkLoadBalancer(in); err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	settings := *in
	settings.Tags = nil
	for _, b := range s.balancers {
		if b.name() != *in.Name {
			continue
		}
		if reflect.DeepEqual(b.input, settings) {
			return &elb.CreateLoadBalancerOutput{LoadBalancers: []types.LoadBalancer{b.shape}}, nil
		}
		return nil, protocol.Errorf("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", *in.Name)
	}
	shape, err := s.shapeLoadBalancer(in)
	if err != nil {
		return nil, err
	}
	b := &balancer{shape: shape, input: settings, attributes: attributes{}, tags: tags}
	s.balancers[b.arn()] = b
	s.clock.After(provisioning, "elbv2 provisioned "+b.name(), func() {
		b.shape.State = &types.LoadBalancerState{Code: types.LoadBalancerStateEnumActive}
	})
	return &elb.CreateLoadBalancerOutput{LoadBalancers: []types.LoadBalancer{b.shape}}, nil
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

func checkName(what string, name *string) error {
	text, err := required("name", name)
	switch {
	case err != nil:
		return err
	case len(text) > 32:
		return invalid("%s name '%s' cannot be longer than '32' characters", what, text)
	case !nameForm.MatchString(text):
		return invalid("%s name '%s' can only contain characters that are alphanumeric characters and hyphens(-), and cannot begin or end with a hyphen", what, text)
	}
	return nil
}

func checkLoadBalancer(in *elb.CreateLoadBalancerInput) error {
	if err := checkName("Load balancer", in.Name); err != nil {
		return err
	}
	if strings.HasPrefix(*in.Name, "internal-") {
		return invalid("The load balancer name '%s' cannot begin with 'internal-'", *in.Name)
	}
	if in.Type != "" && in.Type != types.LoadBalancerTypeEnumApplication {
		return invalid("awssim implements load balancers of type application only, not %s", in.Type)
	}
	if in.IpAddressType != "" && in.IpAddressType != types.IpAddressTypeIpv4 {
		return invalid("awssim implements the address type ipv4 only, not %s", in.IpAddressType)
	}
	for _, m := range in.SubnetMappings {
		if m.AllocationId != nil || m.PrivateIPv4Address != nil || m.IPv6Address != nil || m.SourceNatIpv6Prefix != nil {
			return invalid("an application load balancer takes no addresses in SubnetMappings; name the subnets only")
		}
	}
	if len(in.Subnets) > 0 && len(in.SubnetMappings) > 0 {
		return invalid("specify either Subnets or SubnetMappings, not both")
	}
	return nil
}

func (s *Service) shapeLoadBalancer(in *elb.CreateLoadBalancerInput) (types.LoadBalancer, error) {
	vpc, zones, err := s.zonesOf(in)
	if err != nil {
		return types.LoadBalancer{}, err
	}
	name := *in.Name
	scheme, prefix := types.LoadBalancerSchemeEnumInternetFacing, ""
	switch in.Scheme {
	case "", types.LoadBalancerSchemeEnumInternetFacing:
	case types.LoadBalancerSchemeEnumInternal:
		scheme, prefix = in.Scheme, "internal-"
	default:
		return types.LoadBalancer{}, protocol.Errorf("InvalidScheme", "The scheme '%s' is neither internet-facing nor internal", in.Scheme)
	}
	dns := fmt.Sprintf("%s%s-%010d.%s.elb.amazonaws.com", prefix, name, s.clock.Rand().Uint32(), s.id.Region)
	return types.LoadBalancer{
		LoadBalancerArn:       new(s.arn("loadbalancer/app/" + name + "/" + s.newID())),
		LoadBalancerName:      &name,
		DNSName:               &dns,
		CanonicalHostedZoneId: new(hostedZone(s.id.Region)),
		CreatedTime:           new(s.clock.Now()),
		Scheme:                scheme,
		Type:                  types.LoadBalancerTypeEnumApplication,
		IpAddressType:         types.IpAddressTypeIpv4,
		SecurityGroups:        slices.Clone(in.SecurityGroups),
		State:                 &types.LoadBalancerState{Code: types.LoadBalancerStateEnumProvisioning},
		VpcId:                 &vpc,
		AvailabilityZones:     zones,
	}, nil
}

// zonesOf places a load balancer: at least two subnets in different zones of one VPC.
func (s *Service) zonesOf(in *elb.CreateLoadBalancerInput) (vpc string, zones []types.AvailabilityZone, err error) {
	subnets := slices.Clone(in.Subnets)
	for _, m := range in.SubnetMappings {
		subnets = append(subnets, aws.ToString(m.SubnetId))
	}
	seen := map[string]bool{}
	for i, subnet := range subnets {
		in, zone, err := s.subnet(subnet, i)
		if err != nil {
			return "", nil, err
		}
		if vpc != "" && in != vpc {
			return "", nil, protocol.Errorf("InvalidSubnet", "The subnets %v are not in one VPC", subnets)
		}
		if seen[zone] {
			return "", nil, protocol.Errorf("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone (%s)", zone)
		}
		vpc, seen[zone] = in, true
		zones = append(zones, types.AvailabilityZone{SubnetId: new(subnet), ZoneName: new(zone)})
	}
	if len(zones) < 2 {
		return "", nil, invalid("At least two subnets in two different Availability Zones must be specified")
	}
	return vpc, zones, nil
}

func (s *Service) subnet(id string, position int) (vpc, zone string, err error) {
	if s.ec2 == nil {
		return "vpc-awssim", s.id.Region + string(rune('a'+position%26)), nil
	}
	vpc, zone, ok := s.ec2.Subnet(id)
	if !ok {
		return "", "", protocol.Errorf("SubnetNotFound", "The subnet ID '%s' does not exist", id)
	}
	return vpc, zone, nil
}

// hostedZone is the Route 53 zone of a Region's load balancers (AWS General Reference, Elastic Load Balancing endpoints).
func hostedZone(region string) string {
	known := map[string]string{
		"eu-west-1": "Z32O12XQLNTSW2", "eu-central-1": "Z215JYRZR1TBD5", "us-east-1": "Z35SXDOTRQ7X7K", "us-west-2": "Z1H1FL5HABSF5",
	}
	if zone, ok := known[region]; ok {
		return zone
	}
	return "ZAWSSIM"
}

func (s *Service) describeLoadBalancers(_ *protocol.Call, in *elb.DescribeLoadBalancersInput) (*elb.DescribeLoadBalancersOutput, error) {
	var found []types.LoadBalancer
	for _, b := range sorted(s.balancers) {
		if asked(in.LoadBalancerArns, in.Names, b.arn(), b.name()) {
			found = append(found, b.shape)
		}
	}
	if len(found) < len(in.LoadBalancerArns) || len(found) < len(in.Names) {
		return nil, protocol.Errorf("LoadBalancerNotFound", "One or more load balancers not found")
	}
	items, next, err := page(found, func(b types.LoadBalancer) string { return *b.LoadBalancerArn }, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeLoadBalancersOutput{LoadBalancers: items, NextMarker: next}, nil
}

// deleteLoadBalancer succeeds for a load balancer that does not exist, as documented.
func (s *Service) deleteLoadBalancer(_ *protocol.Call, in *elb.DeleteLoadBalancerInput) (*elb.DeleteLoadBalancerOutput, error) {
	arn, err := required("loadBalancerArn", in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	b, ok := s.balancers[arn]
	if !ok {
		return &elb.DeleteLoadBalancerOutput{}, nil
	}
	if balancerAttributes.get(b.attributes, deletionProtection) == "true" {
		return nil, protocol.Errorf("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", arn)
	}
	for _, l := range s.listenersOf(arn) {
		s.removeListener(l)
	}
	delete(s.balancers, arn)
	s.refreshUse()
	return &elb.DeleteLoadBalancerOutput{}, nil
}

func (s *Service) balancer(arn *string) (*balancer, error) {
	text, err := required("loadBalancerArn", arn)
	if err != nil {
		return nil, err
	}
	if b, ok := s.balancers[text]; ok {
		return b, nil
	}
	return nil, protocol.Errorf("LoadBalancerNotFound", "Load balancer '%s' not found", text)
}
