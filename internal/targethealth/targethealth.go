// Package targethealth adapts Elastic Load Balancing: which targets are registered with target groups, and how they are.
package targethealth

import (
	"context"
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/internal/awsfault"
	"slipway/internal/rollout"
)

// Targets is the target groups of one account and region.
type Targets struct{ elb *elb.Client }

// New returns the target groups that client sees.
func New(client *elb.Client) *Targets { return &Targets{elb: client} }

// Health returns the registrations of target groups, by target group ARN. A target group that does not exist is
// *fault.Missing.
func (t *Targets) Health(ctx context.Context, groups []string) (map[string][]rollout.SeenTarget, error) {
	all := map[string][]rollout.SeenTarget{}
	for _, group := range groups {
		if all[group] != nil {
			continue // it balances several ports
		}
		out, err := t.elb.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &group})
		if err != nil {
			return nil, awsfault.Of(err, "describe targets of %s", group)
		}
		all[group] = []rollout.SeenTarget{}
		for _, description := range out.TargetHealthDescriptions {
			all[group] = append(all[group], seen(description))
		}
	}
	return all, nil
}

func seen(d types.TargetHealthDescription) rollout.SeenTarget {
	var target rollout.SeenTarget
	if d.Target != nil {
		target.ID, target.Port = aws.ToString(d.Target.Id), int(aws.ToInt32(d.Target.Port))
		if ip, err := netip.ParseAddr(target.ID); err == nil {
			target.ID = ip.String() // an IPv6 address has many forms; package ecsservice has this one too
		}
	}
	if h := d.TargetHealth; h != nil {
		target.State, target.Reason = string(h.State), aws.ToString(h.Description)
		if target.Reason == "" {
			target.Reason = string(h.Reason)
		}
	}
	return target
}
