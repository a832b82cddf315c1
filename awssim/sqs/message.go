package sqs

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/awssim/ids"
	"slipway/awssim/protocol"
)

type message struct {
	id         string
	body       string
	attributes map[string]types.MessageAttributeValue
	sent       time.Time
	visible    time.Time // when it can be received (again)
	receives   int
	first      time.Time // first receive
}

// handle names this receive of the message. A later receive makes another.
func (m *message) handle() string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s#%d", m.id, m.receives))
}

// expire drops the messages that are older than the queue keeps them.
func (q *queue) expire(now time.Time) {
	keep := q.seconds("MessageRetentionPeriod")
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return now.Sub(m.sent) >= keep })
}

// has reports whether the input of a call brings a member. The SDK's types do not tell a zero from nothing.
func has(c *protocol.Call, member string) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(c.Body, &members) == nil && members[member] != nil
}

// chosen is a number of seconds of the request, or the queue's attribute where the request has none.
func chosen(c *protocol.Call, q *queue, member string, given int32, attribute string, most int32) (time.Duration, error) {
	if !has(c, member) {
		return q.seconds(attribute), nil
	}
	if given < 0 || given > most {
		return 0, invalidValue("%d for parameter %s is invalid. Reason: Must be between 0 and %d, if provided.", given, member, most)
	}
	return time.Duration(given) * time.Second, nil
}

func (s *Service) sendMessage(c *protocol.Call, in *sdk.SendMessageInput) (*sdk.SendMessageOutput, error) {
	if err := protocol.Only(c, in, "MessageBody", "QueueUrl", "DelaySeconds", "MessageAttributes"); err != nil {
		return nil, err
	}
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	delay, err := chosen(c, q, "DelaySeconds", in.DelaySeconds, "DelaySeconds", 900)
	if err != nil {
		return nil, err
	}
	m, err := s.send(q, aws.ToString(in.MessageBody), in.MessageAttributes, delay)
	if err != nil {
		return nil, err
	}
	return &sdk.SendMessageOutput{MessageId: &m.id, MD5OfMessageBody: new(digest([]byte(m.body))), MD5OfMessageAttributes: attributesDigest(m.attributes)}, nil
}

func (s *Service) send(q *queue, body string, attributes map[string]types.MessageAttributeValue, delay time.Duration) (*message, error) {
	size := len(body)
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		v := attributes[name]
		if err := checkAttribute(name, v); err != nil {
			return nil, err
		}
		size += len(name) + len(aws.ToString(v.DataType)) + len(aws.ToString(v.StringValue)) + len(v.BinaryValue)
	}
	switch limit := q.number("MaximumMessageSize"); {
	case body == "":
		return nil, protocol.Errorf("MissingParameter", "The request must contain the parameter MessageBody.")
	case size > limit:
		return nil, invalidParameter("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", limit)
	case len(attributes) > 10:
		return nil, invalidParameter("Number of message attributes [%d] exceeds the allowed maximum [10].", len(attributes))
	case strings.ContainsFunc(body, unwritable):
		return nil, protocol.Errorf("InvalidMessageContents", "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")
	}
	m := &message{id: ids.UUID(s.clock.Rand()), body: body, attributes: attributes, sent: s.clock.Now(), visible: s.clock.Now().Add(delay)}
	q.messages = append(q.messages, m)
	return m, nil
}

func unwritable(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

func invalidParameter(format string, args ...any) error {
	return protocol.Errorf("InvalidParameterValue", format, args...)
}

func checkAttribute(name string, v types.MessageAttributeValue) error {
	kind, _, _ := strings.Cut(aws.ToString(v.DataType), ".")
	hasText, hasBlob := v.StringValue != nil && *v.StringValue != "", len(v.BinaryValue) > 0
	switch {
	case kind != "String" && kind != "Number" && kind != "Binary":
		return invalidParameter("The type of message (user) attribute '%s' is invalid. You must use only the following supported type prefixes: Binary, Number, String.", name)
	case hasText == hasBlob || hasBlob != (kind == "Binary"):
		return invalidParameter("The message (user) attribute '%s' must contain a non-empty message attribute value of its type %s.", name, kind)
	case len(v.BinaryListValues) > 0 || len(v.StringListValues) > 0:
		return protocol.Errorf("UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported.")
	}
	return nil
}

func digest(content []byte) string {
	sum := md5.Sum(content)
	return hex.EncodeToString(sum[:])
}

// attributesDigest is the MD5 over message attributes that clients check: "Calculating the MD5 message digest for message
// attributes" of the SQS developer guide. It is nil for none.
func attributesDigest(attributes map[string]types.MessageAttributeValue) *string {
	if len(attributes) == 0 {
		return nil
	}
	var b []byte
	field := func(content []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(content)))
		b = append(b, content...)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		v := attributes[name]
		field([]byte(name))
		field([]byte(aws.ToString(v.DataType)))
		if v.BinaryValue != nil {
			b = append(b, 2)
			field(v.BinaryValue)
			continue
		}
		b = append(b, 1)
		field([]byte(aws.ToString(v.StringValue)))
	}
	return new(digest(b))
}
