package ecs

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/protocol"
)

type cluster struct {
	name, arn string
	settings  []types.ClusterSetting
	providers []string
	strategy  []types.CapacityProviderStrategyItem
	config    *types.ClusterConfiguration // stored only
	tags      tagSet
	services  map[string]*service
	tasks     map[string]*task // by id; stopped ones until Timing.Retention has passed
	stopped   []*task          // of those, the stopped ones, oldest first
	instances []*instance      // in the order in which they joined
}

func (s *Service) createCluster(c *protocol.Call, in *ecs.CreateClusterInput) (*ecs.CreateClusterOutput, error) {
	if err := protocol.Only(c, in, "ClusterName", "Settings", "CapacityProviders", "DefaultCapacityProviderStrategy", "Tags", "Configuration"); err != nil {
		return nil, err
	}
	name := cmp.Or(aws.ToString(in.ClusterName), "default")
	if err := checkTags(c, in.Tags); err != nil {
		return nil, err
	}
	if !validName(name) {
		return nil, invalid("Cluster name %q may have up to 255 letters, digits, hyphens and underscores.", name)
	}
	if known, ok := s.clusters[name]; ok {
		return &ecs.CreateClusterOutput{Cluster: new(known.describe(true))}, nil
	}
	settings := in.Settings
	if len(settings) == 0 {
		settings = []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: new("disabled")}}
	}
	cl := &cluster{name: name, arn: s.id.ARN("ecs", "cluster/"+name), settings: settings, providers: in.CapacityProviders,
		strategy: in.DefaultCapacityProviderStrategy, config: in.Configuration, tags: tagsOf(in.Tags), services: map[string]*service{}, tasks: map[string]*task{}}
	if err := cl.checkStrategy(cl.strategy); err != nil {
		return nil, err
	}
	s.clusters[name] = cl
	return &ecs.CreateClusterOutput{Cluster: new(cl.describe(true))}, nil
}

// checkStrategy refuses capacity providers that the cluster does not have, FARGATE and FARGATE_SPOT among them.
func (cl *cluster) checkStrategy(strategy []types.CapacityProviderStrategyItem) error {
	for _, item := range strategy {
		if !slices.Contains(cl.providers, aws.ToString(item.CapacityProvider)) {
			return invalid("The specified capacity provider %s was not found. Specify a valid capacity provider and try again: the cluster %s has %v.",
				aws.ToString(item.CapacityProvider), cl.name, cl.providers)
		}
	}
	return nil
}

// validName is ECS's rule for the names of clusters, services and families.
func validName(name string) bool {
	return name != "" && len(name) <= 255 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// cluster finds a cluster by name or ARN; nil is "default".
func (s *Service) cluster(ref *string) (*cluster, error) {
	name := "default"
	if ref != nil {
		name = lastPart(*ref)
	}
	cl, ok := s.clusters[name]
	if !ok || ref != nil && strings.HasPrefix(*ref, "arn:") && *ref != cl.arn {
		return nil, protocol.Errorf("ClusterNotFoundException", "Cluster not found.")
	}
	return cl, nil
}

func (cl *cluster) describe(withTags bool) types.Cluster {
	out := types.Cluster{
		ClusterName: &cl.name, ClusterArn: &cl.arn, Status: new("ACTIVE"), Settings: cl.settings,
		CapacityProviders: cl.providers, DefaultCapacityProviderStrategy: cl.strategy,
		RegisteredContainerInstancesCount: int32(len(cl.instances)),
	}
	for _, svc := range cl.services {
		if svc.status == serviceActive {
			out.ActiveServicesCount++
		}
	}
	for _, t := range cl.tasks {
		switch {
		case t.running():
			out.RunningTasksCount++
		case t.starting():
			out.PendingTasksCount++
		}
	}
	out.Configuration = cl.config
	if withTags {
		out.Tags = cl.tags.list()
	}
	return out
}

func (s *Service) describeClusters(_ *protocol.Call, in *ecs.DescribeClustersInput) (*ecs.DescribeClustersOutput, error) {
	if len(in.Clusters) > 100 {
		return nil, invalid("Clusters can have at most 100 entries.")
	}
	refs := in.Clusters
	if len(refs) == 0 {
		refs = []string{"default"}
	}
	out := &ecs.DescribeClustersOutput{Clusters: []types.Cluster{}, Failures: []types.Failure{}}
	withTags := slices.Contains(in.Include, types.ClusterFieldTags)
	for _, ref := range refs {
		cl, err := s.cluster(&ref)
		if err != nil {
			out.Failures = append(out.Failures, missing(s.id.ARN("ecs", "cluster/"+lastPart(ref))))
			continue
		}
		d := cl.describe(withTags)
		if !slices.Contains(in.Include, types.ClusterFieldSettings) {
			d.Settings = nil
		}
		out.Clusters = append(out.Clusters, d)
	}
	return out, nil
}

func (s *Service) listClusters(_ *protocol.Call, in *ecs.ListClustersInput) (*ecs.ListClustersOutput, error) {
	arns := make([]string, 0, len(s.clusters))
	for _, name := range slices.Sorted(maps.Keys(s.clusters)) {
		arns = append(arns, s.clusters[name].arn)
	}
	arns, next, err := page(arns, in.MaxResults, 100, 100, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ecs.ListClustersOutput{ClusterArns: arns, NextToken: next}, nil
}

func (s *Service) deleteCluster(_ *protocol.Call, in *ecs.DeleteClusterInput) (*ecs.DeleteClusterOutput, error) {
	cl, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	out := cl.describe(false)
	switch {
	case out.ActiveServicesCount > 0:
		return nil, protocol.Errorf("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
	case out.RunningTasksCount+out.PendingTasksCount > 0:
		return nil, protocol.Errorf("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
	case len(cl.instances) > 0:
		return nil, protocol.Errorf("ClusterContainsContainerInstancesException", "The Cluster cannot be deleted while Container Instances are active or draining.")
	}
	delete(s.clusters, cl.name)
	out.Status = new("INACTIVE")
	return &ecs.DeleteClusterOutput{Cluster: &out}, nil
}
