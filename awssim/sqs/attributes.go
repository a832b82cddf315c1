package sqs

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"slipway/awssim/protocol"
)

// defaults are the attributes of a queue that was given none, in seconds and bytes (CreateQueue in the API reference).
var defaults = map[string]string{
	"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600", "ReceiveMessageWaitTimeSeconds": "0",
	"VisibilityTimeout": "30", "SqsManagedSseEnabled": "true",
}

// bounds are the attributes that are numbers, with the least and greatest value of each.
var bounds = map[string][2]int{
	"DelaySeconds": {0, 900}, "MaximumMessageSize": {1024, 1 << 20}, "MessageRetentionPeriod": {60, 1209600},
	"ReceiveMessageWaitTimeSeconds": {0, 20}, "VisibilityTimeout": {0, 43200}, "KmsDataKeyReusePeriodSeconds": {60, 86400},
}

// kept are the attributes that are stored and answered without an effect.
var kept = []string{"Policy", "KmsMasterKeyId", "SqsManagedSseEnabled", "RedriveAllowPolicy"}

func checkAttributes(attributes map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		text := attributes[name]
		limits, isNumber := bounds[name]
		switch {
		case isNumber:
			n, err := strconv.Atoi(text)
			if err != nil || n < limits[0] || n > limits[1] {
				return protocol.Errorf("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
			}
		case name == "RedrivePolicy":
			if _, err := parseRedrive(text); err != nil {
				return err
			}
		case name == "FifoQueue" && text == "false":
		case !slices.Contains(kept, name):
			return protocol.Errorf("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	return nil
}

// redrive says where a message goes that was received more often than so many times.
type redrive struct {
	target string
	after  int
}

// parseRedrive reads a RedrivePolicy; the empty text is none.
func parseRedrive(text string) (redrive, error) {
	if text == "" {
		return redrive{}, nil
	}
	var policy struct {
		DeadLetterTargetArn string      `json:"deadLetterTargetArn"`
		MaxReceiveCount     json.Number `json:"maxReceiveCount"`
	}
	err := json.Unmarshal([]byte(text), &policy)
	after, countErr := policy.MaxReceiveCount.Int64()
	if err != nil || countErr != nil || policy.DeadLetterTargetArn == "" || after < 1 || after > 1000 {
		return redrive{}, protocol.Errorf("InvalidAttributeValue", "Value %s for parameter RedrivePolicy is invalid. Reason: it needs deadLetterTargetArn, and maxReceiveCount between 1 and 1000.", text)
	}
	return redrive{policy.DeadLetterTargetArn, int(after)}, nil
}

// seconds is an attribute of the queue that is a time.
func (q *queue) seconds(name string) time.Duration {
	return time.Duration(q.number(name)) * time.Second
}

func (q *queue) number(name string) int {
	n, _ := strconv.Atoi(q.attributes[name]) // checked when it was set
	return n
}

func (s *Service) setQueueAttributes(_ *protocol.Call, in *sdk.SetQueueAttributesInput) (*sdk.SetQueueAttributesOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if err := checkAttributes(in.Attributes); err != nil {
		return nil, err
	}
	for name, text := range in.Attributes {
		if text == "" {
			delete(q.attributes, name)
			continue
		}
		q.attributes[name] = text
	}
	q.modified = s.clock.Now()
	return &sdk.SetQueueAttributesOutput{}, nil
}

// getQueueAttributes counts exactly, where the real counts are approximate.
func (s *Service) getQueueAttributes(_ *protocol.Call, in *sdk.GetQueueAttributesInput) (*sdk.GetQueueAttributesOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(q.attributes)
	maps.Copy(all, q.counts(s.clock.Now()))
	all["QueueArn"] = s.arn(q)
	all["CreatedTimestamp"] = strconv.FormatInt(q.created.Unix(), 10)
	all["LastModifiedTimestamp"] = strconv.FormatInt(q.modified.Unix(), 10)
	out := &sdk.GetQueueAttributesOutput{}
	for _, name := range in.AttributeNames {
		if !slices.Contains(name.Values(), name) {
			return nil, protocol.Errorf("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	for name, text := range all {
		if slices.Contains(in.AttributeNames, types.QueueAttributeNameAll) || slices.Contains(in.AttributeNames, types.QueueAttributeName(name)) {
			if out.Attributes == nil {
				out.Attributes = map[string]string{}
			}
			out.Attributes[name] = text
		}
	}
	return out, nil
}

func (q *queue) counts(now time.Time) map[string]string {
	var visible, delayed, flying int
	for _, m := range q.messages {
		switch {
		case !m.visible.After(now):
			visible++
		case m.receives == 0:
			delayed++
		default:
			flying++
		}
	}
	return map[string]string{
		"ApproximateNumberOfMessages": strconv.Itoa(visible), "ApproximateNumberOfMessagesDelayed": strconv.Itoa(delayed),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(flying),
	}
}
