package sqs_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
	"slipway/awssim/sqs"
)

var background = context.Background()

type world struct {
	*sdk.Client
	t       *testing.T
	clock   *clock.Clock
	service *sqs.Service
	url     *string
}

const arn = "arn:aws:sqs:eu-west-1:123456789012:jobs"

func start(t *testing.T, attributes map[string]string) world {
	t.Helper()
	c := clock.New(clock.Epoch, 1)
	s := sqs.New(c, protocol.Default)
	w := world{sdk.NewFromConfig(protocoltest.Config(c, s.API())), t, c, s, nil}
	w.url = w.create("jobs", attributes)
	return w
}

func (w world) create(name string, attributes map[string]string) *string {
	w.t.Helper()
	out, err := w.CreateQueue(background, &sdk.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.QueueUrl
}

func (w world) send(body string) {
	w.t.Helper()
	if _, err := w.SendMessage(background, &sdk.SendMessageInput{QueueUrl: w.url, MessageBody: &body}); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) receive(in sdk.ReceiveMessageInput) []types.Message {
	w.t.Helper()
	if in.QueueUrl == nil {
		in.QueueUrl = w.url
	}
	out, err := w.ReceiveMessage(background, &in)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Messages
}

func bodies(messages []types.Message) string {
	var all []string
	for _, m := range messages {
		all = append(all, *m.Body)
	}
	return strings.Join(all, " ")
}

func TestVisibility(t *testing.T) {
	w := start(t, nil)
	w.send("one")
	w.send("two")
	if got := bodies(w.receive(sdk.ReceiveMessageInput{MaxNumberOfMessages: 10, VisibilityTimeout: 5})); got != "one two" {
		t.Fatalf("got %q", got)
	}
	if got := w.receive(sdk.ReceiveMessageInput{}); len(got) != 0 {
		t.Fatalf("got %d messages while both are in flight", len(got))
	}
	counts, err := w.GetQueueAttributes(background, &sdk.GetQueueAttributesInput{QueueUrl: w.url, AttributeNames: []types.QueueAttributeName{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "QueueArn"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "2", "QueueArn": arn}, counts.Attributes); diff != "" {
		t.Error(diff)
	}
	w.clock.RunFor(5 * time.Second)
	again := w.receive(sdk.ReceiveMessageInput{MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})
	if bodies(again) != "one" || again[0].Attributes["ApproximateReceiveCount"] != "2" {
		t.Fatalf("got %q, attributes %v, want one for the second time", bodies(again), again[0].Attributes)
	}
	if _, err := w.ChangeMessageVisibility(background, &sdk.ChangeMessageVisibilityInput{QueueUrl: w.url, ReceiptHandle: again[0].ReceiptHandle}); err != nil {
		t.Fatal(err)
	}
	if got := bodies(w.receive(sdk.ReceiveMessageInput{})); got != "one" {
		t.Errorf("got %q, want one at once after its visibility was set to 0", got)
	}
}

func TestDeleteNeedsTheNewestHandle(t *testing.T) {
	w := start(t, nil)
	w.send("one")
	old := w.receive(sdk.ReceiveMessageInput{VisibilityTimeout: 1})[0].ReceiptHandle
	w.clock.RunFor(time.Second)
	newest := w.receive(sdk.ReceiveMessageInput{})[0].ReceiptHandle
	for i, want := range []int{1, 0, 0} {
		handle := []*string{old, newest, newest}[i]
		if _, err := w.DeleteMessage(background, &sdk.DeleteMessageInput{QueueUrl: w.url, ReceiptHandle: handle}); err != nil {
			t.Fatal(err)
		}
		if got := len(w.service.Messages(arn)); got != want {
			t.Errorf("after delete %d: got %d messages, want %d", i, got, want)
		}
	}
	_, err := w.DeleteMessage(background, &sdk.DeleteMessageInput{QueueUrl: w.url, ReceiptHandle: new("nonsense")})
	protocoltest.Refused(t, err, "ReceiptHandleIsInvalid")
}

func TestLongPoll(t *testing.T) {
	w := start(t, nil)
	began := w.clock.Now()
	if got := w.receive(sdk.ReceiveMessageInput{WaitTimeSeconds: 20}); len(got) != 0 || w.clock.Now().Sub(began) != 20*time.Second {
		t.Fatalf("got %d messages after %s, want none after 20s", len(got), w.clock.Now().Sub(began))
	}
	w.clock.After(3*time.Second, "sender", func() {
		if err := w.service.Send(arn, "late", map[string]string{"kind": "x"}); err != nil {
			t.Error(err)
		}
	})
	began = w.clock.Now()
	got := w.receive(sdk.ReceiveMessageInput{WaitTimeSeconds: 20, MessageAttributeNames: []string{"All"}})
	if bodies(got) != "late" || *got[0].MessageAttributes["kind"].StringValue != "x" || w.clock.Now().Sub(began) > 4*time.Second {
		t.Errorf("got %q after %s", bodies(got), w.clock.Now().Sub(began))
	}
}

func TestDelayAndRetention(t *testing.T) {
	w := start(t, map[string]string{"MessageRetentionPeriod": "60"})
	if _, err := w.SendMessage(background, &sdk.SendMessageInput{QueueUrl: w.url, MessageBody: new("later"), DelaySeconds: 10}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		wait time.Duration
		want string
	}{{0, ""}, {9 * time.Second, ""}, {time.Second, "later"}, {50 * time.Second, ""}} {
		w.clock.RunFor(c.wait)
		if got := bodies(w.receive(sdk.ReceiveMessageInput{VisibilityTimeout: 1})); got != c.want {
			t.Errorf("at %s: got %q, want %q", w.clock.Now().Sub(clock.Epoch), got, c.want)
		}
	}
}

func TestAttributesAndTheirDigest(t *testing.T) {
	w := start(t, nil)
	in := map[string]types.MessageAttributeValue{
		"test_attribute_name_1": {DataType: new("String"), StringValue: new("test_attribute_value_1")},
		"blob":                  {DataType: new("Binary"), BinaryValue: []byte{0, 1}},
	}
	sent, err := w.SendMessage(background, &sdk.SendMessageInput{QueueUrl: w.url, MessageBody: new("This is a test message"), MessageAttributes: in})
	if err != nil {
		t.Fatal(err)
	}
	if *sent.MD5OfMessageBody != "fafb00f5732ab283681e124bf8747ed1" {
		t.Errorf("got body digest %s", *sent.MD5OfMessageBody)
	}
	known, err := w.SendMessage(background, &sdk.SendMessageInput{QueueUrl: w.create("known", nil), MessageBody: new("x"), MessageAttributes: map[string]types.MessageAttributeValue{
		"timestamp": {DataType: new("Number"), StringValue: new("1493147359900")}}})
	if err != nil || *known.MD5OfMessageAttributes != "235c5c510d26fb653d073faed50ae77c" {
		t.Errorf("got attribute digest %v, %v", *known.MD5OfMessageAttributes, err)
	}
	got := w.receive(sdk.ReceiveMessageInput{MessageAttributeNames: []string{"test_.*"}})[0]
	if len(got.MessageAttributes) != 1 || *got.MessageAttributes["test_attribute_name_1"].StringValue != "test_attribute_value_1" {
		t.Errorf("got %v", got.MessageAttributes)
	}
	if *got.MD5OfMessageAttributes == *sent.MD5OfMessageAttributes {
		t.Error("the digest of one attribute is that of both")
	}
}

func TestRedrive(t *testing.T) {
	const deadARN = "arn:aws:sqs:eu-west-1:123456789012:dead"
	w := start(t, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + deadARN + `","maxReceiveCount":"2"}`, "VisibilityTimeout": "1"})
	w.create("dead", nil)
	w.send("poison")
	for i, want := range []string{"poison", "poison", ""} {
		if got := bodies(w.receive(sdk.ReceiveMessageInput{})); got != want {
			t.Errorf("receive %d: got %q, want %q", i, got, want)
		}
		w.clock.RunFor(time.Second)
	}
	dead := w.service.Messages(deadARN)
	if len(dead) != 1 || dead[0].Body != "poison" || len(w.service.Messages(arn)) != 0 {
		t.Errorf("got %+v in the dead-letter queue", dead)
	}
}

func TestQueues(t *testing.T) {
	w := start(t, map[string]string{"VisibilityTimeout": "60"})
	if got := *w.create("jobs", map[string]string{"VisibilityTimeout": "60"}); got != "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs" {
		t.Errorf("got %s", got)
	}
	_, err := w.CreateQueue(background, &sdk.CreateQueueInput{QueueName: new("jobs"), Attributes: map[string]string{"VisibilityTimeout": "61"}})
	protocoltest.Refused(t, err, "QueueAlreadyExists")
	w.create("other", nil)
	var names []string
	for p := sdk.NewListQueuesPaginator(w, &sdk.ListQueuesInput{MaxResults: new(int32(1))}); p.HasMorePages(); {
		out, err := p.NextPage(background)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, out.QueueUrls...)
	}
	if len(names) != 2 {
		t.Errorf("got %v, want two queues on two pages", names)
	}
	if _, err := w.SetQueueAttributes(background, &sdk.SetQueueAttributesInput{QueueUrl: w.url, Attributes: map[string]string{"DelaySeconds": "7"}}); err != nil {
		t.Fatal(err)
	}
	all, err := w.GetQueueAttributes(background, &sdk.GetQueueAttributesInput{QueueUrl: w.url, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil || all.Attributes["DelaySeconds"] != "7" || all.Attributes["VisibilityTimeout"] != "60" || all.Attributes["MaximumMessageSize"] != "1048576" {
		t.Errorf("got %v, %v", all, err)
	}
	w.send("x")
	if _, err := w.PurgeQueue(background, &sdk.PurgeQueueInput{QueueUrl: w.url}); err != nil || len(w.service.Messages(arn)) != 0 {
		t.Errorf("purge: %v, %d messages left", err, len(w.service.Messages(arn)))
	}
	_, err = w.PurgeQueue(background, &sdk.PurgeQueueInput{QueueUrl: w.url})
	protocoltest.Refused(t, err, "AWS.SimpleQueueService.PurgeQueueInProgress")
	if _, err := w.DeleteQueue(background, &sdk.DeleteQueueInput{QueueUrl: w.url}); err != nil {
		t.Fatal(err)
	}
	_, err = w.GetQueueUrl(background, &sdk.GetQueueUrlInput{QueueName: new("jobs")})
	var missing *types.QueueDoesNotExist
	if !errors.As(err, &missing) {
		t.Errorf("got %v, want QueueDoesNotExist", err)
	}
	protocoltest.Refused(t, err, "AWS.SimpleQueueService.NonExistentQueue")
}

func TestRefused(t *testing.T) {
	w := start(t, nil)
	_, fifo := w.CreateQueue(background, &sdk.CreateQueueInput{QueueName: new("jobs.fifo"), Attributes: map[string]string{"FifoQueue": "true"}})
	_, name := w.CreateQueue(background, &sdk.CreateQueueInput{QueueName: new("two words")})
	_, attribute := w.CreateQueue(background, &sdk.CreateQueueInput{QueueName: new("q"), Attributes: map[string]string{"Colour": "red"}})
	_, bounds := w.CreateQueue(background, &sdk.CreateQueueInput{QueueName: new("q"), Attributes: map[string]string{"VisibilityTimeout": "43201"}})
	_, many := w.ReceiveMessage(background, &sdk.ReceiveMessageInput{QueueUrl: w.url, MaxNumberOfMessages: 11})
	_, group := w.SendMessage(background, &sdk.SendMessageInput{QueueUrl: w.url, MessageBody: new("x"), MessageGroupId: new("g")})
	_, control := w.SendMessage(background, &sdk.SendMessageInput{QueueUrl: w.url, MessageBody: new("x\x01")})
	_, kind := w.SendMessage(background, &sdk.SendMessageInput{QueueUrl: w.url, MessageBody: new("x"), MessageAttributes: map[string]types.MessageAttributeValue{"a": {DataType: new("Text"), StringValue: new("x")}}})
	for _, c := range []struct {
		err  error
		code string
	}{{fifo, "AWS.SimpleQueueService.UnsupportedOperation"}, {name, "InvalidParameterValue"}, {attribute, "InvalidAttributeName"}, {bounds, "InvalidAttributeValue"}, {many, "InvalidParameterValue"},
		{group, "InvalidParameterValue"}, {control, "InvalidMessageContents"}, {kind, "InvalidParameterValue"}} {
		protocoltest.Refused(t, c.err, c.code)
	}
	var e *protocol.Error
	if err := w.service.Send("arn:aws:sqs:eu-west-1:123456789012:none", "x", nil); !errors.As(err, &e) || e.Code != "QueueDoesNotExist" {
		t.Errorf("got %v", err)
	}
}
