package cloudformation

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Environment is what a template can know of where it is created.
type Environment struct {
	Account, Region, StackName string
	// Parameter looks an SSM parameter up, for parameters of type AWS::SSM::Parameter::Value and {{resolve:ssm:...}}. It may be nil.
	Parameter func(name string) (string, bool)
}

// noValue is what AWS::NoValue evaluates to: whoever holds it leaves it out.
type noValue struct{}

// scope is everything that an expression can see.
type scope struct {
	env             Environment
	parameters      map[string]any // string or []any
	mappings        *value
	conditions      map[string]bool
	conditionSource *value
	conditionStack  []string
	generated       map[string]string    // "Push.Version" -> "PushVersion"
	declared        map[string]*resource // nil while only parameters may be used
	created         map[string]Resource
}

// eval evaluates a value to string, json.Number, bool, []any, map[string]any, nil or noValue.
func (s *scope) eval(v *value) (any, error) {
	switch v.kind {
	case textKind:
		return s.dynamic(v)
	case numberKind:
		return json.Number(v.text), nil
	case boolKind:
		return v.text == "true", nil
	case nullKind:
		return nil, errorAt(v.pos, "empty values are not allowed; leave the key out or use AWS::NoValue")
	case listKind:
		return s.evalList(v)
	case mapKind:
		return s.evalMap(v)
	}
	return s.call(v)
}

// dynamic replaces {{resolve:ssm:name}}; other dynamic references are refused.
func (s *scope) dynamic(v *value) (any, error) {
	before, rest, ok := strings.Cut(v.text, "{{resolve:")
	if !ok {
		return v.text, nil
	}
	reference, after, closed := strings.Cut(rest, "}}")
	name, isSSM := strings.CutPrefix(reference, "ssm:")
	if !closed || !isSSM {
		return nil, errorAt(v.pos, "awssim resolves {{resolve:ssm:NAME}} only, not {{resolve:%s}}", reference)
	}
	if s.env.Parameter != nil {
		if found, ok := s.env.Parameter(name); ok {
			return before + found + after, nil
		}
	}
	return nil, errorAt(v.pos, "there is no SSM parameter %s", name)
}

func (s *scope) evalList(v *value) (any, error) {
	out := []any{}
	for _, item := range v.items {
		got, err := s.eval(item)
		if err != nil {
			return nil, err
		}
		if _, none := got.(noValue); !none {
			out = append(out, got)
		}
	}
	return out, nil
}

func (s *scope) evalMap(v *value) (any, error) {
	out := map[string]any{}
	for _, f := range v.fields {
		got, err := s.eval(f.value)
		if err != nil {
			return nil, err
		}
		if _, none := got.(noValue); !none {
			out[f.name] = got
		}
	}
	return out, nil
}

// text evaluates a value that must come out as one text.
func (s *scope) text(v *value) (string, error) {
	got, err := s.eval(v)
	if err != nil {
		return "", err
	}
	switch got := got.(type) {
	case string:
		return got, nil
	case json.Number:
		return got.String(), nil
	case bool:
		return strconv.FormatBool(got), nil
	}
	return "", errorAt(v.pos, "this must be a text")
}

// list evaluates a value that must come out as a list.
func (s *scope) list(v *value) ([]any, error) {
	got, err := s.eval(v)
	if err != nil {
		return nil, err
	}
	items, ok := got.([]any)
	if !ok {
		return nil, errorAt(v.pos, "this must be a list")
	}
	return items, nil
}

// operands are the items of a call's argument list, least to most of them.
func (s *scope) operands(v *value, least, most int) ([]*value, error) {
	a := v.arg()
	if a.kind != listKind || len(a.items) < least || len(a.items) > most {
		want := fmt.Sprint(least)
		if most != least {
			want = fmt.Sprintf("%d to %d", least, most)
		}
		return nil, errorAt(v.pos, "%s takes a list of %s", v.fn, want)
	}
	return a.items, nil
}

func (s *scope) call(v *value) (any, error) {
	switch v.fn {
	case "Ref":
		return s.callRef(v)
	case "GetAtt":
		return s.callGetAtt(v)
	case "Sub":
		return s.callSub(v)
	case "Join":
		return s.callJoin(v)
	case "Select":
		return s.callSelect(v)
	case "Split":
		return s.callSplit(v)
	case "If":
		branch, err := s.branch(v)
		if err != nil {
			return nil, err
		}
		return s.eval(branch)
	case "FindInMap":
		return s.callFindInMap(v)
	case "GetAZs":
		return s.callGetAZs(v)
	case "Cidr":
		return s.callCidr(v)
	case "Base64":
		text, err := s.text(v.arg())
		return base64.StdEncoding.EncodeToString([]byte(text)), err
	case "ImportValue":
		return nil, errorAt(v.pos, "ImportValue is refused: awssim has no exports between stacks; make it a parameter")
	}
	return nil, errorAt(v.pos, "%s is only allowed in Conditions", v.fn)
}

// branch is the side of an If that its condition chooses. The other side is never evaluated.
func (s *scope) branch(v *value) (*value, error) {
	parts, err := s.operands(v, 3, 3)
	if err != nil {
		return nil, err
	}
	if parts[0].kind != textKind {
		return nil, errorAt(parts[0].pos, "If takes the name of a condition, this is %s", parts[0].describe())
	}
	holds, err := s.conditionNamed(parts[0].text, parts[0].pos)
	if err != nil {
		return nil, err
	}
	if holds {
		return parts[1], nil
	}
	return parts[2], nil
}

// textAndList evaluates the operands of Join and Select, and returns them as they are written as well.
func (s *scope) textAndList(v *value) (text string, items []any, written []*value, err error) {
	if written, err = s.operands(v, 2, 2); err != nil {
		return "", nil, nil, err
	}
	if text, err = s.text(written[0]); err != nil {
		return "", nil, nil, err
	}
	items, err = s.list(written[1])
	return text, items, written, err
}

func (s *scope) callJoin(v *value) (any, error) {
	separator, items, written, err := s.textAndList(v)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(items))
	for i, item := range items {
		switch item.(type) {
		case string, json.Number, bool:
			texts[i] = fmt.Sprint(item)
		default:
			return nil, errorAt(written[1].pos, "Join joins texts; item %d is not one", i)
		}
	}
	return strings.Join(texts, separator), nil
}

func (s *scope) callSelect(v *value) (any, error) {
	text, items, written, err := s.textAndList(v)
	if err != nil {
		return nil, err
	}
	i, err := strconv.Atoi(text)
	if err != nil || i < 0 || i >= len(items) {
		return nil, errorAt(written[0].pos, "Select wants item %s of a list of %d", text, len(items))
	}
	return items[i], nil
}

func (s *scope) callSplit(v *value) (any, error) {
	parts, err := s.operands(v, 2, 2)
	if err != nil {
		return nil, err
	}
	separator, err := s.text(parts[0])
	if err != nil {
		return nil, err
	}
	text, err := s.text(parts[1])
	if err != nil {
		return nil, err
	}
	if separator == "" {
		return nil, errorAt(parts[0].pos, "Split needs a separator")
	}
	items := []any{}
	for _, item := range strings.Split(text, separator) {
		items = append(items, item)
	}
	return items, nil
}

func (s *scope) callFindInMap(v *value) (any, error) {
	parts, err := s.operands(v, 3, 3)
	if err != nil {
		return nil, err
	}
	at := s.mappings
	for i, part := range parts {
		key, err := s.text(part)
		if err != nil {
			return nil, err
		}
		next := at.get(key)
		if next == nil {
			return nil, errorAt(part.pos, "FindInMap finds no %s %q", [...]string{"mapping", "first key", "second key"}[i], key)
		}
		at = next
	}
	if at.kind == mapKind || at.kind == callKind {
		return nil, errorAt(at.pos, "a mapping must end in a plain value or a list, this is %s", at.describe())
	}
	return s.eval(at)
}

// callGetAZs answers three zones, which is what most regions have.
func (s *scope) callGetAZs(v *value) (any, error) {
	region, err := s.text(v.arg())
	if err != nil {
		return nil, err
	}
	region = cmp.Or(region, s.env.Region)
	return []any{region + "a", region + "b", region + "c"}, nil
}
