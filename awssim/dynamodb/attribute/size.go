package attribute

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// ItemSize is the size of an item in bytes as DynamoDB counts it towards its 400 KB limit ("DynamoDB item sizes and formats"
// in the developer guide): names and values, numbers at half a byte a digit and one more, lists and maps with an overhead.
func ItemSize(item Item) int {
	size := 0
	for name, v := range item {
		size += len(name) + Size(v)
	}
	return size
}

// Size is the size of one value in bytes.
func Size(v types.AttributeValue) int {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return numberSize(v.Value)
	case *types.AttributeValueMemberL:
		size := 3
		for _, item := range v.Value {
			size += 1 + Size(item)
		}
		return size
	case *types.AttributeValueMemberM:
		return 3 + len(v.Value) + ItemSize(v.Value)
	case *types.AttributeValueMemberNS:
		size := 0
		for _, text := range v.Value {
			size += numberSize(text)
		}
		return size
	case *types.AttributeValueMemberSS, *types.AttributeValueMemberBS:
		size := 0
		for _, text := range Elements(v) {
			size += len(text)
		}
		return size
	}
	return 1 // BOOL and NULL
}

func numberSize(text string) int {
	digits := strings.Trim(strings.Replace(strings.TrimPrefix(text, "-"), ".", "", 1), "0")
	size := (len(digits)+1)/2 + 1
	if strings.HasPrefix(text, "-") {
		size++
	}
	return min(size, 21)
}
