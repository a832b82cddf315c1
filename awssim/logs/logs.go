// Package logs is CloudWatch Logs for one account and region: groups with their retention, streams, and events that can be
// put, read page by page and searched for terms.
//
// A stream keeps its newest 10,000 events, and Forget drops what is past its group's retention, so that a simulator can run for
// days if its groups have one. What is not here: subscriptions, metric filters, queries of Logs Insights, and filter patterns other
// than terms, all of which are refused.
package logs

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"slipway/awssim/clock"
	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

// Service holds the log groups of an account and region. Its methods are called inside turns.
type Service struct {
	clock  *clock.Clock
	id     protocol.Identity
	groups map[string]*group
	seq    uint64 // of the newest event
	api    *protocol.API
}

type group struct {
	name      string
	created   time.Time
	retention int32 // days; 0 keeps for ever
	class     types.LogGroupClass
	key       *string
	protected bool
	tags      map[string]string
	streams   map[string]*stream
}

// New returns a service without log groups.
func New(c *clock.Clock, id protocol.Identity) *Service {
	s := &Service{clock: c, id: id, groups: map[string]*group{}}
	s.api = &protocol.API{Service: "logs", Target: "Logs_20140328", Format: protocol.JSON11, Invalid: "InvalidParameterException"}
	protocol.Handle(s.api, "CreateLogGroup", s.createLogGroup)
	protocol.Handle(s.api, "DescribeLogGroups", s.describeLogGroups)
	protocol.Handle(s.api, "DeleteLogGroup", s.deleteLogGroup)
	protocol.Handle(s.api, "PutRetentionPolicy", s.putRetentionPolicy)
	protocol.Handle(s.api, "DeleteRetentionPolicy", s.deleteRetentionPolicy)
	protocol.Handle(s.api, "TagResource", s.tagResource)
	protocol.Handle(s.api, "ListTagsForResource", s.listTagsForResource)
	protocol.Handle(s.api, "CreateLogStream", s.createLogStream)
	protocol.Handle(s.api, "DescribeLogStreams", s.describeLogStreams)
	protocol.Handle(s.api, "DeleteLogStream", s.deleteLogStream)
	protocol.Handle(s.api, "PutLogEvents", s.putLogEvents)
	protocol.Handle(s.api, "GetLogEvents", s.getLogEvents)
	protocol.Handle(s.api, "FilterLogEvents", s.filterLogEvents)
	return s
}

// API is the service on the wire.
func (s *Service) API() *protocol.API { return s.api }

// Put writes lines into a stream at the present moment and makes the stream if need be. A group that does not exist is a
// *protocol.Error with code ResourceNotFoundException.
func (s *Service) Put(groupName, streamName string, lines ...string) error {
	g, ok := s.groups[groupName]
	if !ok {
		return noGroup()
	}
	st := g.streams[streamName]
	if st == nil {
		st = &stream{name: streamName, created: s.clock.Now()}
		g.streams[streamName] = st
	}
	for _, line := range lines {
		s.add(st, s.clock.Now().UnixMilli(), line)
	}
	return nil
}

func noGroup() error {
	return protocol.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
}

func invalid(format string, args ...any) error {
	return protocol.Errorf("InvalidParameterException", format, args...)
}

// find is the group that a request names, by name or by name or ARN as its identifier.
func (s *Service) find(name, identifier *string) (*group, error) {
	if (name == nil) == (identifier == nil) {
		return nil, invalid("Exactly one of logGroupName and logGroupIdentifier is needed.")
	}
	key := aws.ToString(name)
	if identifier != nil {
		key = strings.TrimSuffix(*identifier, ":*")
		if _, short, ok := strings.Cut(key, ":log-group:"); ok {
			key = short
		}
	}
	g, ok := s.groups[key]
	if !ok {
		return nil, noGroup()
	}
	return g, nil
}

func (s *Service) arn(g *group) string { return s.id.ARN("logs", "log-group:"+g.name) }

var groupNames = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)

func (s *Service) createLogGroup(_ *protocol.Call, in *sdk.CreateLogGroupInput) (*sdk.CreateLogGroupOutput, error) {
	name := aws.ToString(in.LogGroupName)
	if !groupNames.MatchString(name) {
		return nil, invalid("1 validation error detected: Value '%s' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+", name)
	}
	if _, ok := s.groups[name]; ok {
		return nil, protocol.Errorf("ResourceAlreadyExistsException", "The specified log group already exists")
	}
	g := &group{name: name, created: s.clock.Now(), class: in.LogGroupClass, key: in.KmsKeyId, protected: aws.ToBool(in.DeletionProtectionEnabled),
		tags: map[string]string{}, streams: map[string]*stream{}}
	if g.class == "" {
		g.class = types.LogGroupClassStandard
	}
	maps.Copy(g.tags, in.Tags)
	s.groups[name] = g
	return &sdk.CreateLogGroupOutput{}, nil
}

func (s *Service) describeLogGroups(c *protocol.Call, in *sdk.DescribeLogGroupsInput) (*sdk.DescribeLogGroupsOutput, error) {
	if err := protocol.Only(c, in, "Limit", "LogGroupClass", "LogGroupNamePattern", "LogGroupNamePrefix", "NextToken"); err != nil {
		return nil, err
	}
	if in.LogGroupNamePattern != nil && in.LogGroupNamePrefix != nil {
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	var names []string
	for name, g := range s.groups {
		if strings.HasPrefix(name, aws.ToString(in.LogGroupNamePrefix)) && strings.Contains(name, aws.ToString(in.LogGroupNamePattern)) &&
			(in.LogGroupClass == "" || in.LogGroupClass == g.class) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	size, err := listSize(in.Limit)
	if err != nil {
		return nil, err
	}
	names, next := paging.After(names, in.NextToken, size)
	out := &sdk.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{}, NextToken: next}
	for _, name := range names {
		out.LogGroups = append(out.LogGroups, s.describe(s.groups[name]))
	}
	return out, nil
}

func (s *Service) describe(g *group) types.LogGroup {
	arn := s.arn(g)
	d := types.LogGroup{
		Arn: new(arn + ":*"), LogGroupArn: &arn, LogGroupName: &g.name, CreationTime: new(g.created.UnixMilli()), LogGroupClass: g.class,
		KmsKeyId: g.key, MetricFilterCount: new(int32(0)), DeletionProtectionEnabled: &g.protected, StoredBytes: new(g.size()),
	}
	if g.retention > 0 {
		d.RetentionInDays = new(g.retention)
	}
	return d
}

func (g *group) size() int64 {
	var size int64
	for _, st := range g.streams {
		for _, e := range st.events {
			size += int64(len(e.message)) + eventOverhead
		}
	}
	return size
}

// listSize is how many groups or streams a list request gets at a time.
func listSize(limit *int32) (int, error) {
	if limit == nil {
		return 50, nil
	}
	if *limit < 1 || *limit > 50 {
		return 0, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and 50", *limit)
	}
	return int(*limit), nil
}

func (s *Service) deleteLogGroup(_ *protocol.Call, in *sdk.DeleteLogGroupInput) (*sdk.DeleteLogGroupOutput, error) {
	g, err := s.find(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	if g.protected {
		return nil, protocol.Errorf("ValidationException", "The log group %s is protected against deletion; turn its deletion protection off first.", g.name)
	}
	delete(s.groups, g.name)
	return &sdk.DeleteLogGroupOutput{}, nil
}

// retentions are the days that PutRetentionPolicy accepts (API reference).
var retentions = []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func (s *Service) putRetentionPolicy(_ *protocol.Call, in *sdk.PutRetentionPolicyInput) (*sdk.PutRetentionPolicyOutput, error) {
	g, err := s.find(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(retentions, aws.ToInt32(in.RetentionInDays)) {
		return nil, invalid("1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: %v", aws.ToInt32(in.RetentionInDays), retentions)
	}
	g.retention = *in.RetentionInDays
	return &sdk.PutRetentionPolicyOutput{}, nil
}

func (s *Service) deleteRetentionPolicy(_ *protocol.Call, in *sdk.DeleteRetentionPolicyInput) (*sdk.DeleteRetentionPolicyOutput, error) {
	g, err := s.find(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	g.retention = 0
	return &sdk.DeleteRetentionPolicyOutput{}, nil
}

func (s *Service) tagResource(_ *protocol.Call, in *sdk.TagResourceInput) (*sdk.TagResourceOutput, error) {
	g, err := s.find(nil, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	maps.Copy(g.tags, in.Tags)
	return &sdk.TagResourceOutput{}, nil
}

func (s *Service) listTagsForResource(_ *protocol.Call, in *sdk.ListTagsForResourceInput) (*sdk.ListTagsForResourceOutput, error) {
	g, err := s.find(nil, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &sdk.ListTagsForResourceOutput{Tags: maps.Clone(g.tags)}, nil
}
