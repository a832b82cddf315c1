package dynamodb

import (
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
	"slipway/awssim/protocol"
)

// Limits of a transaction, and how long its client token is remembered (TransactWriteItems in the API reference).
const (
	maxActions  = 100
	tokenWindow = 10 * time.Minute
)

// idempotent is a transaction that was done for a client token.
type idempotent struct {
	body [32]byte
	at   time.Time
}

func (s *Service) transactWriteItems(c *protocol.Call, in *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
	if err := noReport(in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics); err != nil {
		return nil, err
	}
	if len(in.TransactItems) < 1 || len(in.TransactItems) > maxActions {
		return nil, invalid("1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length between 1 and %d", maxActions)
	}
	body := sha256.Sum256(c.Body)
	if done, err := s.repeated(aws.ToString(in.ClientRequestToken), body); done || err != nil {
		return &dynamodb.TransactWriteItemsOutput{}, err
	}
	writes := make([]*write, len(in.TransactItems))
	for i, action := range in.TransactItems {
		var err error
		if writes[i], err = s.action(action); err != nil {
			return nil, err
		}
		for _, other := range writes[:i] {
			if other.table == writes[i].table && sameItem(other.key, writes[i].key) {
				return nil, invalid("Transaction request cannot include multiple operations on one item")
			}
		}
	}
	if err := commitAll(writes); err != nil {
		return nil, err
	}
	if token := aws.ToString(in.ClientRequestToken); token != "" {
		s.tokens[token] = idempotent{body, s.clock.Now()}
	}
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

// repeated says whether the transaction of this token was done before.
func (s *Service) repeated(token string, body [32]byte) (bool, error) {
	for key, done := range s.tokens {
		if s.clock.Now().Sub(done.at) >= tokenWindow {
			delete(s.tokens, key)
		}
	}
	done, ok := s.tokens[token]
	if ok && done.body != body {
		return false, protocol.Errorf("IdempotentParameterMismatchException", "The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, unless the requests are identical")
	}
	return ok, nil
}

func (s *Service) action(a types.TransactWriteItem) (*write, error) {
	switch {
	case a.Put != nil:
		p := a.Put
		return s.put(p.Item, request{p.TableName, p.ConditionExpression, nil, p.ExpressionAttributeNames, p.ExpressionAttributeValues, p.ReturnValuesOnConditionCheckFailure})
	case a.Update != nil:
		u := a.Update
		return s.keyed(updateWrite, u.Key, request{u.TableName, u.ConditionExpression, u.UpdateExpression, u.ExpressionAttributeNames, u.ExpressionAttributeValues, u.ReturnValuesOnConditionCheckFailure})
	case a.Delete != nil:
		d := a.Delete
		return s.keyed(deleteWrite, d.Key, request{d.TableName, d.ConditionExpression, nil, d.ExpressionAttributeNames, d.ExpressionAttributeValues, d.ReturnValuesOnConditionCheckFailure})
	case a.ConditionCheck != nil:
		k := a.ConditionCheck
		return s.keyed(checkWrite, k.Key, request{k.TableName, k.ConditionExpression, nil, k.ExpressionAttributeNames, k.ExpressionAttributeValues, k.ReturnValuesOnConditionCheckFailure})
	}
	return nil, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
}

// commitAll does every write, or none and says of each why.
func commitAll(writes []*write) error {
	after := make([]attribute.Item, len(writes))
	reasons := make([]map[string]any, len(writes))
	codes := make([]string, len(writes))
	failed := false
	for i, w := range writes {
		item, err := w.result()
		after[i], codes[i] = item, "None"
		reasons[i] = map[string]any{"Code": "None"}
		if err != nil {
			failed = true
			codes[i], reasons[i] = reason(err)
		}
	}
	if failed {
		e := protocol.Errorf("TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
		e.Members = map[string]any{"CancellationReasons": reasons}
		return e
	}
	for i, w := range writes {
		w.commit(after[i])
	}
	return nil
}

// reason is an entry of CancellationReasons, whose codes lack the Exception of the error's name.
func reason(err error) (code string, members map[string]any) {
	var e *protocol.Error
	if !errors.As(err, &e) {
		return "InternalServerError", map[string]any{"Code": "InternalServerError", "Message": err.Error()}
	}
	switch e.Code {
	case "ConditionalCheckFailedException":
		code = "ConditionalCheckFailed"
	case "ValidationException":
		code = "ValidationError"
	}
	members = map[string]any{"Code": code, "Message": e.Message}
	if item, ok := e.Members["Item"]; ok {
		members["Item"] = item
	}
	return code, members
}
