package ecsservice

import (
	"context"
	"slices"
	"sort"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/internal/awsfault"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// remembered is how many service deployments and service revisions ECS describes in one call, and how far back History looks.
const remembered = 20

// History returns the newest service deployments, newest first, at most twenty. ECS keeps them for 90 days and only for
// services with its own deployment controller.
func (s *Services) History(ctx context.Context, name record.ServiceName) ([]rollout.Past, error) {
	listed, err := s.ecs.ListServiceDeployments(ctx, &ecs.ListServiceDeploymentsInput{
		Cluster: &name.Cluster, Service: &name.Service, MaxResults: aws.Int32(remembered),
	})
	if err != nil {
		return nil, awsfault.Of(err, "list deployments of service %s", name)
	}
	if len(listed.ServiceDeployments) == 0 {
		return nil, nil
	}
	details, err := s.deployments(ctx, name, listed.ServiceDeployments)
	if err != nil {
		return nil, err
	}
	revisions, err := s.targets(ctx, name, listed.ServiceDeployments)
	if err != nil {
		return nil, err
	}
	var history []rollout.Past
	for _, brief := range listed.ServiceDeployments {
		history = append(history, past(brief, details[aws.ToString(brief.ServiceDeploymentArn)], revisions))
	}
	sort.Slice(history, func(i, j int) bool { return history[i].CreatedAt.After(history[j].CreatedAt) })
	return history, nil
}

// deployments are the details of the listed service deployments by ARN. One that was deleted meanwhile is left out.
func (s *Services) deployments(ctx context.Context, name record.ServiceName, listed []types.ServiceDeploymentBrief) (map[string]types.ServiceDeployment, error) {
	var arns []string
	for _, brief := range listed {
		arns = append(arns, aws.ToString(brief.ServiceDeploymentArn))
	}
	details := map[string]types.ServiceDeployment{}
	for batch := range slices.Chunk(arns, remembered) {
		out, err := s.ecs.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: batch})
		if err != nil {
			return nil, awsfault.Of(err, "describe deployments of service %s", name)
		}
		for _, d := range out.ServiceDeployments {
			details[aws.ToString(d.ServiceDeploymentArn)] = d
		}
	}
	return details, nil
}

// targets are the task definitions that the listed deployments rolled out, by the ARN of the service revision, which is all
// that a service deployment names.
func (s *Services) targets(ctx context.Context, name record.ServiceName, listed []types.ServiceDeploymentBrief) (map[string]string, error) {
	var arns []string
	for _, brief := range listed {
		if arn := aws.ToString(brief.TargetServiceRevisionArn); arn != "" {
			arns = append(arns, arn)
		}
	}
	definitions := map[string]string{}
	return definitions, batches(arns, remembered, func(batch []string) error {
		out, err := s.ecs.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: batch})
		if err != nil {
			return awsfault.Of(err, "describe revisions of service %s", name)
		}
		for _, revision := range out.ServiceRevisions {
			definitions[aws.ToString(revision.ServiceRevisionArn)] = aws.ToString(revision.TaskDefinition)
		}
		return nil
	})
}

// Images are the digests that ECS resolved for what a service runs, by container. ECS resolves a tag once for each deployment, unless
// a container opted out of version consistency; of services from before it kept revisions it says nothing.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerImage.html
func (s *Services) Images(ctx context.Context, service rollout.Service) (map[string]image.Digest, error) {
	digests := map[string]image.Digest{}
	if service.Current == "" {
		return digests, nil
	}
	out, err := s.ecs.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{service.Current}})
	if err != nil {
		return nil, awsfault.Of(err, "describe what service %s runs", service.Name)
	}
	for _, revision := range out.ServiceRevisions {
		if aws.ToString(revision.TaskDefinition) != service.Revision {
			continue
		}
		for _, c := range revision.ContainerImages {
			if digest, err := image.ParseDigest(aws.ToString(c.ImageDigest)); err == nil {
				digests[aws.ToString(c.ContainerName)] = digest
			}
		}
	}
	return digests, nil
}

// past prefers the details, which were read later and know of a rollback.
func past(brief types.ServiceDeploymentBrief, detail types.ServiceDeployment, revisions map[string]string) rollout.Past {
	p := rollout.Past{
		Status:    string(brief.Status),
		Reason:    aws.ToString(brief.StatusReason),
		Revision:  revisions[aws.ToString(brief.TargetServiceRevisionArn)],
		CreatedAt: aws.ToTime(brief.CreatedAt),
	}
	if detail.ServiceDeploymentArn != nil {
		p.Status, p.Reason = string(detail.Status), aws.ToString(detail.StatusReason)
	}
	if detail.Rollback != nil {
		if p.Rollback = aws.ToString(detail.Rollback.Reason); p.Rollback == "" {
			p.Rollback = "rolled back"
		}
	}
	return p
}
