package dynamodb

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/clock"
	"slipway/awssim/dynamodb/attribute"
	"slipway/awssim/dynamodb/expression"
)

// table keeps its items by partition. Items are never changed in place: a write puts a new one where the old one was, so what
// was answered earlier stays as it was.
type table struct {
	clock       *clock.Clock
	seed        uint64
	description types.TableDescription
	key         expression.Key
	tags        []types.Tag
	ttl         string // attribute of time to live, "" when off
	swept       time.Time
	backups     bool
	partitions  map[string]*partition // by the text of their key
}

// partition is the items that share a partition key, in order of their sort key.
type partition struct {
	hash  types.AttributeValue
	items []attribute.Item
}

// checkKey refuses a key that is not exactly the table's key attributes, with their types and not empty.
func (t *table) checkKey(key attribute.Item) error {
	if err := attribute.CheckItem(key); err != nil {
		return err
	}
	want := 1
	if t.key.Range != "" {
		want = 2
	}
	if len(key) != want || !t.typed(key, t.key.Hash, t.key.HashType) || !t.typed(key, t.key.Range, t.key.RangeType) {
		return invalid("The provided key element does not match the schema")
	}
	return t.checkKeyValues(key)
}

func (t *table) typed(item attribute.Item, name, wantType string) bool {
	return name == "" || attribute.Type(item[name]) == wantType
}

// checkItem refuses an item without a proper key or larger than DynamoDB allows.
func (t *table) checkItem(item attribute.Item) error {
	if err := attribute.CheckItem(item); err != nil {
		return err
	}
	for _, k := range [][2]string{{t.key.Hash, t.key.HashType}, {t.key.Range, t.key.RangeType}} {
		switch {
		case k[0] == "":
		case item[k[0]] == nil:
			return invalid("One or more parameter values were invalid: Missing the key %s in the item", k[0])
		case attribute.Type(item[k[0]]) != k[1]:
			return invalid("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s", k[0], k[1], attribute.Type(item[k[0]]))
		}
	}
	if err := t.checkKeyValues(item); err != nil {
		return err
	}
	if attribute.ItemSize(item) > maxItemSize {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	return nil
}

// Limits in bytes ("Quotas" in the developer guide).
const (
	maxItemSize  = 400 << 10
	maxHashSize  = 2048
	maxRangeSize = 1024
)

func (t *table) checkKeyValues(item attribute.Item) error {
	for _, k := range []struct {
		name, what string
		limit      int
	}{{t.key.Hash, "hashkey", maxHashSize}, {t.key.Range, "rangekey", maxRangeSize}} {
		if k.name == "" {
			continue
		}
		switch size := len(attribute.Text(item[k.name])); {
		case size == 0:
			kind := "string"
			if attribute.Type(item[k.name]) == "B" {
				kind = "binary"
			}
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", kind, k.name)
		case size > k.limit:
			return invalid("One or more parameter values were invalid: Size of %s has exceeded the maximum size limit of%d bytes", k.what, k.limit)
		}
	}
	return nil
}

// keyOf is the key attributes of an item.
func (t *table) keyOf(item attribute.Item) attribute.Item {
	key := attribute.Item{t.key.Hash: item[t.key.Hash]}
	if t.key.Range != "" {
		key[t.key.Range] = item[t.key.Range]
	}
	return key
}

// search finds the place of a key among a partition's items.
func (t *table) search(p *partition, key attribute.Item) (int, bool) {
	if t.key.Range == "" {
		return 0, len(p.items) > 0
	}
	return slices.BinarySearchFunc(p.items, key[t.key.Range], func(item attribute.Item, v types.AttributeValue) int {
		order, _ := attribute.Compare(item[t.key.Range], v)
		return order
	})
}

// get is the item with the key of item, nil when there is none.
func (t *table) get(item attribute.Item) attribute.Item {
	p, ok := t.partitions[attribute.Text(item[t.key.Hash])]
	if !ok {
		return nil
	}
	if at, found := t.search(p, item); found {
		return p.items[at]
	}
	return nil
}

func (t *table) put(item attribute.Item) {
	id := attribute.Text(item[t.key.Hash])
	p, ok := t.partitions[id]
	if !ok {
		p = &partition{hash: item[t.key.Hash]}
		t.partitions[id] = p
	}
	at, found := t.search(p, item)
	if found {
		p.items[at] = item
		return
	}
	p.items = slices.Insert(p.items, at, item)
}

func (t *table) remove(key attribute.Item) {
	id := attribute.Text(key[t.key.Hash])
	p, ok := t.partitions[id]
	if !ok {
		return
	}
	if at, found := t.search(p, key); found {
		p.items = slices.Delete(p.items, at, at+1)
	}
	if len(p.items) == 0 {
		delete(t.partitions, id)
	}
}

// scanned is every item in the order of a Scan: by a hash of the partition key, which is no order anybody can rely on, and the
// same every time.
func (t *table) scanned() []attribute.Item {
	partitions := slices.Collect(maps.Values(t.partitions))
	slices.SortFunc(partitions, func(a, b *partition) int { return t.compareKeys(a.items[0], b.items[0]) })
	var items []attribute.Item
	for _, p := range partitions {
		items = append(items, p.items...)
	}
	return items
}

func hash64(seed uint64, text string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s", seed, text)
	return h.Sum64()
}

func (t *table) count() (items, bytes int64) {
	for _, p := range t.partitions {
		for _, item := range p.items {
			items++
			bytes += int64(attribute.ItemSize(item))
		}
	}
	return items, bytes
}
