package events

import (
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"slipway/awssim/events/delivery"
	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

// maxTargets is the quota of targets per rule.
const maxTargets = 5

var targetID = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)

func (s *Service) putTargets(c *protocol.Call, in *eventbridge.PutTargetsInput) (*eventbridge.PutTargetsOutput, error) {
	r, err := s.rule(in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	targets := maps.Clone(r.targets)
	for i := range in.Targets {
		t := in.Targets[i]
		if err := checkTarget(c, &t); err != nil {
			return nil, err
		}
		targets[*t.Id] = t
	}
	if len(targets) > maxTargets {
		return nil, protocol.Errorf("LimitExceededException", "The requested resource exceeds the maximum number allowed: %d targets of a rule.", maxTargets)
	}
	r.targets = targets
	return &eventbridge.PutTargetsOutput{FailedEntries: []types.PutTargetsResultEntry{}}, nil
}

func checkTarget(c *protocol.Call, t *types.Target) error {
	if err := protocol.Only(c, t, "Arn", "Id", "DeadLetterConfig", "Input", "InputPath", "InputTransformer", "RetryPolicy", "RoleArn"); err != nil {
		return err
	}
	if !targetID.MatchString(aws.ToString(t.Id)) {
		return protocol.Errorf("ValidationException", "The target id %q must be 1 to 64 of the characters . - _ A-Z a-z 0-9.", aws.ToString(t.Id))
	}
	if err := delivery.Supports(aws.ToString(t.Arn)); err != nil {
		return protocol.Errorf("ValidationException", "Target %s: %v.", *t.Id, err)
	}
	if delivery.Service(*t.Arn) == "states" && aws.ToString(t.RoleArn) == "" {
		return protocol.Errorf("ValidationException", "RoleArn is required for target %s.", *t.Arn)
	}
	if err := checkInput(t); err != nil {
		return protocol.Errorf("ValidationException", "Target %s: %v.", *t.Id, err)
	}
	if t.DeadLetterConfig != nil {
		if err := delivery.CheckDeadLetterQueue(t.DeadLetterConfig.Arn); err != nil {
			return protocol.Errorf("ValidationException", "Target %s: %v.", *t.Id, err)
		}
	}
	if _, err := policy(t.RetryPolicy); err != nil {
		return protocol.Errorf("ValidationException", "Target %s: %v.", *t.Id, err)
	}
	return nil
}

func policy(p *types.RetryPolicy) (delivery.Policy, error) {
	if p == nil {
		return delivery.DefaultPolicy, nil
	}
	return delivery.NewPolicy(p.MaximumEventAgeInSeconds, p.MaximumRetryAttempts)
}

func (s *Service) removeTargets(c *protocol.Call, in *eventbridge.RemoveTargetsInput) (*eventbridge.RemoveTargetsOutput, error) {
	r, err := s.rule(in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	for _, id := range in.Ids {
		delete(r.targets, id)
	}
	return &eventbridge.RemoveTargetsOutput{FailedEntries: []types.RemoveTargetsResultEntry{}}, nil
}

func (s *Service) listTargetsByRule(c *protocol.Call, in *eventbridge.ListTargetsByRuleInput) (*eventbridge.ListTargetsByRuleOutput, error) {
	r, err := s.rule(in.Rule, in.EventBusName)
	if err != nil {
		return nil, err
	}
	ids, next := paging.After(r.targetIDs(), in.NextToken, pageSize(in.Limit))
	out := &eventbridge.ListTargetsByRuleOutput{Targets: []types.Target{}, NextToken: next}
	for _, id := range ids {
		out.Targets = append(out.Targets, r.targets[id])
	}
	return out, nil
}

func (r *rule) targetIDs() []string { return slices.Sorted(maps.Keys(r.targets)) }
