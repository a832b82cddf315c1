package cloudformation

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// parameter is one entry of Parameters.
type parameter struct {
	name        string
	pos         Position
	typ         string
	byDefault   *string
	allowed     []string
	pattern     *regexp.Regexp
	min, max    *float64 // MinValue, MaxValue
	short, long *int     // MinLength, MaxLength
	explanation string   // ConstraintDescription
}

// Parameters are the names of the template's parameters, in its order.
func (t *Template) Parameters() []string {
	names := make([]string, len(t.parameters))
	for i, p := range t.parameters {
		names[i] = p.name
	}
	return names
}

func (t *Template) readParameters(section *value) error {
	for _, f := range section.fields {
		p, err := readParameter(f)
		if err != nil {
			return err
		}
		t.parameters = append(t.parameters, p)
	}
	return nil
}

func readParameter(f field) (parameter, error) {
	p := parameter{name: f.name, pos: f.pos}
	if !alphanumeric(f.name) {
		return p, errorAt(f.pos, "the parameter name %q must be letters and digits only", f.name)
	}
	if f.value.kind != mapKind {
		return p, errorAt(f.value.pos, "parameter %s must be a map with a Type", f.name)
	}
	for _, key := range f.value.fields {
		if err := p.readKey(key); err != nil {
			return p, err
		}
	}
	if p.typ == "" {
		return p, errorAt(f.pos, "parameter %s has no Type", f.name)
	}
	return p, nil
}

func (p *parameter) readKey(f field) error {
	switch f.name {
	case "AllowedValues":
		for _, item := range f.value.items {
			if !item.isScalar() {
				return errorAt(item.pos, "AllowedValues of %s must be plain values", p.name)
			}
			p.allowed = append(p.allowed, item.text)
		}
		return nil
	case "Description", "NoEcho":
		return nil
	}
	if !f.value.isScalar() {
		return errorAt(f.value.pos, "%s of parameter %s must be a plain value, this is %s", f.name, p.name, f.value.describe())
	}
	switch f.name {
	case "Type":
		p.typ = f.value.text
		return checkParameterType(f.value)
	case "Default":
		p.byDefault = &f.value.text
	case "ConstraintDescription":
		p.explanation = f.value.text
	case "AllowedPattern":
		re, err := regexp.Compile("^(?:" + f.value.text + ")$")
		if err != nil {
			return errorAt(f.value.pos, "AllowedPattern of %s: %v", p.name, err)
		}
		p.pattern = re
	case "MinValue", "MaxValue", "MinLength", "MaxLength":
		return p.readBound(f)
	default:
		return errorAt(f.pos, "unknown key %s of parameter %s", f.name, p.name)
	}
	return nil
}

func (p *parameter) readBound(f field) error {
	n, err := strconv.ParseFloat(f.value.text, 64)
	if err != nil {
		return errorAt(f.value.pos, "%s of parameter %s must be a number", f.name, p.name)
	}
	length := int(n)
	switch f.name {
	case "MinValue":
		p.min = &n
	case "MaxValue":
		p.max = &n
	case "MinLength":
		p.short = &length
	case "MaxLength":
		p.long = &length
	}
	return nil
}

const ssmValue = "AWS::SSM::Parameter::Value<"

func checkParameterType(v *value) error {
	switch t := v.text; {
	case t == "String", t == "Number", t == "CommaDelimitedList", t == "List<Number>", t == "List<String>":
	case strings.HasPrefix(t, "AWS::EC2::"), strings.HasPrefix(t, "List<AWS::EC2::"), strings.HasPrefix(t, "AWS::Route53::HostedZone::Id"):
	case t == ssmValue+"String>", t == ssmValue+"AWS::EC2::Image::Id>", t == "AWS::SSM::Parameter::Name":
	default:
		return errorAt(v.pos, "awssim knows no parameter type %s", t)
	}
	return nil
}

func (p *parameter) isList() bool {
	return p.typ == "CommaDelimitedList" || strings.HasPrefix(p.typ, "List<")
}

// settle is the parameter's value for a given text: a string, or a list of strings.
func (p *parameter) settle(given string, env Environment) (any, error) {
	if err := p.check(given); err != nil {
		return nil, err
	}
	if strings.HasPrefix(p.typ, ssmValue) {
		if env.Parameter != nil {
			if found, ok := env.Parameter(given); ok {
				return found, nil
			}
		}
		return nil, errorAt(p.pos, "parameter %s: there is no SSM parameter %s; create it first", p.name, given)
	}
	if !p.isList() {
		return given, nil
	}
	items := []any{}
	if given != "" {
		for _, item := range strings.Split(given, ",") {
			items = append(items, strings.TrimSpace(item))
		}
	}
	return items, nil
}

func (p *parameter) check(given string) error {
	for _, item := range p.each(given) {
		if why := p.violation(item); why != "" {
			if p.explanation != "" {
				why = p.explanation
			}
			return errorAt(p.pos, "parameter %s cannot be %q: %s", p.name, item, why)
		}
	}
	return nil
}

func (p *parameter) each(given string) []string {
	if !p.isList() {
		return []string{given}
	}
	items := strings.Split(given, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

func (p *parameter) violation(s string) string {
	if strings.HasSuffix(p.typ, "Number") || p.typ == "List<Number>" {
		n, err := strconv.ParseFloat(s, 64)
		switch {
		case err != nil:
			return "it must be a number"
		case p.min != nil && n < *p.min:
			return fmt.Sprintf("it must be at least %g", *p.min)
		case p.max != nil && n > *p.max:
			return fmt.Sprintf("it must be at most %g", *p.max)
		}
	}
	switch {
	case p.allowed != nil && !slices.Contains(p.allowed, s):
		return "allowed are " + strings.Join(p.allowed, ", ")
	case p.pattern != nil && !p.pattern.MatchString(s):
		return "it must match " + p.pattern.String()
	case p.short != nil && len(s) < *p.short:
		return fmt.Sprintf("it must have at least %d characters", *p.short)
	case p.long != nil && len(s) > *p.long:
		return fmt.Sprintf("it must have at most %d characters", *p.long)
	}
	return ""
}

// settleParameters gives every parameter its value: the given one or the default.
func (t *Template) settleParameters(given map[string]string, env Environment) (map[string]any, error) {
	values := map[string]any{}
	known := map[string]bool{}
	for i := range t.parameters {
		p := &t.parameters[i]
		known[p.name] = true
		text, ok := given[p.name]
		if !ok {
			if p.byDefault == nil {
				return nil, errorAt(p.pos, "parameter %s has no default and was not given", p.name)
			}
			text = *p.byDefault
		}
		v, err := p.settle(text, env)
		if err != nil {
			return nil, err
		}
		values[p.name] = v
	}
	names := make([]string, 0, len(given))
	for name := range given {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if !known[name] {
			return nil, errorAt(Position{t.file, 1, 1}, "the template has no parameter %s", name)
		}
	}
	return values, nil
}
