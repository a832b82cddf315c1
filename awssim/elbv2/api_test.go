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
	"slipway/awssim/protocol/protocoltest"
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
	protocoltest.Refused(t, err, "DuplicateTargetGroupName")
	name = "shop"
	_, err = w.client.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: &name, Subnets: []string{"subnet-c", "subnet-d"}})
	protocoltest.Refused(t, err, "DuplicateLoadBalancerName")
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
	protocoltest.Refused(t, err, "OperationNotPermitted")
	protect("false")
	for range 2 { // the second time there is nothing to delete, which is no error
		if _, err := w.client.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &w.lb}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = w.client.DescribeRules(ctx, &elb.DescribeRulesInput{RuleArns: []string{rule}})
	protocoltest.Refused(t, err, "RuleNotFound")
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
	protocoltest.Refused(t, err, "PriorityInUse")
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
	first, err := w.client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{PageSize: new(int32(2))})
	if err != nil {
		t.Fatal(err)
	}
	gone := first.TargetGroups[0]
	if _, err := w.client.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: gone.TargetGroupArn}); err != nil {
		t.Fatal(err)
	}
	if rest, err := w.client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{Marker: first.NextMarker}); err != nil || len(rest.TargetGroups) != 3 {
		t.Errorf("after two of five, of which one was deleted: got %d, %v", len(rest.TargetGroups), err)
	}
	_, err = w.client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{Marker: new("x")})
	protocoltest.Refused(t, err, "ValidationError")
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
	protocoltest.Refused(t, err, "SubnetNotFound")
	w.lb = balancer(t, w.client, "shop")
	g := w.group("web", func(in *elb.CreateTargetGroupInput) { in.TargetType = types.TargetTypeEnumInstance })
	l := w.listener(80, forward(g))
	targets := []types.TargetDescription{{Id: new("i-1"), Port: new(int32(32768))}}
	if _, err := w.client.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: &g, Targets: targets}); err != nil {
		t.Fatal(err)
	}
	_, err = w.client.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: &g, Targets: []types.TargetDescription{{Id: new("10.0.0.1")}}})
	protocoltest.Refused(t, err, "InvalidTarget")
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
