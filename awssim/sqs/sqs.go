// Package sqs is SQS for one account and region: standard queues with visibility timeout, delay, long polling, retention and a
// dead-letter queue.
//
// Messages come in the order they were sent, each once per visibility timeout; SQS promises neither. FIFO queues, batches and message system attributes are refused.
package sqs

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/awssim/clock"
	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

// Service holds the queues of an account and region. Its methods are called inside turns.
type Service struct {
	clock  *clock.Clock
	id     protocol.Identity
	queues map[string]*queue
	api    *protocol.API
}

type queue struct {
	name              string
	attributes        map[string]string // those that can be set, with their defaults
	tags              map[string]string
	created, modified time.Time
	purged            time.Time
	messages          []*message // in the order they were sent
}

// Message is a message that has not been deleted, visible or not.
type Message struct {
	ID         string
	Body       string
	Attributes map[string]string // those of type String
	Sent       time.Time
	Receives   int
}

// queryCodes are those of the errors here whose former code is not their name (SQS's service model, trait awsQueryError).
var queryCodes = map[string]string{
	"MessageNotInflight":   "AWS.SimpleQueueService.MessageNotInflight",
	"PurgeQueueInProgress": "AWS.SimpleQueueService.PurgeQueueInProgress",
	"QueueDoesNotExist":    "AWS.SimpleQueueService.NonExistentQueue",
	"QueueNameExists":      "QueueAlreadyExists",
	"UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
}

// New returns a service without queues.
func New(c *clock.Clock, id protocol.Identity) *Service {
	s := &Service{clock: c, id: id, queues: map[string]*queue{}}
	s.api = &protocol.API{Service: "sqs", Target: "AmazonSQS", Format: protocol.JSON10, Pascal: true, QueryCodes: queryCodes, Invalid: "InvalidParameterValue"}
	protocol.Handle(s.api, "CreateQueue", s.createQueue)
	protocol.Handle(s.api, "DeleteQueue", s.deleteQueue)
	protocol.Handle(s.api, "ListQueues", s.listQueues)
	protocol.Handle(s.api, "ListQueueTags", s.listQueueTags)
	protocol.Handle(s.api, "GetQueueUrl", s.getQueueURL)
	protocol.Handle(s.api, "GetQueueAttributes", s.getQueueAttributes)
	protocol.Handle(s.api, "SetQueueAttributes", s.setQueueAttributes)
	protocol.Handle(s.api, "PurgeQueue", s.purgeQueue)
	protocol.Handle(s.api, "SendMessage", s.sendMessage)
	protocol.Handle(s.api, "ReceiveMessage", s.receiveMessage)
	protocol.Handle(s.api, "ChangeMessageVisibility", s.changeMessageVisibility)
	protocol.Handle(s.api, "DeleteMessage", s.deleteMessage)
	return s
}

// API is the service on the wire.
func (s *Service) API() *protocol.API { return s.api }

// Send puts a message into a queue; attributes become message attributes of type String. Errors are *protocol.Error:
// QueueDoesNotExist, and those of SendMessage.
func (s *Service) Send(queueARN, body string, attributes map[string]string) error {
	q, err := s.byARN(queueARN)
	if err != nil {
		return err
	}
	typed := map[string]types.MessageAttributeValue{}
	for name, text := range attributes {
		typed[name] = types.MessageAttributeValue{DataType: new("String"), StringValue: new(text)}
	}
	_, err = s.send(q, body, typed, q.seconds("DelaySeconds"))
	return err
}

// Messages is what a queue holds, oldest first, visible or in flight; nil when there is no such queue.
func (s *Service) Messages(queueARN string) []Message {
	q, err := s.byARN(queueARN)
	if err != nil {
		return nil
	}
	q.expire(s.clock.Now())
	out := make([]Message, len(q.messages))
	for i, m := range q.messages {
		texts := map[string]string{}
		for name, v := range m.attributes {
			if v.StringValue != nil {
				texts[name] = *v.StringValue
			}
		}
		out[i] = Message{ID: m.id, Body: m.body, Attributes: texts, Sent: m.sent, Receives: m.receives}
	}
	return out
}

func (s *Service) arn(q *queue) string { return s.id.ARN("sqs", q.name) }

// url has the form of the real service; the host plays no part when it comes back.
func (s *Service) url(q *queue) *string {
	return new(fmt.Sprintf("https://sqs.%s.amazonaws.com/%s/%s", s.id.Region, s.id.Account, q.name))
}

func (s *Service) byARN(arn string) (*queue, error) {
	name, ok := strings.CutPrefix(arn, s.id.ARN("sqs", ""))
	q := s.queues[name]
	if !ok || q == nil {
		return nil, noQueue()
	}
	return q, nil
}

func (s *Service) byURL(url *string) (*queue, error) {
	text := aws.ToString(url)
	q, ok := s.queues[text[strings.LastIndex(text, "/")+1:]]
	if !ok {
		return nil, noQueue()
	}
	q.expire(s.clock.Now())
	return q, nil
}

func noQueue() error {
	return protocol.Errorf("QueueDoesNotExist", "The specified queue does not exist.")
}

var queueNames = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// createQueue answers with the queue that is there if the attributes given are those it has.
func (s *Service) createQueue(_ *protocol.Call, in *sdk.CreateQueueInput) (*sdk.CreateQueueOutput, error) {
	name := aws.ToString(in.QueueName)
	if strings.HasSuffix(name, ".fifo") || in.Attributes["FifoQueue"] == "true" {
		return nil, protocol.Errorf("UnsupportedOperation", "awssim has standard queues alone; a FIFO queue cannot be created")
	}
	if !queueNames.MatchString(name) {
		return nil, protocol.Errorf("InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	if err := checkAttributes(in.Attributes); err != nil {
		return nil, err
	}
	if q, ok := s.queues[name]; ok {
		for _, attribute := range slices.Sorted(maps.Keys(in.Attributes)) {
			if q.attributes[attribute] != in.Attributes[attribute] {
				return nil, protocol.Errorf("QueueNameExists", "A queue already exists with the same name and a different value for attribute %s", attribute)
			}
		}
		return &sdk.CreateQueueOutput{QueueUrl: s.url(q)}, nil
	}
	q := &queue{name: name, attributes: maps.Clone(defaults), tags: maps.Clone(in.Tags), created: s.clock.Now(), modified: s.clock.Now()}
	maps.Copy(q.attributes, in.Attributes)
	s.queues[name] = q
	return &sdk.CreateQueueOutput{QueueUrl: s.url(q)}, nil
}

func (s *Service) deleteQueue(_ *protocol.Call, in *sdk.DeleteQueueInput) (*sdk.DeleteQueueOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	delete(s.queues, q.name)
	return &sdk.DeleteQueueOutput{}, nil
}

func (s *Service) getQueueURL(_ *protocol.Call, in *sdk.GetQueueUrlInput) (*sdk.GetQueueUrlOutput, error) {
	q, ok := s.queues[aws.ToString(in.QueueName)]
	if owner := aws.ToString(in.QueueOwnerAWSAccountId); !ok || owner != "" && owner != s.id.Account {
		return nil, noQueue()
	}
	return &sdk.GetQueueUrlOutput{QueueUrl: s.url(q)}, nil
}

func (s *Service) listQueues(_ *protocol.Call, in *sdk.ListQueuesInput) (*sdk.ListQueuesOutput, error) {
	limit := 1000
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	if limit < 1 || limit > 1000 {
		return nil, invalidValue("%d for parameter MaxResults is invalid. Reason: Must be between 1 and 1000, if provided.", limit)
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(s.queues)), func(name string) bool { return !strings.HasPrefix(name, aws.ToString(in.QueueNamePrefix)) })
	names, next := paging.After(names, in.NextToken, limit)
	out := &sdk.ListQueuesOutput{}
	for _, name := range names {
		out.QueueUrls = append(out.QueueUrls, *s.url(s.queues[name]))
	}
	if in.MaxResults != nil {
		out.NextToken = next // without MaxResults SQS answers 1,000 and no token
	}
	return out, nil
}

func (s *Service) listQueueTags(_ *protocol.Call, in *sdk.ListQueueTagsInput) (*sdk.ListQueueTagsOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return &sdk.ListQueueTagsOutput{Tags: maps.Clone(q.tags)}, nil
}

// purgeInterval is how long SQS wants between two purges of a queue.
const purgeInterval = time.Minute

func (s *Service) purgeQueue(_ *protocol.Call, in *sdk.PurgeQueueInput) (*sdk.PurgeQueueOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if now := s.clock.Now(); !q.purged.IsZero() && now.Sub(q.purged) < purgeInterval {
		return nil, protocol.Errorf("PurgeQueueInProgress", "Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.name)
	}
	q.messages, q.purged = nil, s.clock.Now()
	return &sdk.PurgeQueueOutput{}, nil
}

func invalidValue(format string, args ...any) error {
	return protocol.Errorf("InvalidParameterValue", "Value "+format, args...)
}
