package ecs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/ecr"
	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

func (s *Service) listServiceDeployments(_ *protocol.Call, in *ecs.ListServiceDeploymentsInput) (*ecs.ListServiceDeploymentsOutput, error) {
	svc, err := s.service(in.Cluster, in.Service)
	if err != nil {
		return nil, err
	}
	found := []*rollout{}
	for i := len(svc.history) - 1; i >= 0; i-- {
		r := svc.history[i]
		wanted := len(in.Status) == 0 || slices.Contains(in.Status, r.status)
		if at := in.CreatedAt; at != nil {
			wanted = wanted && (at.After == nil || r.createdAt.After(*at.After)) && (at.Before == nil || r.createdAt.Before(*at.Before))
		}
		if wanted {
			found = append(found, r)
		}
	}
	found, next, err := pageBy(found, func(r *rollout) string { return fmt.Sprintf("%09d", r.number) }, paging.Descending, in.MaxResults, 20, 100, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ecs.ListServiceDeploymentsOutput{ServiceDeployments: []types.ServiceDeploymentBrief{}, NextToken: next}
	for _, r := range found {
		out.ServiceDeployments = append(out.ServiceDeployments, types.ServiceDeploymentBrief{
			ServiceDeploymentArn: &r.arn, ServiceArn: &svc.arn, ClusterArn: &svc.cluster.arn, TargetServiceRevisionArn: &r.target.arn,
			Status: r.status, StatusReason: opt(r.reason), CreatedAt: &r.createdAt, StartedAt: optTime(r.startedAt), FinishedAt: optTime(r.finished)})
	}
	return out, nil
}

// rolloutByARN finds a service deployment; nil when there is none.
func (s *Service) rolloutByARN(arn string) *rollout {
	svc := s.serviceOf(arn, "service-deployment/")
	if svc == nil {
		return nil
	}
	for _, r := range svc.history {
		if r.arn == arn {
			return r
		}
	}
	return nil
}

// serviceOf finds the service that an ARN of kind/CLUSTER/SERVICE/ID belongs to.
func (s *Service) serviceOf(arn, kind string) *service {
	parts := strings.Split(strings.TrimPrefix(arn, s.id.ARN("ecs", kind)), "/")
	if len(parts) != 3 || s.clusters[parts[0]] == nil {
		return nil
	}
	return s.clusters[parts[0]].services[parts[1]]
}

func (s *Service) describeServiceDeployments(_ *protocol.Call, in *ecs.DescribeServiceDeploymentsInput) (*ecs.DescribeServiceDeploymentsOutput, error) {
	if n := len(in.ServiceDeploymentArns); n == 0 || n > 20 {
		return nil, invalid("serviceDeploymentArns must have 1 to 20 entries, not %d.", n)
	}
	out := &ecs.DescribeServiceDeploymentsOutput{ServiceDeployments: []types.ServiceDeployment{}, Failures: []types.Failure{}}
	for _, arn := range in.ServiceDeploymentArns {
		r := s.rolloutByARN(arn)
		if r == nil {
			out.Failures = append(out.Failures, missing(arn))
			continue
		}
		out.ServiceDeployments = append(out.ServiceDeployments, s.describeRollout(r))
	}
	return out, nil
}

func (s *Service) describeRollout(r *rollout) types.ServiceDeployment {
	config := r.config
	out := types.ServiceDeployment{
		ServiceDeploymentArn: &r.arn, ServiceArn: &r.svc.arn, ClusterArn: &r.svc.cluster.arn, Status: r.status, StatusReason: opt(r.reason),
		CreatedAt: &r.createdAt, StartedAt: optTime(r.startedAt), UpdatedAt: new(r.updatedAt), StoppedAt: optTime(r.stoppedAt), FinishedAt: optTime(r.finished),
		DeploymentConfiguration: &config, Rollback: r.rollback, SourceServiceRevisions: []types.ServiceRevisionSummary{},
		TargetServiceRevision: new(s.summary(r.target)), DeploymentCircuitBreaker: s.describeBreaker(r),
	}
	for _, rev := range r.source {
		out.SourceServiceRevisions = append(out.SourceServiceRevisions, s.summary(rev))
	}
	if r.baking {
		out.LifecycleStage = types.ServiceDeploymentLifecycleStageBakeTime
	}
	if a := config.Alarms; a != nil {
		// Alarms are stored and described, and never looked at.
		out.Alarms = &types.ServiceDeploymentAlarms{AlarmNames: a.AlarmNames, Status: types.ServiceDeploymentRollbackMonitorsStatusDisabled}
	}
	return out
}

func (s *Service) describeBreaker(r *rollout) *types.ServiceDeploymentCircuitBreaker {
	out := &types.ServiceDeploymentCircuitBreaker{Status: r.breaker, FailureCount: int32(r.failures)}
	if b := r.config.DeploymentCircuitBreaker; b != nil && b.Enable {
		out.Threshold = int32(threshold(b, s.desiredCount(r.svc)))
	}
	if d := r.svc.primary(); d != nil && d.rollout == r && d.state == types.DeploymentRolloutStateInProgress && r.rollback == nil {
		out.FailureCount = int32(d.failed)
	}
	return out
}

// summary counts the tasks of a revision.
func (s *Service) summary(rev *revision) types.ServiceRevisionSummary {
	out := types.ServiceRevisionSummary{Arn: &rev.arn}
	for i, d := range rev.svc.deployments {
		if d.rev != rev {
			continue
		}
		c := d.count(rev.svc)
		out.RequestedTaskCount, out.RunningTaskCount, out.PendingTaskCount = int32(c.desired), int32(c.running), int32(c.pending)
		if i == 0 {
			out.RequestedTaskCount = int32(s.desiredCount(rev.svc))
		}
	}
	return out
}

func (s *Service) describeServiceRevisions(_ *protocol.Call, in *ecs.DescribeServiceRevisionsInput) (*ecs.DescribeServiceRevisionsOutput, error) {
	if n := len(in.ServiceRevisionArns); n == 0 || n > 20 {
		return nil, invalid("serviceRevisionArns must have 1 to 20 entries, not %d.", n)
	}
	out := &ecs.DescribeServiceRevisionsOutput{ServiceRevisions: []types.ServiceRevision{}, Failures: []types.Failure{}}
	for _, arn := range in.ServiceRevisionArns {
		rev := s.revisionByARN(arn)
		if rev == nil {
			out.Failures = append(out.Failures, missing(arn))
			continue
		}
		out.ServiceRevisions = append(out.ServiceRevisions, s.describeRevision(rev))
	}
	return out, nil
}

func (s *Service) revisionByARN(arn string) *revision {
	svc := s.serviceOf(arn, "service-revision/")
	if svc == nil {
		return nil
	}
	for _, rev := range svc.revisions {
		if rev.arn == arn {
			return rev
		}
	}
	return nil
}

func (s *Service) describeRevision(rev *revision) types.ServiceRevision {
	out := types.ServiceRevision{
		ServiceRevisionArn: &rev.arn, ServiceArn: &rev.svc.arn, ClusterArn: &rev.svc.cluster.arn, TaskDefinition: &rev.def.arn, CreatedAt: &rev.createdAt,
		LaunchType: rev.svc.cfg.launchType, CapacityProviderStrategy: rev.svc.cfg.providers, PlatformVersion: opt(rev.platform),
		LoadBalancers: notNil(rev.loadBalancers), ServiceRegistries: notNil(rev.registries), NetworkConfiguration: rev.network,
		ServiceConnectConfiguration: rev.connect, VolumeConfigurations: rev.volumes, VpcLatticeConfigurations: rev.lattice,
		Monitoring: rev.svc.cfg.monitoring, GatewayConnectors: rev.svc.cfg.gatewayConnector,
		ResolvedConfiguration: &types.ResolvedConfiguration{LoadBalancers: notNil(rev.lbARN)}, ContainerImages: []types.ContainerImage{},
	}
	if rev.svc.cfg.fargate() {
		out.PlatformFamily = new("Linux")
	}
	for _, def := range rev.def.in.ContainerDefinitions {
		out.ContainerImages = append(out.ContainerImages, types.ContainerImage{ContainerName: def.Name, Image: def.Image,
			ImageDigest: opt(imageDigest(*def.Image, rev.images[*def.Name]))})
	}
	return out
}

// imageDigest is what the reference stands for: its own digest, or the one that the first task resolved.
func imageDigest(ref string, resolved ecr.Image) string {
	if _, digest, ok := strings.Cut(ref, "@"); ok {
		return digest
	}
	return resolved.Digest
}

func (s *Service) stopServiceDeployment(_ *protocol.Call, in *ecs.StopServiceDeploymentInput) (*ecs.StopServiceDeploymentOutput, error) {
	if in.StopType != "" && in.StopType != types.StopServiceDeploymentStopTypeRollback {
		return nil, invalid("Invalid stopType %s: the only valid value is ROLLBACK.", in.StopType)
	}
	r := s.rolloutByARN(aws.ToString(in.ServiceDeploymentArn))
	if r == nil {
		return nil, protocol.Errorf("ServiceDeploymentNotFoundException", "Service deployment not found.")
	}
	switch r.status {
	case types.ServiceDeploymentStatusPending, types.ServiceDeploymentStatusInProgress:
		s.setStatus(r, types.ServiceDeploymentStatusRollbackRequested, "Service deployment rollback was requested by a call of StopServiceDeployment.")
		s.wake(r.svc)
	case types.ServiceDeploymentStatusStopRequested, types.ServiceDeploymentStatusRollbackRequested, types.ServiceDeploymentStatusRollbackInProgress:
	default:
		return nil, protocol.Errorf("ConflictException", "The service deployment is %s and cannot be stopped any more.", r.status)
	}
	return &ecs.StopServiceDeploymentOutput{ServiceDeploymentArn: &r.arn}, nil
}
