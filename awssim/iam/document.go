package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Document is a policy document.
type Document struct{ Statements []Statement }

// Statement is one statement of a policy. A list that was written as one text is a list of one.
type Statement struct {
	SID, Effect             string
	Actions, NotActions     []string
	Resources, NotResources []string
	Principals              map[string][]string // kind ("Service", "AWS") to who; "*" alone is {"AWS": ["*"]}
	Conditions              []Condition         // all must hold
}

// Condition is one test: Operator compares the request's value for Key with Values.
type Condition struct {
	Operator, Key string
	Values        []string
}

// ParseDocument reads a policy document out of a template's properties or parsed JSON. Keys that IAM does not know are refused.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
func ParseDocument(v any) (Document, error) {
	members, ok := v.(map[string]any)
	if !ok {
		return Document{}, fmt.Errorf("a policy document must be a map, not %T", v)
	}
	var d Document
	for _, key := range sortedKeys(members) {
		switch key {
		case "Version":
			if v := members[key]; v != "2012-10-17" && v != "2008-10-17" {
				return d, fmt.Errorf("the policy's Version must be 2012-10-17, not %v", v)
			}
		case "Id":
		case "Statement":
			for i, item := range asList(members[key]) {
				s, err := parseStatement(item)
				if err != nil {
					return d, fmt.Errorf("statement %d: %w", i, err)
				}
				d.Statements = append(d.Statements, s)
			}
		default:
			return d, fmt.Errorf("unknown key %s of a policy document", key)
		}
	}
	if len(d.Statements) == 0 {
		return d, fmt.Errorf("the policy document has no Statement")
	}
	return d, nil
}

func parseStatement(v any) (Statement, error) {
	members, ok := v.(map[string]any)
	if !ok {
		return Statement{}, fmt.Errorf("it must be a map, not %T", v)
	}
	var s Statement
	for _, key := range sortedKeys(members) {
		if err := s.set(key, members[key]); err != nil {
			return s, err
		}
	}
	switch {
	case s.Effect != "Allow" && s.Effect != "Deny":
		return s, fmt.Errorf("its Effect must be Allow or Deny, not %q", s.Effect)
	case (s.Actions == nil) == (s.NotActions == nil):
		return s, fmt.Errorf("it must have either Action or NotAction")
	}
	return s, nil
}

func (s *Statement) set(key string, v any) error {
	var err error
	switch key {
	case "Sid":
		s.SID, err = asText(v)
	case "Effect":
		s.Effect, err = asText(v)
	case "Action":
		s.Actions, err = asTexts(v)
	case "NotAction":
		s.NotActions, err = asTexts(v)
	case "Resource":
		s.Resources, err = asTexts(v)
	case "NotResource":
		s.NotResources, err = asTexts(v)
	case "Principal":
		s.Principals, err = parsePrincipals(v)
	case "Condition":
		s.Conditions, err = parseConditions(v)
	default:
		return fmt.Errorf("unknown key %s", key)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

func parsePrincipals(v any) (map[string][]string, error) {
	if v == "*" {
		return map[string][]string{"AWS": {"*"}}, nil
	}
	members, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it must be a map or *, not %T", v)
	}
	principals := map[string][]string{}
	for kind, who := range members {
		names, err := asTexts(who)
		if err != nil {
			return nil, err
		}
		principals[kind] = names
	}
	return principals, nil
}

func parseConditions(v any) ([]Condition, error) {
	operators, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it must be a map, not %T", v)
	}
	var list []Condition
	for _, operator := range sortedKeys(operators) {
		keys, ok := operators[operator].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s must be a map, not %T", operator, operators[operator])
		}
		for _, key := range sortedKeys(keys) {
			values, err := asTexts(keys[key])
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", operator, key, err)
			}
			list = append(list, Condition{Operator: operator, Key: key, Values: values})
		}
	}
	return list, nil
}

// Covers reports whether the statement names an action such as "ecs:UpdateService", with wildcards and without regard to case, as
// IAM compares actions. Effect, resources and conditions are not looked at.
func (s Statement) Covers(action string) bool { return s.names().cover(strings.ToLower(action)) }

// names are the actions of a statement in lower case: a role's statements are looked at in every call, but written once.
type names struct {
	patterns []string
	except   bool // the patterns are those of NotAction
}

func (s Statement) names() names {
	n := names{except: s.NotActions != nil}
	patterns := s.Actions
	if n.except {
		patterns = s.NotActions
	}
	for _, p := range patterns {
		n.patterns = append(n.patterns, strings.ToLower(p))
	}
	return n
}

func (n names) cover(lowerAction string) bool {
	return slices.ContainsFunc(n.patterns, func(p string) bool { return matches(p, lowerAction) }) != n.except
}

// matches compares with IAM's wildcards: * is any text, ? any one character.
func matches(pattern, text string) bool {
	for pattern != "" {
		switch pattern[0] {
		case '*':
			for i := len(text); i >= 0; i-- {
				if matches(pattern[1:], text[i:]) {
					return true
				}
			}
			return false
		case '?':
			if text == "" {
				return false
			}
		default:
			if text == "" || text[0] != pattern[0] {
				return false
			}
		}
		pattern, text = pattern[1:], text[1:]
	}
	return text == ""
}

func asList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func asText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number, bool:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("it must be a text, not %T", v)
}

func asTexts(v any) ([]string, error) {
	texts := []string{}
	for _, item := range asList(v) {
		text, err := asText(item)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
