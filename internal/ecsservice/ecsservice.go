// Package ecsservice adapts Amazon ECS services: what ECS says of a service, its tasks and its history, and the one call that
// tells it to run another revision. Task definitions are package taskdef's.
//
// The files: ecsservice.go describes services and updates them, tasks.go lists tasks with the addresses at which load
// balancers reach them, history.go reads service deployments.
package ecsservice

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/internal/awsfault"
	"slipway/internal/fault"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Services is ECS's services of one account and region.
type Services struct{ ecs *ecs.Client }

// New returns the services that client sees.
func New(client *ecs.Client) *Services { return &Services{ecs: client} }

// most is how many services DescribeServices takes in one call.
const most = 10

// Describe returns a service. One that ECS does not know, or whose cluster it does not know, is *fault.Missing: ECS answers
// the first with HTTP 200 and an entry in failures, the second with an error.
func (s *Services) Describe(ctx context.Context, name record.ServiceName) (rollout.Service, error) {
	service, err := s.describe(ctx, name)
	if err != nil {
		return rollout.Service{}, err
	}
	return fromSDK(name, service), nil
}

func (s *Services) describe(ctx context.Context, name record.ServiceName) (types.Service, error) {
	found, err := s.batch(ctx, name.Cluster, []string{name.Service})
	if err != nil {
		return types.Service{}, err
	}
	service, ok := found[name.Service]
	if !ok {
		return types.Service{}, fault.Missingf("service %s does not exist", name)
	}
	return service, nil
}

// DescribeAll describes services, ten at a time for each cluster. Services and clusters that do not exist are left out.
func (s *Services) DescribeAll(ctx context.Context, names []record.ServiceName) (map[record.ServiceName]rollout.Service, error) {
	byCluster := map[string][]string{}
	for _, name := range names {
		byCluster[name.Cluster] = append(byCluster[name.Cluster], name.Service)
	}
	clusters := make([]string, 0, len(byCluster))
	for cluster := range byCluster {
		clusters = append(clusters, cluster)
	}
	slices.Sort(clusters)

	all := map[record.ServiceName]rollout.Service{}
	for _, cluster := range clusters {
		err := batches(byCluster[cluster], most, func(batch []string) error {
			found, err := s.batch(ctx, cluster, batch)
			for service, description := range found {
				name := record.ServiceName{Cluster: cluster, Service: service}
				all[name] = fromSDK(name, description)
			}
			return err
		})
		if err != nil && !fault.IsMissing(err) { // of a cluster that does not exist every batch is missing
			return nil, err
		}
	}
	return all, nil
}

// batches calls for the strings of a list, sorted and each once, with at most so many at a time. The first error ends it.
func batches(list []string, most int, call func(batch []string) error) error {
	slices.Sort(list)
	list = slices.Compact(list)
	for len(list) > 0 {
		n := min(most, len(list))
		if err := call(list[:n:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// batch describes at most ten services of a cluster, by name.
func (s *Services) batch(ctx context.Context, cluster string, names []string) (map[string]types.Service, error) {
	out, err := s.ecs.DescribeServices(ctx, &ecs.DescribeServicesInput{
		Cluster: &cluster, Services: names, Include: []types.ServiceField{types.ServiceFieldTags},
	})
	if err != nil {
		return nil, awsfault.Of(err, "describe services of cluster %s", cluster)
	}
	for _, f := range out.Failures {
		if aws.ToString(f.Reason) != "MISSING" {
			return nil, &fault.Impossible{Words: "describe service " + aws.ToString(f.Arn) + ": " + aws.ToString(f.Reason) + " " + aws.ToString(f.Detail)}
		}
	}
	found := map[string]types.Service{}
	for _, service := range out.Services {
		found[aws.ToString(service.ServiceName)] = service
	}
	return found, nil
}

// Update tells ECS to run revision (nothing else: members that are left out keep their value) and, if desired is given, how
// many; with revision "" only that. It returns the id of the primary deployment in ECS's answer; reading it back could still show the one before.
func (s *Services) Update(ctx context.Context, name record.ServiceName, revision string, desired *int) (string, error) {
	in := &ecs.UpdateServiceInput{Cluster: &name.Cluster, Service: &name.Service}
	if revision != "" { // only the count
		in.TaskDefinition = &revision
	}
	if desired != nil {
		in.DesiredCount = aws.Int32(int32(*desired))
	}
	out, err := s.ecs.UpdateService(ctx, in)
	if err != nil {
		return "", awsfault.Of(err, "update service %s to %s", name, rollout.ShortRevision(revision))
	}
	if out.Service != nil {
		if id := fromSDK(name, *out.Service).Primary().ID; id != "" {
			return id, nil
		}
	}
	return "", &fault.Impossible{Words: "update service " + name.String() + ": ECS answered without a primary deployment"}
}

func fromSDK(name record.ServiceName, s types.Service) rollout.Service {
	out := rollout.Service{
		Name:       name,
		ARN:        aws.ToString(s.ServiceArn),
		Status:     aws.ToString(s.Status),
		Controller: string(types.DeploymentControllerTypeEcs),
		Revision:   aws.ToString(s.TaskDefinition),
		Desired:    int(s.DesiredCount),
		Grace:      time.Duration(aws.ToInt32(s.HealthCheckGracePeriodSeconds)) * time.Second,
		Tags:       map[string]string{},
		CreatedAt:  aws.ToTime(s.CreatedAt),
		Guard:      guard(s),
	}
	if s.DeploymentController != nil {
		out.Controller = string(s.DeploymentController.Type)
	}
	if s.DeploymentConfiguration != nil {
		out.Strategy = string(s.DeploymentConfiguration.Strategy)
	}
	if len(s.Events) > 0 { // newest first
		out.LastEvent = aws.ToString(s.Events[0].Id)
	}
	for _, e := range s.Events {
		out.Events = append(out.Events, aws.ToString(e.Message))
	}
	if len(s.CurrentServiceRevisions) == 1 {
		out.Current = aws.ToString(s.CurrentServiceRevisions[0].Arn)
	}
	for _, d := range s.Deployments {
		out.Deployments = append(out.Deployments, deployment(d))
	}
	for _, lb := range s.LoadBalancers {
		if lb.TargetGroupArn != nil {
			out.TargetGroups = append(out.TargetGroups, rollout.TargetGroup{ARN: *lb.TargetGroupArn, Container: aws.ToString(lb.ContainerName), Port: int(aws.ToInt32(lb.ContainerPort))})
		}
	}
	for _, tag := range s.Tags {
		out.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return out
}

// guard reads what protects a service from a bad deployment.
func guard(s types.Service) record.Guard {
	g := record.Guard{Grace: int(aws.ToInt32(s.HealthCheckGracePeriodSeconds))}
	for _, lb := range s.LoadBalancers {
		if lb.TargetGroupArn != nil {
			g.TargetGroups++
		}
	}
	c := s.DeploymentConfiguration
	if c == nil {
		return g
	}
	g.MinPercent = int(aws.ToInt32(c.MinimumHealthyPercent))
	if b := c.DeploymentCircuitBreaker; b != nil && b.Enable {
		g.Breaker, g.Rollback = true, b.Rollback
	}
	g.Alarms = c.Alarms != nil && c.Alarms.Enable && len(c.Alarms.AlarmNames) > 0
	return g
}

func deployment(d types.Deployment) rollout.Deployment {
	return rollout.Deployment{
		ID:       aws.ToString(d.Id),
		Primary:  aws.ToString(d.Status) == "PRIMARY",
		Revision: aws.ToString(d.TaskDefinition),
		Desired:  int(d.DesiredCount),
		Running:  int(d.RunningCount),
		Pending:  int(d.PendingCount),
		Failed:   int(d.FailedTasks),
		State:    string(d.RolloutState),
		Reason:   aws.ToString(d.RolloutStateReason),

		CreatedAt: aws.ToTime(d.CreatedAt),
	}
}
