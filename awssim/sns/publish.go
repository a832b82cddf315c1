package sns

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sns"

	"slipway/awssim/ids"
	"slipway/awssim/protocol"
)

// Limits of a message (Publish in the API reference), in bytes and characters.
const (
	maxMessage = 256 << 10
	maxSubject = 100
)

func (s *Service) publishCall(c *protocol.Call, in *sdk.PublishInput) (*sdk.PublishOutput, error) {
	if err := protocol.Only(c, in, "Message", "MessageAttributes", "Subject", "TargetArn", "TopicArn"); err != nil {
		return nil, err
	}
	arn := in.TopicArn
	if arn == nil {
		arn = in.TargetArn
	}
	if in.Subject != nil && *in.Subject == "" {
		return nil, invalid("Subject")
	}
	id, err := s.publish(aws.ToString(arn), Message{Subject: aws.ToString(in.Subject), Message: aws.ToString(in.Message), Attributes: in.MessageAttributes})
	if err != nil {
		return nil, err
	}
	return &sdk.PublishOutput{MessageId: &id}, nil
}

// publish keeps the message and delivers it to every subscription in a turn of its own, so that a publisher never waits.
func (s *Service) publish(arn string, m Message) (id string, err error) {
	t, err := s.find(&arn)
	if err != nil {
		return "", err
	}
	if err := check(m); err != nil {
		return "", err
	}
	m.ID, m.Time = ids.UUID(s.clock.Rand()), s.clock.Now()
	t.messages = append(t.messages, m)
	if over := len(t.messages) - keptMessages; over > 0 {
		t.messages = slices.Delete(t.messages, 0, over)
	}
	for _, sub := range t.subscriptions {
		if sub.pending {
			continue
		}
		s.clock.After(0, "sns: deliver to "+sub.endpoint, func() {
			if err := s.deliver(t, sub, m); err != nil {
				s.undelivered = append(s.undelivered, fmt.Sprintf("%s of %s to %s: %v", m.ID, t.arn, sub.endpoint, err))
				s.undelivered = s.undelivered[max(0, len(s.undelivered)-keptMessages):]
			}
		})
	}
	return m.ID, nil
}

func check(m Message) error {
	switch {
	case m.Message == "":
		return invalid("Empty message")
	case len(m.Message) > maxMessage:
		return invalid("Message too long")
	case len(m.Subject) > maxSubject:
		return invalid("Subject")
	case strings.HasPrefix(m.Subject, " ") || strings.ContainsFunc(m.Subject, func(r rune) bool { return r < 0x20 || r > 0x7e }):
		return invalid("Subject")
	}
	for _, name := range slices.Sorted(maps.Keys(m.Attributes)) {
		v := m.Attributes[name]
		if kind, _, _ := strings.Cut(aws.ToString(v.DataType), "."); kind != "String" && kind != "Number" {
			return protocol.Errorf("ParameterValueInvalid", "The message attribute '%s' has type %s; awssim carries String and Number alone.", name, aws.ToString(v.DataType))
		}
		if aws.ToString(v.StringValue) == "" {
			return protocol.Errorf("ParameterValueInvalid", "The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, aws.ToString(v.DataType))
		}
	}
	return nil
}

func (s *Service) deliver(t *topic, sub *subscription, m Message) error {
	if sub.protocol == "lambda" {
		payload, err := json.Marshal(s.lambdaEvent(t, sub, m))
		if err != nil {
			return err
		}
		return s.functions.InvokeAsync(sub.endpoint, payload)
	}
	if sub.raw {
		texts := map[string]string{}
		for name, v := range m.Attributes {
			texts[name] = aws.ToString(v.StringValue)
		}
		return s.queues.Send(sub.endpoint, m.Message, texts)
	}
	body, err := json.Marshal(s.notification(t, sub, m))
	if err != nil {
		return err
	}
	return s.queues.Send(sub.endpoint, string(body), nil)
}

// notification is what a subscriber gets: "Parsing Amazon SNS message formats" of the SNS developer guide. Its signature is
// none, since nobody could check it.
func (s *Service) notification(t *topic, sub *subscription, m Message) map[string]any {
	n := map[string]any{
		"Type": "Notification", "MessageId": m.ID, "TopicArn": t.arn, "Message": m.Message, "Timestamp": m.Time.UTC().Format("2006-01-02T15:04:05.000Z"),
		"SignatureVersion": "1", "Signature": "awssim",
		"SigningCertURL": fmt.Sprintf("https://sns.%s.amazonaws.com/SimpleNotificationService.pem", s.id.Region),
		"UnsubscribeURL": fmt.Sprintf("https://sns.%s.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=%s", s.id.Region, sub.arn),
	}
	if m.Subject != "" {
		n["Subject"] = m.Subject
	}
	if len(m.Attributes) > 0 {
		n["MessageAttributes"] = attributes(m)
	}
	return n
}

func attributes(m Message) map[string]any {
	out := map[string]any{}
	for name, v := range m.Attributes {
		out[name] = map[string]string{"Type": aws.ToString(v.DataType), "Value": aws.ToString(v.StringValue)}
	}
	return out
}

// lambdaEvent differs from a notification in the spelling of two members and in that it always has Subject and attributes
// ("Invoking Lambda functions with Amazon SNS notifications" of the Lambda developer guide).
func (s *Service) lambdaEvent(t *topic, sub *subscription, m Message) any {
	n := s.notification(t, sub, m)
	n["SigningCertUrl"], n["UnsubscribeUrl"] = n["SigningCertURL"], n["UnsubscribeURL"]
	delete(n, "SigningCertURL")
	delete(n, "UnsubscribeURL")
	n["MessageAttributes"] = attributes(m)
	if m.Subject == "" {
		n["Subject"] = nil
	}
	record := map[string]any{"EventVersion": "1.0", "EventSource": "aws:sns", "EventSubscriptionArn": sub.arn, "Sns": n}
	return map[string]any{"Records": []any{record}}
}
