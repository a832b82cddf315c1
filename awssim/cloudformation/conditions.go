package cloudformation

import "strings"

// settleConditions evaluates every condition of the template. Conditions may name each other; a cycle is an error.
func (s *scope) settleConditions(section *value) error {
	s.conditions = map[string]bool{}
	if section == nil {
		return nil
	}
	s.conditionSource = section
	for _, f := range section.fields {
		if _, err := s.conditionNamed(f.name, f.pos); err != nil {
			return err
		}
	}
	return nil
}

func (s *scope) conditionNamed(name string, pos Position) (bool, error) {
	if known, ok := s.conditions[name]; ok {
		return known, nil
	}
	source := s.conditionSource.get(name)
	if source == nil {
		return false, errorAt(pos, "there is no condition %s", name)
	}
	for _, open := range s.conditionStack {
		if open == name {
			return false, errorAt(pos, "conditions go round in a circle: %s", strings.Join(append(s.conditionStack, name), " -> "))
		}
	}
	s.conditionStack = append(s.conditionStack, name)
	holds, err := s.condition(source)
	s.conditionStack = s.conditionStack[:len(s.conditionStack)-1]
	if err != nil {
		return false, err
	}
	s.conditions[name] = holds
	return holds, nil
}

// condition evaluates an expression of Equals, Not, And, Or and Condition.
func (s *scope) condition(v *value) (bool, error) {
	if v.kind == mapKind && len(v.fields) == 1 && v.fields[0].name == "Condition" {
		return s.conditionNamed(v.fields[0].value.text, v.fields[0].value.pos)
	}
	if v.kind != callKind {
		return false, errorAt(v.pos, "a condition must be Equals, Not, And, Or or Condition, this is %s", v.describe())
	}
	switch v.fn {
	case "Condition":
		return s.conditionNamed(v.arg().text, v.arg().pos)
	case "Equals":
		return s.equals(v)
	case "Not":
		parts, err := s.operands(v, 1, 1)
		if err != nil {
			return false, err
		}
		holds, err := s.condition(parts[0])
		return !holds, err
	case "And", "Or":
		return s.junction(v)
	}
	return false, errorAt(v.pos, "%s is no condition; a condition is Equals, Not, And, Or or Condition", v.fn)
}

func (s *scope) equals(v *value) (bool, error) {
	parts, err := s.operands(v, 2, 2)
	if err != nil {
		return false, err
	}
	left, err := s.text(parts[0])
	if err != nil {
		return false, err
	}
	right, err := s.text(parts[1])
	return left == right, err
}

// junction evaluates all operands, so that a mistake in the second is found even when the first decides.
func (s *scope) junction(v *value) (bool, error) {
	parts, err := s.operands(v, 2, 10)
	if err != nil {
		return false, err
	}
	all, some := true, false
	for _, part := range parts {
		holds, err := s.condition(part)
		if err != nil {
			return false, err
		}
		all, some = all && holds, some || holds
	}
	if v.fn == "And" {
		return all, nil
	}
	return some, nil
}
