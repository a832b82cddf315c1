package sqs

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/awssim/protocol"
)

// pollSlice is how often a long poll looks.
const pollSlice = 100 * time.Millisecond

// receiveMessage waits, if asked to, until there is a message or the time is up. It must run in a coroutine then.
func (s *Service) receiveMessage(c *protocol.Call, in *sdk.ReceiveMessageInput) (*sdk.ReceiveMessageOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	most := 1
	if has(c, "MaxNumberOfMessages") {
		most = int(in.MaxNumberOfMessages)
	}
	if most < 1 || most > 10 {
		return nil, invalidValue("%d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", most)
	}
	hidden, err := chosen(c, q, "VisibilityTimeout", in.VisibilityTimeout, "VisibilityTimeout", 43200)
	if err != nil {
		return nil, err
	}
	wait, err := chosen(c, q, "WaitTimeSeconds", in.WaitTimeSeconds, "ReceiveMessageWaitTimeSeconds", 20)
	if err != nil {
		return nil, err
	}
	deadline := s.clock.Now().Add(wait)
	got := s.receive(q, most, hidden)
	for len(got) == 0 && s.clock.Now().Before(deadline) && c.Context.Err() == nil {
		s.clock.Sleep(min(pollSlice, deadline.Sub(s.clock.Now())))
		if q, err = s.byURL(in.QueueUrl); err != nil { // deleted meanwhile
			return nil, err
		}
		got = s.receive(q, most, hidden)
	}
	out := &sdk.ReceiveMessageOutput{}
	for _, m := range got {
		out.Messages = append(out.Messages, s.show(m, in))
	}
	return out, nil
}

// receive takes up to most visible messages and hides them. One that was received too often goes to the dead-letter queue
// instead; where that queue does not exist it stays.
func (s *Service) receive(q *queue, most int, hidden time.Duration) []*message {
	now := s.clock.Now()
	policy, _ := parseRedrive(q.attributes["RedrivePolicy"]) // checked when it was set
	var got, dead []*message
	for _, m := range q.messages {
		if len(got) == most {
			break
		}
		if m.visible.After(now) {
			continue
		}
		if policy.after > 0 && m.receives >= policy.after && s.bury(m, policy.target) {
			dead = append(dead, m)
			continue
		}
		if m.receives++; m.receives == 1 {
			m.first = now
		}
		m.visible = now.Add(hidden)
		got = append(got, m)
	}
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return slices.Contains(dead, m) })
	return got
}

// bury moves a message to a dead-letter queue. It keeps its id and the time it was sent, which its retention counts from.
func (s *Service) bury(m *message, targetARN string) bool {
	q, err := s.byARN(targetARN)
	if err != nil {
		return false
	}
	moved := *m
	moved.visible, moved.receives = s.clock.Now(), 0
	q.messages = append(q.messages, &moved)
	return true
}

func (s *Service) show(m *message, in *sdk.ReceiveMessageInput) types.Message {
	out := types.Message{MessageId: &m.id, Body: &m.body, MD5OfBody: new(digest([]byte(m.body))), ReceiptHandle: new(m.handle())}
	for name, v := range m.attributes {
		if wanted(name, in.MessageAttributeNames) {
			if out.MessageAttributes == nil {
				out.MessageAttributes = map[string]types.MessageAttributeValue{}
			}
			out.MessageAttributes[name] = v
		}
	}
	out.MD5OfMessageAttributes = attributesDigest(out.MessageAttributes)
	out.Attributes = s.systemAttributes(m, in)
	return out
}

// wanted matches an attribute's name with those asked for: All, .*, a name, or a beginning followed by .*
func wanted(name string, asked []string) bool {
	for _, a := range asked {
		prefix, isPrefix := strings.CutSuffix(a, ".*")
		if a == "All" || a == name || isPrefix && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func (s *Service) systemAttributes(m *message, in *sdk.ReceiveMessageInput) map[string]string {
	all := map[string]string{
		"SenderId": s.id.Account, "SentTimestamp": strconv.FormatInt(m.sent.UnixMilli(), 10),
		"ApproximateReceiveCount": strconv.Itoa(m.receives), "ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.first.UnixMilli(), 10),
	}
	//lint:ignore SA1019 the aws CLI still asks by this older member
	older := in.AttributeNames
	var out map[string]string
	for name, text := range all {
		asked := slices.Contains(in.MessageSystemAttributeNames, types.MessageSystemAttributeName(name)) ||
			slices.Contains(in.MessageSystemAttributeNames, types.MessageSystemAttributeNameAll) ||
			slices.Contains(older, types.QueueAttributeName(name)) || slices.Contains(older, types.QueueAttributeNameAll)
		if asked {
			if out == nil {
				out = map[string]string{}
			}
			out[name] = text
		}
	}
	return out
}

// byHandle finds the message of a receipt handle; nil when it is gone. current is false when it was received again since.
func (q *queue) byHandle(handle *string) (m *message, current bool, err error) {
	text, decodeErr := base64.StdEncoding.DecodeString(aws.ToString(handle))
	id, _, ok := strings.Cut(string(text), "#")
	if decodeErr != nil || !ok {
		return nil, false, protocol.Errorf("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
	}
	for _, m := range q.messages {
		if m.id == id {
			return m, m.handle() == *handle, nil
		}
	}
	return nil, false, nil
}

// deleteMessage succeeds whether or not the message is still there. The handle of an earlier receive deletes nothing.
func (s *Service) deleteMessage(_ *protocol.Call, in *sdk.DeleteMessageInput) (*sdk.DeleteMessageOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	m, current, err := q.byHandle(in.ReceiptHandle)
	if err != nil {
		return nil, err
	}
	if current {
		q.messages = slices.DeleteFunc(q.messages, func(other *message) bool { return other == m })
	}
	return &sdk.DeleteMessageOutput{}, nil
}

func (s *Service) changeMessageVisibility(_ *protocol.Call, in *sdk.ChangeMessageVisibilityInput) (*sdk.ChangeMessageVisibilityOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if in.VisibilityTimeout < 0 || in.VisibilityTimeout > 43200 {
		return nil, invalidValue("%d for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.", in.VisibilityTimeout)
	}
	m, current, err := q.byHandle(in.ReceiptHandle)
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	if m == nil || !current || !m.visible.After(now) {
		return nil, protocol.Errorf("MessageNotInflight", "Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", aws.ToString(in.ReceiptHandle))
	}
	m.visible = now.Add(time.Duration(in.VisibilityTimeout) * time.Second)
	return &sdk.ChangeMessageVisibilityOutput{}, nil
}
