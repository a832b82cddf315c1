package dynamodb_test

import (
	"errors"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// everything is an item with a value of each type.
func everything() item {
	return item{
		"pk": s("a"), "n": n("12.50"), "bin": &types.AttributeValueMemberB{Value: []byte{1, 2}}, "yes": &types.AttributeValueMemberBOOL{Value: true},
		"no": &types.AttributeValueMemberBOOL{}, "nil": &types.AttributeValueMemberNULL{Value: true}, "empty": s(""), "set": ss("y", "x"),
		"ns": &types.AttributeValueMemberNS{Value: []string{"10", "9"}}, "bs": &types.AttributeValueMemberBS{Value: [][]byte{{2}, {1}}},
		"list": l(s("x"), n("1"), l()), "map": m(item{"nested": m(item{"deep": n("7")}), "none": m(item{})}),
	}
}

var ignoreUnexported = cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberB{},
	types.AttributeValueMemberBOOL{}, types.AttributeValueMemberNULL{}, types.AttributeValueMemberSS{}, types.AttributeValueMemberNS{},
	types.AttributeValueMemberBS{}, types.AttributeValueMemberL{}, types.AttributeValueMemberM{})

var options = cmp.Options{ignoreUnexported, cmpopts.EquateEmpty()}

func same(t *testing.T, want, got item) {
	t.Helper()
	if diff := cmp.Diff(want, got, options); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEveryTypeComesBack(t *testing.T) {
	w := start(t)
	w.put("things", everything())
	out, err := w.GetItem(background, &sdk.GetItemInput{TableName: new("things"), Key: item{"pk": s("a")}, ConsistentRead: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	want := everything()
	want["n"], want["set"] = n("12.5"), ss("x", "y")
	want["ns"] = &types.AttributeValueMemberNS{Value: []string{"9", "10"}}
	want["bs"] = &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2}}}
	same(t, want, out.Item)

	part, err := w.GetItem(background, &sdk.GetItemInput{TableName: new("arn:aws:dynamodb:eu-west-1:123456789012:table/things"), Key: item{"pk": s("a")},
		ProjectionExpression: new("#m.nested.deep, #l[2], #l[0], absent"), ExpressionAttributeNames: map[string]string{"#m": "map", "#l": "list"}})
	if err != nil {
		t.Fatal(err)
	}
	same(t, item{"map": m(item{"nested": m(item{"deep": n("7")})}), "list": l(s("x"), l())}, part.Item)

	none, err := w.GetItem(background, &sdk.GetItemInput{TableName: new("things"), Key: item{"pk": s("b")}})
	if err != nil || none.Item != nil {
		t.Fatalf("got %v, %v for an item that is not there, want neither item nor error", none, err)
	}
}

func TestConditionalPut(t *testing.T) {
	w := start(t)
	in := &sdk.PutItemInput{TableName: new("things"), Item: item{"pk": s("a"), "owner": s("one")},
		ConditionExpression: new("attribute_not_exists(pk)"), ReturnValuesOnConditionCheckFailure: "ALL_OLD"}
	if _, err := w.PutItem(background, in); err != nil {
		t.Fatal(err)
	}
	_, err := w.PutItem(background, in)
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		t.Fatalf("got %v, want ConditionalCheckFailedException", err)
	}
	refused(t, err, "ConditionalCheckFailedException", "The conditional request failed")
	same(t, in.Item, failed.Item)

	in.ReturnValuesOnConditionCheckFailure = ""
	_, err = w.PutItem(background, in)
	if !errors.As(err, &failed) || failed.Item != nil {
		t.Errorf("got %v, want a failure without an item", err)
	}
}

func TestReturnValues(t *testing.T) {
	before := item{"pk": s("a"), "n": n("1"), "gone": s("x"), "map": m(item{"k": n("1"), "other": n("2")})}
	after := item{"pk": s("a"), "n": n("2"), "new": s("y"), "map": m(item{"k": n("5"), "other": n("2")})}
	for returns, want := range map[types.ReturnValue]item{
		"NONE": nil, "ALL_OLD": before, "ALL_NEW": after,
		"UPDATED_OLD": {"n": n("1"), "gone": s("x"), "map": m(item{"k": n("1")})},
		"UPDATED_NEW": {"n": n("2"), "new": s("y"), "map": m(item{"k": n("5")})},
	} {
		w := start(t)
		w.put("things", before)
		out, err := w.UpdateItem(background, &sdk.UpdateItemInput{TableName: new("things"), Key: item{"pk": s("a")}, ReturnValues: returns,
			UpdateExpression:         new("SET n = n + :one, #new = :y, #map.k = :five REMOVE gone"),
			ExpressionAttributeNames: map[string]string{"#new": "new", "#map": "map"}, ExpressionAttributeValues: item{":one": n("1"), ":y": s("y"), ":five": n("5")}})
		if err != nil {
			t.Fatal(err)
		}
		same(t, want, out.Attributes)
	}
}

func TestUpdateMakesTheItem(t *testing.T) {
	w := start(t)
	key := item{"pk": s("a")}
	if _, err := w.UpdateItem(background, &sdk.UpdateItemInput{TableName: new("things"), Key: key}); err != nil {
		t.Fatal(err)
	}
	out, err := w.UpdateItem(background, &sdk.UpdateItemInput{TableName: new("things"), Key: key, ReturnValues: "ALL_NEW",
		UpdateExpression:          new("ADD visits :one, seen :who SET log_lines = list_append(if_not_exists(log_lines, :none), :line)"),
		ExpressionAttributeValues: item{":one": n("1"), ":who": ss("me"), ":none": l(), ":line": l(s("hello"))}})
	if err != nil {
		t.Fatal(err)
	}
	same(t, item{"pk": s("a"), "visits": n("1"), "seen": ss("me"), "log_lines": l(s("hello"))}, out.Attributes)

	deleted, err := w.DeleteItem(background, &sdk.DeleteItemInput{TableName: new("things"), Key: key, ReturnValues: "ALL_OLD",
		ConditionExpression: new("size(seen) = :one"), ExpressionAttributeValues: item{":one": n("1.0")}})
	if err != nil {
		t.Fatal(err)
	}
	same(t, out.Attributes, deleted.Attributes)
	if got := string(w.service.Dump("things")); got != "[]" {
		t.Errorf("got %s after the delete, want no item", got)
	}
}

func TestRefusedWrites(t *testing.T) {
	w := start(t)
	w.put("things", item{"pk": s("a"), "words": s("x")})
	put := func(i item) error {
		_, err := w.PutItem(background, &sdk.PutItemInput{TableName: new("things"), Item: i})
		return err
	}
	update := func(expression string, values item) error {
		_, err := w.UpdateItem(background, &sdk.UpdateItemInput{TableName: new("things"), Key: item{"pk": s("a")}, UpdateExpression: &expression, ExpressionAttributeValues: values})
		return err
	}
	_, noTable := w.PutItem(background, &sdk.PutItemInput{TableName: new("none"), Item: item{"pk": s("a")}})
	refused(t, noTable, "ResourceNotFoundException", "Requested resource not found")
	_, badKey := w.GetItem(background, &sdk.GetItemInput{TableName: new("things"), Key: item{"other": s("a")}})
	_, legacy := w.PutItem(background, &sdk.PutItemInput{TableName: new("things"), Item: item{"pk": s("a")}, Expected: map[string]types.ExpectedAttributeValue{"pk": {Exists: new(false)}}})
	for want, err := range map[string]error{
		"The provided key element does not match the schema":                                                                                            badKey,
		"awssim does not implement Expected of dynamodb PutItem":                                                                                        legacy,
		"One or more parameter values were invalid: Missing the key pk in the item":                                                                     put(item{"x": s("a")}),
		"One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N":                                                     put(item{"pk": n("1")}),
		"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk":              put(item{"pk": s("")}),
		"Item size has exceeded the maximum allowed size":                                                                                               put(item{"pk": s("b"), "x": s(strings.Repeat("x", 400<<10))}),
		"The parameter cannot be converted to a numeric value: twelve":                                                                                  put(item{"pk": s("b"), "x": n("twelve")}),
		"Attempting to store more than 38 significant digits in a Number":                                                                               put(item{"pk": s("b"), "x": n(strings.Repeat("1", 39))}),
		"One or more parameter values were invalid: Input collection contains duplicates.":                                                              put(item{"pk": s("b"), "x": ss("a", "a")}),
		"Item size to update has exceeded the maximum allowed size":                                                                                     update("SET big = :v", item{":v": s(strings.Repeat("x", 400<<10))}),
		"One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key":                                      update("SET pk = :v", item{":v": s("b")}),
		"An operand in the update expression has an incorrect data type":                                                                                update("SET words = words + :v", item{":v": n("1")}),
		"Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}":                                                                 update("SET x = :v", item{":v": n("1"), ":w": n("2")}),
		"Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: status":                                                      update("SET status = :v", item{":v": n("1")}),
		"The provided expression refers to an attribute that does not exist in the item":                                                                update("SET x = absent", nil),
		"The document path provided in the update expression is invalid for update":                                                                     update("SET absent.x = :v", item{":v": n("1")}),
		"Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [x], path two: [x]": update("SET x = :v REMOVE x", item{":v": n("1")}),
	} {
		refused(t, err, "ValidationException", want)
	}
	if got := string(w.service.Dump("things")); strings.Count(got, "pk") != 1 {
		t.Errorf("a refused write left something behind: %s", got)
	}
}
