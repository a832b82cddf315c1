package events

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"slipway/awssim/clock"
	"slipway/awssim/paging"
	"slipway/awssim/protocol"
	"slipway/awssim/scheduler/expression"
)

// Quotas: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
const (
	maxRules         = 300
	maxPatternLength = 2048
	defaultPageSize  = 100
)

type rule struct {
	name        string
	arn         string
	description string
	roleARN     string
	enabled     bool

	patternText string
	pattern     *Pattern // nil for a rule that only has a schedule

	scheduleText string
	schedule     *expression.Expression
	anchor       time.Time // what a rate counts from
	timer        *clock.Timer

	targets map[string]types.Target
}

var ruleName = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)

func (s *Service) putRule(c *protocol.Call, in *eventbridge.PutRuleInput) (*eventbridge.PutRuleOutput, error) {
	if err := protocol.Only(c, in, "Name", "Description", "EventBusName", "EventPattern", "RoleArn", "ScheduleExpression", "State"); err != nil {
		return nil, err
	}
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	r, err := parseRule(in)
	if err != nil {
		return nil, err
	}
	old, exists := s.rules[r.name]
	switch {
	case exists:
		r.targets = old.targets
		old.timer.Stop()
	case len(s.rules) >= maxRules:
		return nil, protocol.Errorf("LimitExceededException", "The requested resource exceeds the maximum number allowed: %d rules on a bus.", maxRules)
	}
	r.arn = s.id.ARN("events", "rule/"+r.name)
	s.rules[r.name] = r
	s.arm(r)
	return &eventbridge.PutRuleOutput{RuleArn: &r.arn}, nil
}

func parseRule(in *eventbridge.PutRuleInput) (*rule, error) {
	r := &rule{
		name:         aws.ToString(in.Name),
		description:  aws.ToString(in.Description),
		roleARN:      aws.ToString(in.RoleArn),
		patternText:  aws.ToString(in.EventPattern),
		scheduleText: aws.ToString(in.ScheduleExpression),
		enabled:      in.State != types.RuleStateDisabled,
		targets:      map[string]types.Target{},
	}
	switch {
	case !ruleName.MatchString(r.name):
		return nil, protocol.Errorf("ValidationException", "The rule name %q must be 1 to 64 of the characters . - _ A-Z a-z 0-9.", r.name)
	case r.patternText == "" && r.scheduleText == "":
		return nil, protocol.Errorf("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
	case in.State != "" && in.State != types.RuleStateEnabled && in.State != types.RuleStateDisabled:
		return nil, protocol.Errorf("ValidationException", "awssim knows the rule states ENABLED and DISABLED, not %s.", in.State)
	}
	var err error
	if r.patternText != "" {
		if r.pattern, err = parsePattern(r.patternText); err != nil {
			return nil, err
		}
	}
	if r.scheduleText != "" {
		if r.schedule, err = expression.ParseRule(r.scheduleText); err != nil {
			return nil, protocol.Errorf("ValidationException", "Parameter ScheduleExpression is not valid. Reason: %v.", err)
		}
	}
	return r, nil
}

func parsePattern(pattern string) (*Pattern, error) {
	if len(pattern) > maxPatternLength {
		return nil, protocol.Errorf("InvalidEventPatternException", "Event pattern is not valid. Reason: it has %d characters, AWS allows %d", len(pattern), maxPatternLength)
	}
	p, err := ParsePattern(pattern)
	if err != nil {
		return nil, protocol.Errorf("InvalidEventPatternException", "Event pattern is not valid. Reason: %v", err)
	}
	return p, nil
}

func (s *Service) deleteRule(c *protocol.Call, in *eventbridge.DeleteRuleInput) (*eventbridge.DeleteRuleOutput, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	r, ok := s.rules[aws.ToString(in.Name)]
	if !ok {
		return &eventbridge.DeleteRuleOutput{}, nil // AWS: deleting what is not there succeeds
	}
	if len(r.targets) > 0 {
		return nil, protocol.Errorf("ValidationException", "Rule can't be deleted since it has targets.")
	}
	r.timer.Stop()
	delete(s.rules, r.name)
	return &eventbridge.DeleteRuleOutput{}, nil
}

func (s *Service) describeRule(c *protocol.Call, in *eventbridge.DescribeRuleInput) (*eventbridge.DescribeRuleOutput, error) {
	r, err := s.rule(in.Name, in.EventBusName)
	if err != nil {
		return nil, err
	}
	d := r.describe()
	return &eventbridge.DescribeRuleOutput{
		Arn: d.Arn, CreatedBy: &s.id.Account, Description: d.Description, EventBusName: d.EventBusName, EventPattern: d.EventPattern,
		Name: d.Name, RoleArn: d.RoleArn, ScheduleExpression: d.ScheduleExpression, State: d.State,
	}, nil
}

func (s *Service) listRules(c *protocol.Call, in *eventbridge.ListRulesInput) (*eventbridge.ListRulesOutput, error) {
	if err := s.bus(in.EventBusName); err != nil {
		return nil, err
	}
	names := slices.DeleteFunc(s.ruleNames(), func(name string) bool { return !strings.HasPrefix(name, aws.ToString(in.NamePrefix)) })
	names, next := paging.After(names, in.NextToken, pageSize(in.Limit))
	out := &eventbridge.ListRulesOutput{Rules: []types.Rule{}, NextToken: next}
	for _, name := range names {
		out.Rules = append(out.Rules, s.rules[name].describe())
	}
	return out, nil
}

func (s *Service) enableRule(c *protocol.Call, in *eventbridge.EnableRuleInput) (*eventbridge.EnableRuleOutput, error) {
	r, err := s.rule(in.Name, in.EventBusName)
	if err != nil {
		return nil, err
	}
	if !r.enabled {
		r.enabled = true
		s.arm(r)
	}
	return &eventbridge.EnableRuleOutput{}, nil
}

func (s *Service) disableRule(c *protocol.Call, in *eventbridge.DisableRuleInput) (*eventbridge.DisableRuleOutput, error) {
	r, err := s.rule(in.Name, in.EventBusName)
	if err != nil {
		return nil, err
	}
	r.enabled = false
	r.timer.Stop()
	return &eventbridge.DisableRuleOutput{}, nil
}

func (s *Service) rule(name, bus *string) (*rule, error) {
	if err := s.bus(bus); err != nil {
		return nil, err
	}
	r, ok := s.rules[aws.ToString(name)]
	if !ok {
		return nil, protocol.Errorf("ResourceNotFoundException", "Rule %s does not exist on EventBus default.", aws.ToString(name))
	}
	return r, nil
}

// bus refuses every bus but the default one.
func (s *Service) bus(name *string) error {
	switch aws.ToString(name) {
	case "", "default", s.id.ARN("events", "event-bus/default"):
		return nil
	}
	return protocol.Errorf("ResourceNotFoundException", "Event bus %s does not exist; awssim has the bus default only.", aws.ToString(name))
}

func (s *Service) ruleNames() []string { return slices.Sorted(maps.Keys(s.rules)) }

func (r *rule) describe() types.Rule {
	bus, state := "default", types.RuleStateEnabled
	if !r.enabled {
		state = types.RuleStateDisabled
	}
	return types.Rule{
		Arn: &r.arn, Name: &r.name, EventBusName: &bus, State: state,
		Description: optional(r.description), EventPattern: optional(r.patternText), RoleArn: optional(r.roleARN), ScheduleExpression: optional(r.scheduleText),
	}
}

// pageSize is how much a list request gets at a time.
func pageSize(limit *int32) int {
	if limit != nil && *limit > 0 {
		return min(defaultPageSize, int(*limit))
	}
	return defaultPageSize
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
