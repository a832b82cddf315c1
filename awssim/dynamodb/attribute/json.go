package attribute

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/protocol"
	"slipway/awssim/protocol/cut"
)

// Importing the package teaches the wire codec attribute values.
var _ = protocol.RegisterUnion[types.AttributeValue](protocol.Union{
	Decode: func(raw json.RawMessage) (any, error) { return Decode(raw) },
	Encode: func(v any) (any, error) { return Encode(v.(types.AttributeValue)), nil },
})

// Decode reads a value in DynamoDB's JSON, {"S": "text"}. It does not Check it.
func Decode(raw json.RawMessage) (types.AttributeValue, error) {
	members, err := membersOf(raw)
	if err != nil {
		return nil, fmt.Errorf("an attribute value must be an object such as {\"S\": \"text\"}")
	}
	switch len(members) {
	case 0:
		return nil, invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case 1:
	default:
		return nil, invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	}
	descriptor := members[0].Name
	v, err := decodeTyped(descriptor, members[0].Value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", descriptor, err)
	}
	return v, nil
}

// membersOf cuts up an object, which is valid JSON as all that the wire codec hands on; null is an object without members.
func membersOf(raw json.RawMessage) ([]cut.Member, error) {
	if raw[0] == '{' {
		return cut.Sorted(raw), nil
	}
	return nil, json.Unmarshal(raw, &map[string]json.RawMessage{})
}

func decodeTyped(descriptor string, raw json.RawMessage) (types.AttributeValue, error) {
	switch descriptor {
	case "S":
		v := &types.AttributeValueMemberS{}
		if cut.Plain(raw) {
			v.Value = cut.Text(raw)
			return v, nil
		}
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
	members, err := membersOf(raw)
	if err != nil {
		return nil, err
	}
	v := &types.AttributeValueMemberM{Value: make(Item, len(members))}
	for _, m := range members {
		if v.Value[m.Name], err = Decode(m.Value); err != nil {
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
