package cloudformation

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// A template refers to something by Ref, by GetAtt and by the ${...} of Sub.

func (s *scope) callRef(v *value) (any, error) {
	name, err := refName(v)
	if err != nil {
		return nil, err
	}
	return s.ref(name, v.pos)
}

func refName(v *value) (string, error) {
	if v.arg().kind != textKind {
		return "", errorAt(v.pos, "Ref takes a name, this is %s", v.arg().describe())
	}
	return v.arg().text, nil
}

func (s *scope) ref(name string, pos Position) (any, error) {
	if strings.HasPrefix(name, "AWS::") {
		return s.pseudo(name, pos)
	}
	if p, ok := s.parameters[name]; ok {
		return p, nil
	}
	id := s.resourceID(name)
	made, err := s.resource(id, pos)
	if err != nil {
		return nil, err
	}
	return made.PhysicalID, nil
}

func (s *scope) pseudo(name string, pos Position) (any, error) {
	switch name {
	case "AWS::AccountId":
		return s.env.Account, nil
	case "AWS::Region":
		return s.env.Region, nil
	case "AWS::StackName":
		return s.env.StackName, nil
	case "AWS::StackId":
		return fmt.Sprintf("arn:aws:cloudformation:%s:%s:stack/%s/00000000-0000-4000-8000-000000000000", s.env.Region, s.env.Account, s.env.StackName), nil
	case "AWS::Partition":
		return "aws", nil
	case "AWS::URLSuffix":
		return "amazonaws.com", nil
	case "AWS::NotificationARNs":
		return []any{}, nil
	case "AWS::NoValue":
		return noValue{}, nil
	}
	return nil, errorAt(pos, "unknown pseudo parameter %s", name)
}

// resourceID is the logical id that a name of a Ref means: SAM lets Push.Version stand for the version it generates.
func (s *scope) resourceID(name string) string {
	if id, ok := s.generated[name]; ok {
		return id
	}
	return name
}

// attributeOf splits "Push.Arn", and "Push.Version.Version" where Push.Version is generated.
func (s *scope) attributeOf(name string) (id, attribute string) {
	id, attribute, _ = strings.Cut(name, ".")
	if second, rest, ok := strings.Cut(attribute, "."); ok {
		if made, ok := s.generated[id+"."+second]; ok {
			return made, rest
		}
	}
	return id, attribute
}

// usable finds a declared resource that its condition lets exist.
func (s *scope) usable(id string, pos Position) (*resource, error) {
	if s.declared == nil {
		return nil, errorAt(pos, "%s is no parameter, and resources cannot be used here", id)
	}
	r, ok := s.declared[id]
	if !ok {
		return nil, errorAt(pos, "there is no resource or parameter %s", id)
	}
	if r.condition != "" && !s.conditions[r.condition] {
		return nil, errorAt(pos, "%s is not created because its condition %s does not hold; put this reference in an If", id, r.condition)
	}
	return r, nil
}

func (s *scope) resource(id string, pos Position) (Resource, error) {
	if _, err := s.usable(id, pos); err != nil {
		return Resource{}, err
	}
	made, ok := s.created[id]
	if !ok {
		return Resource{}, errorAt(pos, "%s does not exist yet", id)
	}
	return made, nil
}

// attributeName reads the argument of GetAtt in its forms: "A.B" and [A, B].
func (s *scope) attributeName(v *value) (id, attribute string, err error) {
	a := v.arg()
	switch {
	case a.kind == textKind && strings.Contains(a.text, "."):
		id, attribute = s.attributeOf(a.text)
		return id, attribute, nil
	case a.kind == listKind && len(a.items) == 2 && a.items[0].kind == textKind:
		attribute, err = s.text(a.items[1])
		if err != nil {
			return "", "", err
		}
		id, attribute = s.attributeOf(a.items[0].text + "." + attribute)
		return id, attribute, nil
	}
	return "", "", errorAt(v.pos, "GetAtt takes Resource.Attribute or [Resource, Attribute]")
}

func (s *scope) callGetAtt(v *value) (any, error) {
	id, attribute, err := s.attributeName(v)
	if err != nil {
		return nil, err
	}
	return s.attribute(id, attribute, v.pos)
}

func (s *scope) attribute(id, attribute string, pos Position) (any, error) {
	made, err := s.resource(id, pos)
	if err != nil {
		return nil, err
	}
	got, ok := made.Attributes[attribute]
	if !ok {
		return nil, errorAt(pos, "%s (%s) has no attribute %s; it has %s", id, s.declared[id].typ, attribute, attributeNames(made))
	}
	return got, nil
}

func attributeNames(r Resource) string {
	names := make([]string, 0, len(r.Attributes))
	for name := range r.Attributes {
		names = append(names, name)
	}
	if len(names) == 0 {
		return "none"
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

// substitution is the text of a Sub and its own variables.
func substitution(v *value) (text string, variables *value, err error) {
	a := v.arg()
	if a.kind == textKind {
		return a.text, nil, nil
	}
	if a.kind == listKind && len(a.items) == 2 && a.items[0].kind == textKind && a.items[1].kind == mapKind {
		return a.items[0].text, a.items[1], nil
	}
	return "", nil, errorAt(v.pos, "Sub takes a text, or a list of a text and a map of variables")
}

// eachHole calls fn for every ${name} of a Sub's text and for the text between. ${!name} is the text "${name}".
func eachHole(text string, pos Position, literal func(string), hole func(name string) error) error {
	for {
		before, rest, ok := strings.Cut(text, "${")
		literal(before)
		if !ok {
			return nil
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return errorAt(pos, "a ${ in Sub is not closed")
		}
		text = after
		if raw, ok := strings.CutPrefix(name, "!"); ok {
			literal("${" + raw + "}")
			continue
		}
		if err := hole(strings.TrimSpace(name)); err != nil {
			return err
		}
	}
}

func (s *scope) callSub(v *value) (any, error) {
	text, variables, err := substitution(v)
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	err = eachHole(text, v.pos, func(raw string) { out.WriteString(raw) }, func(name string) error {
		filled, err := s.fill(name, variables, v.pos)
		out.WriteString(filled)
		return err
	})
	return out.String(), err
}

func (s *scope) fill(name string, variables *value, pos Position) (string, error) {
	if own := variables.get(name); own != nil {
		return s.text(own)
	}
	var got any
	var err error
	if _, isGenerated := s.generated[name]; strings.Contains(name, ".") && !isGenerated {
		id, attribute := s.attributeOf(name)
		got, err = s.attribute(id, attribute, pos)
	} else {
		got, err = s.ref(name, pos)
	}
	if err != nil {
		return "", err
	}
	switch got := got.(type) {
	case string:
		return got, nil
	case json.Number, bool:
		return fmt.Sprint(got), nil
	}
	return "", errorAt(pos, "${%s} is not a text", name)
}

// references calls visit for every resource that a value needs. Only the branch that an If takes counts.
func (s *scope) references(v *value, visit func(id string, pos Position) error) error {
	switch v.kind {
	case listKind:
		return s.referencesOf(v.items, visit)
	case mapKind:
		for _, f := range v.fields {
			if err := s.references(f.value, visit); err != nil {
				return err
			}
		}
		return nil
	case callKind:
		return s.referencesOfCall(v, visit)
	}
	return nil
}

func (s *scope) referencesOf(items []*value, visit func(string, Position) error) error {
	for _, item := range items {
		if err := s.references(item, visit); err != nil {
			return err
		}
	}
	return nil
}

func (s *scope) referencesOfCall(v *value, visit func(string, Position) error) error {
	switch v.fn {
	case "Ref":
		name, err := refName(v)
		if err != nil {
			return err
		}
		return s.refers(name, v.pos, visit)
	case "GetAtt":
		id, _, err := s.attributeName(v)
		if err != nil {
			return err
		}
		return visit(id, v.pos)
	case "Sub":
		return s.referencesOfSub(v, visit)
	case "If":
		branch, err := s.branch(v)
		if err != nil {
			return err
		}
		return s.references(branch, visit)
	}
	return s.referencesOf(v.items, visit)
}

func (s *scope) referencesOfSub(v *value, visit func(string, Position) error) error {
	text, variables, err := substitution(v)
	if err != nil {
		return err
	}
	if variables != nil {
		if err := s.references(variables, visit); err != nil {
			return err
		}
	}
	return eachHole(text, v.pos, func(string) {}, func(name string) error {
		if variables.get(name) != nil {
			return nil
		}
		if _, isGenerated := s.generated[name]; strings.Contains(name, ".") && !isGenerated {
			id, _ := s.attributeOf(name)
			return visit(id, v.pos)
		}
		return s.refers(name, v.pos, visit)
	})
}

func (s *scope) refers(name string, pos Position, visit func(string, Position) error) error {
	if _, isParameter := s.parameters[name]; isParameter || strings.HasPrefix(name, "AWS::") {
		return nil
	}
	return visit(s.resourceID(name), pos)
}
