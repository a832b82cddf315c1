package ecs

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/protocol"
)

type tagSet map[string]string

func tagsOf(list []types.Tag) tagSet {
	set := tagSet{}
	for _, tag := range list {
		set[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return set
}

// list is the tags sorted by key.
func (t tagSet) list() []types.Tag {
	list := make([]types.Tag, 0, len(t))
	for _, key := range slices.Sorted(maps.Keys(t)) {
		list = append(list, types.Tag{Key: new(key), Value: new(t[key])})
	}
	return list
}

// checkTags follows the tag restrictions of the ECS API reference (Tag): at most 50, keys of 1 to 128 characters, values of
// at most 256, and nothing that begins with "aws:", which only CloudFormation, a caller inside awssim, may set.
func checkTags(c *protocol.Call, list []types.Tag) error {
	if len(list) > 50 {
		return invalid("Too many tags: a resource can have 50.")
	}
	for _, tag := range list {
		key, value := aws.ToString(tag.Key), aws.ToString(tag.Value)
		if key == "" || len(key) > 128 || len(value) > 256 {
			return invalid("Tag %q is not valid: a key has 1 to 128 characters, a value at most 256.", key)
		}
		if c.Principal != "" && strings.HasPrefix(strings.ToLower(key), "aws:") {
			return invalid("Tag %q is not valid: keys that begin with aws: are reserved.", key)
		}
	}
	return nil
}

// Tagged is a resource that can be found by its tags.
type Tagged struct {
	ARN  string
	Tags map[string]string
}

// TaggedResources are the clusters, active services and task definitions that have tags, sorted by ARN within each kind. The
// maps are copies.
func (s *Service) TaggedResources() []Tagged {
	var found []Tagged
	add := func(arn string, tags tagSet) {
		if len(tags) > 0 {
			found = append(found, Tagged{arn, tags.clone()})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.clusters)) {
		add(s.clusters[name].arn, s.clusters[name].tags)
	}
	for _, name := range slices.Sorted(maps.Keys(s.clusters)) {
		services := s.clusters[name].services
		for _, key := range slices.Sorted(maps.Keys(services)) {
			if services[key].status != serviceInactive {
				add(services[key].arn, services[key].tags)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.families)) {
		for _, def := range s.families[name].revisions {
			add(def.arn, def.tags)
		}
	}
	return found
}

func (t tagSet) clone() map[string]string {
	c := make(map[string]string, len(t))
	for k, v := range t {
		c[k] = v
	}
	return c
}

// Tags are a copy of the tags of a cluster, service, task or task definition, nil where there is no such resource.
func (s *Service) Tags(arn string) map[string]string {
	tags, err := s.tagged(arn)
	if err != nil {
		return nil
	}
	return tags.clone()
}

// tagged finds the tags of a resource by its ARN.
func (s *Service) tagged(arn string) (tagSet, error) {
	if !strings.HasPrefix(arn, s.id.ARN("ecs", "")) {
		return nil, invalid("Invalid resource ARN %q: it must begin with %s.", arn, s.id.ARN("ecs", ""))
	}
	kind, rest, _ := strings.Cut(strings.TrimPrefix(arn, s.id.ARN("ecs", "")), "/")
	clusterName, name, _ := strings.Cut(rest, "/")
	switch kind {
	case "cluster":
		if cl, ok := s.clusters[rest]; ok {
			return cl.tags, nil
		}
		return nil, protocol.Errorf("ClusterNotFoundException", "Cluster not found.")
	case "service":
		if svc := s.serviceByARN(arn); svc != nil {
			return svc.tags, nil
		}
	case "task-definition":
		if def := s.definition(arn); def != nil {
			return def.tags, nil
		}
	case "task":
		if cl, ok := s.clusters[clusterName]; ok && cl.tasks[name] != nil {
			return cl.tasks[name].tags, nil
		}
	}
	return nil, invalid("The specified resource %s could not be found.", arn)
}

func (s *Service) tagResource(c *protocol.Call, in *ecs.TagResourceInput) (*ecs.TagResourceOutput, error) {
	tags, err := s.tagged(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	if err := checkTags(c, in.Tags); err != nil {
		return nil, err
	}
	for _, tag := range in.Tags {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return &ecs.TagResourceOutput{}, nil
}

func (s *Service) untagResource(_ *protocol.Call, in *ecs.UntagResourceInput) (*ecs.UntagResourceOutput, error) {
	tags, err := s.tagged(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(tags, key)
	}
	return &ecs.UntagResourceOutput{}, nil
}

func (s *Service) listTagsForResource(_ *protocol.Call, in *ecs.ListTagsForResourceInput) (*ecs.ListTagsForResourceOutput, error) {
	tags, err := s.tagged(aws.ToString(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	return &ecs.ListTagsForResourceOutput{Tags: tags.list()}, nil
}
