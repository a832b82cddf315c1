package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/internal/fault"
	"slipway/internal/record"
)

const (
	entryKey   = "entry"
	outcomeKey = "outcome#"
)

func key(name record.ServiceName, sort string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": text("service#" + name.String()), "sk": text(sort)}
}

// itemOf is the item of a record: its key, and the members of its JSON as attributes.
func itemOf(key map[string]types.AttributeValue, v any) (map[string]types.AttributeValue, error) {
	document, err := marshal(v)
	if err != nil {
		return nil, err
	}
	var members map[string]any
	if err := unmarshal(document, &members); err != nil {
		return nil, err
	}
	item := maps.Clone(key)
	for name, value := range members {
		item[name] = attribute(value)
	}
	return item, nil
}

// recordOf reads the record of an item. Attributes that the record does not know are ignored: an older release may read
// what a newer one wrote.
func recordOf(item map[string]types.AttributeValue, into any) error {
	members := map[string]any{}
	for name, value := range item {
		v, err := jsonOf(value)
		if err != nil {
			return &fault.Impossible{Words: fmt.Sprintf("read attribute %s of the ledger: %v", name, err)}
		}
		members[name] = v
	}
	document, err := marshal(members)
	if err != nil {
		return err
	}
	return unmarshal(document, into)
}

// entryOf is the entry in an item; no item is a service never seen.
func entryOf(name record.ServiceName, item map[string]types.AttributeValue) (record.Entry, error) {
	entry := record.Entry{Service: name}
	if len(item) == 0 {
		return entry, nil
	}
	err := recordOf(item, &entry)
	return entry, err
}

// attribute is a JSON value as DynamoDB stores it. Numbers keep their text.
func attribute(v any) types.AttributeValue {
	switch v := v.(type) {
	case string:
		return text(v)
	case json.Number:
		return number(v.String())
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}
	case []any:
		list := make([]types.AttributeValue, len(v))
		for i, element := range v {
			list[i] = attribute(element)
		}
		return &types.AttributeValueMemberL{Value: list}
	case map[string]any:
		object := map[string]types.AttributeValue{}
		for name, element := range v {
			object[name] = attribute(element)
		}
		return &types.AttributeValueMemberM{Value: object}
	}
	return &types.AttributeValueMemberNULL{Value: true}
}

// jsonOf is the JSON value of an attribute. Sets and binary values are none: nobody here writes them.
func jsonOf(a types.AttributeValue) (any, error) {
	switch a := a.(type) {
	case *types.AttributeValueMemberS:
		return a.Value, nil
	case *types.AttributeValueMemberN:
		return json.Number(a.Value), nil
	case *types.AttributeValueMemberBOOL:
		return a.Value, nil
	case *types.AttributeValueMemberNULL:
		return nil, nil
	case *types.AttributeValueMemberL:
		list := make([]any, len(a.Value))
		for i, element := range a.Value {
			v, err := jsonOf(element)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case *types.AttributeValueMemberM:
		object := map[string]any{}
		for name, element := range a.Value {
			v, err := jsonOf(element)
			if err != nil {
				return nil, err
			}
			object[name] = v
		}
		return object, nil
	}
	return nil, fmt.Errorf("a value of type %s", strings.TrimPrefix(fmt.Sprintf("%T", a), "*types.AttributeValueMember"))
}

func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func number(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }

func marshal(v any) ([]byte, error) {
	document, err := json.Marshal(v)
	if err != nil {
		return nil, &fault.Impossible{Words: "write for the ledger: " + err.Error()}
	}
	return document, nil
}

func unmarshal(document []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return &fault.Impossible{Words: "read from the ledger: " + err.Error()}
	}
	return nil
}
