package expression

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
)

// Holds says whether an item meets the condition. An item that does not exist is nil. A nil condition always holds.
func (c *Condition) Holds(item attribute.Item) bool { return c == nil || c.root.holds(item) }

type condition interface {
	holds(attribute.Item) bool
	paths() []Path
}

// operand is something with a value in an item; the value is nil where the item has none.
type operand interface {
	value(attribute.Item) types.AttributeValue
	paths() []Path
}

type (
	literal     struct{ v types.AttributeValue }
	pathOperand struct{ path Path }
	size        struct{ path Path }
)

func (l literal) value(attribute.Item) types.AttributeValue          { return l.v }
func (p pathOperand) value(item attribute.Item) types.AttributeValue { return p.path.find(item) }

// value counts characters of a string, bytes of a binary and elements of anything else that has some.
func (s size) value(item attribute.Item) types.AttributeValue {
	var n int
	switch v := s.path.find(item).(type) {
	case *types.AttributeValueMemberS:
		n = utf8.RuneCountInString(v.Value)
	case *types.AttributeValueMemberB:
		n = len(v.Value)
	case *types.AttributeValueMemberL:
		n = len(v.Value)
	case *types.AttributeValueMemberM:
		n = len(v.Value)
	case *types.AttributeValueMemberSS, *types.AttributeValueMemberNS, *types.AttributeValueMemberBS:
		n = len(attribute.Elements(v))
	default:
		return nil
	}
	return &types.AttributeValueMemberN{Value: strconv.Itoa(n)}
}

type (
	and        struct{ l, r condition }
	or         struct{ l, r condition }
	not        struct{ inner condition }
	comparison struct {
		op   string
		l, r operand
	}
	between struct{ v, low, high operand }
	in      struct {
		v    operand
		list []operand
	}
	function struct {
		name string
		args []operand
	}
)

func (c and) holds(item attribute.Item) bool { return c.l.holds(item) && c.r.holds(item) }
func (c or) holds(item attribute.Item) bool  { return c.l.holds(item) || c.r.holds(item) }
func (c not) holds(item attribute.Item) bool { return !c.inner.holds(item) }

// holds compares. Where a side has no value or another type nothing holds but <>, which is what makes
// "#owner <> :me" true of an item without an owner.
func (c comparison) holds(item attribute.Item) bool {
	l, r := c.l.value(item), c.r.value(item)
	switch {
	case c.op == "<>":
		return l == nil || r == nil || !attribute.Equal(l, r)
	case l == nil || r == nil:
		return false
	case c.op == "=":
		return attribute.Equal(l, r)
	}
	order, ok := attribute.Compare(l, r)
	if !ok {
		return false
	}
	switch c.op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

func (c between) holds(item attribute.Item) bool {
	v := c.v.value(item)
	fromLow, okLow := attribute.Compare(v, c.low.value(item))
	fromHigh, okHigh := attribute.Compare(v, c.high.value(item))
	return okLow && okHigh && fromLow >= 0 && fromHigh <= 0
}

func (c in) holds(item attribute.Item) bool {
	v := c.v.value(item)
	return v != nil && slices.ContainsFunc(c.list, func(o operand) bool { return attribute.Equal(v, o.value(item)) })
}

func (c function) holds(item attribute.Item) bool {
	v := c.args[0].value(item)
	switch c.name {
	case "attribute_exists":
		return v != nil
	case "attribute_not_exists":
		return v == nil
	case "attribute_type":
		return attribute.Type(v) == c.args[1].(literal).v.(*types.AttributeValueMemberS).Value
	case "begins_with":
		return beginsWith(v, c.args[1].value(item))
	}
	return contains(v, c.args[1].value(item))
}

func beginsWith(v, prefix types.AttributeValue) bool {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		p, ok := prefix.(*types.AttributeValueMemberS)
		return ok && strings.HasPrefix(v.Value, p.Value)
	case *types.AttributeValueMemberB:
		p, ok := prefix.(*types.AttributeValueMemberB)
		return ok && bytes.HasPrefix(v.Value, p.Value)
	}
	return false
}

// contains looks for a part of a string or binary, an element of a set of its type, or an element of a list.
func contains(v, part types.AttributeValue) bool {
	if part == nil {
		return false
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		p, ok := part.(*types.AttributeValueMemberS)
		return ok && strings.Contains(v.Value, p.Value)
	case *types.AttributeValueMemberB:
		p, ok := part.(*types.AttributeValueMemberB)
		return ok && bytes.Contains(v.Value, p.Value)
	case *types.AttributeValueMemberL:
		return slices.ContainsFunc(v.Value, func(item types.AttributeValue) bool { return attribute.Equal(item, part) })
	case *types.AttributeValueMemberSS, *types.AttributeValueMemberNS, *types.AttributeValueMemberBS:
		return attribute.Type(v) == attribute.Type(part)+"S" && slices.Contains(attribute.Elements(v), attribute.Text(part))
	}
	return false
}

func (literal) paths() []Path       { return nil }
func (p pathOperand) paths() []Path { return []Path{p.path} }
func (s size) paths() []Path        { return []Path{s.path} }

func (c and) paths() []Path        { return append(c.l.paths(), c.r.paths()...) }
func (c or) paths() []Path         { return append(c.l.paths(), c.r.paths()...) }
func (c not) paths() []Path        { return c.inner.paths() }
func (c comparison) paths() []Path { return pathsOf(c.l, c.r) }
func (c between) paths() []Path    { return pathsOf(c.v, c.low, c.high) }
func (c in) paths() []Path         { return append(c.v.paths(), pathsOf(c.list...)...) }
func (c function) paths() []Path   { return pathsOf(c.args...) }

func pathsOf(operands ...operand) []Path {
	var paths []Path
	for _, o := range operands {
		paths = append(paths, o.paths()...)
	}
	return paths
}
