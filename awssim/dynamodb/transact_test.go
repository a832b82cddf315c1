package dynamodb_test

import (
	"errors"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestTransactionIsAllOrNothing(t *testing.T) {
	w := start(t)
	w.put("things", item{"pk": s("lease"), "holder": s("other")})
	before := string(w.service.Dump("things")) + string(w.service.Dump("history"))
	in := &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: new("history"), Item: item{"pk": s("a"), "sk": n("1")}}},
		{Update: &types.Update{TableName: new("things"), Key: item{"pk": s("lease")}, UpdateExpression: new("SET holder = :me"),
			ConditionExpression: new("attribute_not_exists(holder) OR holder = :me"), ExpressionAttributeValues: item{":me": s("me")},
			ReturnValuesOnConditionCheckFailure: "ALL_OLD"}},
		{ConditionCheck: &types.ConditionCheck{TableName: new("things"), Key: item{"pk": s("hold")}, ConditionExpression: new("attribute_not_exists(pk)")}},
	}}
	_, err := w.TransactWriteItems(background, in)
	refused(t, err, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, None]")
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) || len(cancelled.CancellationReasons) != 3 {
		t.Fatalf("got %v, want three reasons", err)
	}
	same(t, item{"pk": s("lease"), "holder": s("other")}, cancelled.CancellationReasons[1].Item)
	if after := string(w.service.Dump("things")) + string(w.service.Dump("history")); after != before {
		t.Errorf("a cancelled transaction left %s, was %s", after, before)
	}
	in.TransactItems[1].Update.ExpressionAttributeValues = item{":me": s("other")}
	if _, err := w.TransactWriteItems(background, in); err != nil {
		t.Fatal(err)
	}
}

func TestTransactionTokenCountsForTenMinutes(t *testing.T) {
	w := start(t)
	in := func(by string) *sdk.TransactWriteItemsInput {
		return &sdk.TransactWriteItemsInput{ClientRequestToken: new("token"), TransactItems: []types.TransactWriteItem{
			{Update: &types.Update{TableName: new("things"), Key: item{"pk": s("a")}, UpdateExpression: new("ADD visits :by"), ExpressionAttributeValues: item{":by": n(by)}}}}}
	}
	visits := func(want string) {
		t.Helper()
		out, err := w.GetItem(background, &sdk.GetItemInput{TableName: new("things"), Key: item{"pk": s("a")}})
		if err != nil {
			t.Fatal(err)
		}
		same(t, item{"pk": s("a"), "visits": n(want)}, out.Item)
	}
	for range 2 {
		if _, err := w.TransactWriteItems(background, in("1")); err != nil {
			t.Fatal(err)
		}
		visits("1")
	}
	_, err := w.TransactWriteItems(background, in("2"))
	var mismatch *types.IdempotentParameterMismatchException
	if !errors.As(err, &mismatch) {
		t.Errorf("got %v for the same token with another request, want IdempotentParameterMismatchException", err)
	}
	w.clock.RunFor(10 * time.Minute)
	if _, err := w.TransactWriteItems(background, in("2")); err != nil {
		t.Fatal(err)
	}
	visits("3")
}

func TestTransactionTouchesAnItemOnce(t *testing.T) {
	w := start(t)
	_, err := w.TransactWriteItems(background, &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: new("things"), Item: item{"pk": s("a")}}},
		{Delete: &types.Delete{TableName: new("things"), Key: item{"pk": s("a")}}},
	}})
	refused(t, err, "ValidationException", "Transaction request cannot include multiple operations on one item")
}
