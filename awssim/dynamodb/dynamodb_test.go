package dynamodb_test

import (
	"context"
	"errors"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"slipway/awssim/clock"
	"slipway/awssim/dynamodb"
	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
)

var background = context.Background()

// world is a service with the tables "things" (key pk) and "history" (keys pk and sk, a number).
type world struct {
	*sdk.Client
	t       *testing.T
	clock   *clock.Clock
	service *dynamodb.Service
}

func start(t *testing.T) world {
	t.Helper()
	c := clock.New(clock.Epoch, 1)
	s := dynamodb.New(c, protocol.Default)
	w := world{sdk.NewFromConfig(protocoltest.Config(c, s.API())), t, c, s}
	w.create("things", "")
	w.create("history", "sk")
	return w
}

func (w world) create(name, rangeKey string) {
	w.t.Helper()
	in := &sdk.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: new("pk"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: new("pk"), KeyType: "HASH"}},
	}
	if rangeKey != "" {
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: &rangeKey, AttributeType: "N"})
		in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: &rangeKey, KeyType: "RANGE"})
	}
	if _, err := w.CreateTable(background, in); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) put(table string, item map[string]types.AttributeValue) {
	w.t.Helper()
	if _, err := w.PutItem(background, &sdk.PutItemInput{TableName: &table, Item: item}); err != nil {
		w.t.Fatal(err)
	}
}

func s(text string) types.AttributeValue { return &types.AttributeValueMemberS{Value: text} }
func n(text string) types.AttributeValue { return &types.AttributeValueMemberN{Value: text} }
func l(items ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: items}
}
func m(items map[string]types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: items}
}
func ss(items ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: items} }

type item = map[string]types.AttributeValue

// refused checks an error's code and words.
func refused(t *testing.T, err error, code, message string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if e.ErrorCode() != code || e.ErrorMessage() != message {
		t.Errorf("got %s: %s\nwant %s: %s", e.ErrorCode(), e.ErrorMessage(), code, message)
	}
}
