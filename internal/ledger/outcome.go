package ledger

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/internal/arn"
	"slipway/internal/record"
)

// kept is how long an outcome stays in the table: more than a year, so that last year's same week can be looked at.
const kept = 400 * 24 * time.Hour

// Conclude stores an outcome. A run of an execution has one: if it has one already, that one is returned and nothing is stored.
// A redriven execution is another run of it. The sort key is the execution's and not the time of its end, because only then one conditional write keeps it unique.
func (l *Ledger) Conclude(ctx context.Context, o record.Outcome) (record.Outcome, error) {
	item, err := itemOf(key(o.Service, outcomeKey+runName(o)), o)
	if err != nil {
		return record.Outcome{}, err
	}
	item["expires"] = number(strconv.FormatInt(o.EndedAt.Add(kept).Unix(), 10))
	old, err := l.put(ctx, &dynamodb.PutItemInput{
		TableName: &l.table, Item: item, ConditionExpression: aws.String("attribute_not_exists(pk)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if err != nil {
		return record.Outcome{}, l.failed(err, "store the outcome of %s", arn.Name(o.Execution))
	}
	if old == nil {
		return o, nil
	}
	var first record.Outcome
	return first, recordOf(*old, &first)
}

// History returns the newest outcomes of a service, newest first, at most limit. It reads all that the table still has and
// sorts by when they ended: their keys are not in that order.
func (l *Ledger) History(ctx context.Context, name record.ServiceName, limit int) ([]record.Outcome, error) {
	in := &dynamodb.QueryInput{
		TableName: &l.table, KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :outcome)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":pk": key(name, "")["pk"], ":outcome": text(outcomeKey)},
	}
	var outcomes []record.Outcome
	for {
		out, err := l.dynamodb.Query(ctx, in)
		if err != nil {
			return nil, l.failed(err, "read the outcomes of service %s", name)
		}
		for _, item := range out.Items {
			var o record.Outcome
			if err := recordOf(item, &o); err != nil {
				return nil, err
			}
			outcomes = append(outcomes, o)
		}
		if len(out.LastEvaluatedKey) == 0 {
			break
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
	slices.SortFunc(outcomes, func(a, b record.Outcome) int {
		return cmp.Or(b.EndedAt.Compare(a.EndedAt), strings.Compare(b.Execution, a.Execution))
	})
	return outcomes[:min(limit, len(outcomes))], nil
}

// runName is unique to one run of an execution.
func runName(o record.Outcome) string {
	if o.Redrive == 0 {
		return arn.Name(o.Execution)
	}
	return arn.Name(o.Execution) + "#" + strconv.Itoa(o.Redrive)
}
