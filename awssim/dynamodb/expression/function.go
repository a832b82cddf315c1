package expression

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
)

// arity is how many operands each function of a condition takes.
var arity = map[string]int{
	"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2, "size": 1,
}

var attributeTypes = []string{"B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M"}

func (p *parser) function() (expr, error) {
	name := p.take().text
	want, known := arity[name]
	switch {
	case name == "if_not_exists" || name == "list_append":
		return nil, invalid(p.what, "The function is not allowed in a condition expression; function: %s", name)
	case !known:
		return nil, invalid(p.what, "Invalid function name; function: %s", name)
	}
	if err := p.countOperator(); err != nil {
		return nil, err
	}
	p.at++ // the parenthesis that atFunction saw
	args, err := p.operands()
	if err != nil {
		return nil, err
	}
	if len(args) != want {
		return nil, invalid(p.what, "Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(args))
	}
	if err := p.checkArguments(name, args); err != nil {
		return nil, err
	}
	if name == "size" {
		return size{args[0].(pathOperand).path}, nil
	}
	return function{name, args}, nil
}

func (p *parser) checkArguments(name string, args []operand) error {
	path, isPath := args[0].(pathOperand)
	if !isPath && name != "begins_with" && name != "contains" {
		return invalid(p.what, "Operator or function requires a document path; operator or function: %s", name)
	}
	if len(args) == 2 && isPath {
		if err := p.distinct(name, path, args[1]); err != nil {
			return err
		}
	}
	switch name {
	case "begins_with":
		for _, arg := range args {
			if l, ok := arg.(literal); ok && !slices.Contains([]string{"S", "B"}, attribute.Type(l.v)) {
				return p.wrongType(name, l.v)
			}
		}
	case "attribute_type":
		l, ok := args[1].(literal)
		if !ok {
			return invalid(p.what, "The second operand of attribute_type must be an expression attribute value;")
		}
		t, ok := l.v.(*types.AttributeValueMemberS)
		if !ok {
			return p.wrongType(name, l.v)
		}
		if !slices.Contains(attributeTypes, t.Value) {
			return invalid(p.what, "Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", t.Value)
		}
	}
	return nil
}

// show prints a scalar as DynamoDB does in its messages.
func show(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return fmt.Sprintf("{S:%s}", v.Value)
	case *types.AttributeValueMemberN:
		return fmt.Sprintf("{N:%s}", v.Value)
	}
	return fmt.Sprintf("{%s}", attribute.Type(v))
}
