package iam

import (
	"slices"
	"strings"
)

// Request is one action on one resource.
type Request struct {
	Action   string // "ecs:UpdateService"
	Resource string // an ARN, or "*" for actions that know no resources
	// Keys gives what the request has for a condition key, none where it has nothing. The key is as the policy spells it.
	Keys func(key string) []string
}

// verdict is what the policies of a role say to a request.
type verdict struct {
	allowed bool
	by      *grant     // the statement that allows or denies it, nil where none does
	near    *grant     // else one that names the action and comes closest
	failed  *Condition // the condition of near that does not hold, nil where its resources do not match
}

// grant is a statement of a role's policies and what of it was used.
type grant struct {
	policy    string
	statement Statement
	names     names
	actions   []bool // those that allowed a call, as in statement.Actions
	resources []bool
}

func newGrants(policy string, d Document) []*grant {
	var list []*grant
	for _, s := range d.Statements {
		list = append(list, &grant{policy: policy, statement: s, names: s.names(), actions: make([]bool, len(s.Actions)), resources: make([]bool, len(s.Resources))})
	}
	return list
}

// decide follows IAM's evaluation within one account: a Deny that applies wins, else the first Allow that applies, else it is denied.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func decide(grants []*grant, r Request) verdict {
	var v verdict
	action := strings.ToLower(r.Action)
	for _, g := range grants {
		if !g.names.cover(action) {
			continue
		}
		applies, failed := g.statement.applies(r)
		switch {
		case applies && g.statement.Effect == "Deny":
			return verdict{by: g}
		case applies && v.by == nil:
			v.allowed, v.by = true, g
		case g.statement.Effect == "Allow" && (v.near == nil || v.failed == nil && failed != nil):
			v.near, v.failed = g, failed
		}
	}
	return v
}

// applies reports whether resource and conditions of a statement match. failed is the first condition that does not hold, of a
// statement whose resources match. A condition that cannot be evaluated holds in a Deny and does not in an Allow.
func (s Statement) applies(r Request) (ok bool, failed *Condition) {
	if !s.on(r.Resource) {
		return false, nil
	}
	for i, c := range s.Conditions {
		if c.known() && !c.holds(r.Keys(c.Key)) || !c.known() && s.Effect != "Deny" {
			return false, &s.Conditions[i]
		}
	}
	return true, nil
}

func (s Statement) on(resource string) bool {
	like := func(pattern string) bool { return matches(pattern, resource) }
	if s.NotResources != nil {
		return !slices.ContainsFunc(s.NotResources, like)
	}
	return slices.ContainsFunc(s.Resources, like)
}

// use notes what of a statement allowed a request.
func (g *grant) use(r Request) {
	action := strings.ToLower(r.Action)
	for i, pattern := range g.names.patterns[:len(g.actions)] {
		if matches(pattern, action) {
			g.actions[i] = true
			break
		}
	}
	for i, pattern := range g.statement.Resources {
		if matches(pattern, r.Resource) {
			g.resources[i] = true
			break
		}
	}
}
