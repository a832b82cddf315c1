package states

import (
	"fmt"
	"strings"

	"github.com/recolabs/gnata"
)

// template is a field's value in a definition: JSON in which every text of the form {% ... %} is an expression.
type template struct {
	location string // the field as AWS names it in causes: "Output/result"
	text     string // the expression's source, "" for a literal
	expr     *gnata.Expression
	literal  any // what is not an expression, object or array
	keys     []string
	members  map[string]*template
	items    []*template
	shape    string // "expression", "literal", "object", "array"
}

// newTemplate compiles a decoded field. Without jsonata every text is a literal. Errors name the location.
func newTemplate(location string, v any, jsonata bool) (*template, error) {
	t := &template{location: location, shape: "literal", literal: v}
	switch v := v.(type) {
	case string:
		return t, t.compile(v, jsonata)
	case ordered:
		t.shape, t.keys, t.members = "object", v.Keys(), map[string]*template{}
		for _, key := range t.keys {
			value, _ := v.Get(key)
			child, err := newTemplate(location+"/"+key, value, jsonata)
			if err != nil {
				return nil, err
			}
			t.members[key] = child
		}
	case []any:
		t.shape = "array"
		for i, item := range v {
			child, err := newTemplate(fmt.Sprintf("%s[%d]", location, i), item, jsonata)
			if err != nil {
				return nil, err
			}
			t.items = append(t.items, child)
		}
	}
	return t, nil
}

func (t *template) compile(text string, jsonata bool) error {
	opens, closes := strings.HasPrefix(text, "{%"), strings.HasSuffix(text, "%}")
	if !jsonata || (!opens && !closes) {
		return nil
	}
	if !opens || !closes || len(text) < 4 {
		return fmt.Errorf("%s: a JSONata expression must start with {%% and end with %%}, without anything around it", t.location)
	}
	t.text = strings.TrimSpace(text[2 : len(text)-2])
	expr, err := gnata.Compile(t.text)
	if err != nil {
		return fmt.Errorf("%s: '%s' is not a JSONata expression: %v", t.location, t.text, err)
	}
	t.shape, t.expr = "expression", expr
	return nil
}

// evaluator evaluates a state's templates at one moment.
type evaluator struct {
	engine *engine
	vars   *scope
	states map[string]any // $states
}

// evaluate is the template's value, always data.
func (e evaluator) evaluate(t *template) (any, *failure) {
	switch t.shape {
	case "expression":
		return e.expression(t)
	case "object":
		object := &object{values: map[string]any{}}
		for _, key := range t.keys {
			v, f := e.evaluate(t.members[key])
			if f != nil {
				return nil, f
			}
			object.set(key, v)
		}
		return object.value(), nil
	case "array":
		items := make([]any, 0, len(t.items))
		for _, item := range t.items {
			v, f := e.evaluate(item)
			if f != nil {
				return nil, f
			}
			items = append(items, v)
		}
		return items, nil
	}
	return t.literal, nil
}

func (e evaluator) expression(t *template) (any, *failure) {
	v, err := e.engine.run(t.expr, e.vars, e.states)
	if err != nil {
		return nil, queryError(t.location, "%s threw an error during evaluation. %v", t.said(), err)
	}
	if v == nil {
		return nil, queryError(t.location, "%s returned nothing (undefined).", t.said())
	}
	if _, err := encode(v); err != nil {
		return nil, queryError(t.location, "%s returned an unsupported result type.", t.said())
	}
	return v, nil
}

func (t *template) said() string {
	return fmt.Sprintf("The JSONata expression '%s' specified for the field '%s'", t.text, t.location)
}

// typed evaluates t and insists on a JSON type.
func (e evaluator) typed(t *template, kind string) (any, *failure) {
	v, f := e.evaluate(t)
	if f != nil {
		return nil, f
	}
	if got := kindOf(v); got != kind {
		text, _ := encode(v)
		return nil, queryError(t.location, "%s returned an unexpected result type. Expected '%s', but was '%s' for value: %s", t.said(), kind, got, text)
	}
	return v, nil
}

// whole evaluates t to an integer from low to high.
func (e evaluator) whole(t *template, low, high int64) (int64, *failure) {
	v, f := e.typed(t, "number")
	if f != nil {
		return 0, f
	}
	x, _ := number(v)
	if n := int64(x); float64(n) == x && n >= low && n <= high {
		return n, nil
	}
	text, _ := encode(v)
	return 0, queryError(t.location, "%s must return an integer from %d to %d, but was: %s", t.said(), low, high, text)
}

// object keeps the order in which its members were set, as the engine's own objects do.
type object struct {
	keys   []string
	values map[string]any
}

func (o *object) set(key string, v any) {
	o.keys = append(o.keys, key)
	o.values[key] = v
}

// value makes the object one of the engine's, which knows no other ordered objects than those it has read: an empty one is
// read and filled. Reading the whole object from text again would cost more than evaluating it.
func (o *object) value() any {
	made := emptyObject()
	for _, key := range o.keys {
		made.Set(key, o.values[key])
	}
	return made
}

func (o *object) Keys() []string { return o.keys }

func (o *object) Get(key string) (any, bool) { v, ok := o.values[key]; return v, ok }

// scope holds the workflow variables of a machine, or of one branch or iteration inside it, which sees the outer ones.
type scope struct {
	outer *scope
	named map[string]any
}

func (s *scope) visible() map[string]any {
	if s.outer == nil {
		return s.named
	}
	all := map[string]any{}
	for at := s; at != nil; at = at.outer {
		for name, v := range at.named {
			if _, inner := all[name]; !inner {
				all[name] = v
			}
		}
	}
	return all
}

// copied is the scope as it is now, for a redrive to return to.
func (s *scope) copied() *scope {
	c := &scope{outer: s.outer, named: make(map[string]any, len(s.named))}
	for name, v := range s.named {
		c.named[name] = v
	}
	return c
}
