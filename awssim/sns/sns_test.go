package sns_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	sdk "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
	"slipway/awssim/sns"
)

var background = context.Background()

const (
	topic    = "arn:aws:sns:eu-west-1:123456789012:alerts"
	queue    = "arn:aws:sqs:eu-west-1:123456789012:jobs"
	function = "arn:aws:lambda:eu-west-1:123456789012:function:notify"
)

// inbox keeps what is delivered to it, and refuses anything for "gone".
type inbox struct {
	bodies     []string
	attributes []map[string]string
	events     [][]byte
}

func (i *inbox) Send(arn, body string, attributes map[string]string) error {
	if strings.HasSuffix(arn, "gone") {
		return errors.New("no such queue")
	}
	i.bodies, i.attributes = append(i.bodies, body), append(i.attributes, attributes)
	return nil
}

func (i *inbox) InvokeAsync(_ string, payload []byte) error {
	i.events = append(i.events, payload)
	return nil
}

type world struct {
	*sdk.Client
	t       *testing.T
	clock   *clock.Clock
	service *sns.Service
	inbox   *inbox
}

func start(t *testing.T) world {
	t.Helper()
	c, in := clock.New(clock.Epoch, 1), &inbox{}
	s := sns.New(c, protocol.Default, in, in)
	w := world{sdk.NewFromConfig(protocoltest.Config(c, s.API())), t, c, s, in}
	out, err := w.CreateTopic(background, &sdk.CreateTopicInput{Name: new("alerts"), Attributes: map[string]string{"DisplayName": "Alerts"}, Tags: []types.Tag{{Key: new("team"), Value: new("shop")}}})
	if err != nil || *out.TopicArn != topic {
		t.Fatalf("got %v, %v", out, err)
	}
	return w
}

func (w world) subscribe(protocol, endpoint string, attributes map[string]string) string {
	w.t.Helper()
	out, err := w.Subscribe(background, &sdk.SubscribeInput{TopicArn: new(topic), Protocol: &protocol, Endpoint: &endpoint, Attributes: attributes})
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.SubscriptionArn
}

func (w world) publish(in *sdk.PublishInput) string {
	w.t.Helper()
	in.TopicArn = new(topic)
	out, err := w.Publish(background, in)
	if err != nil {
		w.t.Fatal(err)
	}
	w.clock.RunFor(0)
	return *out.MessageId
}

var coloured = map[string]types.MessageAttributeValue{"colour": {DataType: new("String"), StringValue: new("red")}}

func TestDeliveryToQueues(t *testing.T) {
	w := start(t)
	w.subscribe("sqs", queue, nil)
	w.subscribe("sqs", queue+"-raw", map[string]string{"RawMessageDelivery": "true"})
	id := w.publish(&sdk.PublishInput{Subject: new("shop/web"), Message: new("Stuck <now>"), MessageAttributes: coloured})
	if len(w.inbox.bodies) != 2 {
		t.Fatalf("got %v", w.inbox.bodies)
	}
	raw := 0
	if w.inbox.bodies[1] == "Stuck <now>" {
		raw = 1
	}
	if diff := cmp.Diff(map[string]string{"colour": "red"}, w.inbox.attributes[raw]); diff != "" || w.inbox.bodies[raw] != "Stuck <now>" {
		t.Errorf("raw: got %s; %s", w.inbox.bodies[raw], diff)
	}
	var got events.SNSEntity
	if err := json.Unmarshal([]byte(w.inbox.bodies[1-raw]), &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "Notification" || got.MessageID != id || got.TopicArn != topic || got.Subject != "shop/web" || got.Message != "Stuck <now>" || !got.Timestamp.Equal(clock.Epoch) {
		t.Errorf("got %+v", got)
	}
	kept := w.service.Messages(topic)
	if len(kept) != 1 || kept[0].ID != id || kept[0].Subject != "shop/web" || kept[0].Message != "Stuck <now>" {
		t.Errorf("got %+v", kept)
	}
}

func TestDeliveryToFunctions(t *testing.T) {
	w := start(t)
	arn := w.subscribe("lambda", function, nil)
	w.publish(&sdk.PublishInput{Message: new("hello"), MessageAttributes: coloured})
	var got events.SNSEvent
	if len(w.inbox.events) != 1 {
		t.Fatalf("got %d events, want 1", len(w.inbox.events))
	}
	if err := json.Unmarshal(w.inbox.events[0], &got); err != nil {
		t.Fatal(err)
	}
	r := got.Records[0]
	if r.EventSource != "aws:sns" || r.EventSubscriptionArn != arn || r.SNS.Message != "hello" || r.SNS.Subject != "" || r.SNS.UnsubscribeURL == "" || r.SNS.MessageAttributes["colour"] == nil {
		t.Errorf("got %+v", r)
	}
}

func TestPublishFromInside(t *testing.T) {
	w := start(t)
	w.subscribe("sqs", queue+"-gone", nil)
	w.clock.Do("publish", func() {
		if err := w.service.Publish(topic, "", "hello"); err != nil {
			t.Error(err)
		}
		var e *protocol.Error
		if err := w.service.Publish(topic+"x", "", "hello"); !errors.As(err, &e) || e.Code != "NotFound" {
			t.Errorf("got %v, want NotFound", err)
		}
	})
	w.clock.RunFor(0)
	if got := w.service.Undelivered(); len(got) != 1 || !strings.Contains(got[0], "no such queue") {
		t.Errorf("got %q, want the one failure and its reason", got)
	}
	for range 1100 {
		w.clock.Do("publish", func() { _ = w.service.Publish(topic, "", "hello") })
	}
	w.clock.RunFor(0)
	if got := len(w.service.Undelivered()); got != 1000 {
		t.Errorf("%d failures are kept, want the newest 1000", got)
	}
}

func TestSubscriptions(t *testing.T) {
	w := start(t)
	first := w.subscribe("sqs", queue, nil)
	if again := w.subscribe("sqs", queue, nil); again != first {
		t.Errorf("got %s for a second subscription of a queue, want %s", again, first)
	}
	if got := w.subscribe("email", "ops@example.com", nil); got != "pending confirmation" {
		t.Errorf("got %s", got)
	}
	list, err := w.ListSubscriptionsByTopic(background, &sdk.ListSubscriptionsByTopicInput{TopicArn: new(topic)})
	if err != nil || len(list.Subscriptions) != 2 || *list.Subscriptions[1].SubscriptionArn != "PendingConfirmation" || *list.Subscriptions[0].Endpoint != queue {
		t.Errorf("got %+v, %v", list, err)
	}
	all, err := w.GetTopicAttributes(background, &sdk.GetTopicAttributesInput{TopicArn: new(topic)})
	if err != nil || all.Attributes["SubscriptionsPending"] != "1" || all.Attributes["SubscriptionsConfirmed"] != "1" || all.Attributes["DisplayName"] != "Alerts" {
		t.Errorf("got %v, %v", all, err)
	}
	if _, err := w.Unsubscribe(background, &sdk.UnsubscribeInput{SubscriptionArn: &first}); err != nil {
		t.Fatal(err)
	}
	w.publish(&sdk.PublishInput{Message: new("x")})
	if len(w.inbox.bodies) != 0 {
		t.Errorf("got %v after unsubscribing", w.inbox.bodies)
	}
}

func TestTopics(t *testing.T) {
	w := start(t)
	if _, err := w.SetTopicAttributes(background, &sdk.SetTopicAttributesInput{TopicArn: new(topic), AttributeName: new("DisplayName"), AttributeValue: new("New")}); err != nil {
		t.Fatal(err)
	}
	_, err := w.CreateTopic(background, &sdk.CreateTopicInput{Name: new("alerts"), Attributes: map[string]string{"DisplayName": "Alerts"}})
	protocoltest.Refused(t, err, "InvalidParameter")
	if _, err := w.CreateTopic(background, &sdk.CreateTopicInput{Name: new("alerts")}); err != nil {
		t.Errorf("a second CreateTopic: %v", err)
	}
	tags, err := w.ListTagsForResource(background, &sdk.ListTagsForResourceInput{ResourceArn: new(topic)})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "shop" {
		t.Errorf("got %v, %v", tags, err)
	}
	list, err := w.ListTopics(background, &sdk.ListTopicsInput{})
	if err != nil || len(list.Topics) != 1 || *list.Topics[0].TopicArn != topic {
		t.Errorf("got %v, %v", list, err)
	}
	if _, err := w.DeleteTopic(background, &sdk.DeleteTopicInput{TopicArn: new(topic)}); err != nil {
		t.Fatal(err)
	}
	_, err = w.GetTopicAttributes(background, &sdk.GetTopicAttributesInput{TopicArn: new(topic)})
	var missing *types.NotFoundException
	if !errors.As(err, &missing) {
		t.Errorf("got %v, want NotFoundException", err)
	}
}

func TestRefused(t *testing.T) {
	w := start(t)
	publish := func(change func(*sdk.PublishInput)) error {
		in := &sdk.PublishInput{TopicArn: new(topic), Message: new("x")}
		change(in)
		_, err := w.Publish(background, in)
		return err
	}
	_, fifo := w.CreateTopic(background, &sdk.CreateTopicInput{Name: new("a.fifo"), Attributes: map[string]string{"FifoTopic": "true"}})
	_, sms := w.Subscribe(background, &sdk.SubscribeInput{TopicArn: new(topic), Protocol: new("sms"), Endpoint: new("+49")})
	_, filter := w.Subscribe(background, &sdk.SubscribeInput{TopicArn: new(topic), Protocol: new("sqs"), Endpoint: new(queue), Attributes: map[string]string{"FilterPolicy": "{}"}})
	for name, err := range map[string]error{
		"fifo": fifo, "sms": sms, "filter policy": filter,
		"long subject":    publish(func(in *sdk.PublishInput) { in.Subject = new(strings.Repeat("x", 101)) }),
		"line break":      publish(func(in *sdk.PublishInput) { in.Subject = new("a\nb") }),
		"empty message":   publish(func(in *sdk.PublishInput) { in.Message = new("") }),
		"long message":    publish(func(in *sdk.PublishInput) { in.Message = new(strings.Repeat("x", 256<<10+1)) }),
		"per protocol":    publish(func(in *sdk.PublishInput) { in.MessageStructure = new("json") }),
		"phone number":    publish(func(in *sdk.PublishInput) { in.PhoneNumber = new("+49") }),
		"group of a fifo": publish(func(in *sdk.PublishInput) { in.MessageGroupId = new("g") }),
	} {
		t.Run(name, func(t *testing.T) { protocoltest.Refused(t, err, "InvalidParameter") })
	}
	if got := len(w.service.Messages(topic)); got != 0 {
		t.Errorf("got %d messages, want none of the refused", got)
	}
}
