package followers

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/google/go-cmp/cmp"

	"slipway/internal/record"
	"slipway/internal/rollout"
	"slipway/internal/wiretest"
)

func TestFollowing(t *testing.T) {
	a := wiretest.New(t).On("GetResources", func(c wiretest.Call) wiretest.Answer {
		if c.JSON(t)["PaginationToken"] == "more" {
			return wiretest.OK(`{"PaginationToken":"","ResourceTagMappingList":[{"ResourceARN":"arn:aws:ecs:eu-west-1:123456789012:service/shop/api","Tags":[{"Key":"slipway:repository","Value":"shop/web"}]}]}`)
		}
		return wiretest.OK(`{"PaginationToken":"more","ResourceTagMappingList":[
			{"ResourceARN":"arn:aws:ecs:eu-west-1:123456789012:service/shop/web","Tags":[{"Key":"slipway:repository","Value":"shop/web"},{"Key":"slipway:follow","Value":"semver:1"}]},
			{"ResourceARN":"arn:aws:ecs:eu-west-1:123456789012:service/old","Tags":[]}]}`)
	})
	var log bytes.Buffer
	got, err := New(tagging.NewFromConfig(a.Config()), slog.New(slog.NewTextHandler(&log, nil))).Following(context.Background(), "shop/web")
	if err != nil {
		t.Fatal(err)
	}
	want := []rollout.Follower{
		{Name: record.ServiceName{Cluster: "shop", Service: "api"}, Tags: map[string]string{"slipway:repository": "shop/web"}},
		{Name: record.ServiceName{Cluster: "shop", Service: "web"}, Tags: map[string]string{"slipway:repository": "shop/web", "slipway:follow": "semver:1"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if !strings.Contains(log.String(), "service/old") {
		t.Errorf("got log %q, want the service that was left out", log.String())
	}
	asked := a.Calls("GetResources")[0].JSON(t)
	wantAsked := map[string]any{
		"ResourceTypeFilters": []any{"ecs:service"}, "ResourcesPerPage": 100.0,
		"TagFilters": []any{map[string]any{"Key": "slipway:repository", "Values": []any{"shop/web"}}},
	}
	if diff := cmp.Diff(wantAsked, asked); diff != "" {
		t.Errorf("asked, want -, got +\n%s", diff)
	}
}

func TestFollowingAnyRepository(t *testing.T) {
	a := wiretest.New(t).On("GetResources", func(wiretest.Call) wiretest.Answer { return wiretest.OK(`{}`) })
	if _, err := New(tagging.NewFromConfig(a.Config()), slog.Default()).Following(context.Background(), ""); err != nil {
		t.Fatal(err)
	}
	filters := a.Calls("GetResources")[0].JSON(t)["TagFilters"]
	if diff := cmp.Diff([]any{map[string]any{"Key": "slipway:repository"}}, filters); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}
