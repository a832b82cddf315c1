package dynamodb

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
	"slipway/awssim/protocol"
)

// written are the members that the inputs of PutItem, UpdateItem and DeleteItem share and awssim has.
var written = []string{"TableName", "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues", "ReturnValues",
	"ReturnConsumedCapacity", "ReturnItemCollectionMetrics", "ReturnValuesOnConditionCheckFailure"}

func (s *Service) putItem(c *protocol.Call, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
	if err := protocol.Only(c, in, append(written, "Item")...); err != nil {
		return nil, err
	}
	if err := noReport(in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics); err != nil {
		return nil, err
	}
	if err := oldOrNone(in.ReturnValues); err != nil {
		return nil, err
	}
	w, err := s.put(in.Item, request{in.TableName, in.ConditionExpression, nil, in.ExpressionAttributeNames, in.ExpressionAttributeValues, in.ReturnValuesOnConditionCheckFailure})
	if err != nil {
		return nil, err
	}
	before, _, err := w.apply()
	if err != nil || in.ReturnValues != types.ReturnValueAllOld {
		return &dynamodb.PutItemOutput{}, err
	}
	return &dynamodb.PutItemOutput{Attributes: before}, nil
}

func oldOrNone(v types.ReturnValue) error {
	if v != "" && v != types.ReturnValueNone && v != types.ReturnValueAllOld {
		return invalid("ReturnValues can only be ALL_OLD or NONE")
	}
	return nil
}

func (s *Service) deleteItem(c *protocol.Call, in *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemOutput, error) {
	if err := protocol.Only(c, in, append(written, "Key")...); err != nil {
		return nil, err
	}
	if err := noReport(in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics); err != nil {
		return nil, err
	}
	if err := oldOrNone(in.ReturnValues); err != nil {
		return nil, err
	}
	w, err := s.keyed(deleteWrite, in.Key, request{in.TableName, in.ConditionExpression, nil, in.ExpressionAttributeNames, in.ExpressionAttributeValues, in.ReturnValuesOnConditionCheckFailure})
	if err != nil {
		return nil, err
	}
	before, _, err := w.apply()
	if err != nil || in.ReturnValues != types.ReturnValueAllOld {
		return &dynamodb.DeleteItemOutput{}, err
	}
	return &dynamodb.DeleteItemOutput{Attributes: before}, nil
}

func (s *Service) updateItem(c *protocol.Call, in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
	if err := protocol.Only(c, in, append(written, "Key", "UpdateExpression")...); err != nil {
		return nil, err
	}
	if err := noReport(in.ReturnConsumedCapacity, in.ReturnItemCollectionMetrics); err != nil {
		return nil, err
	}
	w, err := s.keyed(updateWrite, in.Key, request{in.TableName, in.ConditionExpression, in.UpdateExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues, in.ReturnValuesOnConditionCheckFailure})
	if err != nil {
		return nil, err
	}
	before, after, err := w.apply()
	if err != nil {
		return nil, err
	}
	return &dynamodb.UpdateItemOutput{Attributes: w.returned(in.ReturnValues, before, after)}, nil
}

// returned is what ReturnValues of an update asks for, nil for nothing.
func (w *write) returned(v types.ReturnValue, before, after attribute.Item) attribute.Item {
	switch v {
	case types.ReturnValueAllOld:
		return before
	case types.ReturnValueAllNew:
		return after
	}
	if w.update == nil {
		return nil
	}
	var part attribute.Item
	switch v {
	case types.ReturnValueUpdatedOld:
		part = w.update.Touched().Of(before)
	case types.ReturnValueUpdatedNew:
		part = w.update.Touched().Of(after)
	}
	if len(part) == 0 {
		return nil
	}
	return part
}
