package dynamodb

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
	"slipway/awssim/dynamodb/expression"
	"slipway/awssim/protocol"
)

func (s *Service) getItem(c *protocol.Call, in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
	if err := protocol.Only(c, in, "TableName", "Key", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames", "ReturnConsumedCapacity"); err != nil {
		return nil, err
	}
	if err := noReport(in.ReturnConsumedCapacity, ""); err != nil {
		return nil, err
	}
	projection, err := projectionOf(in.ProjectionExpression, in.ExpressionAttributeNames)
	if err != nil {
		return nil, err
	}
	t, err := s.find(in.TableName)
	if err != nil {
		return nil, err
	}
	if err := t.checkKey(in.Key); err != nil {
		return nil, err
	}
	return &dynamodb.GetItemOutput{Item: projection.Of(t.get(in.Key))}, nil
}

func projectionOf(text *string, names map[string]string) (*expression.Projection, error) {
	params, err := expression.NewParams(names, nil)
	if err != nil {
		return nil, err
	}
	var projection *expression.Projection
	if text != nil {
		if projection, err = params.Projection(*text); err != nil {
			return nil, err
		}
	}
	return projection, params.Unused()
}

// batchGetItem reads up to 100 items and never leaves keys unprocessed. They come back in the order they were asked for,
// where DynamoDB promises none.
func (s *Service) batchGetItem(c *protocol.Call, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
	if err := noReport(in.ReturnConsumedCapacity, ""); err != nil {
		return nil, err
	}
	out := &dynamodb.BatchGetItemOutput{Responses: map[string][]attribute.Item{}, UnprocessedKeys: map[string]types.KeysAndAttributes{}}
	count := 0
	for _, name := range slices.Sorted(maps.Keys(in.RequestItems)) {
		request := in.RequestItems[name]
		if count += len(request.Keys); count > 100 {
			return nil, invalid("Too many items requested for the BatchGetItem call")
		}
		items, err := s.getKeys(c, name, request)
		if err != nil {
			return nil, err
		}
		out.Responses[name] = items
	}
	return out, nil
}

func (s *Service) getKeys(c *protocol.Call, name string, request types.KeysAndAttributes) ([]attribute.Item, error) {
	if err := protocol.Only(c, &request, "Keys", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"); err != nil {
		return nil, err
	}
	projection, err := projectionOf(request.ProjectionExpression, request.ExpressionAttributeNames)
	if err != nil {
		return nil, err
	}
	t, err := s.find(&name)
	if err != nil {
		return nil, err
	}
	items := []attribute.Item{}
	for i, key := range request.Keys {
		if err := t.checkKey(key); err != nil {
			return nil, err
		}
		for _, other := range request.Keys[:i] {
			if sameItem(key, other) {
				return nil, invalid("Provided list of item keys contains duplicates")
			}
		}
		if item := t.get(key); item != nil {
			items = append(items, projection.Of(item))
		}
	}
	return items, nil
}

func sameItem(a, b attribute.Item) bool {
	return attribute.Equal(&types.AttributeValueMemberM{Value: a}, &types.AttributeValueMemberM{Value: b})
}

// write is one put, update, delete or check of a condition, alone or in a transaction: what it is to do, checked.
type write struct {
	table     *table
	key       attribute.Item
	condition *expression.Condition
	item      attribute.Item     // to put
	update    *expression.Update // to apply
	kind      writeKind
	showOld   bool // on a failed condition
}

type writeKind int

const (
	putWrite writeKind = iota
	updateWrite
	deleteWrite
	checkWrite
)

// request is what the inputs of all writes have in common.
type request struct {
	tableName *string
	condition *string
	update    *string
	names     map[string]string
	values    map[string]types.AttributeValue
	onFailure types.ReturnValuesOnConditionCheckFailure
}

// parse reads the expressions of a write and finds its table.
func (s *Service) parse(kind writeKind, r request) (*write, error) {
	w := &write{kind: kind, showOld: r.onFailure == types.ReturnValuesOnConditionCheckFailureAllOld}
	params, err := expression.NewParams(r.names, r.values)
	if err != nil {
		return nil, err
	}
	if r.update != nil {
		if w.update, err = params.Update(*r.update); err != nil {
			return nil, err
		}
	}
	if r.condition != nil {
		if w.condition, err = params.Condition(*r.condition); err != nil {
			return nil, err
		}
	}
	if err := params.Unused(); err != nil {
		return nil, err
	}
	w.table, err = s.find(r.tableName)
	return w, err
}

func (s *Service) put(item attribute.Item, r request) (*write, error) {
	w, err := s.parse(putWrite, r)
	if err != nil {
		return nil, err
	}
	if err := w.table.checkItem(item); err != nil {
		return nil, err
	}
	w.item, w.key = item, w.table.keyOf(item)
	return w, nil
}

// keyed makes an update, delete or check.
func (s *Service) keyed(kind writeKind, key attribute.Item, r request) (*write, error) {
	w, err := s.parse(kind, r)
	if err != nil {
		return nil, err
	}
	if err := w.table.checkKey(key); err != nil {
		return nil, err
	}
	w.key = key
	if w.update == nil {
		return w, nil
	}
	for _, path := range w.update.Paths() {
		if top := path.Top(); top == w.table.key.Hash || top == w.table.key.Range {
			return nil, invalid("One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key", top)
		}
	}
	return w, nil
}

// result is the item that the write leaves, nil for none. It changes nothing.
func (w *write) result() (attribute.Item, error) {
	old := w.table.get(w.key)
	if !w.condition.Holds(old) {
		e := protocol.Errorf("ConditionalCheckFailedException", "The conditional request failed")
		if w.showOld && old != nil {
			e.Members = map[string]any{"Item": attribute.EncodeItem(old)}
		}
		return nil, e
	}
	switch {
	case w.kind == putWrite:
		return w.item, nil
	case w.kind == deleteWrite:
		return nil, nil
	case w.kind == checkWrite:
		return old, nil
	case old == nil:
		old = w.key
	}
	if w.update == nil {
		return old, nil
	}
	item, err := w.update.Apply(old)
	if err != nil {
		return nil, err
	}
	if attribute.ItemSize(item) > maxItemSize {
		return nil, invalid("Item size to update has exceeded the maximum allowed size")
	}
	return item, nil
}

func (w *write) commit(item attribute.Item) {
	switch {
	case w.kind == checkWrite:
	case item == nil:
		w.table.remove(w.key)
	default:
		w.table.put(item)
	}
}

// apply does a write on its own and gives the item before and after.
func (w *write) apply() (before, after attribute.Item, err error) {
	before = w.table.get(w.key)
	after, err = w.result()
	if err != nil {
		return nil, nil, err
	}
	w.commit(after)
	return before, after, nil
}
