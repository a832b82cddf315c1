package sns

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"slipway/awssim/ids"
	"slipway/awssim/protocol"
)

type subscription struct {
	arn      string
	protocol string // sqs, lambda or email
	endpoint string
	pending  bool
	raw      bool // RawMessageDelivery
}

// subscribe answers with the subscription that is there if the endpoint has one.
func (s *Service) subscribe(_ *protocol.Call, in *sdk.SubscribeInput) (*sdk.SubscribeOutput, error) {
	t, err := s.find(in.TopicArn)
	if err != nil {
		return nil, err
	}
	sub := &subscription{protocol: aws.ToString(in.Protocol), endpoint: aws.ToString(in.Endpoint)}
	if err := s.checkEndpoint(sub); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(in.Attributes)) {
		if name != "RawMessageDelivery" || sub.protocol != "sqs" {
			return nil, invalid("Attributes Reason: awssim does not know the attribute %s of a subscription by %s", name, sub.protocol)
		}
		sub.raw = in.Attributes[name] == "true"
	}
	for _, other := range t.subscriptions {
		if other.protocol != sub.protocol || other.endpoint != sub.endpoint {
			continue
		}
		if other.raw != sub.raw && len(in.Attributes) > 0 {
			return nil, invalid("Attributes Reason: Subscription already exists with different attributes")
		}
		return &sdk.SubscribeOutput{SubscriptionArn: other.shown(in.ReturnSubscriptionArn)}, nil
	}
	sub.arn = t.arn + ":" + ids.UUID(s.clock.Rand())
	t.subscriptions = append(t.subscriptions, sub)
	return &sdk.SubscribeOutput{SubscriptionArn: sub.shown(in.ReturnSubscriptionArn)}, nil
}

func (s *Service) checkEndpoint(sub *subscription) error {
	switch sub.protocol {
	case "sqs":
		if s.queues == nil || !strings.HasPrefix(sub.endpoint, "arn:aws:sqs:") {
			return invalid("SQS endpoint ARN")
		}
	case "lambda":
		if s.functions == nil || !strings.HasPrefix(sub.endpoint, "arn:aws:lambda:") {
			return invalid("Lambda endpoint ARN")
		}
	case "email", "email-json":
		if !strings.Contains(sub.endpoint, "@") {
			return invalid("Email address")
		}
		sub.pending = true
	default:
		return invalid("Protocol Reason: awssim delivers by sqs and lambda, and keeps email as pending; it has no %q", sub.protocol)
	}
	return nil
}

// shown is the ARN, or that there is none yet.
func (sub *subscription) shown(always bool) *string {
	if sub.pending && !always {
		return new("pending confirmation")
	}
	return &sub.arn
}

func (s *Service) unsubscribe(_ *protocol.Call, in *sdk.UnsubscribeInput) (*sdk.UnsubscribeOutput, error) {
	for _, t := range s.topics {
		for i, sub := range t.subscriptions {
			if sub.arn == aws.ToString(in.SubscriptionArn) {
				t.subscriptions = slices.Delete(t.subscriptions, i, i+1)
				return &sdk.UnsubscribeOutput{}, nil
			}
		}
	}
	return nil, &protocol.Error{Code: "NotFound", Message: "Subscription does not exist", Status: 404}
}

func (s *Service) listSubscriptionsByTopic(_ *protocol.Call, in *sdk.ListSubscriptionsByTopicInput) (*sdk.ListSubscriptionsByTopicOutput, error) {
	t, err := s.find(in.TopicArn)
	if err != nil {
		return nil, err
	}
	from := 0
	if in.NextToken != nil { // the ARN of the last subscription of the page before
		from = slices.IndexFunc(t.subscriptions, func(sub *subscription) bool { return sub.arn == *in.NextToken }) + 1
		if from == 0 {
			return nil, invalid("NextToken Reason: it names no subscription of this topic")
		}
	}
	out := &sdk.ListSubscriptionsByTopicOutput{Subscriptions: []types.Subscription{}}
	for i, sub := range t.subscriptions[from:] {
		if i == pageSize {
			out.NextToken = &t.subscriptions[from+i-1].arn
			break
		}
		arn := sub.arn
		if sub.pending {
			arn = "PendingConfirmation"
		}
		out.Subscriptions = append(out.Subscriptions, types.Subscription{SubscriptionArn: &arn, TopicArn: &t.arn, Protocol: &sub.protocol, Endpoint: &sub.endpoint, Owner: &s.id.Account})
	}
	return out, nil
}
