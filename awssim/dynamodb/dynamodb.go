// Package dynamodb is a DynamoDB for one account and region: tables with a partition and an optional sort key, the item
// operations with the whole expression language, transactions of writes, and time to live.
//
// Reads are always consistent. Global and local indexes, streams, PartiQL, backups and the legacy parameters that expressions
// replaced (Expected, AttributeUpdates, ...) are refused. What is not here: the attribute values (package attribute) and the
// expressions (package expression).
package dynamodb

import (
	"encoding/json"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/clock"
	"slipway/awssim/dynamodb/attribute"
	"slipway/awssim/protocol"
)

// Service holds the tables of an account and region. Its methods are called inside turns.
type Service struct {
	clock  *clock.Clock
	id     protocol.Identity
	seed   uint64 // decides when expired items go
	tables map[string]*table
	tokens map[string]idempotent // of TransactWriteItems
	api    *protocol.API
}

// New returns a service without tables.
func New(c *clock.Clock, id protocol.Identity) *Service {
	s := &Service{clock: c, id: id, seed: c.Rand().Uint64(), tables: map[string]*table{}, tokens: map[string]idempotent{}}
	s.api = &protocol.API{Service: "dynamodb", Target: "DynamoDB_20120810", Format: protocol.JSON10, Pascal: true}
	s.handleTables()
	s.handleItems()
	return s
}

// API is the service on the wire.
func (s *Service) API() *protocol.API { return s.api }

func (s *Service) handleTables() {
	protocol.Handle(s.api, "CreateTable", s.createTable)
	protocol.Handle(s.api, "DescribeTable", s.describeTable)
	protocol.Handle(s.api, "UpdateTable", s.updateTable)
	protocol.Handle(s.api, "DeleteTable", s.deleteTable)
	protocol.Handle(s.api, "ListTables", s.listTables)
	protocol.Handle(s.api, "ListTagsOfResource", s.listTagsOfResource)
	protocol.Handle(s.api, "UpdateTimeToLive", s.updateTimeToLive)
	protocol.Handle(s.api, "DescribeTimeToLive", s.describeTimeToLive)
	protocol.Handle(s.api, "UpdateContinuousBackups", s.updateContinuousBackups)
	protocol.Handle(s.api, "DescribeContinuousBackups", s.describeContinuousBackups)
}

func (s *Service) handleItems() {
	protocol.Handle(s.api, "GetItem", s.getItem)
	protocol.Handle(s.api, "BatchGetItem", s.batchGetItem)
	protocol.Handle(s.api, "PutItem", s.putItem)
	protocol.Handle(s.api, "UpdateItem", s.updateItem)
	protocol.Handle(s.api, "DeleteItem", s.deleteItem)
	protocol.Handle(s.api, "Query", s.query)
	protocol.Handle(s.api, "Scan", s.scan)
	protocol.Handle(s.api, "TransactWriteItems", s.transactWriteItems)
}

// Dump is the content of a table as JSON: its items in order of their keys, in DynamoDB's own notation. A table that does not
// exist is "null".
func (s *Service) Dump(name string) []byte {
	t, ok := s.tables[name]
	if !ok {
		return []byte("null")
	}
	t.expire()
	partitions := make([]*partition, 0, len(t.partitions))
	for _, p := range t.partitions {
		partitions = append(partitions, p)
	}
	sort.Slice(partitions, func(i, j int) bool {
		order, _ := attribute.Compare(partitions[i].hash, partitions[j].hash)
		return order < 0
	})
	items := []any{}
	for _, p := range partitions {
		for _, item := range p.items {
			items = append(items, attribute.EncodeItem(item))
		}
	}
	text, err := json.MarshalIndent(items, "", "  ")
	if err != nil {
		return []byte("null") // cannot be: the items came as JSON
	}
	return text
}

// find is the table that a request names, by name or ARN, with its expired items gone.
func (s *Service) find(name *string) (*table, error) {
	t, ok := s.tables[tableName(name)]
	if !ok {
		return nil, protocol.Errorf("ResourceNotFoundException", "Requested resource not found")
	}
	t.expire()
	return t, nil
}

// describe is find for the operations on tables, whose message names what they missed.
func (s *Service) describe(name *string) (*table, error) {
	t, err := s.find(name)
	if err != nil {
		return nil, protocol.Errorf("ResourceNotFoundException", "Requested resource not found: Table: %s not found", tableName(name))
	}
	return t, nil
}

func tableName(name *string) string {
	if name == nil {
		return ""
	}
	if _, short, ok := strings.Cut(*name, ":table/"); ok && strings.HasPrefix(*name, "arn:") {
		return short
	}
	return *name
}

func invalid(format string, args ...any) *protocol.Error {
	return protocol.Errorf("ValidationException", format, args...)
}

// noReport refuses the reports on capacity and collections, which awssim does not keep.
func noReport(capacity types.ReturnConsumedCapacity, metrics types.ReturnItemCollectionMetrics) error {
	if capacity != "" && capacity != types.ReturnConsumedCapacityNone {
		return invalid("awssim does not count capacity; leave ReturnConsumedCapacity out")
	}
	if metrics != "" && metrics != types.ReturnItemCollectionMetricsNone {
		return invalid("awssim does not keep item collection metrics; leave ReturnItemCollectionMetrics out")
	}
	return nil
}
