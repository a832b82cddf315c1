package elbv2_test

import (
	"testing"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/awssim/protocol/protocoltest"
)

const none = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:none"

// refusal is a call that must fail with a code.
type refusal struct {
	name string
	call error
	want string
}

func check(t *testing.T, refusals []refusal) {
	t.Helper()
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) { protocoltest.Refused(t, r.call, r.want) })
	}
}

func (w *world) tryBalancer(in elb.CreateLoadBalancerInput) error {
	_, err := w.client.CreateLoadBalancer(ctx, &in)
	return err
}

// tryGroup creates a group whose input is right but for the change.
func (w *world) tryGroup(change func(*elb.CreateTargetGroupInput)) error {
	in := &elb.CreateTargetGroupInput{Name: new("new"), Protocol: types.ProtocolEnumHttp, Port: new(int32(80)), VpcId: new("vpc-1")}
	change(in)
	_, err := w.client.CreateTargetGroup(ctx, in)
	return err
}

func (w *world) tryRegister(group, id string) error {
	_, err := w.client.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: &group, Targets: []types.TargetDescription{{Id: &id}}})
	return err
}

func (w *world) tryAttribute(group, key, v string) error {
	_, err := w.client.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &group,
		Attributes: []types.TargetGroupAttribute{{Key: &key, Value: &v}}})
	return err
}

func (w *world) tryListener(lb string, protocol types.ProtocolEnum, port int32, actions []types.Action) error {
	_, err := w.client.CreateListener(ctx, &elb.CreateListenerInput{LoadBalancerArn: &lb, Protocol: protocol, Port: &port, DefaultActions: actions})
	return err
}

func (w *world) tryRule(listener string, priority int32, actions []types.Action, conditions ...types.RuleCondition) error {
	_, err := w.client.CreateRule(ctx, &elb.CreateRuleInput{ListenerArn: &listener, Priority: &priority, Actions: actions,
		Conditions: append([]types.RuleCondition{}, conditions...)})
	return err
}

func TestLoadBalancerRefusals(t *testing.T) {
	w := newWorld(t)
	two := []string{"subnet-a", "subnet-b"}
	_, unknown := w.client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{"none"}})
	_, untagged := w.client.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{none}})
	_, limits := w.client.DescribeAccountLimits(ctx, &elb.DescribeAccountLimitsInput{})
	_, logs := w.client.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &w.lb,
		Attributes: []types.LoadBalancerAttribute{{Key: new("access_logs.s3.enabled"), Value: new("true")}}})
	check(t, []refusal{
		{"one subnet", w.tryBalancer(elb.CreateLoadBalancerInput{Name: new("one"), Subnets: two[:1]}), "ValidationError"},
		{"a name with a dot", w.tryBalancer(elb.CreateLoadBalancerInput{Name: new("a.b"), Subnets: two}), "ValidationError"},
		{"network load balancer", w.tryBalancer(elb.CreateLoadBalancerInput{Name: new("nlb"), Subnets: two, Type: types.LoadBalancerTypeEnumNetwork}), "ValidationError"},
		{"dual stack", w.tryBalancer(elb.CreateLoadBalancerInput{Name: new("six"), Subnets: two, IpAddressType: types.IpAddressTypeDualstack}), "ValidationError"},
		{"unknown", unknown, "LoadBalancerNotFound"},
		{"tags of nothing", untagged, "ValidationError"},
		{"access logs", logs, "InvalidConfigurationRequest"},
		{"an operation that is not here", limits, "UnknownOperationException"},
	})
}

func TestTargetGroupRefusals(t *testing.T) {
	w := newWorld(t)
	g := w.group("web", nil)
	w.listener(80, forward(g))
	twice := []types.Tag{{Key: new("a"), Value: new("1")}, {Key: new("a"), Value: new("2")}}
	_, used := w.client.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &g})
	_, unknown := w.client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: new(none)})
	check(t, []refusal{
		{"no port", w.tryGroup(func(in *elb.CreateTargetGroupInput) { in.Port = nil }), "ValidationError"},
		{"no vpc", w.tryGroup(func(in *elb.CreateTargetGroupInput) { in.VpcId = nil }), "ValidationError"},
		{"lambda target", w.tryGroup(func(in *elb.CreateTargetGroupInput) { in.TargetType = types.TargetTypeEnumLambda }), "ValidationError"},
		{"grpc", w.tryGroup(func(in *elb.CreateTargetGroupInput) { in.ProtocolVersion = new("GRPC") }), "ValidationError"},
		{"timeout not below interval", w.tryGroup(func(in *elb.CreateTargetGroupInput) { in.HealthCheckTimeoutSeconds = new(int32(30)) }), "ValidationError"},
		{"threshold of 1", w.tryGroup(func(in *elb.CreateTargetGroupInput) { in.HealthyThresholdCount = new(int32(1)) }), "ValidationError"},
		{"matcher of 500", w.tryGroup(func(in *elb.CreateTargetGroupInput) { in.Matcher = &types.Matcher{HttpCode: new("500")} }), "ValidationError"},
		{"relative path", w.tryGroup(func(in *elb.CreateTargetGroupInput) { in.HealthCheckPath = new("health") }), "ValidationError"},
		{"no health check", w.tryGroup(func(in *elb.CreateTargetGroupInput) { in.HealthCheckEnabled = new(false) }), "ValidationError"},
		{"duplicate tags", w.tryGroup(func(in *elb.CreateTargetGroupInput) { in.Tags = twice }), "DuplicateTagKeys"},
		{"targets of no group", w.tryRegister(none, "10.0.0.1"), "TargetGroupNotFound"},
		{"a name as ip", w.tryRegister(g, "localhost"), "ValidationError"},
		{"in use", used, "ResourceInUse"},
		{"health of no group", unknown, "TargetGroupNotFound"},
		{"slow start", w.tryAttribute(g, "slow_start.duration_seconds", "30"), "InvalidConfigurationRequest"},
		{"stickiness", w.tryAttribute(g, "stickiness.enabled", "true"), "InvalidConfigurationRequest"},
		{"unknown attribute", w.tryAttribute(g, "speed", "30"), "ValidationError"},
		{"delay out of range", w.tryAttribute(g, "deregistration_delay.timeout_seconds", "3601"), "ValidationError"},
	})
}

func TestListenerRefusals(t *testing.T) {
	w := newWorld(t)
	other := balancer(t, w.client, "other")
	g := w.group("web", nil)
	w.listener(80, forward(g))
	loop := []types.Action{{Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{StatusCode: types.RedirectActionStatusCodeEnumHttp301}}}
	_, unknown := w.client.ModifyListener(ctx, &elb.ModifyListenerInput{ListenerArn: new(none)})
	_, all := w.client.DescribeListeners(ctx, &elb.DescribeListenersInput{})
	check(t, []refusal{
		{"of no load balancer", w.tryListener(none, types.ProtocolEnumHttp, 81, fixed("200", "")), "LoadBalancerNotFound"},
		{"second at a port", w.tryListener(w.lb, types.ProtocolEnumHttp, 80, fixed("200", "")), "DuplicateListener"},
		{"to no group", w.tryListener(w.lb, types.ProtocolEnumHttp, 81, forward(none)), "TargetGroupNotFound"},
		{"https without certificate", w.tryListener(w.lb, types.ProtocolEnumHttps, 443, fixed("200", "")), "ValidationError"},
		{"tcp", w.tryListener(w.lb, types.ProtocolEnumTcp, 81, fixed("200", "")), "ValidationError"},
		{"group of another load balancer", w.tryListener(other, types.ProtocolEnumHttp, 80, forward(g)), "TargetGroupAssociationLimit"},
		{"two actions", w.tryListener(w.lb, types.ProtocolEnumHttp, 81, append(forward(g), fixed("200", "")...)), "InvalidLoadBalancerAction"},
		{"a redirect to itself", w.tryListener(w.lb, types.ProtocolEnumHttp, 81, loop), "ValidationError"},
		{"unknown", unknown, "ListenerNotFound"},
		{"all listeners of the account", all, "ValidationError"},
	})
}

func TestRuleRefusals(t *testing.T) {
	w := newWorld(t)
	g, spare := w.group("web", nil), w.group("spare", nil)
	l := w.listener(80, forward(g))
	w.rule(l, 1, fixed("200", ""), path("/a"))
	rules, err := w.client.DescribeRules(ctx, &elb.DescribeRulesInput{ListenerArn: &l})
	if err != nil {
		t.Fatal(err)
	}
	_, fallback := w.client.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: rules.Rules[1].RuleArn})
	_, modified := w.client.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: rules.Rules[1].RuleArn, Actions: fixed("200", "")})
	_, unknown := w.client.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: new(none)})
	cognito := []types.Action{{Type: types.ActionTypeEnumAuthenticateCognito}}
	sticky := []types.Action{{Type: types.ActionTypeEnumForward, ForwardConfig: &types.ForwardActionConfig{
		TargetGroups:                []types.TargetGroupTuple{{TargetGroupArn: &g}, {TargetGroupArn: &spare}},
		TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: new(true), DurationSeconds: new(int32(60))}}}}
	source := types.RuleCondition{Field: new("source-ip"), SourceIpConfig: &types.SourceIpConditionConfig{Values: []string{"10.0.0.0/8"}}}
	regex := types.RuleCondition{Field: new("path-pattern"), RegexValues: []string{"^/a"}}
	check(t, []refusal{
		{"of no listener", w.tryRule(none, 2, forward(g), path("/b")), "ListenerNotFound"},
		{"priority in use", w.tryRule(l, 1, forward(g), path("/b")), "PriorityInUse"},
		{"priority 0", w.tryRule(l, 0, forward(g), path("/b")), "ValidationError"},
		{"to no group", w.tryRule(l, 2, forward(none), path("/b")), "TargetGroupNotFound"},
		{"authentication", w.tryRule(l, 2, cognito, path("/b")), "InvalidLoadBalancerAction"},
		{"fixed 302", w.tryRule(l, 2, fixed("302", ""), path("/b")), "ValidationError"},
		{"six values", w.tryRule(l, 2, forward(g), path("/1", "/2", "/3", "/4", "/5", "/6")), "ValidationError"},
		{"two path patterns", w.tryRule(l, 2, forward(g), path("/1"), path("/2")), "ValidationError"},
		{"no conditions", w.tryRule(l, 2, forward(g)), "ValidationError"},
		{"source ip", w.tryRule(l, 2, forward(g), source), "ValidationError"},
		{"regular expression", w.tryRule(l, 2, forward(g), regex), "ValidationError"},
		{"sticky groups", w.tryRule(l, 2, sticky, path("/b")), "ValidationError"},
		{"deleting the default rule", fallback, "OperationNotPermitted"},
		{"modifying the default rule", modified, "OperationNotPermitted"},
		{"unknown", unknown, "RuleNotFound"},
	})
}
