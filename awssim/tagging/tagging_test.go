package tagging_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	api "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
	"slipway/awssim/tagging"
)

func newClient(c *clock.Clock, sources ...tagging.Source) *api.Client {
	return api.NewFromConfig(protocoltest.Config(c, tagging.New(c, sources...).API()))
}

func resource(service, kind, name string, tags ...string) tagging.Resource {
	r := tagging.Resource{ARN: protocol.Default.ARN(service, kind+"/"+name), Type: service + ":" + kind, Tags: map[string]string{}}
	for _, tag := range tags {
		key, v, _ := strings.Cut(tag, "=")
		r.Tags[key] = v
	}
	return r
}

func fleet() []tagging.Source {
	services := func() []tagging.Resource {
		return []tagging.Resource{
			resource("ecs", "service", "shop/web", "slipway:repository=web", "team=a"),
			resource("ecs", "service", "shop/api", "slipway:repository=api", "team=a"),
			resource("ecs", "service", "shop/bare"),
			resource("ecs", "service", "shop/old", "team=b"),
			resource("ecs", "task-definition", "web:1", "slipway:repository=web"),
		}
	}
	groups := func() []tagging.Resource {
		return []tagging.Resource{resource("elasticloadbalancing", "targetgroup", "web/1", "team=a")}
	}
	return []tagging.Source{services, groups}
}

func filter(key string, values ...string) types.TagFilter {
	return types.TagFilter{Key: &key, Values: values}
}

func names(out *api.GetResourcesOutput) []string {
	list := []string{}
	for _, m := range out.ResourceTagMappingList {
		_, name, _ := strings.Cut(*m.ResourceARN, "/")
		list = append(list, name)
	}
	return list
}

func TestGetResources(t *testing.T) {
	tests := []struct {
		name string
		in   api.GetResourcesInput
		want []string
	}{
		{"all that have tags, by ARN", api.GetResourcesInput{}, []string{"shop/api", "shop/old", "shop/web", "web:1", "web/1"}},
		{"a key with any value", api.GetResourcesInput{TagFilters: []types.TagFilter{filter("slipway:repository")}}, []string{"shop/api", "shop/web", "web:1"}},
		{"a key with one of its values", api.GetResourcesInput{TagFilters: []types.TagFilter{filter("slipway:repository", "web", "none")}}, []string{"shop/web", "web:1"}},
		{"all of the keys", api.GetResourcesInput{TagFilters: []types.TagFilter{filter("team", "a", "b"), filter("slipway:repository")}}, []string{"shop/api", "shop/web"}},
		{"a type", api.GetResourcesInput{ResourceTypeFilters: []string{"ecs:service"}}, []string{"shop/api", "shop/old", "shop/web"}},
		{"a whole service", api.GetResourcesInput{ResourceTypeFilters: []string{"ecs"}}, []string{"shop/api", "shop/old", "shop/web", "web:1"}},
		{"no prefix of a type", api.GetResourcesInput{ResourceTypeFilters: []string{"ecs:task"}}, []string{}},
		{"by ARN, the unknown left out", api.GetResourcesInput{ResourceARNList: []string{protocol.Default.ARN("ecs", "service/shop/web"), "arn:aws:ecs:eu-west-1:123456789012:service/none"}}, []string{"shop/web"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, err := newClient(clock.New(clock.Epoch, 1), fleet()...).GetResources(context.Background(), &test.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, names(out)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGetResourcesTellsTheTags(t *testing.T) {
	out, err := newClient(clock.New(clock.Epoch, 1), fleet()...).GetResources(context.Background(),
		&api.GetResourcesInput{TagFilters: []types.TagFilter{filter("slipway:repository", "api")}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, tag := range out.ResourceTagMappingList[0].Tags {
		got = append(got, *tag.Key+"="+*tag.Value)
	}
	if diff := cmp.Diff([]string{"slipway:repository=api", "team=a"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPages(t *testing.T) {
	many := func() []tagging.Resource {
		var list []tagging.Resource
		for i := range 25 {
			list = append(list, resource("ecs", "service", fmt.Sprintf("shop/%02d", i), "team=a"))
		}
		return list
	}
	client := newClient(clock.New(clock.Epoch, 1), many)
	pages := api.NewGetResourcesPaginator(client, &api.GetResourcesInput{ResourcesPerPage: new(int32(10))})
	var sizes []int
	seen := map[string]bool{}
	for pages.HasMorePages() {
		out, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(out.ResourceTagMappingList))
		for _, name := range names(out) {
			seen[name] = true
		}
	}
	if diff := cmp.Diff([]int{10, 10, 5}, sizes); diff != "" || len(seen) != 25 {
		t.Errorf("saw %d resources in pages %v, want 25 in 10, 10 and 5", len(seen), sizes)
	}
}

func TestRefusals(t *testing.T) {
	arns := []string{"arn:aws:ecs:eu-west-1:123456789012:service/shop/web"}
	tests := []struct {
		name string
		in   api.GetResourcesInput
		want string
	}{
		{"list and filter", api.GetResourcesInput{ResourceARNList: arns, TagFilters: []types.TagFilter{filter("team")}}, "InvalidParameterException"},
		{"list and paging", api.GetResourcesInput{ResourceARNList: arns, ResourcesPerPage: new(int32(5))}, "InvalidParameterException"},
		{"page of 101", api.GetResourcesInput{ResourcesPerPage: new(int32(101))}, "InvalidParameterException"},
		{"filter without key", api.GetResourcesInput{TagFilters: []types.TagFilter{{Values: []string{"a"}}}}, "InvalidParameterException"},
		{"foreign token", api.GetResourcesInput{PaginationToken: new("next")}, "InvalidParameterException"},
		{"compliance", api.GetResourcesInput{IncludeComplianceDetails: new(true)}, "InvalidParameterException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := newClient(clock.New(clock.Epoch, 1), fleet()...).GetResources(context.Background(), &test.in)
			var e smithy.APIError
			if !errors.As(err, &e) || e.ErrorCode() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestTokenExpires(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	client := newClient(c, fleet()...)
	out, err := client.GetResources(context.Background(), &api.GetResourcesInput{ResourcesPerPage: new(int32(1))})
	if err != nil {
		t.Fatal(err)
	}
	c.RunFor(16 * time.Minute)
	_, err = client.GetResources(context.Background(), &api.GetResourcesInput{ResourcesPerPage: new(int32(1)), PaginationToken: out.PaginationToken})
	if _, ok := errors.AsType[*types.PaginationTokenExpiredException](err); !ok {
		t.Errorf("got %v, want PaginationTokenExpiredException", err)
	}
}

func TestKeysAndValues(t *testing.T) {
	client := newClient(clock.New(clock.Epoch, 1), fleet()...)
	keys, err := client.GetTagKeys(context.Background(), &api.GetTagKeysInput{})
	if err != nil {
		t.Fatal(err)
	}
	values, err := client.GetTagValues(context.Background(), &api.GetTagValuesInput{Key: new("team")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"slipway:repository", "team"}, {"a", "b"}}, [][]string{keys.TagKeys, values.TagValues}); diff != "" {
		t.Error(diff)
	}
}
