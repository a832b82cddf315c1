package elbv2

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/awssim/protocol"
)

// rule is one rule of a listener. The default rule has neither priority nor conditions.
type rule struct {
	listener   *listener
	arn        string
	priority   int32
	conditions []types.RuleCondition
	action     types.Action
	credit     map[string]int // by target group: the state of the weighted round robin
	tags       map[string]string
}

func (r *rule) isDefault() bool { return r == r.listener.fallback }

// place is the rule's position in its listener, as text that sorts by priority, with the default rule last.
func (r *rule) place() string {
	if r.isDefault() {
		return "default"
	}
	return fmt.Sprintf("%05d", r.priority)
}

// act gives the rule another action.
func (r *rule) act(a types.Action) { r.action, r.credit = a, nil }

func (r *rule) describe() types.Rule {
	priority, conditions := strconv.Itoa(int(r.priority)), r.conditions
	if r.isDefault() {
		priority, conditions = "default", []types.RuleCondition{}
	}
	return types.Rule{RuleArn: new(r.arn), Priority: &priority, IsDefault: new(r.isDefault()), Conditions: conditions, Actions: []types.Action{r.action}}
}

func (s *Service) createRule(c *protocol.Call, in *elb.CreateRuleInput) (*elb.CreateRuleOutput, error) {
	if err := protocol.Only(c, in, "Actions", "Conditions", "ListenerArn", "Priority", "Tags"); err != nil {
		return nil, err
	}
	l, err := s.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	if err := checkPriority(in.Priority); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(l.rules, func(r *rule) bool { return r.priority == *in.Priority }) {
		return nil, protocol.Errorf("PriorityInUse", "Priority '%d' is currently in use", *in.Priority)
	}
	conditions, err := checkConditions(in.Conditions)
	if err != nil {
		return nil, err
	}
	action, err := s.action(l.balancer, in.Actions)
	if err != nil {
		return nil, err
	}
	_, path, _ := strings.Cut(l.arn(), ":listener/")
	r := &rule{listener: l, arn: s.arn("listener-rule/" + path + "/" + s.newID()), priority: *in.Priority, conditions: conditions, action: action, tags: tags}
	s.rules[r.arn] = r
	l.rules = append(l.rules, r)
	l.sort()
	s.refreshUse()
	return &elb.CreateRuleOutput{Rules: []types.Rule{r.describe()}}, nil
}

func checkPriority(p *int32) error {
	if p == nil {
		return invalid("A priority must be specified")
	}
	return within("Priority", p, 1, 50000)
}

func (l *listener) sort() {
	sort.Slice(l.rules, func(i, j int) bool { return l.rules[i].priority < l.rules[j].priority })
}

func (s *Service) describeRules(_ *protocol.Call, in *elb.DescribeRulesInput) (*elb.DescribeRulesOutput, error) {
	var rules []*rule
	key := func(r *rule) string { return r.arn }
	switch {
	case (in.ListenerArn == nil) == (len(in.RuleArns) == 0):
		return nil, invalid("You must specify either listener rule ARNs or a listener ARN")
	case in.ListenerArn != nil:
		l, err := s.listener(in.ListenerArn)
		if err != nil {
			return nil, err
		}
		rules, key = l.ordered(), (*rule).place
	default:
		for _, arn := range in.RuleArns {
			r, err := s.rule(&arn)
			if err != nil {
				return nil, err
			}
			rules = append(rules, r)
		}
		slices.SortFunc(rules, func(a, b *rule) int { return strings.Compare(a.arn, b.arn) })
	}
	rules, next, err := page(rules, key, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	out := &elb.DescribeRulesOutput{Rules: []types.Rule{}, NextMarker: next}
	for _, r := range rules {
		out.Rules = append(out.Rules, r.describe())
	}
	return out, nil
}

func (s *Service) modifyRule(c *protocol.Call, in *elb.ModifyRuleInput) (*elb.ModifyRuleOutput, error) {
	if err := protocol.Only(c, in, "RuleArn", "Actions", "Conditions"); err != nil {
		return nil, err
	}
	r, err := s.rule(in.RuleArn)
	switch {
	case err != nil:
		return nil, err
	case r.isDefault():
		return nil, protocol.Errorf("OperationNotPermitted", "Default rule '%s' cannot be modified; modify its listener", r.arn)
	case len(in.Actions) == 0 && len(in.Conditions) == 0:
		return nil, invalid("Either conditions or actions must be specified")
	}
	conditions, action := r.conditions, r.action
	if len(in.Conditions) > 0 {
		if conditions, err = checkConditions(in.Conditions); err != nil {
			return nil, err
		}
	}
	if len(in.Actions) > 0 {
		if action, err = s.action(r.listener.balancer, in.Actions); err != nil {
			return nil, err
		}
	}
	r.conditions = conditions
	r.act(action)
	s.refreshUse()
	return &elb.ModifyRuleOutput{Rules: []types.Rule{r.describe()}}, nil
}

func (s *Service) deleteRule(_ *protocol.Call, in *elb.DeleteRuleInput) (*elb.DeleteRuleOutput, error) {
	r, err := s.rule(in.RuleArn)
	switch {
	case err != nil:
		return nil, err
	case r.isDefault():
		return nil, protocol.Errorf("OperationNotPermitted", "Default rule '%s' cannot be deleted", r.arn)
	}
	r.listener.rules = slices.DeleteFunc(r.listener.rules, func(other *rule) bool { return other == r })
	delete(s.rules, r.arn)
	s.refreshUse()
	return &elb.DeleteRuleOutput{}, nil
}

// setRulePriorities moves all the named rules at once, so that two may swap.
func (s *Service) setRulePriorities(_ *protocol.Call, in *elb.SetRulePrioritiesInput) (*elb.SetRulePrioritiesOutput, error) {
	wanted := map[*rule]int32{}
	var named []*rule
	var l *listener
	for _, pair := range in.RulePriorities {
		r, err := s.rule(pair.RuleArn)
		if err != nil {
			return nil, err
		}
		if err := checkPriority(pair.Priority); err != nil {
			return nil, err
		}
		if l == nil {
			l = r.listener
		}
		if _, twice := wanted[r]; twice || r.isDefault() || r.listener != l {
			return nil, protocol.Errorf("OperationNotPermitted", "Rule '%s' is a default rule, named twice, or of another listener than the rules before it", r.arn)
		}
		wanted[r] = *pair.Priority
		named = append(named, r)
	}
	if l == nil {
		return nil, invalid("At least one rule priority must be specified")
	}
	if p, ok := collision(l, wanted); ok {
		return nil, protocol.Errorf("PriorityInUse", "Priority '%d' is currently in use", p)
	}
	out := &elb.SetRulePrioritiesOutput{}
	for _, r := range named {
		r.priority = wanted[r]
		out.Rules = append(out.Rules, r.describe())
	}
	l.sort()
	return out, nil
}

// collision finds a priority that two rules of the listener would have.
func collision(l *listener, wanted map[*rule]int32) (int32, bool) {
	taken := map[int32]bool{}
	for _, r := range l.rules {
		p, moved := wanted[r]
		if !moved {
			p = r.priority
		}
		if taken[p] {
			return p, true
		}
		taken[p] = true
	}
	return 0, false
}

func (s *Service) rule(arn *string) (*rule, error) {
	text, err := required("ruleArn", arn)
	if err != nil {
		return nil, err
	}
	if r, ok := s.rules[text]; ok {
		return r, nil
	}
	return nil, protocol.Errorf("RuleNotFound", "One or more rules not found: '%s'", text)
}
