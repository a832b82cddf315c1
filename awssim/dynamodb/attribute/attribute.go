// Package attribute is DynamoDB's attribute values: how they are read from JSON and written back, checked, compared, added
// and measured. It works on the SDK's own types.AttributeValue.
//
// A value that came through Check is in normal form: numbers in canonical text, sets sorted. What is not here: paths and
// expressions (package expression) and tables (package dynamodb).
package attribute

import (
	"bytes"
	"slices"
	"sort"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/protocol"
)

// Item is one item of a table: attribute names to values.
type Item = map[string]types.AttributeValue

// maxDepth is how deep lists and maps may be nested ("Quotas" in the DynamoDB developer guide).
const maxDepth = 32

// Type is the type descriptor of a value: S, N, B, BOOL, NULL, M, L, SS, NS or BS; "" for nil.
func Type(v types.AttributeValue) string {
	switch v.(type) {
	case *types.AttributeValueMemberS:
		return "S"
	case *types.AttributeValueMemberN:
		return "N"
	case *types.AttributeValueMemberB:
		return "B"
	case *types.AttributeValueMemberBOOL:
		return "BOOL"
	case *types.AttributeValueMemberNULL:
		return "NULL"
	case *types.AttributeValueMemberM:
		return "M"
	case *types.AttributeValueMemberL:
		return "L"
	case *types.AttributeValueMemberSS:
		return "SS"
	case *types.AttributeValueMemberNS:
		return "NS"
	case *types.AttributeValueMemberBS:
		return "BS"
	}
	return ""
}

// CheckItem brings every value of an item into normal form. Errors are ValidationExceptions in DynamoDB's words.
func CheckItem(item Item) error {
	for _, name := range Names(item) {
		if err := Check(item[name]); err != nil {
			return err
		}
	}
	return nil
}

// Names are the attribute names of an item, sorted.
func Names(item Item) []string {
	names := make([]string, 0, len(item))
	for name := range item {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Check brings one value into normal form in place.
func Check(v types.AttributeValue) error { return check(v, 1) }

func check(v types.AttributeValue, depth int) error {
	if depth > maxDepth {
		return invalid("Nesting Levels have exceeded supported limits")
	}
	switch v := v.(type) {
	case nil:
		return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case *types.AttributeValueMemberN:
		n, err := ParseNumber(v.Value)
		if err != nil {
			return err
		}
		v.Value = n.String()
	case *types.AttributeValueMemberNULL:
		if !v.Value {
			return invalid("One or more parameter values were invalid: Null attribute value types must have the value of true")
		}
	case *types.AttributeValueMemberL:
		for _, item := range v.Value {
			if err := check(item, depth+1); err != nil {
				return err
			}
		}
	case *types.AttributeValueMemberM:
		for _, name := range Names(v.Value) {
			if err := check(v.Value[name], depth+1); err != nil {
				return err
			}
		}
	}
	return checkSet(v)
}

func checkSet(v types.AttributeValue) error {
	switch v := v.(type) {
	case *types.AttributeValueMemberSS:
		slices.Sort(v.Value)
		return checkElements("string", v.Value)
	case *types.AttributeValueMemberNS:
		numbers := make([]Number, len(v.Value))
		for i, text := range v.Value {
			var err error
			if numbers[i], err = ParseNumber(text); err != nil {
				return err
			}
		}
		slices.SortFunc(numbers, Number.Cmp)
		for i, n := range numbers {
			v.Value[i] = n.String()
		}
		return checkElements("number", v.Value)
	case *types.AttributeValueMemberBS:
		slices.SortFunc(v.Value, bytes.Compare)
		texts := make([]string, len(v.Value))
		for i, b := range v.Value {
			texts[i] = string(b)
		}
		return checkElements("binary", texts)
	}
	return nil
}

// checkElements wants a sorted list: a set is neither empty nor has it an element twice.
func checkElements(kind string, sorted []string) error {
	if len(sorted) == 0 {
		return invalid("One or more parameter values were invalid: An %s set  may not be empty", kind)
	}
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return invalid("One or more parameter values were invalid: Input collection contains duplicates.")
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return protocol.Errorf("ValidationException", format, args...)
}
