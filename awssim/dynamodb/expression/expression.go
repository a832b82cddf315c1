// Package expression is DynamoDB's expression language: conditions and filters, key conditions, updates and projections. Each
// is parsed from its text with the request's placeholders and then evaluated against an item.
//
// The grammar is that of "Expressions in DynamoDB" in the developer guide, the messages are DynamoDB's own. What is not here:
// tables, keys' values, and the legacy parameters that expressions replaced.
package expression

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
	"slipway/awssim/protocol"
)

// Limits of one expression ("Quotas" in the developer guide).
const (
	maxBytes     = 4096
	maxOperators = 300
	maxIn        = 100
)

// The names of the parameters that hold expressions, as they appear in messages.
const (
	conditionKind    = "ConditionExpression"
	filterKind       = "FilterExpression"
	keyConditionKind = "KeyConditionExpression"
	updateKind       = "UpdateExpression"
	projectionKind   = "ProjectionExpression"
)

// Params are the placeholders of one request. It remembers which of them its expressions used, since DynamoDB refuses a
// request that brings others.
type Params struct {
	names      map[string]string
	values     map[string]types.AttributeValue
	usedNames  map[string]bool
	usedValues map[string]bool
	parsed     int
}

var (
	nameKey  = regexp.MustCompile(`^#[A-Za-z0-9_]+$`)
	valueKey = regexp.MustCompile(`^:[A-Za-z0-9_]+$`)
)

// NewParams takes a request's ExpressionAttributeNames and ExpressionAttributeValues and brings the values into normal form.
// Its errors, as those of all that follows, are ValidationExceptions.
func NewParams(names map[string]string, values map[string]types.AttributeValue) (*Params, error) {
	p := &Params{names: names, values: values, usedNames: map[string]bool{}, usedValues: map[string]bool{}}
	if names != nil && len(names) == 0 {
		return nil, refuse("ExpressionAttributeNames must not be empty")
	}
	if values != nil && len(values) == 0 {
		return nil, refuse("ExpressionAttributeValues must not be empty")
	}
	for _, key := range slices.Sorted(maps.Keys(names)) {
		if !nameKey.MatchString(key) {
			return nil, refuse("ExpressionAttributeNames contains invalid key: Syntax error; key: %q", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !valueKey.MatchString(key) {
			return nil, refuse("ExpressionAttributeValues contains invalid key: Syntax error; key: %q", key)
		}
		if err := attribute.Check(values[key]); err != nil {
			return nil, refuse("ExpressionAttributeValues contains invalid value: %s for key %s", message(err), key)
		}
	}
	return p, nil
}

// Unused refuses placeholders that no expression used. Call it when all expressions of the request are parsed.
func (p *Params) Unused() error {
	if p.parsed == 0 && len(p.names) > 0 {
		return refuse("ExpressionAttributeNames can only be specified when using expressions")
	}
	if p.parsed == 0 && len(p.values) > 0 {
		return refuse("ExpressionAttributeValues can only be specified when using expressions")
	}
	if keys := unused(slices.Sorted(maps.Keys(p.names)), p.usedNames); keys != "" {
		return refuse("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", keys)
	}
	if keys := unused(slices.Sorted(maps.Keys(p.values)), p.usedValues); keys != "" {
		return refuse("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", keys)
	}
	return nil
}

func unused(keys []string, used map[string]bool) string {
	var rest []string
	for _, key := range keys {
		if !used[key] {
			rest = append(rest, key)
		}
	}
	return strings.Join(rest, ", ")
}

func refuse(format string, args ...any) error {
	return protocol.Errorf("ValidationException", format, args...)
}

// invalid is the error of an expression: the parameter that holds it, and what is wrong.
func invalid(what, format string, args ...any) error {
	return refuse("Invalid %s: %s", what, fmt.Sprintf(format, args...))
}

func message(err error) string {
	if e, ok := err.(*protocol.Error); ok {
		return e.Message
	}
	return err.Error()
}
