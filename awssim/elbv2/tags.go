package elbv2

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/awssim/protocol"
)

// Tagged calls yield with every resource that can have tags, sorted by kind and ARN. kind is as the Resource Groups Tagging
// API names it: "elasticloadbalancing:loadbalancer" and so on.
func (s *Service) Tagged(yield func(arn, kind string, tags map[string]string)) {
	for _, b := range sorted(s.balancers) {
		yield(b.arn(), "elasticloadbalancing:loadbalancer", b.tags)
	}
	for _, g := range sorted(s.groups) {
		yield(g.arn(), "elasticloadbalancing:targetgroup", g.tags)
	}
	for _, l := range sorted(s.listeners) {
		yield(l.arn(), "elasticloadbalancing:listener", l.tags)
	}
	for _, r := range sorted(s.rules) {
		yield(r.arn, "elasticloadbalancing:listener-rule", r.tags)
	}
}

// tagMap reads tags, at most 50 with unique keys.
func tagMap(tags []types.Tag) (map[string]string, error) {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		key, err := required("tags.key", t.Key)
		if err != nil {
			return nil, err
		}
		if _, twice := m[key]; twice {
			return nil, protocol.Errorf("DuplicateTagKeys", "Tag key was specified more than once: %s", key)
		}
		m[key] = aws.ToString(t.Value)
	}
	if len(m) > 50 {
		return nil, protocol.Errorf("TooManyTags", "A resource can have at most 50 tags, got %d", len(m))
	}
	return m, nil
}

// tagsOf finds the tags of a resource by its ARN.
func (s *Service) tagsOf(arn string) (map[string]string, error) {
	switch _, resource, _ := strings.Cut(arn, ":"+s.id.Account+":"); true {
	case strings.HasPrefix(resource, "loadbalancer/"):
		b, err := s.balancer(&arn)
		if err != nil {
			return nil, err
		}
		return b.tags, nil
	case strings.HasPrefix(resource, "targetgroup/"):
		g, err := s.group(&arn)
		if err != nil {
			return nil, err
		}
		return g.tags, nil
	case strings.HasPrefix(resource, "listener/"):
		l, err := s.listener(&arn)
		if err != nil {
			return nil, err
		}
		return l.tags, nil
	case strings.HasPrefix(resource, "listener-rule/"):
		r, err := s.rule(&arn)
		if err != nil {
			return nil, err
		}
		return r.tags, nil
	}
	return nil, invalid("'%s' is not a valid ARN of a load balancer, target group, listener or rule", arn)
}

// tagged finds the tags of several resources, all or none.
func (s *Service) tagged(arns []string) ([]map[string]string, error) {
	if len(arns) == 0 {
		return nil, invalid("At least one resource ARN must be specified")
	}
	found := make([]map[string]string, len(arns))
	for i, arn := range arns {
		var err error
		if found[i], err = s.tagsOf(arn); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (s *Service) addTags(_ *protocol.Call, in *elb.AddTagsInput) (*elb.AddTagsOutput, error) {
	added, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	found, err := s.tagged(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	for _, tags := range found {
		after := len(tags)
		for key := range added {
			if _, there := tags[key]; !there {
				after++
			}
		}
		if after > 50 {
			return nil, protocol.Errorf("TooManyTags", "A resource can have at most 50 tags, it would have %d", after)
		}
	}
	for _, tags := range found {
		for key, v := range added {
			tags[key] = v
		}
	}
	return &elb.AddTagsOutput{}, nil
}

func (s *Service) removeTags(_ *protocol.Call, in *elb.RemoveTagsInput) (*elb.RemoveTagsOutput, error) {
	found, err := s.tagged(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	for _, tags := range found {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	}
	return &elb.RemoveTagsOutput{}, nil
}

func (s *Service) describeTags(_ *protocol.Call, in *elb.DescribeTagsInput) (*elb.DescribeTagsOutput, error) {
	found, err := s.tagged(in.ResourceArns)
	if err != nil {
		return nil, err
	}
	out := &elb.DescribeTagsOutput{}
	for i, tags := range found {
		list := []types.Tag{}
		for key, v := range tags {
			list = append(list, types.Tag{Key: new(key), Value: new(v)})
		}
		slices.SortFunc(list, func(a, b types.Tag) int { return strings.Compare(*a.Key, *b.Key) })
		out.TagDescriptions = append(out.TagDescriptions, types.TagDescription{ResourceArn: new(in.ResourceArns[i]), Tags: list})
	}
	return out, nil
}
