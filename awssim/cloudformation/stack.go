package cloudformation

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Provider creates resources. Its properties are what the template says with every intrinsic evaluated: string, json.Number, bool, []any
// and map[string]any, in CloudFormation's names. Types are plain ones: SAM resources have been taken apart before.
type Provider interface {
	Create(logicalID, typ string, properties map[string]any) (Resource, error)
}

// Resource is what a template can refer to of a created resource: Ref is PhysicalID, GetAtt takes Attributes.
type Resource struct {
	PhysicalID string
	Attributes map[string]any
}

// Plan is a template with its parameters and conditions settled: what will be created, in which order.
type Plan struct {
	template  *Template
	scope     *scope
	resources []*resource
}

// Planned is one resource of a plan.
type Planned struct {
	LogicalID, Type, DeletionPolicy string
	MadeBy                          string // logical id of the SAM resource it comes from, "" when declared
	Position                        Position
}

// Plan settles parameters and conditions, transforms SAM resources, checks every property and reference, and finds the order
// of creation.
func (t *Template) Plan(env Environment, parameters map[string]string) (*Plan, error) {
	s := &scope{env: env, mappings: t.mappings, generated: map[string]string{}}
	var err error
	if s.parameters, err = t.settleParameters(parameters, env); err != nil {
		return nil, err
	}
	if err := s.settleConditions(t.conditions); err != nil {
		return nil, err
	}
	resources, err := t.transform(s)
	if err != nil {
		return nil, err
	}
	if err := s.declare(resources); err != nil {
		return nil, err
	}
	var active []*resource
	for _, r := range resources {
		if err := checkProperties(r); err != nil {
			return nil, err
		}
		if r.condition == "" || s.conditions[r.condition] {
			active = append(active, r)
		}
	}
	ordered, err := s.order(active)
	if err != nil {
		return nil, err
	}
	if err := s.checkOutputReferences(t.outputs); err != nil {
		return nil, err
	}
	return &Plan{template: t, scope: s, resources: ordered}, nil
}

func (s *scope) declare(resources []*resource) error {
	s.declared = map[string]*resource{}
	for _, r := range resources {
		if other, ok := s.declared[r.id]; ok {
			return errorAt(r.pos, "the logical id %s is also used at %s", r.id, other.pos)
		}
		if _, isParameter := s.parameters[r.id]; isParameter {
			return errorAt(r.pos, "%s is both a parameter and a resource", r.id)
		}
		if r.condition != "" {
			if _, err := s.conditionNamed(r.condition, r.pos); err != nil {
				return err
			}
		}
		s.declared[r.id] = r
	}
	return nil
}

// checkOutputReferences finds a wrong name in an output before anything is created.
func (s *scope) checkOutputReferences(outputs *value) error {
	if outputs == nil {
		return nil
	}
	for _, f := range outputs.fields {
		holds, err := s.outputHolds(f.value)
		if err != nil {
			return err
		}
		if !holds {
			continue
		}
		err = s.references(f.value.get("Value"), func(id string, pos Position) error {
			_, err := s.usable(id, pos)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *scope) outputHolds(output *value) (bool, error) {
	c := output.get("Condition")
	if c == nil {
		return true, nil
	}
	return s.conditionNamed(c.text, c.pos)
}

// Resources are the planned resources in the order of creation.
func (p *Plan) Resources() []Planned {
	out := make([]Planned, len(p.resources))
	for i, r := range p.resources {
		out[i] = Planned{LogicalID: r.id, Type: r.typ, DeletionPolicy: r.deletion, MadeBy: r.madeBy, Position: r.pos}
	}
	return out
}

// Output is one output of a stack.
type Output struct{ Name, Value, Description, Export string }

// Created is one resource of a stack.
type Created struct {
	Planned
	Resource
	Properties map[string]any // as the provider got them
}

// Stack is a template that has been created.
type Stack struct {
	Name      string
	Resources []Created // in the order of creation
	Outputs   []Output  // in the order of the template
}

// Resource finds a resource by its logical id.
func (s *Stack) Resource(logicalID string) (Created, bool) {
	for _, r := range s.Resources {
		if r.LogicalID == logicalID {
			return r, true
		}
	}
	return Created{}, false
}

// Output finds an output's value by its name.
func (s *Stack) Output(name string) (string, bool) {
	for _, o := range s.Outputs {
		if o.Name == name {
			return o.Value, true
		}
	}
	return "", false
}

// Create creates the planned resources. At the first error it stops, and what exists stays: the stack so far comes back with
// the error, which names the resource and its place in the template.
func (p *Plan) Create(provider Provider) (*Stack, error) {
	stack := &Stack{Name: p.scope.env.StackName}
	p.scope.created = map[string]Resource{}
	for i, r := range p.resources {
		properties, err := p.evaluate(r)
		if err != nil {
			return stack, err
		}
		made, err := provider.Create(r.id, r.typ, properties)
		if err != nil {
			return stack, creationError(r, err)
		}
		p.scope.created[r.id] = made
		stack.Resources = append(stack.Resources, Created{Planned: p.Resources()[i], Resource: made, Properties: properties})
	}
	var err error
	stack.Outputs, err = p.outputs()
	return stack, err
}

func creationError(r *resource, err error) error {
	var placed *Error
	if errors.As(err, &placed) {
		return err
	}
	return fmt.Errorf("%s: create %s (%s): %w", r.pos, r.id, r.typ, err)
}

func (p *Plan) evaluate(r *resource) (map[string]any, error) {
	got, err := p.scope.eval(r.properties)
	if err != nil {
		return nil, err
	}
	properties := got.(map[string]any)
	if r.typ == stateMachineType {
		return substituteDefinition(r, properties)
	}
	return properties, nil
}

func (p *Plan) outputs() ([]Output, error) {
	if p.template.outputs == nil {
		return nil, nil
	}
	var out []Output
	for _, f := range p.template.outputs.fields {
		holds, err := p.scope.outputHolds(f.value)
		if err != nil {
			return nil, err
		}
		if !holds {
			continue
		}
		o, err := p.output(f)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (p *Plan) output(f field) (Output, error) {
	o := Output{Name: f.name}
	got, err := p.scope.eval(f.value.get("Value"))
	if err != nil {
		return o, err
	}
	switch got := got.(type) {
	case string, json.Number, bool:
		o.Value = fmt.Sprint(got)
	default:
		return o, errorAt(f.value.get("Value").pos, "output %s must be a text", f.name)
	}
	if d := f.value.get("Description"); d != nil {
		o.Description = strings.TrimSpace(d.text)
	}
	if e := f.value.get("Export").get("Name"); e != nil {
		o.Export, err = p.scope.text(e)
	}
	return o, err
}
