package expression

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
)

// Key is what a key condition is checked against: the names and types (S, N or B) of a table's key attributes. Range is empty
// for a table without a sort key.
type Key struct{ Hash, HashType, Range, RangeType string }

// KeyCondition is a parsed KeyConditionExpression.
type KeyCondition struct {
	Hash  types.AttributeValue // the partition key's value
	order condition            // on the sort key; nil for any
}

// Holds says whether an item of the partition meets the condition on the sort key.
func (k *KeyCondition) Holds(item attribute.Item) bool { return k.order == nil || k.order.holds(item) }

// KeyCondition parses a KeyConditionExpression: equality of the partition key, and at most one of = < <= > >= BETWEEN
// and begins_with on the sort key.
func (p *Params) KeyCondition(text string, key Key) (*KeyCondition, error) {
	c, err := p.condition(keyConditionKind, text)
	if err != nil {
		return nil, err
	}
	out := &KeyCondition{}
	for _, part := range conjuncts(c.root) {
		if err := out.add(part, key); err != nil {
			return nil, err
		}
	}
	if out.Hash == nil {
		return nil, refuse("Query condition missed key schema element: %s", key.Hash)
	}
	return out, nil
}

func conjuncts(c condition) []condition {
	if both, ok := c.(and); ok {
		return append(conjuncts(both.l), conjuncts(both.r)...)
	}
	return []condition{c}
}

func (k *KeyCondition) add(part condition, key Key) error {
	path, literals, op, ok := simple(part)
	if !ok {
		return invalid(keyConditionKind, "Invalid operator used in KeyConditionExpression: %s", op)
	}
	wantType := key.HashType
	switch {
	case path.is(key.Hash):
		if op != "=" {
			return refuse("Query key condition not supported")
		}
		if k.Hash != nil {
			return invalid(keyConditionKind, "KeyConditionExpressions must only contain one condition per key")
		}
		k.Hash = literals[0]
	case key.Range != "" && path.is(key.Range):
		if k.order != nil {
			return invalid(keyConditionKind, "KeyConditionExpressions must only contain one condition per key")
		}
		k.order, wantType = part, key.RangeType
	default:
		missed := key.Hash
		if k.Hash != nil && key.Range != "" {
			missed = key.Range
		}
		return refuse("Query condition missed key schema element: %s", missed)
	}
	for _, v := range literals {
		if attribute.Type(v) != wantType {
			return refuse("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
	}
	return nil
}

// simple takes a condition apart that compares one path with literals in a way that a key condition may.
func simple(c condition) (path Path, literals []types.AttributeValue, op string, ok bool) {
	var operands []operand
	switch c := c.(type) {
	case comparison:
		op, operands = c.op, []operand{c.l, c.r}
	case between:
		op, operands = "BETWEEN", []operand{c.v, c.low, c.high}
	case function:
		op, operands = c.name, c.args
	case or:
		return nil, nil, "OR", false
	case not:
		return nil, nil, "NOT", false
	case in:
		return nil, nil, "IN", false
	}
	if !slices.Contains([]string{"=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"}, op) {
		return nil, nil, op, false
	}
	first, isPath := operands[0].(pathOperand)
	if !isPath {
		return nil, nil, op, false
	}
	for _, o := range operands[1:] {
		l, isLiteral := o.(literal)
		if !isLiteral {
			return nil, nil, op, false
		}
		literals = append(literals, l.v)
	}
	return first.path, literals, op, true
}
