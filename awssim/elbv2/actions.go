package elbv2

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/awssim/protocol"
)

// action checks the actions of a rule or listener, of which there must be one that awssim can do, and completes it with the
// defaults that the API answers with.
func (s *Service) action(b *balancer, actions []types.Action) (types.Action, error) {
	if len(actions) != 1 {
		return types.Action{}, protocol.Errorf("InvalidLoadBalancerAction",
			"awssim implements exactly one action per rule (forward, redirect or fixed-response), got %d", len(actions))
	}
	a := actions[0]
	switch a.Type {
	case types.ActionTypeEnumForward:
		return s.forward(b, a)
	case types.ActionTypeEnumRedirect:
		return redirect(a)
	case types.ActionTypeEnumFixedResponse:
		return a, checkFixedResponse(a)
	}
	return a, protocol.Errorf("InvalidLoadBalancerAction", "awssim implements the actions forward, redirect and fixed-response, not '%s'", a.Type)
}

// forward gives an action both of its spellings: TargetGroupArn (for one group) and ForwardConfig.
func (s *Service) forward(b *balancer, a types.Action) (types.Action, error) {
	groups, err := tuples(a)
	if err != nil {
		return a, err
	}
	for i, tuple := range groups {
		g, err := s.group(tuple.TargetGroupArn)
		if err != nil {
			return a, err
		}
		if used := g.shape.LoadBalancerArns; len(used) > 0 && !slices.Contains(used, b.arn()) {
			return a, protocol.Errorf("TargetGroupAssociationLimit", "Target group '%s' is already associated with load balancer '%s'", g.arn(), used[0])
		}
		if err := within("Weight of target group "+g.name(), tuple.Weight, 0, 999); err != nil {
			return a, err
		}
		groups[i].Weight = cmp.Or(tuple.Weight, new(int32(1)))
	}
	out := types.Action{Type: a.Type, Order: a.Order, ForwardConfig: &types.ForwardActionConfig{
		TargetGroups: groups, TargetGroupStickinessConfig: &types.TargetGroupStickinessConfig{Enabled: new(false)}}}
	if len(groups) == 1 {
		out.TargetGroupArn = groups[0].TargetGroupArn
	}
	return out, nil
}

func tuples(a types.Action) ([]types.TargetGroupTuple, error) {
	f := a.ForwardConfig
	if f == nil {
		return []types.TargetGroupTuple{{TargetGroupArn: a.TargetGroupArn}}, nil
	}
	if sticky := f.TargetGroupStickinessConfig; sticky != nil && aws.ToBool(sticky.Enabled) {
		return nil, invalid("awssim does not implement the stickiness of target groups; leave TargetGroupStickinessConfig out")
	}
	switch n := len(f.TargetGroups); {
	case n < 1 || n > 5:
		return nil, invalid("a forward action must name 1 to 5 target groups, got %d", n)
	case a.TargetGroupArn != nil && (n > 1 || aws.ToString(f.TargetGroups[0].TargetGroupArn) != *a.TargetGroupArn):
		return nil, invalid("TargetGroupArn and ForwardConfig of a forward action must name the same target group")
	}
	return slices.Clone(f.TargetGroups), nil
}

// forwardsTo are the groups that an action names.
func forwardsTo(a types.Action) []string {
	if a.ForwardConfig == nil {
		return nil
	}
	var arns []string
	for _, tuple := range a.ForwardConfig.TargetGroups {
		arns = append(arns, *tuple.TargetGroupArn)
	}
	return arns
}

// redirect fills in the parts that are kept (type RedirectActionConfig of the API reference).
func redirect(a types.Action) (types.Action, error) {
	in := a.RedirectConfig
	if in == nil || in.StatusCode != types.RedirectActionStatusCodeEnumHttp301 && in.StatusCode != types.RedirectActionStatusCodeEnumHttp302 {
		return a, invalid("a redirect action needs RedirectConfig with StatusCode HTTP_301 or HTTP_302")
	}
	r := types.RedirectActionConfig{
		StatusCode: in.StatusCode,
		Protocol:   cmp.Or(in.Protocol, new("#{protocol}")), Host: cmp.Or(in.Host, new("#{host}")), Port: cmp.Or(in.Port, new("#{port}")),
		Path: cmp.Or(in.Path, new("/#{path}")), Query: cmp.Or(in.Query, new("#{query}")),
	}
	switch {
	case !oneOf("HTTP", "HTTPS", "#{protocol}")(*r.Protocol):
		return a, invalid("the protocol '%s' of a redirect must be HTTP, HTTPS or #{protocol}", *r.Protocol)
	case *r.Port != "#{port}" && !number(1, 65535)(*r.Port):
		return a, invalid("the port '%s' of a redirect must be 1 to 65535 or #{port}", *r.Port)
	case *r.Path == "" || (*r.Path)[0] != '/':
		return a, invalid("the path '%s' of a redirect must begin with '/'", *r.Path)
	case *r.Protocol == "#{protocol}" && *r.Host == "#{host}" && *r.Port == "#{port}" && *r.Path == "/#{path}":
		return a, invalid("a redirect must change the protocol, host, port or path, or it would loop")
	}
	return types.Action{Type: a.Type, Order: a.Order, RedirectConfig: &r}, nil
}

var (
	fixedStatus  = regexp.MustCompile(`^[245]\d\d$`)
	contentTypes = oneOf("text/plain", "text/css", "text/html", "application/javascript", "application/json")
)

func checkFixedResponse(a types.Action) error {
	f := a.FixedResponseConfig
	switch {
	case f == nil || !fixedStatus.MatchString(aws.ToString(f.StatusCode)):
		return invalid("a fixed-response action needs FixedResponseConfig with a StatusCode of 2XX, 4XX or 5XX")
	case f.ContentType != nil && !contentTypes(*f.ContentType):
		return invalid("the content type '%s' of a fixed response must be text/plain, text/css, text/html, application/javascript or application/json", *f.ContentType)
	case len(aws.ToString(f.MessageBody)) > 1024:
		return invalid("the message body of a fixed response can have at most 1024 characters")
	}
	return nil
}
