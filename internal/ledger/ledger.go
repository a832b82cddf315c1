// Package ledger keeps package record's types in one DynamoDB table: what is remembered of each service, and how its wishes
// ended.
//
// The table has the keys pk and sk, both text. Of a service it holds
//
//	pk "service#shop/web"  sk "entry"                     the Entry: one item, so that every decision is one write
//	pk "service#shop/web"  sk "outcome#web-v2-9ab03de-7"  an Outcome, by its execution's name ("#1" after it if redriven); "expires" is its TTL
//
// with the members of the record's JSON as attributes, readable in the console. An item without entry is a service never seen.
//
// Every write of an Entry is a compare-and-swap on its version, which grows by one with each. That is at least as strong as
// a condition on the lease's owner and fence: the change was decided on the version that was read, owner and fence
// included, and any write since then - a rival's taking of the lease among them - has moved the version and makes this one
// fail. The change is then decided anew on what the rival wrote, which the failed write brings back
// (ReturnValuesOnConditionCheckFailure), and there record's methods see the lost lease. So no write is ever made on a view
// of owner and fence that is not the newest.
//
// A write whose answer is lost is sent again by the SDK and then fails its own condition; it is known by the item holding
// exactly what was to be stored. Two writers who want to store the same bytes over the same version cannot be told apart:
// both succeed with one write. So a change that matters names its maker, as a lease names its owner.
package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/internal/awsfault"
	"slipway/internal/fault"
	"slipway/internal/record"
)

// Ledger is the table.
type Ledger struct {
	dynamodb *dynamodb.Client
	table    string
}

// New returns the ledger in a table.
func New(client *dynamodb.Client, table string) *Ledger {
	return &Ledger{dynamodb: client, table: table}
}

// tries is how often Update starts over. Every lost race means that somebody else's write went through.
const tries = 8

// Load returns the entry of a service by a consistent read, with nothing but its name if it was never seen.
func (l *Ledger) Load(ctx context.Context, name record.ServiceName) (record.Entry, error) {
	out, err := l.dynamodb.GetItem(ctx, &dynamodb.GetItemInput{TableName: &l.table, Key: key(name, entryKey), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return record.Entry{}, l.failed(err, "load service %s", name)
	}
	return entryOf(name, out.Item)
}

// Update loads the entry of a service, lets change change it and stores it, on condition that nobody stored it meanwhile;
// else it starts over with what was stored, so change may run several times. If change returns an error, Update returns it
// as it is with the entry as it was loaded. If change changes nothing, nothing is written. The error after eight lost races
// is *fault.Throttled.
func (l *Ledger) Update(ctx context.Context, name record.ServiceName, change func(*record.Entry) error) (record.Entry, error) {
	stored, err := l.Load(ctx, name)
	for range tries {
		if err != nil {
			return record.Entry{}, err
		}
		next, err := copied(stored) // not to be changed by a change that fails half-way
		if err != nil {
			return record.Entry{}, err
		}
		if err := change(&next); err != nil {
			return stored, err
		}
		next.Service, next.Version = name, stored.Version
		if same, err := equal(stored, next); err != nil || same {
			return stored, err
		}
		next.Version++
		rival, err := l.swap(ctx, stored.Version, next)
		if err != nil || rival == nil {
			return next, err
		}
		if same, err := equal(*rival, next); err != nil || same {
			return next, err // our own write, whose answer was lost
		}
		stored = *rival
	}
	return record.Entry{}, &fault.Throttled{Words: fmt.Sprintf("store service %s: lost %d races against other writers", name, tries)}
}

// swap stores next if version is still the stored one. If not, rival is what is stored.
func (l *Ledger) swap(ctx context.Context, version int64, next record.Entry) (rival *record.Entry, err error) {
	item, err := itemOf(key(next.Service, entryKey), next)
	if err != nil {
		return nil, err
	}
	in := &dynamodb.PutItemInput{TableName: &l.table, Item: item, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}
	if version == 0 {
		in.ConditionExpression = aws.String("attribute_not_exists(pk)")
	} else {
		// Not "attribute_not_exists(pk) OR": an item that was deleted since it was read must not come back to life.
		in.ConditionExpression = aws.String("#version = :version")
		in.ExpressionAttributeNames = map[string]string{"#version": "version"}
		in.ExpressionAttributeValues = map[string]types.AttributeValue{":version": number(strconv.FormatInt(version, 10))}
	}
	old, err := l.put(ctx, in)
	if err != nil || old == nil {
		return nil, l.failed(err, "store service %s", next.Service)
	}
	entry, err := entryOf(next.Service, *old)
	return &entry, err
}

// put writes an item. If its condition is not met, old is the stored item, empty if there is none.
func (l *Ledger) put(ctx context.Context, in *dynamodb.PutItemInput) (old *map[string]types.AttributeValue, err error) {
	_, err = l.dynamodb.PutItem(ctx, in)
	var lost *types.ConditionalCheckFailedException
	if errors.As(err, &lost) {
		return &lost.Item, nil
	}
	return nil, err
}

// failed translates an error. A missing table is a mistake in the configuration; it must not read as a missing service.
func (l *Ledger) failed(err error, what string, args ...any) error {
	if err = awsfault.Of(err, what, args...); fault.IsMissing(err) {
		return &fault.Impossible{Words: fmt.Sprintf("%s; is SLIPWAY_TABLE %q the table of this stack?", err, l.table)}
	}
	return err
}

// copied is a deep copy, by the way of JSON that the entry takes through the table anyway.
func copied(e record.Entry) (record.Entry, error) {
	var twin record.Entry
	text, err := marshal(e)
	if err != nil {
		return twin, err
	}
	return twin, unmarshal(text, &twin)
}

func equal(a, b record.Entry) (bool, error) {
	one, err := marshal(a)
	if err != nil {
		return false, err
	}
	other, err := marshal(b)
	return bytes.Equal(one, other), err
}
