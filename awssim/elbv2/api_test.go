package elbv2_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/elbv2"
	"slipway/awssim/protocol"
)

func TestLoadBalancer(t *testing.T) {
	w := newWorld(t)
	get := func() types.LoadBalancer {
		out, err := w.client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{"shop"}})
		if err != nil {
			t.Fatal(err)
		}
		return out.LoadBalancers[0]
	}
	b := get()
	if b.State.Code != types.LoadBalancerStateEnumProvisioning {
		t.Errorf("got state %s at first", b.State.Code)
	}
	w.clock.RunFor(10 * time.Second)
	if b = get(); b.State.Code != types.LoadBalancerStateEnumActive {
		t.Errorf("got state %s later", b.State.Code)
	}
	if !strings.HasPrefix(*b.LoadBalancerArn, "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/") {
		t.Errorf("got ARN %s", *b.LoadBalancerArn)
	}
	if !strings.HasPrefix(*b.DNSName, "shop-") || !strings.HasSuffix(*b.DNSName, ".eu-west-1.elb.amazonaws.com") {
		t.Errorf("got DNS name %s", *b.DNSName)
	}
	got := []string{string(b.Scheme), string(b.Type), *b.AvailabilityZones[0].ZoneName, *b.AvailabilityZones[1].SubnetId, *b.CanonicalHostedZoneId}
	if diff := cmp.Diff([]string{"internet-facing", "application", "eu-west-1a", "subnet-b", "Z32O12XQLNTSW2"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTargetGroupDefaults(t *testing.T) {
	w := newWorld(t)
	g := w.group("web", nil)
	out, err := w.client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{g}})
	if err != nil {
		t.Fatal(err)
	}
	s := out.TargetGroups[0]
	got := fmt.Sprint(*s.HealthCheckIntervalSeconds, *s.HealthCheckTimeoutSeconds, *s.HealthyThresholdCount, *s.UnhealthyThresholdCount,
		" ", *s.HealthCheckPath, " ", *s.HealthCheckPort, " ", s.HealthCheckProtocol, " ", *s.Matcher.HttpCode, " ", *s.ProtocolVersion, " ", *s.HealthCheckEnabled)
	if want := "30 5 5 2 / traffic-port HTTP 200 HTTP1 true"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRepeatedCreationIsIdempotent(t *testing.T) {
	w := newWorld(t)
	if again := balancer(t, w.client, "shop"); again != w.lb {
		t.Errorf("the same load balancer again: got %s, want %s", again, w.lb)
	}
	g := w.group("web", nil)
	if again := w.group("web", nil); again != g {
		t.Errorf("the same target group again: got %s, want %s", again, g)
	}
	name := "web"
	_, err := w.client.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{Name: &name, Protocol: types.ProtocolEnumHttp, Port: new(int32(9)), VpcId: new("vpc-1")})
	wantCode(t, err, "DuplicateTargetGroupName")
	name = "shop"
	_, err = w.client.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: &name, Subnets: []string{"subnet-c", "subnet-d"}})
	wantCode(t, err, "DuplicateLoadBalancerName")
}

func TestForwardIsAnsweredInBothSpellings(t *testing.T) {
	w := newWorld(t)
	g := w.group("web", nil)
	l := w.listener(80, forward(g))
	rule := w.rule(l, 7, forward(g), path("/ping"))
	out, err := w.client.DescribeRules(ctx, &elb.DescribeRulesInput{ListenerArn: &l})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Rules) != 2 || *out.Rules[0].RuleArn != rule || *out.Rules[0].Priority != "7" || *out.Rules[1].Priority != "default" || !*out.Rules[1].IsDefault {
		t.Fatalf("got %+v, want the rule and then the default", out.Rules)
	}
	for _, r := range out.Rules {
		a := r.Actions[0]
		if *a.TargetGroupArn != g || *a.ForwardConfig.TargetGroups[0].TargetGroupArn != g || *a.ForwardConfig.TargetGroups[0].Weight != 1 {
			t.Errorf("got action %+v", a)
		}
	}
	if c := out.Rules[0].Conditions[0]; c.Values[0] != "/ping" || c.PathPatternConfig.Values[0] != "/ping" {
		t.Errorf("got condition %+v", c)
	}
	groups, err := w.client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{LoadBalancerArn: &w.lb})
	if err != nil {
		t.Fatal(err)
	}
	if len(groups.TargetGroups) != 1 || groups.TargetGroups[0].LoadBalancerArns[0] != w.lb {
		t.Errorf("got %+v, want the group with its load balancer", groups.TargetGroups)
	}
}

func TestErrors(t *testing.T) {
	w := newWorld(t)
	other := balancer(t, w.client, "other")
	g, spare := w.group("web", nil), w.group("spare", nil)
	l := w.listener(80, forward(g))
	w.rule(l, 1, fixed("200", ""), path("/a"))
	rules, err := w.client.DescribeRules(ctx, &elb.DescribeRulesInput{ListenerArn: &l})
	if err != nil {
		t.Fatal(err)
	}
	fallback := rules.Rules[1].RuleArn
	none := "arn:aws:elasticloadbalancing:eu-west-1:123456789012:none"
	create := func(in elb.CreateTargetGroupInput) func() error {
		in.Name = new("new")
		return func() error { _, err := w.client.CreateTargetGroup(ctx, &in); return err }
	}
	base := elb.CreateTargetGroupInput{Protocol: types.ProtocolEnumHttp, Port: new(int32(80)), VpcId: new("vpc-1")}
	with := func(change func(*elb.CreateTargetGroupInput)) func() error {
		in := base
		change(&in)
		return create(in)
	}
	rule := func(listener string, priority int32, actions []types.Action, conditions ...types.RuleCondition) func() error {
		return func() error {
			_, err := w.client.CreateRule(ctx, &elb.CreateRuleInput{ListenerArn: &listener, Priority: &priority, Actions: actions, Conditions: append([]types.RuleCondition{}, conditions...)})
			return err
		}
	}
	listen := func(lb string, protocol types.ProtocolEnum, port int32, actions []types.Action) func() error {
		return func() error {
			_, err := w.client.CreateListener(ctx, &elb.CreateListenerInput{LoadBalancerArn: &lb, Protocol: protocol, Port: &port, DefaultActions: actions})
			return err
		}
	}
	attribute := func(key, v string) func() error {
		return func() error {
			_, err := w.client.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &g, Attributes: []types.TargetGroupAttribute{{Key: &key, Value: &v}}})
			return err
		}
	}
	register := func(group, id string) func() error {
		return func() error {
			_, err := w.client.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: &group, Targets: []types.TargetDescription{{Id: &id}}})
			return err
		}
	}
	tests := []struct {
		name string
		call func() error
		want string
	}{
		{"one subnet", func() error {
			_, err := w.client.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: new("one"), Subnets: []string{"a"}})
			return err
		}, "ValidationError"},
		{"network load balancer", func() error {
			_, err := w.client.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: new("nlb"), Type: types.LoadBalancerTypeEnumNetwork, Subnets: []string{"a", "b"}})
			return err
		}, "ValidationError"},
		{"unknown load balancer", func() error {
			_, err := w.client.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{"none"}})
			return err
		}, "LoadBalancerNotFound"},
		{"no port", with(func(in *elb.CreateTargetGroupInput) { in.Port = nil }), "ValidationError"},
		{"lambda target", with(func(in *elb.CreateTargetGroupInput) { in.TargetType = types.TargetTypeEnumLambda }), "ValidationError"},
		{"timeout not below interval", with(func(in *elb.CreateTargetGroupInput) { in.HealthCheckTimeoutSeconds = new(int32(30)) }), "ValidationError"},
		{"threshold of 1", with(func(in *elb.CreateTargetGroupInput) { in.HealthyThresholdCount = new(int32(1)) }), "ValidationError"},
		{"matcher of 500", with(func(in *elb.CreateTargetGroupInput) { in.Matcher = &types.Matcher{HttpCode: new("500")} }), "ValidationError"},
		{"relative path", with(func(in *elb.CreateTargetGroupInput) { in.HealthCheckPath = new("health") }), "ValidationError"},
		{"duplicate tags", with(func(in *elb.CreateTargetGroupInput) {
			in.Tags = []types.Tag{{Key: new("a"), Value: new("1")}, {Key: new("a"), Value: new("2")}}
		}), "DuplicateTagKeys"},
		{"unknown target group", register(none, "10.0.0.1"), "TargetGroupNotFound"},
		{"a name as ip", register(g, "localhost"), "ValidationError"},
		{"group in use", func() error {
			_, err := w.client.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &g})
			return err
		}, "ResourceInUse"},
		{"health of no group", func() error {
			_, err := w.client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &none})
			return err
		}, "TargetGroupNotFound"},
		{"slow start", attribute("slow_start.duration_seconds", "30"), "InvalidConfigurationRequest"},
		{"unknown attribute", attribute("speed", "30"), "ValidationError"},
		{"delay out of range", attribute("deregistration_delay.timeout_seconds", "3601"), "ValidationError"},
		{"listener of no load balancer", listen(none, types.ProtocolEnumHttp, 81, fixed("200", "")), "LoadBalancerNotFound"},
		{"second listener at a port", listen(w.lb, types.ProtocolEnumHttp, 80, fixed("200", "")), "DuplicateListener"},
		{"listener to no group", listen(w.lb, types.ProtocolEnumHttp, 81, forward(none)), "TargetGroupNotFound"},
		{"https without certificate", listen(w.lb, types.ProtocolEnumHttps, 443, fixed("200", "")), "ValidationError"},
		{"tcp listener", listen(w.lb, types.ProtocolEnumTcp, 81, fixed("200", "")), "ValidationError"},
		{"group of another load balancer", listen(other, types.ProtocolEnumHttp, 80, forward(g)), "TargetGroupAssociationLimit"},
		{"rule of no listener", rule(none, 2, forward(g), path("/b")), "ListenerNotFound"},
		{"priority in use", rule(l, 1, forward(g), path("/b")), "PriorityInUse"},
		{"priority 0", rule(l, 0, forward(g), path("/b")), "ValidationError"},
		{"rule to no group", rule(l, 2, forward(none), path("/b")), "TargetGroupNotFound"},
		{"authentication", rule(l, 2, []types.Action{{Type: types.ActionTypeEnumAuthenticateCognito}}, path("/b")), "InvalidLoadBalancerAction"},
		{"fixed 302", rule(l, 2, fixed("302", ""), path("/b")), "ValidationError"},
		{"six values", rule(l, 2, forward(g), path("/1", "/2", "/3", "/4", "/5", "/6")), "ValidationError"},
		{"no conditions", rule(l, 2, forward(g)), "ValidationError"},
		{"source ip", rule(l, 2, forward(g), types.RuleCondition{Field: new("source-ip"), SourceIpConfig: &types.SourceIpConditionConfig{Values: []string{"10.0.0.0/8"}}}), "ValidationError"},
		{"sticky groups", rule(l, 2, []types.Action{{Type: types.ActionTypeEnumForward, ForwardConfig: &types.ForwardActionConfig{
			TargetGroups:                []types.TargetGroupTuple{{TargetGroupArn: &g}, {TargetGroupArn: &spare}},
			TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: new(true), DurationSeconds: new(int32(60))}}}}, path("/b")), "ValidationError"},
		{"deleting the default rule", func() error {
			_, err := w.client.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: fallback})
			return err
		}, "OperationNotPermitted"},
		{"unknown rule", func() error {
			_, err := w.client.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: &none})
			return err
		}, "RuleNotFound"},
		{"unknown listener", func() error {
			_, err := w.client.ModifyListener(ctx, &elb.ModifyListenerInput{ListenerArn: &none})
			return err
		}, "ListenerNotFound"},
		{"tags of nothing", func() error {
			_, err := w.client.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{none}})
			return err
		}, "ValidationError"},
		{"operation that is not here", func() error {
			_, err := w.client.DescribeAccountLimits(ctx, &elb.DescribeAccountLimitsInput{})
			return err
		}, "UnknownOperationException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { wantCode(t, test.call(), test.want) })
	}
}

func TestDeletions(t *testing.T) {
	w := newWorld(t)
	g := w.group("web", nil)
	l := w.listener(80, fixed("404", ""))
	rule := w.rule(l, 1, forward(g), path("/a"))
	protect := func(v string) {
		if _, err := w.client.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &w.lb,
			Attributes: []types.LoadBalancerAttribute{{Key: new("deletion_protection.enabled"), Value: &v}}}); err != nil {
			t.Fatal(err)
		}
	}
	protect("true")
	_, err := w.client.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &w.lb})
	wantCode(t, err, "OperationNotPermitted")
	protect("false")
	for range 2 { // the second time there is nothing to delete, which is no error
		if _, err := w.client.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &w.lb}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = w.client.DescribeRules(ctx, &elb.DescribeRulesInput{RuleArns: []string{rule}})
	wantCode(t, err, "RuleNotFound")
	if _, err := w.client.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &g}); err != nil {
		t.Errorf("the group is free when its load balancer is gone: %v", err)
	}
}

func TestRulesChange(t *testing.T) {
	w := newWorld(t)
	l := w.listener(80, fixed("404", ""))
	a, b := w.rule(l, 1, fixed("201", ""), path("/*")), w.rule(l, 2, fixed("202", ""), path("/*"))
	if got := w.route(l, "GET", "shop", "/"); got != "201" {
		t.Errorf("got %s", got)
	}
	swap := []types.RulePriorityPair{{RuleArn: &a, Priority: new(int32(2))}, {RuleArn: &b, Priority: new(int32(1))}}
	if _, err := w.client.SetRulePriorities(ctx, &elb.SetRulePrioritiesInput{RulePriorities: swap}); err != nil {
		t.Fatal(err)
	}
	if got := w.route(l, "GET", "shop", "/"); got != "202" {
		t.Errorf("swapped: got %s", got)
	}
	_, err := w.client.SetRulePriorities(ctx, &elb.SetRulePrioritiesInput{RulePriorities: swap[:1]})
	if err != nil {
		t.Errorf("a rule may keep its priority: %v", err)
	}
	_, err = w.client.SetRulePriorities(ctx, &elb.SetRulePrioritiesInput{RulePriorities: []types.RulePriorityPair{{RuleArn: &a, Priority: new(int32(1))}}})
	wantCode(t, err, "PriorityInUse")
	if _, err := w.client.ModifyRule(ctx, &elb.ModifyRuleInput{RuleArn: &b, Actions: fixed("203", ""), Conditions: []types.RuleCondition{path("/b")}}); err != nil {
		t.Fatal(err)
	}
	if first, second := w.route(l, "GET", "shop", "/"), w.route(l, "GET", "shop", "/b"); first != "201" || second != "203" {
		t.Errorf("modified: got %s and %s", first, second)
	}
	if _, err := w.client.DeleteRule(ctx, &elb.DeleteRuleInput{RuleArn: &a}); err != nil {
		t.Fatal(err)
	}
	if got := w.route(l, "GET", "shop", "/"); got != "404" {
		t.Errorf("deleted: got %s", got)
	}
}

func TestTags(t *testing.T) {
	w := newWorld(t)
	g := w.group("web", func(in *elb.CreateTargetGroupInput) { in.Tags = []types.Tag{{Key: new("team"), Value: new("a")}} })
	arns := []string{w.lb, g}
	if _, err := w.client.AddTags(ctx, &elb.AddTagsInput{ResourceArns: arns, Tags: []types.Tag{{Key: new("env"), Value: new("dev")}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.RemoveTags(ctx, &elb.RemoveTagsInput{ResourceArns: arns[1:], TagKeys: []string{"team"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.AddTags(ctx, &elb.AddTagsInput{ResourceArns: arns[:1], Tags: []types.Tag{{Key: new("app"), Value: new("shop")}}}); err != nil {
		t.Fatal(err)
	}
	out, err := w.client.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: arns})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range out.TagDescriptions {
		for _, tag := range d.Tags {
			got = append(got, *tag.Key+"="+*tag.Value)
		}
	}
	if diff := cmp.Diff([]string{"app=shop", "env=dev", "env=dev"}, got); diff != "" {
		t.Error(diff)
	}
	var kinds []string
	w.clock.Do("tagged", func() {
		w.service.Tagged(func(_, kind string, tags map[string]string) { kinds = append(kinds, fmt.Sprint(kind, len(tags))) })
	})
	if diff := cmp.Diff([]string{"elasticloadbalancing:loadbalancer2", "elasticloadbalancing:targetgroup1"}, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.group(fmt.Sprint("web", i), nil)
	}
	pages := elb.NewDescribeTargetGroupsPaginator(w.client, &elb.DescribeTargetGroupsInput{PageSize: new(int32(2))})
	var sizes []int
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(out.TargetGroups))
	}
	if diff := cmp.Diff([]int{2, 2, 1}, sizes); diff != "" {
		t.Error(diff)
	}
	_, err := w.client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{Marker: new("x")})
	wantCode(t, err, "ValidationError")
}

// estate is an EC2 of two subnets and one instance, whose port 32768 is really a port of another address.
type estate struct{}

func (estate) Subnet(id string) (vpc, zone string, ok bool) {
	zones := map[string]string{"subnet-a": "eu-west-1b", "subnet-b": "eu-west-1c"}
	return "vpc-1", zones[id], zones[id] != ""
}

func (estate) Instance(id string, port int) (string, int, bool) {
	return "127.0.0.9", 8080, id == "i-1" && port == 32768
}

func TestInstancesAndSubnets(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	network := &script{clock: c, answers: map[string]func() (int, error){}}
	network.status("127.0.0.9", 200)
	s := elbv2.New(c, protocol.Default, network, estate{})
	w := &world{t: t, clock: c, network: network, service: s, client: newClient(c, s)}
	_, err := w.client.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: new("shop"), Subnets: []string{"subnet-a", "subnet-x"}})
	wantCode(t, err, "SubnetNotFound")
	w.lb = balancer(t, w.client, "shop")
	g := w.group("web", func(in *elb.CreateTargetGroupInput) { in.TargetType = types.TargetTypeEnumInstance })
	l := w.listener(80, forward(g))
	targets := []types.TargetDescription{{Id: new("i-1"), Port: new(int32(32768))}}
	if _, err := w.client.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: &g, Targets: targets}); err != nil {
		t.Fatal(err)
	}
	_, err = w.client.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: &g, Targets: []types.TargetDescription{{Id: new("10.0.0.1")}}})
	wantCode(t, err, "InvalidTarget")
	c.RunFor(3 * time.Second)
	c.Do("look", func() {
		if state, _ := s.Health(g, "i-1", 32768); state != "healthy" {
			t.Errorf("got %q after asking %v", state, network.asked)
		}
		target, _, err := s.Route(l, "GET", "shop", "/")
		if err != nil || target.ID != "i-1" || target.Address != "127.0.0.9" || target.Port != 8080 {
			t.Errorf("got %+v, %v", target, err)
		}
	})
}

func TestInvokeFromATemplate(t *testing.T) {
	w := newWorld(t)
	var out any
	var err error
	w.clock.Do("template", func() {
		out, err = w.service.API().Invoke("CreateTargetGroup", map[string]any{
			"Name": "web", "Protocol": "HTTP", "Port": "3000", "VpcId": "vpc-1", "TargetType": "ip", "Matcher": map[string]any{"HttpCode": "200"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if g := out.(*elb.CreateTargetGroupOutput).TargetGroups[0]; *g.Port != 3000 || *g.TargetGroupName != "web" {
		t.Errorf("got %+v", g)
	}
}
