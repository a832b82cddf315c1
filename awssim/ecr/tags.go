package ecr

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"slipway/awssim/protocol"
)

// On the wire the members of ECR's Tag are Key and Value, unlike all others of its API.
var _ = protocol.RegisterPascal[types.Tag]()

// Resource tags of repositories, not to be confused with the tags of images.

func (r *repository) label(tags []types.Tag) {
	for _, t := range tags {
		r.labels[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
}

func (s *Service) byARN(arn *string) (*repository, error) {
	name, ok := strings.CutPrefix(aws.ToString(arn), s.id.ARN("ecr", "repository/"))
	if !ok {
		return nil, protocol.Errorf("InvalidParameterException", "Invalid parameter at 'resourceArn' failed to satisfy constraint: '%s' is not the ARN of a repository of this account and region", aws.ToString(arn))
	}
	return s.repository(name)
}

func (s *Service) tagResource(c *protocol.Call, in *ecr.TagResourceInput) (*ecr.TagResourceOutput, error) {
	r, err := s.byARN(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	r.label(in.Tags)
	return &ecr.TagResourceOutput{}, nil
}

func (s *Service) untagResource(c *protocol.Call, in *ecr.UntagResourceInput) (*ecr.UntagResourceOutput, error) {
	r, err := s.byARN(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(r.labels, key)
	}
	return &ecr.UntagResourceOutput{}, nil
}

func (s *Service) listTagsForResource(c *protocol.Call, in *ecr.ListTagsForResourceInput) (*ecr.ListTagsForResourceOutput, error) {
	r, err := s.byARN(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &ecr.ListTagsForResourceOutput{Tags: []types.Tag{}}
	for _, key := range slices.Sorted(maps.Keys(r.labels)) {
		out.Tags = append(out.Tags, types.Tag{Key: new(key), Value: new(r.labels[key])})
	}
	return out, nil
}
