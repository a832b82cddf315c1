package states

import (
	"encoding/json"
)

// maxSeconds is the longest time that a definition may ask for (99,999,999 seconds, more than three years).
const maxSeconds = 99_999_999

// reader takes the fields of one object of a definition, noting what is missing, of the wrong type or left over.
type reader struct {
	p       *problems
	path    string
	jsonata bool
	order   []string
	fields  map[string]json.RawMessage
}

// newReader is nil, with a problem noted, when raw is no object.
func newReader(p *problems, path string, raw json.RawMessage) *reader {
	r := &reader{p: p, path: path, jsonata: true}
	v, err := decode(raw)
	o, ok := v.(ordered)
	if err != nil || !ok || json.Unmarshal(raw, &r.fields) != nil {
		p.schema(path, "Expected an object")
		return nil
	}
	r.order = o.Keys()
	return r
}

// names are the fields in the order of the definition.
func (r *reader) names() []string { return r.order }

func (r *reader) take(name string) (json.RawMessage, bool) {
	raw, ok := r.fields[name]
	delete(r.fields, name)
	return raw, ok
}

func (r *reader) has(name string) bool { _, ok := r.fields[name]; return ok }

func (r *reader) text(name string) string {
	raw, ok := r.take(name)
	if !ok {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		r.p.schema(r.path+"/"+name, "Expected text")
	}
	return s
}

func (r *reader) required(name string) string {
	if !r.has(name) {
		r.p.schema(r.path, "The field '%s' is required", name)
		return ""
	}
	return r.text(name)
}

// oneOf is a text of a closed set, whose first value is the default.
func (r *reader) oneOf(name string, values ...string) string {
	s := r.text(name)
	if s == "" {
		return values[0]
	}
	for _, v := range values {
		if s == v {
			return s
		}
	}
	r.p.schema(r.path+"/"+name, "The value must be one of %v, not %q", values, s)
	return values[0]
}

func (r *reader) number(name string) (float64, bool) {
	raw, ok := r.take(name)
	if !ok {
		return 0, false
	}
	var f float64
	if json.Unmarshal(raw, &f) != nil {
		r.p.schema(r.path+"/"+name, "Expected a number")
		return 0, false
	}
	return f, true
}

func (r *reader) flag(name string) bool {
	raw, ok := r.take(name)
	var b bool
	if ok && json.Unmarshal(raw, &b) != nil {
		r.p.schema(r.path+"/"+name, "Expected true or false")
	}
	return b
}

func (r *reader) texts(name string) []string {
	raw, ok := r.take(name)
	var list []string
	if !ok || json.Unmarshal(raw, &list) != nil || len(list) == 0 {
		r.p.schema(r.path+"/"+name, "Expected a list of at least one text")
	}
	return list
}

// list is a reader for each object of a list.
func (r *reader) list(name string) []*reader {
	raw, ok := r.take(name)
	if !ok {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		r.p.schema(r.path+"/"+name, "Expected a list")
		return nil
	}
	var readers []*reader
	for i, item := range items {
		if one := newReader(r.p, r.path+"/"+index(name, i), item); one != nil {
			one.jsonata = r.jsonata
			readers = append(readers, one)
		}
	}
	return readers
}

// template is a field that may hold expressions; location is its name in causes.
func (r *reader) template(name, location string) *template {
	raw, ok := r.take(name)
	if !ok {
		return nil
	}
	v, err := decode(raw)
	if err != nil {
		r.p.schema(r.path+"/"+name, "%v", err)
		return nil
	}
	t, err := newTemplate(location, v, r.jsonata)
	if err != nil {
		r.p.schema(r.path+"/"+name, "%v", err)
		return nil
	}
	return t
}

// expecting is a template whose literal, where it is one, must be of a JSON type.
func (r *reader) expecting(kind, name, location string) *template {
	t := r.template(name, location)
	if t == nil || t.shape == "expression" {
		return t
	}
	got := t.shape
	if got == "literal" {
		got = kindOf(t.literal)
	}
	if got != kind {
		r.p.schema(r.path+"/"+name, "Expected %s or a JSONata expression", kind)
		return nil
	}
	return t
}

// whole is a template for an integer from low to high.
func (r *reader) whole(name string, low, high int64) *template {
	t := r.expecting("number", name, name)
	if t != nil && t.shape == "literal" {
		if _, f := (evaluator{}).whole(t, low, high); f != nil {
			r.p.schema(r.path+"/"+name, "Expected an integer from %d to %d", low, high)
		}
	}
	return t
}

// literal is the number that a field has in the definition itself; ok is false where it is absent, wrong or an expression.
func literal(t *template) (n int64, ok bool) {
	if t == nil || t.shape != "literal" {
		return 0, false
	}
	n, f := (evaluator{}).whole(t, 1, maxSeconds)
	return n, f == nil
}

// assign is an Assign field: an object whose keys are names of variables.
func (r *reader) assign(location string) *template {
	t := r.expecting("object", "Assign", location)
	if t == nil || t.shape != "object" {
		if t != nil {
			r.p.schema(r.path+"/Assign", "Assign must be an object: each variable is named in the definition")
		}
		return nil
	}
	for _, name := range t.keys {
		if !variableName(name) {
			r.p.schema(r.path+"/Assign", "%q cannot be a variable's name: letters, digits and _ only, at most 80, starting with a letter, and not 'states'", name)
		}
	}
	return t
}

func variableName(name string) bool {
	if name == "" || len(name) > 80 || name == "states" {
		return false
	}
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// rest notes every field that nobody took.
func (r *reader) rest(what string) {
	for _, name := range r.order {
		if r.has(name) {
			r.p.schema(r.path+"/"+name, "The field '%s' is not supported by %s", name, what)
		}
	}
}
