package dynamodb

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
	"slipway/awssim/dynamodb/expression"
	"slipway/awssim/protocol"
)

// pageBytes is how much a Query or Scan reads before it stops.
const pageBytes = 1 << 20

// page is one answer of a Query or Scan.
type page struct {
	items   []attribute.Item // nil when only counted
	count   int32
	scanned int32
	last    attribute.Item // key to go on from, nil at the end
}

// reading is what a Query and a Scan have in common.
type reading struct {
	limit      *int32
	sel        types.Select
	start      attribute.Item
	descending bool
	hash       types.AttributeValue // partition of a Query, nil for a Scan
	filter     *expression.Condition
	projection *expression.Projection
}

func (s *Service) query(c *protocol.Call, in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	if in.IndexName != nil {
		return nil, invalid("The table does not have the specified index: %s", *in.IndexName)
	}
	if err := protocol.Only(c, in, "TableName", "ConsistentRead", "ExclusiveStartKey", "ExpressionAttributeNames", "ExpressionAttributeValues", "FilterExpression",
		"KeyConditionExpression", "Limit", "ProjectionExpression", "ReturnConsumedCapacity", "ScanIndexForward", "Select"); err != nil {
		return nil, err
	}
	if err := noReport(in.ReturnConsumedCapacity, ""); err != nil {
		return nil, err
	}
	t, err := s.find(in.TableName)
	if err != nil {
		return nil, err
	}
	r := reading{limit: in.Limit, sel: in.Select, start: in.ExclusiveStartKey}
	where, err := t.parseQuery(in, &r)
	if err != nil {
		return nil, err
	}
	items := t.matching(where)
	r.hash = where.Hash
	if r.descending = in.ScanIndexForward != nil && !*in.ScanIndexForward; r.descending {
		slices.Reverse(items)
	}
	p, err := t.read(items, r)
	if err != nil {
		return nil, err
	}
	return &dynamodb.QueryOutput{Items: p.items, Count: p.count, ScannedCount: p.scanned, LastEvaluatedKey: p.last}, nil
}

func (t *table) parseQuery(in *dynamodb.QueryInput, r *reading) (*expression.KeyCondition, error) {
	if in.KeyConditionExpression == nil {
		return nil, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	params, err := expression.NewParams(in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	where, err := params.KeyCondition(*in.KeyConditionExpression, t.key)
	if err != nil {
		return nil, err
	}
	return where, r.parse(params, in.FilterExpression, in.ProjectionExpression, t.key.Hash, t.key.Range)
}

// matching is the items that a key condition selects, in order of their sort key.
func (t *table) matching(where *expression.KeyCondition) []attribute.Item {
	p, ok := t.partitions[attribute.Text(where.Hash)]
	if !ok {
		return nil
	}
	var items []attribute.Item
	for _, item := range p.items {
		if where.Holds(item) {
			items = append(items, item)
		}
	}
	return items
}

func (s *Service) scan(c *protocol.Call, in *dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
	if in.IndexName != nil {
		return nil, invalid("The table does not have the specified index: %s", *in.IndexName)
	}
	if err := protocol.Only(c, in, "TableName", "ConsistentRead", "ExclusiveStartKey", "ExpressionAttributeNames", "ExpressionAttributeValues", "FilterExpression",
		"Limit", "ProjectionExpression", "ReturnConsumedCapacity", "Select"); err != nil {
		return nil, err
	}
	if err := noReport(in.ReturnConsumedCapacity, ""); err != nil {
		return nil, err
	}
	t, err := s.find(in.TableName)
	if err != nil {
		return nil, err
	}
	params, err := expression.NewParams(in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	r := reading{limit: in.Limit, sel: in.Select, start: in.ExclusiveStartKey}
	if err := r.parse(params, in.FilterExpression, in.ProjectionExpression); err != nil {
		return nil, err
	}
	p, err := t.read(t.scanned(), r)
	if err != nil {
		return nil, err
	}
	return &dynamodb.ScanOutput{Items: p.items, Count: p.count, ScannedCount: p.scanned, LastEvaluatedKey: p.last}, nil
}

// read goes through items in their order, from after the start key to the limit or the end of a page. As in DynamoDB a page
// that ends exactly at its limit names a last key even where nothing follows.
func (t *table) read(items []attribute.Item, r reading) (page, error) {
	if err := r.check(); err != nil {
		return page{}, err
	}
	items, err := t.after(items, r)
	if err != nil {
		return page{}, err
	}
	p := page{items: []attribute.Item{}}
	size := 0
	for _, item := range items {
		p.scanned++
		size += attribute.ItemSize(item)
		if r.filter.Holds(item) {
			p.count++
			p.items = append(p.items, r.projection.Of(item))
		}
		if r.limit != nil && p.scanned == *r.limit || size > pageBytes {
			p.last = t.keyOf(item)
			break
		}
	}
	if r.sel == types.SelectCount {
		p.items = nil
	}
	return p, nil
}

// parse reads the expressions on what is found, which may be nil, and finds fault with parameters that none has used. The filter
// must not name the keys, which a query's key condition has chosen already.
func (r *reading) parse(params *expression.Params, filter, projection *string, keys ...string) (err error) {
	if filter != nil {
		if r.filter, err = params.Filter(*filter, keys...); err != nil {
			return err
		}
	}
	if projection != nil {
		if r.projection, err = params.Projection(*projection); err != nil {
			return err
		}
	}
	return params.Unused()
}

func (r reading) check() error {
	if r.limit != nil && *r.limit < 1 {
		return invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1", *r.limit)
	}
	switch {
	case r.sel == types.SelectAllProjectedAttributes:
		return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	case r.projection != nil && r.sel != "" && r.sel != types.SelectSpecificAttributes:
		return invalid("Cannot specify the ProjectionExpression when choosing to get %s", r.sel)
	case r.projection == nil && r.sel == types.SelectSpecificAttributes:
		return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	}
	return nil
}

// after leaves out the items up to the start key, whose own item may be gone meanwhile.
func (t *table) after(items []attribute.Item, r reading) ([]attribute.Item, error) {
	if r.start == nil {
		return items, nil
	}
	if err := t.checkKey(r.start); err != nil {
		return nil, invalid("The provided starting key is invalid: %s", err.(*protocol.Error).Message)
	}
	if r.hash != nil && !attribute.Equal(r.hash, r.start[t.key.Hash]) {
		return nil, invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	for i, item := range items {
		order := t.compareKeys(item, r.start)
		if order > 0 && !r.descending || order < 0 && r.descending {
			return items[i:], nil
		}
	}
	return nil, nil
}

// compareKeys orders items as a Scan does, and so those of one partition as a Query does.
func (t *table) compareKeys(a, b attribute.Item) int {
	idA, idB := attribute.Text(a[t.key.Hash]), attribute.Text(b[t.key.Hash])
	order, _ := attribute.Compare(a[t.key.Range], b[t.key.Range])
	return cmp.Or(cmp.Compare(hash64(t.seed, idA), hash64(t.seed, idB)), cmp.Compare(idA, idB), order)
}
