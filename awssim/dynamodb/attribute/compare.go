package attribute

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Equal compares two values in normal form, of any type.
func Equal(a, b types.AttributeValue) bool {
	if Type(a) != Type(b) {
		return false
	}
	switch a := a.(type) {
	case *types.AttributeValueMemberM:
		return maps.EqualFunc(a.Value, b.(*types.AttributeValueMemberM).Value, Equal)
	case *types.AttributeValueMemberL:
		return slices.EqualFunc(a.Value, b.(*types.AttributeValueMemberL).Value, Equal)
	case *types.AttributeValueMemberBOOL:
		return a.Value == b.(*types.AttributeValueMemberBOOL).Value
	case *types.AttributeValueMemberNULL:
		return true
	case *types.AttributeValueMemberSS, *types.AttributeValueMemberNS, *types.AttributeValueMemberBS:
		return slices.Equal(Elements(a), Elements(b))
	case nil:
		return true
	}
	order, _ := Compare(a, b)
	return order == 0
}

// Compare orders two values of one scalar type: strings and binaries by their bytes, numbers by value. ok is false for
// anything else, which DynamoDB does not order.
func Compare(a, b types.AttributeValue) (order int, ok bool) {
	switch a := a.(type) {
	case *types.AttributeValueMemberS:
		if b, same := b.(*types.AttributeValueMemberS); same {
			return strings.Compare(a.Value, b.Value), true
		}
	case *types.AttributeValueMemberB:
		if b, same := b.(*types.AttributeValueMemberB); same {
			return bytes.Compare(a.Value, b.Value), true
		}
	case *types.AttributeValueMemberN:
		if b, same := b.(*types.AttributeValueMemberN); same {
			return compareNumbers(a.Value, b.Value), true
		}
	}
	return 0, false
}

func compareNumbers(a, b string) int {
	x, errX := ParseNumber(a)
	y, errY := ParseNumber(b)
	if errX != nil || errY != nil {
		return cmp.Compare(a, b) // only values that were never checked
	}
	return x.Cmp(y)
}

// Text is a string, number or binary as text (the bytes of a binary), "" for any other type. In normal form it tells the values
// of one type apart.
func Text(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberB:
		return string(v.Value)
	}
	return ""
}

// Elements are the elements of a set as text (the bytes of a binary), nil for any other type.
func Elements(v types.AttributeValue) []string {
	switch v := v.(type) {
	case *types.AttributeValueMemberSS:
		return v.Value
	case *types.AttributeValueMemberNS:
		return v.Value
	case *types.AttributeValueMemberBS:
		texts := make([]string, len(v.Value))
		for i, b := range v.Value {
			texts[i] = string(b)
		}
		return texts
	}
	return nil
}

// Set makes a set of the given type ("SS", "NS" or "BS") from elements as Elements gives them. An empty set is nil: DynamoDB
// has none.
func Set(setType string, elements []string) types.AttributeValue {
	if len(elements) == 0 {
		return nil
	}
	var v types.AttributeValue
	switch setType {
	case "SS":
		v = &types.AttributeValueMemberSS{Value: elements}
	case "NS":
		v = &types.AttributeValueMemberNS{Value: elements}
	default:
		blobs := make([][]byte, len(elements))
		for i, text := range elements {
			blobs[i] = []byte(text)
		}
		v = &types.AttributeValueMemberBS{Value: blobs}
	}
	_ = checkSet(v) // sorts; the elements were checked when they came in
	return v
}

// Clone copies a value so that changing the copy's lists and maps leaves the original alone.
func Clone(v types.AttributeValue) types.AttributeValue {
	switch v := v.(type) {
	case *types.AttributeValueMemberM:
		return &types.AttributeValueMemberM{Value: CloneItem(v.Value)}
	case *types.AttributeValueMemberL:
		items := make([]types.AttributeValue, len(v.Value))
		for i, item := range v.Value {
			items[i] = Clone(item)
		}
		return &types.AttributeValueMemberL{Value: items}
	}
	return v // scalars and sets are never changed in place
}

// CloneItem is Clone for every value of an item.
func CloneItem(item Item) Item {
	if item == nil {
		return nil
	}
	out := make(Item, len(item))
	for name, v := range item {
		out[name] = Clone(v)
	}
	return out
}
