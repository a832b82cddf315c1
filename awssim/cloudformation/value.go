package cloudformation

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Position is a place in a template.
type Position struct {
	File         string
	Line, Column int
}

func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Error says what is wrong with a template, and where.
type Error struct {
	Position Position
	Message  string
}

func (e *Error) Error() string { return e.Position.String() + ": " + e.Message }

func errorAt(pos Position, format string, args ...any) error {
	return &Error{Position: pos, Message: fmt.Sprintf(format, args...)}
}

type kind int

const (
	textKind kind = iota
	numberKind
	boolKind
	nullKind
	listKind
	mapKind
	callKind
)

// value is a piece of a template: a scalar, a list, a map in the order of the file, or the call of an intrinsic.
type value struct {
	pos    Position
	kind   kind
	text   string   // of a scalar, as it was written
	items  []*value // of a list; of a call its one argument
	fields []field  // of a map
	fn     string   // of a call: "Ref", "GetAtt", "Sub", ...
}

type field struct {
	name  string
	pos   Position
	value *value
}

func (v *value) get(name string) *value {
	if v == nil {
		return nil
	}
	for _, f := range v.fields {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

func (v *value) arg() *value { return v.items[0] }

// with sets a field of a map and returns the map.
func (v *value) with(name string, to *value) *value {
	if to == nil {
		return v
	}
	for i, f := range v.fields {
		if f.name == name {
			v.fields[i].value = to
			return v
		}
	}
	v.fields = append(v.fields, field{name: name, pos: to.pos, value: to})
	return v
}

func (v *value) isScalar() bool {
	return v.kind == textKind || v.kind == numberKind || v.kind == boolKind
}

// describe names the kind of a value for a message.
func (v *value) describe() string {
	switch v.kind {
	case textKind:
		return "a text"
	case numberKind:
		return "a number"
	case boolKind:
		return "a boolean"
	case nullKind:
		return "empty"
	case listKind:
		return "a list"
	case mapKind:
		return "a map"
	}
	return "the intrinsic " + v.fn
}

// plain makes constructors for values that a transform adds; they have the position of what they were made from.
type plain struct{ pos Position }

func (p plain) text(s string) *value { return &value{pos: p.pos, kind: textKind, text: s} }
func (p plain) list(items ...*value) *value {
	return &value{pos: p.pos, kind: listKind, items: items}
}
func (p plain) mapping() *value { return &value{pos: p.pos, kind: mapKind} }
func (p plain) call(fn string, arg *value) *value {
	return &value{pos: p.pos, kind: callKind, fn: fn, items: []*value{arg}}
}
func (p plain) ref(name string) *value { return p.call("Ref", p.text(name)) }
func (p plain) getAtt(name, attribute string) *value {
	return p.call("GetAtt", p.list(p.text(name), p.text(attribute)))
}

// intrinsics are the functions that templates may call, by their short name. ImportValue is known so that its refusal can
// say why; Condition is only legal where a condition is expected.
var intrinsics = map[string]bool{
	"Ref": true, "GetAtt": true, "Sub": true, "Join": true, "Select": true, "Split": true, "If": true, "Equals": true, "Not": true,
	"And": true, "Or": true, "FindInMap": true, "GetAZs": true, "Cidr": true, "ImportValue": true, "Base64": true, "Condition": true,
}

// reader turns YAML nodes into values.
type reader struct{ file string }

func (r reader) position(n *yaml.Node) Position {
	return Position{File: r.file, Line: n.Line, Column: n.Column}
}

func (r reader) read(n *yaml.Node) (*value, error) {
	pos := r.position(n)
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return nil, errorAt(pos, "CloudFormation takes no YAML anchors and aliases; write the value out")
	}
	if fn, ok := shortForm(n); ok {
		return r.readShort(n, fn, pos)
	}
	switch n.Kind {
	case yaml.ScalarNode:
		return r.readScalar(n, pos)
	case yaml.SequenceNode:
		out := &value{pos: pos, kind: listKind}
		for _, item := range n.Content {
			v, err := r.read(item)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, v)
		}
		return out, nil
	case yaml.MappingNode:
		return r.readMap(n, pos)
	}
	return nil, errorAt(pos, "this YAML is not understood")
}

func shortForm(n *yaml.Node) (string, bool) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") && n.Tag != "!" {
		return n.Tag[1:], true
	}
	return "", false
}

func (r reader) readShort(n *yaml.Node, fn string, pos Position) (*value, error) {
	if !intrinsics[fn] {
		return nil, errorAt(pos, "unknown intrinsic !%s", fn)
	}
	bare := *n
	bare.Tag = ""
	if n.Kind == yaml.ScalarNode {
		bare.Tag = "!!str"
	}
	arg, err := r.read(&bare)
	if err != nil {
		return nil, err
	}
	return &value{pos: pos, kind: callKind, fn: fn, items: []*value{arg}}, nil
}

func (r reader) readScalar(n *yaml.Node, pos Position) (*value, error) {
	v := &value{pos: pos, kind: textKind, text: n.Value}
	switch n.ShortTag() {
	case "!!str", "!!timestamp":
	case "!!bool":
		v.kind = boolKind
		v.text = strings.ToLower(n.Value)
		if v.text != "true" && v.text != "false" {
			v.kind, v.text = textKind, n.Value // yes, on, ...: CloudFormation keeps them as text
		}
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) { // 010 or 0x10 stay text, as they were written
			v.kind = numberKind
		}
	case "!!null":
		v.kind = nullKind
	default:
		return nil, errorAt(pos, "the YAML tag %s is not understood", n.Tag)
	}
	return v, nil
}

func (r reader) readMap(n *yaml.Node, pos Position) (*value, error) {
	out := &value{pos: pos, kind: mapKind}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, at := n.Content[i], r.position(n.Content[i])
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			return nil, errorAt(at, "a key must be a plain text; CloudFormation takes no YAML merge keys")
		}
		if out.get(key.Value) != nil {
			return nil, errorAt(at, "the key %s is there twice", key.Value)
		}
		v, err := r.read(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		out.fields = append(out.fields, field{name: key.Value, pos: at, value: v})
	}
	return longForm(out)
}

// longForm makes {"Fn::Join": [...]} and {"Ref": ...} calls. {"Condition": ...} stays a map: IAM statements have that key too, so
// conditions.go decides.
func longForm(v *value) (*value, error) {
	for _, f := range v.fields {
		name, isFn := strings.CutPrefix(f.name, "Fn::")
		if f.name == "Ref" && len(v.fields) == 1 {
			name, isFn = "Ref", true
		}
		if !isFn {
			continue
		}
		if !intrinsics[name] || name == "Condition" {
			return nil, errorAt(f.pos, "unknown intrinsic %s", f.name)
		}
		if len(v.fields) != 1 {
			return nil, errorAt(f.pos, "%s must stand alone in its map", f.name)
		}
		return &value{pos: v.pos, kind: callKind, fn: name, items: []*value{f.value}}, nil
	}
	return v, nil
}
