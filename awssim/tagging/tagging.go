// Package tagging is the Resource Groups Tagging API of awssim: which resources carry which tags.
//
// The resources belong to the other services, which are asked anew at every call (Source). What is not here: writing tags,
// tag policies and their compliance, and resources that have lost their last tag, which AWS still lists.
package tagging

import (
	"encoding/base64"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	api "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// Limits of GetResources (API reference).
const (
	defaultPage   = 50
	maximumPage   = 100
	maximumKeys   = 50
	maximumValues = 20
	tokenLife     = 15 * time.Minute
)

// Resource is one resource with its tags. Type is service:resource as in its ARN: "ecs:service".
type Resource struct {
	ARN, Type string
	Tags      map[string]string
}

// Source lists the resources of a service. It is called in a turn.
type Source func() []Resource

// Service answers from its sources.
type Service struct {
	clock   *clock.Clock
	sources []Source
	api     *protocol.API
}

// New returns a service over the given sources.
func New(c *clock.Clock, sources ...Source) *Service {
	s := &Service{clock: c, sources: sources, api: &protocol.API{
		Service: "tagging", Target: "ResourceGroupsTaggingAPI_20170126", Format: protocol.JSON11, Pascal: true, Invalid: "InvalidParameterException",
	}}
	protocol.Handle(s.api, "GetResources", s.getResources)
	protocol.Handle(s.api, "GetTagKeys", s.getTagKeys)
	protocol.Handle(s.api, "GetTagValues", s.getTagValues)
	return s
}

// API is the service's wire interface.
func (s *Service) API() *protocol.API { return s.api }

func invalid(format string, args ...any) error {
	return protocol.Errorf("InvalidParameterException", format, args...)
}

// tagged lists the resources that have tags, by ARN.
func (s *Service) tagged() []Resource {
	var all []Resource
	for _, source := range s.sources {
		for _, r := range source() {
			if len(r.Tags) > 0 {
				all = append(all, r)
			}
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ARN < all[j].ARN })
	return all
}

func (s *Service) getResources(c *protocol.Call, in *api.GetResourcesInput) (*api.GetResourcesOutput, error) {
	err := protocol.Only(c, in, "PaginationToken", "ResourceARNList", "ResourceTypeFilters", "ResourcesPerPage", "TagFilters")
	if err != nil {
		return nil, err
	}
	if err := check(in); err != nil {
		return nil, err
	}
	after, err := s.readToken(in.PaginationToken)
	if err != nil {
		return nil, err
	}
	size := defaultPage
	if in.ResourcesPerPage != nil {
		size = int(*in.ResourcesPerPage)
	}
	out := &api.GetResourcesOutput{PaginationToken: new(""), ResourceTagMappingList: []types.ResourceTagMapping{}}
	last := ""
	for _, r := range s.tagged() {
		if r.ARN <= after || !wanted(r, in) {
			continue
		}
		if len(out.ResourceTagMappingList) == size {
			out.PaginationToken = new(s.token(last))
			break
		}
		out.ResourceTagMappingList = append(out.ResourceTagMappingList, types.ResourceTagMapping{ResourceARN: new(r.ARN), Tags: tagList(r.Tags)})
		last = r.ARN
	}
	return out, nil
}

// check applies the API reference's rules for GetResources to an input.
func check(in *api.GetResourcesInput) error {
	paging := in.ResourcesPerPage != nil || in.PaginationToken != nil && *in.PaginationToken != ""
	switch {
	case len(in.ResourceARNList) > 0 && (len(in.ResourceTypeFilters) > 0 || len(in.TagFilters) > 0 || paging):
		return invalid("ResourceARNList cannot be combined with ResourceTypeFilters, TagFilters or paging")
	case len(in.ResourceARNList) > 100 || len(in.ResourceTypeFilters) > 100:
		return invalid("ResourceARNList and ResourceTypeFilters can have at most 100 items")
	case in.ResourcesPerPage != nil && (*in.ResourcesPerPage < 1 || *in.ResourcesPerPage > maximumPage):
		return invalid("ResourcesPerPage must be between 1 and %d, got %d", maximumPage, *in.ResourcesPerPage)
	case len(in.TagFilters) > maximumKeys:
		return invalid("TagFilters can have at most %d keys, got %d", maximumKeys, len(in.TagFilters))
	}
	for _, f := range in.TagFilters {
		if f.Key == nil || *f.Key == "" {
			return invalid("every one of TagFilters needs a Key")
		}
		if len(f.Values) > maximumValues {
			return invalid("the filter for key %s can have at most %d values, got %d", *f.Key, maximumValues, len(f.Values))
		}
	}
	return nil
}

// wanted tells whether a resource is in the list, of one of the types, and has all of the keys, each with one of its values.
func wanted(r Resource, in *api.GetResourcesInput) bool {
	if len(in.ResourceARNList) > 0 && !slices.Contains(in.ResourceARNList, r.ARN) {
		return false
	}
	ofType := func(filter string) bool { return r.Type == filter || strings.HasPrefix(r.Type, filter+":") }
	if len(in.ResourceTypeFilters) > 0 && !slices.ContainsFunc(in.ResourceTypeFilters, ofType) {
		return false
	}
	for _, f := range in.TagFilters {
		v, ok := r.Tags[*f.Key]
		if !ok || len(f.Values) > 0 && !slices.Contains(f.Values, v) {
			return false
		}
	}
	return true
}

func tagList(tags map[string]string) []types.Tag {
	list := make([]types.Tag, 0, len(tags))
	for key, v := range tags {
		list = append(list, types.Tag{Key: new(key), Value: new(v)})
	}
	slices.SortFunc(list, func(a, b types.Tag) int { return strings.Compare(*a.Key, *b.Key) })
	return list
}

// token continues after the resource arn. Tokens grow old, so that one kept too long is an error here as in AWS.
func (s *Service) token(arn string) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", s.clock.Now().UnixMilli(), arn))
}

func (s *Service) readToken(token *string) (after string, err error) {
	if token == nil || *token == "" {
		return "", nil
	}
	text, err := base64.StdEncoding.DecodeString(*token)
	made, after, ok := strings.Cut(string(text), " ")
	at, err2 := strconv.ParseInt(made, 10, 64)
	if err != nil || err2 != nil || !ok {
		return "", invalid("PaginationToken is not one that an earlier answer gave")
	}
	if s.clock.Now().Sub(time.UnixMilli(at)) > tokenLife {
		return "", protocol.Errorf("PaginationTokenExpiredException", "the PaginationToken is older than %s; begin again without one", tokenLife)
	}
	return after, nil
}

// getTagKeys answers with all keys in one page.
func (s *Service) getTagKeys(_ *protocol.Call, _ *api.GetTagKeysInput) (*api.GetTagKeysOutput, error) {
	keys := map[string]bool{}
	for _, r := range s.tagged() {
		for key := range r.Tags {
			keys[key] = true
		}
	}
	return &api.GetTagKeysOutput{PaginationToken: new(""), TagKeys: ordered(keys)}, nil
}

// getTagValues answers with all values of a key in one page.
func (s *Service) getTagValues(_ *protocol.Call, in *api.GetTagValuesInput) (*api.GetTagValuesOutput, error) {
	if in.Key == nil || *in.Key == "" {
		return nil, invalid("GetTagValues needs a Key")
	}
	values := map[string]bool{}
	for _, r := range s.tagged() {
		if v, ok := r.Tags[*in.Key]; ok {
			values[v] = true
		}
	}
	return &api.GetTagValuesOutput{PaginationToken: new(""), TagValues: ordered(values)}, nil
}

func ordered(set map[string]bool) []string {
	list := make([]string, 0, len(set))
	for item := range set {
		list = append(list, item)
	}
	sort.Strings(list)
	return list
}
