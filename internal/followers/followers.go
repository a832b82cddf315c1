// Package followers finds the ECS services that opted in to Slipway, through the Resource Groups Tagging API: one search for
// their tag instead of listing every service of the account.
//
// The index behind that API follows tags within seconds to minutes. A service whose tag was just removed may still be found;
// the verbs read the tags again before they act.
package followers

import (
	"context"
	"log/slog"
	"sort"

	"github.com/aws/aws-sdk-go-v2/aws"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"slipway/internal/awsfault"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Followers is the tagged services of one account and region.
type Followers struct {
	tagging *tagging.Client
	log     *slog.Logger
}

// New returns the followers that client sees.
func New(client *tagging.Client, log *slog.Logger) *Followers {
	return &Followers{tagging: client, log: log}
}

// Following returns the services whose slipway:repository tag is repository, or all that have the tag if repository is "",
// sorted by name. A service with a short ARN, which does not name its cluster, cannot be deployed to; it is left out and the
// log says so. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids
func (f *Followers) Following(ctx context.Context, repository string) ([]rollout.Follower, error) {
	filter := types.TagFilter{Key: aws.String(rollout.TagRepository)}
	if repository != "" {
		filter.Values = []string{repository}
	}
	in := &tagging.GetResourcesInput{ResourceTypeFilters: []string{"ecs:service"}, TagFilters: []types.TagFilter{filter}, ResourcesPerPage: aws.Int32(100)}
	var found []rollout.Follower
	for {
		out, err := f.tagging.GetResources(ctx, in)
		if err != nil {
			return nil, awsfault.Of(err, "find services tagged %s", rollout.TagRepository)
		}
		for _, resource := range out.ResourceTagMappingList {
			arn := aws.ToString(resource.ResourceARN)
			name, err := record.ParseServiceName(arn)
			if err != nil {
				f.log.Warn("a tagged service is left out: it has an ARN of the old short form", "arn", arn)
				continue
			}
			found = append(found, rollout.Follower{Name: name, Tags: tagsOf(resource.Tags)})
		}
		if aws.ToString(out.PaginationToken) == "" {
			break
		}
		in.PaginationToken = out.PaginationToken
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].Name.String() < found[j].Name.String() })
	return found, nil
}

func tagsOf(tags []types.Tag) map[string]string {
	all := map[string]string{}
	for _, tag := range tags {
		all[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return all
}
