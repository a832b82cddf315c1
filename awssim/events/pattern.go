package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"slipway/awssim/protocol/cut"
)

// Pattern is a compiled event pattern.
// Rules: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
type Pattern struct {
	// branches are the alternatives that $or spans: the pattern matches where one of them does.
	branches []branch
}

// branch says which values each path (steps joined with ".") may have.
type branch map[string][]matcher

// maxBranches is the number of combinations that AWS lets $or span.
const maxBranches = 1000

// ParsePattern compiles an event pattern. Its error is a sentence that says what is wrong and where.
func ParsePattern(text string) (*Pattern, error) {
	root, err := parseOrdered(text)
	if err != nil {
		return nil, err
	}
	object, ok := root.(*object)
	if !ok {
		return nil, fmt.Errorf("the pattern is not an object")
	}
	branches, err := compileObject(object, "", []branch{{}}, false)
	if err != nil {
		return nil, err
	}
	for _, b := range branches {
		for _, path := range slices.Sorted(maps.Keys(b)) {
			if n := wildcardStates(b[path]); n > maxWildcardStates {
				return nil, fmt.Errorf("%s: the rule is too complex; use fewer wildcard characters or fewer repeating character sequences after a wildcard character", path)
			}
		}
	}
	return &Pattern{branches}, nil
}

// compileObject adds what an object demands to every branch found so far and returns the branches, more when it holds $or.
func compileObject(o *object, path string, branches []branch, inOr bool) ([]branch, error) {
	if len(o.members) == 0 {
		return nil, fmt.Errorf("%s: empty objects are not allowed", at(path))
	}
	for _, m := range o.members {
		if inOr && reserved(m.name) {
			return nil, fmt.Errorf("%s: %s is an operator and cannot be a field inside $or", at(path), m.name)
		}
		var err error
		if branches, err = compileMember(m, path, branches, inOr); err != nil {
			return nil, err
		}
		if len(branches) > maxBranches {
			return nil, fmt.Errorf("%s: $or makes more than %d combinations", at(path), maxBranches)
		}
	}
	return branches, nil
}

func compileMember(m member, path string, branches []branch, inOr bool) ([]branch, error) {
	if alternatives, ok := orAlternatives(m); ok {
		return compileOr(alternatives, path, branches)
	}
	here := join(path, m.name)
	switch value := m.value.(type) {
	case *object:
		return compileObject(value, here, branches, inOr)
	case []any:
		matchers, err := compileValues(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", here, err)
		}
		for i := range branches {
			branches[i] = maps.Clone(branches[i])
			branches[i][here] = matchers // a path named twice: the later one counts, as in AWS
		}
		return branches, nil
	}
	return nil, fmt.Errorf("%q must be an object or an array", m.name)
}

// orAlternatives tells the operator from a field that happens to be named $or: AWS takes it for the operator where it holds
// two objects or more and none of them names an operator.
func orAlternatives(m member) ([]*object, bool) {
	list, ok := m.value.([]any)
	if m.name != "$or" || !ok || len(list) < 2 {
		return nil, false
	}
	var alternatives []*object
	for _, item := range list {
		o, ok := item.(*object)
		if !ok || slices.ContainsFunc(o.members, func(m member) bool { return reserved(m.name) }) {
			return nil, false
		}
		alternatives = append(alternatives, o)
	}
	return alternatives, true
}

func compileOr(alternatives []*object, path string, branches []branch) ([]branch, error) {
	var all []branch
	for _, alternative := range alternatives {
		forked, err := compileObject(alternative, path, slices.Clone(branches), true)
		if err != nil {
			return nil, err
		}
		all = append(all, forked...)
		if len(all) > maxBranches {
			return nil, fmt.Errorf("%s: $or makes more than %d combinations", at(path), maxBranches)
		}
	}
	return all, nil
}

func compileValues(values []any) ([]matcher, error) {
	if len(values) == 0 {
		return nil, fmt.Errorf("empty arrays are not allowed")
	}
	matchers := make([]matcher, 0, len(values))
	for _, value := range values {
		m, err := compileValue(value)
		if err != nil {
			return nil, err
		}
		matchers = append(matchers, m)
	}
	return matchers, nil
}

func compileValue(value any) (matcher, error) {
	switch v := value.(type) {
	case *object:
		if len(v.members) != 1 {
			return nil, fmt.Errorf("a match expression has exactly one key, this one has %d", len(v.members))
		}
		return compileOperator(v.members[0].name, v.members[0].value)
	case []any:
		return nil, fmt.Errorf("a match value must be a string, a number, true, false, null or a match expression")
	}
	return exactly{value}, nil
}

func at(path string) string {
	if path == "" {
		return "the pattern"
	}
	return path
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// object is a JSON object in the order of its text, which decides what a path that $or names again means.
type object struct{ members []member }

type member struct {
	name  string
	value any // *object, []any, string, json.Number, bool or nil
}

func parseOrdered(text string) (any, error) {
	var value json.RawMessage
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return nil, fmt.Errorf("the text is not JSON: %w", err)
	}
	return ordered(value), nil
}

// ordered reads valid JSON.
func ordered(value []byte) any {
	switch value[0] {
	case '{':
		o := &object{}
		for _, m := range cut.Members(value) {
			o.members = append(o.members, member{m.Name, ordered(m.Value)})
		}
		return o
	case '[':
		list := []any{}
		for _, item := range cut.Items(value) {
			list = append(list, ordered(item))
		}
		return list
	case '"':
		return cut.Text(value)
	case 't', 'f':
		return value[0] == 't'
	case 'n':
		return nil
	}
	return json.Number(value)
}

// marshal writes JSON as AWS does, without escaping <, > and &.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
