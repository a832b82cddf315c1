package states

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/awssim/protocol"
)

// maxTags is how many tags a resource may have.
const maxTags = 50

func (s *Service) tagged(arn *string) (*stateMachine, error) {
	m := s.byARN[aws.ToString(arn)]
	if m == nil {
		return nil, protocol.Errorf("ResourceNotFound", "Resource not found: '%s' (awssim keeps tags of state machines)", aws.ToString(arn))
	}
	return m, nil
}

func (s *Service) tagResource(c *protocol.Call, in *sfn.TagResourceInput) (*sfn.TagResourceOutput, error) {
	m, err := s.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	merged := map[string]string{}
	for key, value := range m.tags {
		merged[key] = value
	}
	for _, tag := range in.Tags {
		merged[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	if len(merged) > maxTags {
		return nil, protocol.Errorf("TooManyTags", "'%s' would have %d tags, the most is %d", m.arn, len(merged), maxTags)
	}
	m.tags = merged
	return &sfn.TagResourceOutput{}, nil
}

func (s *Service) untagResource(c *protocol.Call, in *sfn.UntagResourceInput) (*sfn.UntagResourceOutput, error) {
	m, err := s.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(m.tags, key)
	}
	return &sfn.UntagResourceOutput{}, nil
}

func (s *Service) listTags(c *protocol.Call, in *sfn.ListTagsForResourceInput) (*sfn.ListTagsForResourceOutput, error) {
	m, err := s.tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &sfn.ListTagsForResourceOutput{Tags: []types.Tag{}}
	for _, key := range sortedKeys(m.tags) {
		out.Tags = append(out.Tags, types.Tag{Key: new(key), Value: new(m.tags[key])})
	}
	return out, nil
}
