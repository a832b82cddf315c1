package elbv2

import (
	"sort"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/awssim/protocol"
)

// attributes are the values that were changed; the others have their default.
type attributes map[string]string

// attributeSet describes the attributes of a kind of resource.
type attributeSet map[string]attribute

// attribute is a default and, where another value has its effect here, the test that it must pass. Without a test awssim
// does not have the behaviour and accepts the default only.
type attribute struct {
	standard string
	valid    func(string) bool
}

const (
	deregistrationDelay = "deregistration_delay.timeout_seconds"
	minimumHealthy      = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"
	deletionProtection  = "deletion_protection.enabled"
	idleTimeout         = "idle_timeout.timeout_seconds"
)

// targetGroupAttributes follows TargetGroupAttribute of the API reference.
var targetGroupAttributes = attributeSet{
	deregistrationDelay:                 {"300", number(0, 3600)},
	minimumHealthy:                      {"1", number(1, 1000)},
	"load_balancing.algorithm.type":     {standard: "round_robin"},
	"load_balancing.cross_zone.enabled": {standard: "use_load_balancer_configuration", valid: oneOf("use_load_balancer_configuration", "true")},
	"slow_start.duration_seconds":       {standard: "0"},
	"stickiness.enabled":                {standard: "false"},
	"stickiness.type":                   {"lb_cookie", oneOf("lb_cookie", "app_cookie")},
	// Without stickiness these two are stored and mean nothing, as in AWS.
	"stickiness.lb_cookie.duration_seconds":                                          {"86400", number(1, 604800)},
	"stickiness.app_cookie.duration_seconds":                                         {"86400", number(1, 604800)},
	"stickiness.app_cookie.cookie_name":                                              {standard: ""},
	"load_balancing.algorithm.anomaly_mitigation":                                    {standard: "off"},
	"target_group_health.dns_failover.minimum_healthy_targets.count":                 {standard: "1"},
	"target_group_health.dns_failover.minimum_healthy_targets.percentage":            {standard: "off"},
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": {standard: "off"},
}

// balancerAttributes follows LoadBalancerAttribute of the API reference.
var balancerAttributes = attributeSet{
	deletionProtection:                                         {"false", oneOf("true", "false")},
	idleTimeout:                                                {"60", number(1, 4000)},
	"access_logs.s3.enabled":                                   {standard: "false"},
	"access_logs.s3.bucket":                                    {standard: ""},
	"access_logs.s3.prefix":                                    {standard: ""},
	"client_keep_alive.seconds":                                {standard: "3600"},
	"connection_logs.s3.enabled":                               {standard: "false"},
	"connection_logs.s3.bucket":                                {standard: ""},
	"connection_logs.s3.prefix":                                {standard: ""},
	"health_check_logs.s3.enabled":                             {standard: "false"},
	"health_check_logs.s3.bucket":                              {standard: ""},
	"health_check_logs.s3.prefix":                              {standard: ""},
	"ipv6.deny_all_igw_traffic":                                {standard: "false"},
	"load_balancing.cross_zone.enabled":                        {standard: "true"},
	"routing.http.desync_mitigation_mode":                      {standard: "defensive"},
	"routing.http.preserve_host_header.enabled":                {standard: "false"},
	"routing.http.x_amzn_tls_version_and_cipher_suite.enabled": {standard: "false"},
	"routing.http.xff_client_port.enabled":                     {standard: "false"},
	"routing.http.xff_header_processing.mode":                  {standard: "append"},
	"waf.fail_open.enabled":                                    {standard: "false"},
	"zonal_shift.config.enabled":                               {standard: "false"},
	"routing.http.drop_invalid_header_fields.enabled":          {"false", oneOf("true", "false")}, // Go's server refuses such fields either way
	"routing.http2.enabled":                                    {"true", oneOf("true", "false")},  // for TLS clients, of which there are none
}

func number(low, high int) func(string) bool {
	return func(text string) bool {
		n, err := strconv.Atoi(text)
		return err == nil && n >= low && n <= high
	}
}

func oneOf(values ...string) func(string) bool {
	return func(text string) bool {
		for _, v := range values {
			if v == text {
				return true
			}
		}
		return false
	}
}

func (set attributeSet) get(changed attributes, key string) string {
	if v, ok := changed[key]; ok {
		return v
	}
	return set[key].standard
}

func (set attributeSet) number(changed attributes, key string) int {
	n, _ := strconv.Atoi(set.get(changed, key)) // put lets only numbers in
	return n
}

// check refuses unknown keys, wrong values, and values whose behaviour awssim does not have.
func (set attributeSet) check(key, text string) error {
	a, known := set[key]
	switch {
	case !known:
		return invalid("awssim knows no attribute '%s'", key)
	case text == a.standard:
		return nil
	case a.valid == nil:
		return protocol.Errorf("InvalidConfigurationRequest", "awssim implements attribute '%s' with its default '%s' only, not '%s'", key, a.standard, text)
	case !a.valid(text):
		return invalid("'%s' is not a valid value for attribute '%s'", text, key)
	}
	return nil
}

func (set attributeSet) keys() []string {
	keys := make([]string, 0, len(set))
	for key := range set {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func (s *Service) modifyTargetGroupAttributes(_ *protocol.Call, in *elb.ModifyTargetGroupAttributesInput) (*elb.ModifyTargetGroupAttributesOutput, error) {
	g, err := s.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	for _, a := range in.Attributes {
		if err := targetGroupAttributes.check(aws.ToString(a.Key), aws.ToString(a.Value)); err != nil {
			return nil, err
		}
	}
	for _, a := range in.Attributes {
		g.attributes[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	return &elb.ModifyTargetGroupAttributesOutput{Attributes: groupAttributes(g)}, nil
}

func (s *Service) describeTargetGroupAttributes(_ *protocol.Call, in *elb.DescribeTargetGroupAttributesInput) (*elb.DescribeTargetGroupAttributesOutput, error) {
	g, err := s.group(in.TargetGroupArn)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeTargetGroupAttributesOutput{Attributes: groupAttributes(g)}, nil
}

func groupAttributes(g *group) []types.TargetGroupAttribute {
	var list []types.TargetGroupAttribute
	for _, key := range targetGroupAttributes.keys() {
		list = append(list, types.TargetGroupAttribute{Key: new(key), Value: new(targetGroupAttributes.get(g.attributes, key))})
	}
	return list
}

func (s *Service) modifyLoadBalancerAttributes(_ *protocol.Call, in *elb.ModifyLoadBalancerAttributesInput) (*elb.ModifyLoadBalancerAttributesOutput, error) {
	b, err := s.balancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	for _, a := range in.Attributes {
		if err := balancerAttributes.check(aws.ToString(a.Key), aws.ToString(a.Value)); err != nil {
			return nil, err
		}
	}
	for _, a := range in.Attributes {
		b.attributes[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	return &elb.ModifyLoadBalancerAttributesOutput{Attributes: loadBalancerAttributes(b)}, nil
}

func (s *Service) describeLoadBalancerAttributes(_ *protocol.Call, in *elb.DescribeLoadBalancerAttributesInput) (*elb.DescribeLoadBalancerAttributesOutput, error) {
	b, err := s.balancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeLoadBalancerAttributesOutput{Attributes: loadBalancerAttributes(b)}, nil
}

func loadBalancerAttributes(b *balancer) []types.LoadBalancerAttribute {
	var list []types.LoadBalancerAttribute
	for _, key := range balancerAttributes.keys() {
		list = append(list, types.LoadBalancerAttribute{Key: new(key), Value: new(balancerAttributes.get(b.attributes, key))})
	}
	return list
}
