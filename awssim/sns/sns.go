// Package sns is SNS for one account and region: standard topics whose messages go to SQS queues and Lambda functions.
//
// Subscriptions by email stay pending for ever. Other protocols, FIFO topics, filter policies and messages per protocol are
// refused. Every delivery is tried once; Undelivered returns those that failed.
package sns

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"slipway/awssim/clock"
	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

// Queues is where subscriptions of protocol sqs deliver.
type Queues interface {
	// Send puts a message into a queue; its error says why it could not.
	Send(queueARN, body string, attributes map[string]string) error
}

// Functions is where subscriptions of protocol lambda deliver.
type Functions interface {
	// InvokeAsync queues an event for a function; its error says why it could not.
	InvokeAsync(functionARN string, payload []byte) error
}

// keptMessages is how many messages of a topic Messages returns at most, and how many failures Undelivered does.
const keptMessages = 1000

// Service holds the topics of an account and region. Its methods are called inside turns.
type Service struct {
	clock       *clock.Clock
	id          protocol.Identity
	queues      Queues
	functions   Functions
	topics      map[string]*topic // by ARN
	undelivered []string
	api         *protocol.API
}

type topic struct {
	arn           string
	attributes    map[string]string
	tags          []types.Tag
	subscriptions []*subscription // in the order they were made
	messages      []Message
}

// Message is a message that was published.
type Message struct {
	ID         string
	Subject    string // "" for none
	Message    string
	Attributes map[string]types.MessageAttributeValue
	Time       time.Time
}

// New returns a service without topics that delivers to the given queues and functions; a nil one refuses subscriptions.
func New(c *clock.Clock, id protocol.Identity, queues Queues, functions Functions) *Service {
	s := &Service{clock: c, id: id, queues: queues, functions: functions, topics: map[string]*topic{}}
	s.api = &protocol.API{Service: "sns", Target: "2010-03-31", Format: protocol.Query, Invalid: "InvalidParameter"}
	protocol.Handle(s.api, "CreateTopic", s.createTopic)
	protocol.Handle(s.api, "DeleteTopic", s.deleteTopic)
	protocol.Handle(s.api, "ListTopics", s.listTopics)
	protocol.Handle(s.api, "GetTopicAttributes", s.getTopicAttributes)
	protocol.Handle(s.api, "SetTopicAttributes", s.setTopicAttributes)
	protocol.Handle(s.api, "ListTagsForResource", s.listTagsForResource)
	protocol.Handle(s.api, "Subscribe", s.subscribe)
	protocol.Handle(s.api, "Unsubscribe", s.unsubscribe)
	protocol.Handle(s.api, "ListSubscriptionsByTopic", s.listSubscriptionsByTopic)
	protocol.Handle(s.api, "Publish", s.publishCall)
	return s
}

// API is the service on the wire.
func (s *Service) API() *protocol.API { return s.api }

// Publish publishes a message; subject may be empty. Errors are *protocol.Error: NotFound, InvalidParameter.
func (s *Service) Publish(topicARN, subject, message string) error {
	_, err := s.publish(topicARN, Message{Subject: subject, Message: message})
	return err
}

// Messages is what was published to a topic, oldest first, at most the last 1,000.
func (s *Service) Messages(topicARN string) []Message {
	t, ok := s.topics[topicARN]
	if !ok {
		return nil
	}
	return slices.Clone(t.messages)
}

// Undelivered says where each failed delivery was to go and why it failed, in order.
func (s *Service) Undelivered() []string { return slices.Clone(s.undelivered) }

func (s *Service) find(arn *string) (*topic, error) {
	t, ok := s.topics[aws.ToString(arn)]
	if !ok {
		return nil, &protocol.Error{Code: "NotFound", Message: "Topic does not exist", Status: 404}
	}
	return t, nil
}

func invalid(format string, args ...any) error {
	return protocol.Errorf("InvalidParameter", "Invalid parameter: "+format, args...)
}

// settable are the attributes of a topic that can be set. They are stored and answered without an effect.
var settable = []string{"DisplayName", "Policy", "KmsMasterKeyId", "TracingConfig", "SignatureVersion"}

func checkAttributes(attributes map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		switch {
		case name == "FifoTopic" && attributes[name] == "false":
		case strings.HasPrefix(name, "Fifo") || name == "ContentBasedDeduplication" || name == "ArchivePolicy":
			return invalid("Attributes Reason: awssim has standard topics alone; leave %s out", name)
		case !slices.Contains(settable, name):
			return invalid("AttributeName Reason: awssim does not know the topic attribute %s", name)
		}
	}
	return nil
}

var topicNames = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// createTopic answers with the topic that is there if there is one of the name.
func (s *Service) createTopic(c *protocol.Call, in *sdk.CreateTopicInput) (*sdk.CreateTopicOutput, error) {
	if err := protocol.Only(c, in, "Name", "Attributes", "Tags"); err != nil {
		return nil, err
	}
	name := aws.ToString(in.Name)
	if !topicNames.MatchString(name) {
		return nil, invalid("Topic Name")
	}
	if err := checkAttributes(in.Attributes); err != nil {
		return nil, err
	}
	arn := s.id.ARN("sns", name)
	if t, ok := s.topics[arn]; ok {
		for attribute, text := range in.Attributes {
			if t.attributes[attribute] != text {
				return nil, invalid("Attributes Reason: Topic already exists with different attributes")
			}
		}
		return &sdk.CreateTopicOutput{TopicArn: &arn}, nil
	}
	t := &topic{arn: arn, attributes: map[string]string{}, tags: in.Tags}
	maps.Copy(t.attributes, in.Attributes)
	s.topics[arn] = t
	return &sdk.CreateTopicOutput{TopicArn: &arn}, nil
}

// deleteTopic succeeds whether or not the topic is there, as SNS does.
func (s *Service) deleteTopic(_ *protocol.Call, in *sdk.DeleteTopicInput) (*sdk.DeleteTopicOutput, error) {
	delete(s.topics, aws.ToString(in.TopicArn))
	return &sdk.DeleteTopicOutput{}, nil
}

// pageSize is how many topics or subscriptions SNS lists at a time.
const pageSize = 100

func (s *Service) listTopics(_ *protocol.Call, in *sdk.ListTopicsInput) (*sdk.ListTopicsOutput, error) {
	arns, next := paging.After(slices.Sorted(maps.Keys(s.topics)), in.NextToken, pageSize)
	out := &sdk.ListTopicsOutput{Topics: []types.Topic{}, NextToken: next}
	for _, arn := range arns {
		out.Topics = append(out.Topics, types.Topic{TopicArn: &arn})
	}
	return out, nil
}

func (s *Service) getTopicAttributes(_ *protocol.Call, in *sdk.GetTopicAttributesInput) (*sdk.GetTopicAttributesOutput, error) {
	t, err := s.find(in.TopicArn)
	if err != nil {
		return nil, err
	}
	pending := 0
	for _, sub := range t.subscriptions {
		if sub.pending {
			pending++
		}
	}
	all := map[string]string{
		"TopicArn": t.arn, "Owner": s.id.Account, "DisplayName": "", "SubscriptionsPending": fmt.Sprint(pending),
		"SubscriptionsConfirmed": fmt.Sprint(len(t.subscriptions) - pending), "SubscriptionsDeleted": "0",
	}
	maps.Copy(all, t.attributes)
	return &sdk.GetTopicAttributesOutput{Attributes: all}, nil
}

func (s *Service) setTopicAttributes(_ *protocol.Call, in *sdk.SetTopicAttributesInput) (*sdk.SetTopicAttributesOutput, error) {
	t, err := s.find(in.TopicArn)
	if err != nil {
		return nil, err
	}
	if err := checkAttributes(map[string]string{aws.ToString(in.AttributeName): aws.ToString(in.AttributeValue)}); err != nil {
		return nil, err
	}
	t.attributes[aws.ToString(in.AttributeName)] = aws.ToString(in.AttributeValue)
	return &sdk.SetTopicAttributesOutput{}, nil
}

func (s *Service) listTagsForResource(_ *protocol.Call, in *sdk.ListTagsForResourceInput) (*sdk.ListTagsForResourceOutput, error) {
	t, ok := s.topics[aws.ToString(in.ResourceArn)]
	if !ok {
		return nil, &protocol.Error{Code: "ResourceNotFound", Message: "Resource does not exist", Status: 404}
	}
	return &sdk.ListTagsForResourceOutput{Tags: append([]types.Tag{}, t.tags...)}, nil
}
