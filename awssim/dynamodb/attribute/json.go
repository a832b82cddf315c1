package attribute

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/protocol"
)

// Importing the package teaches the wire codec attribute values.
var _ = protocol.RegisterUnion[types.AttributeValue](protocol.Union{
	Decode: func(raw json.RawMessage) (any, error) { return Decode(raw) },
	Encode: func(v any) (any, error) { return Encode(v.(types.AttributeValue)), nil },
})

// Decode reads a value in DynamoDB's JSON, {"S": "text"}. It does not Check it.
func Decode(raw json.RawMessage) (types.AttributeValue, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, fmt.Errorf("an attribute value must be an object such as {\"S\": \"text\"}")
	}
	switch len(members) {
	case 0:
		return nil, invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case 1:
	default:
		return nil, invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	}
	for descriptor, content := range members {
		v, err := decodeTyped(descriptor, content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", descriptor, err)
		}
		return v, nil
	}
	return nil, nil
}

func decodeTyped(descriptor string, raw json.RawMessage) (types.AttributeValue, error) {
	switch descriptor {
	case "S":
		v := &types.AttributeValueMemberS{}
		return v, json.Unmarshal(raw, &v.Value)
	case "N":
		v := &types.AttributeValueMemberN{}
		return v, json.Unmarshal(raw, &v.Value)
	case "B":
		v := &types.AttributeValueMemberB{}
		return v, decodeBlob(raw, &v.Value)
	case "BOOL":
		v := &types.AttributeValueMemberBOOL{}
		return v, json.Unmarshal(raw, &v.Value)
	case "NULL":
		v := &types.AttributeValueMemberNULL{}
		return v, json.Unmarshal(raw, &v.Value)
	case "SS":
		v := &types.AttributeValueMemberSS{}
		return v, json.Unmarshal(raw, &v.Value)
	case "NS":
		v := &types.AttributeValueMemberNS{}
		return v, json.Unmarshal(raw, &v.Value)
	case "BS":
		return decodeBlobs(raw)
	case "L":
		return decodeList(raw)
	case "M":
		return decodeMap(raw)
	}
	return nil, invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
}

func decodeBlob(raw json.RawMessage, into *[]byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	blob, err := base64.StdEncoding.DecodeString(text)
	*into = blob
	return err
}

func decodeBlobs(raw json.RawMessage) (types.AttributeValue, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, err
	}
	v := &types.AttributeValueMemberBS{Value: make([][]byte, len(items))}
	for i, item := range items {
		if err := decodeBlob(item, &v.Value[i]); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func decodeList(raw json.RawMessage) (types.AttributeValue, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, err
	}
	v := &types.AttributeValueMemberL{Value: make([]types.AttributeValue, len(items))}
	for i, item := range items {
		var err error
		if v.Value[i], err = Decode(item); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func decodeMap(raw json.RawMessage) (types.AttributeValue, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	v := &types.AttributeValueMemberM{Value: make(Item, len(members))}
	for name, member := range members {
		var err error
		if v.Value[name], err = Decode(member); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// Encode gives what encoding/json writes as DynamoDB's JSON of the value.
func Encode(v types.AttributeValue) map[string]any {
	var content any
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		content = v.Value
	case *types.AttributeValueMemberN:
		content = v.Value
	case *types.AttributeValueMemberB:
		content = append([]byte{}, v.Value...)
	case *types.AttributeValueMemberBOOL:
		content = v.Value
	case *types.AttributeValueMemberNULL:
		content = v.Value
	case *types.AttributeValueMemberSS:
		content = v.Value
	case *types.AttributeValueMemberNS:
		content = v.Value
	case *types.AttributeValueMemberBS:
		content = v.Value
	case *types.AttributeValueMemberM:
		content = EncodeItem(v.Value)
	case *types.AttributeValueMemberL:
		items := make([]any, len(v.Value))
		for i, item := range v.Value {
			items[i] = Encode(item)
		}
		content = items
	}
	return map[string]any{Type(v): content}
}

// EncodeItem is Encode for an item.
func EncodeItem(item Item) map[string]any {
	out := make(map[string]any, len(item))
	for name, v := range item {
		out[name] = Encode(v)
	}
	return out
}
