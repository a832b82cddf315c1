package dynamodb_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

// history fills the table of that name with sort keys 1 to 12 for "a" and for "b".
func history(w world) {
	for i := 12; i >= 1; i-- {
		for _, pk := range []string{"b", "a"} {
			w.put("history", item{"pk": s(pk), "sk": n(strconv.Itoa(i)), "even": &types.AttributeValueMemberBOOL{Value: i%2 == 0}})
		}
	}
}

func sortKeys(items []map[string]types.AttributeValue) []string {
	keys := []string{}
	for _, i := range items {
		keys = append(keys, i["sk"].(*types.AttributeValueMemberN).Value)
	}
	return keys
}

func TestQuery(t *testing.T) {
	w := start(t)
	history(w)
	for _, c := range []struct {
		name    string
		where   string
		filter  string
		down    bool
		values  item
		want    []string
		scanned int32
	}{
		{"numbers in order of value", "pk = :p AND sk > :x", "", false, item{":x": n("8")}, []string{"9", "10", "11", "12"}, 4},
		{"backwards", "pk = :p AND sk >= :x", "", true, item{":x": n("10")}, []string{"12", "11", "10"}, 3},
		{"between", "sk BETWEEN :x AND :y AND pk = :p", "", false, item{":x": n("2"), ":y": n("4")}, []string{"2", "3", "4"}, 3},
		{"equal", "(pk = :p) AND (sk = :x)", "", false, item{":x": n("2.0")}, []string{"2"}, 1},
		{"filter", "pk = :p AND sk <= :x", "even = :t", false, item{":x": n("5"), ":t": &types.AttributeValueMemberBOOL{Value: true}}, []string{"2", "4"}, 5},
		{"nothing there", "pk = :p AND sk < :x", "", false, item{":x": n("0")}, []string{}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.values[":p"] = s("a")
			in := &sdk.QueryInput{TableName: new("history"), KeyConditionExpression: &c.where, ExpressionAttributeValues: c.values, ScanIndexForward: new(!c.down)}
			if c.filter != "" {
				in.FilterExpression = &c.filter
			}
			out, err := w.Query(background, in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, sortKeys(out.Items)); diff != "" {
				t.Error(diff)
			}
			if out.ScannedCount != c.scanned || int(out.Count) != len(c.want) || out.LastEvaluatedKey != nil {
				t.Errorf("got %d of %d scanned, last %v; want %d scanned and the end", out.Count, out.ScannedCount, out.LastEvaluatedKey, c.scanned)
			}
		})
	}
}

func TestPages(t *testing.T) {
	w := start(t)
	history(w)
	for _, down := range []bool{false, true} {
		in := &sdk.QueryInput{TableName: new("history"), KeyConditionExpression: new("pk = :p"), Limit: new(int32(4)),
			ExpressionAttributeValues: item{":p": s("b")}, ScanIndexForward: new(!down)}
		var got []string
		pages := 0
		for {
			out, err := w.Query(background, in)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, sortKeys(out.Items)...)
			if pages++; out.LastEvaluatedKey == nil {
				break
			}
			in.ExclusiveStartKey = out.LastEvaluatedKey
		}
		want := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"}
		if down {
			slices.Reverse(want)
		}
		if diff := cmp.Diff(want, got); diff != "" || pages != 4 {
			t.Errorf("%d pages (want 4: the third ends at its limit): %s", pages, diff)
		}
	}
}

func TestScanSeesEachItemOnceThoughKeysGo(t *testing.T) {
	w := start(t)
	for i := range 20 {
		w.put("things", item{"pk": s(fmt.Sprint("key-", i))})
	}
	in := &sdk.ScanInput{TableName: new("things"), Limit: new(int32(3))}
	seen := map[string]bool{}
	var order []string
	for {
		out, err := w.Scan(background, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range out.Items {
			key := i["pk"].(*types.AttributeValueMemberS).Value
			if seen[key] {
				t.Fatalf("%s came twice", key)
			}
			seen[key] = true
			order = append(order, key)
			if _, err := w.DeleteItem(background, &sdk.DeleteItemInput{TableName: new("things"), Key: item{"pk": i["pk"]}}); err != nil {
				t.Fatal(err)
			}
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			break
		}
	}
	if len(seen) != 20 || slices.IsSorted(order) {
		t.Errorf("got %d items in order %v, want all 20 in no order of their keys", len(seen), order)
	}
}

func TestScanFiltersAndCounts(t *testing.T) {
	w := start(t)
	history(w)
	out, err := w.Scan(background, &sdk.ScanInput{TableName: new("history"), FilterExpression: new("sk IN (:x, :y)"), Select: "COUNT",
		ExpressionAttributeValues: item{":x": n("1"), ":y": n("99")}})
	if err != nil {
		t.Fatal(err)
	}
	if out.Count != 2 || out.ScannedCount != 24 || out.Items != nil {
		t.Errorf("got %d of %d and %d items, want 2 of 24 and none", out.Count, out.ScannedCount, len(out.Items))
	}
}

func TestRefusedQueries(t *testing.T) {
	w := start(t)
	history(w)
	for _, c := range []struct{ where, filter, want string }{
		{"sk = :x", "", "Query condition missed key schema element: pk"},
		{"pk > :p AND sk = :x", "", "Query key condition not supported"},
		{"pk = :p OR sk = :x", "", "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: OR"},
		{"pk = :p AND sk <> :x", "", "Invalid KeyConditionExpression: Invalid operator used in KeyConditionExpression: <>"},
		{"pk = :p AND x = :x", "", "Query condition missed key schema element: sk"},
		{"pk = :x AND sk = :x", "attribute_exists(x) OR even = :p", "One or more parameter values were invalid: Condition parameter type does not match schema type"},
		{"pk = :p", "sk = :x", "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"},
	} {
		in := &sdk.QueryInput{TableName: new("history"), KeyConditionExpression: &c.where, ExpressionAttributeValues: item{":p": s("a"), ":x": n("1")}}
		if c.filter != "" {
			in.FilterExpression = &c.filter
		}
		_, err := w.Query(background, in)
		refused(t, err, "ValidationException", c.want)
	}
	_, err := w.Query(background, &sdk.QueryInput{TableName: new("history"), IndexName: new("by-tag"), KeyConditionExpression: new("pk = :p")})
	refused(t, err, "ValidationException", "The table does not have the specified index: by-tag")
}

func TestBatchGet(t *testing.T) {
	w := start(t)
	history(w)
	out, err := w.BatchGetItem(background, &sdk.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
		"history": {Keys: []item{{"pk": s("a"), "sk": n("3")}, {"pk": s("a"), "sk": n("99")}, {"pk": s("b"), "sk": n("4.0")}}, ProjectionExpression: new("sk")}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"3", "4"}, sortKeys(out.Responses["history"])); diff != "" || len(out.UnprocessedKeys) != 0 {
		t.Errorf("unprocessed %v; %s", out.UnprocessedKeys, diff)
	}
}
