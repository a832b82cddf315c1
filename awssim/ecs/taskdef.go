package ecs

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

// definition is one revision of a task definition. raw is what is described, as it came and with AWS's defaults, so that
// members newer than the SDK survive; in is the same without them, for the scheduler.
type definition struct {
	family       *family
	revision     int
	arn          string
	active       bool
	raw          map[string]any
	in           *ecs.RegisterTaskDefinitionInput
	tags         tagSet
	deregistered time.Time
}

type family struct {
	name      string
	revisions []*definition // revisions[i] has number i+1: numbers are never used again
}

func (f *family) latest() *definition {
	for i := len(f.revisions) - 1; i >= 0; i-- {
		if f.revisions[i].active {
			return f.revisions[i]
		}
	}
	return nil
}

// place is the definition's position in lists, as text that sorts by family, then by revision.
func (d *definition) place() string { return fmt.Sprintf("%s %09d", d.family.name, d.revision) }

func (d *definition) awsvpc() bool { return d.in.NetworkMode == types.NetworkModeAwsvpc }

func (d *definition) container(name string) (types.ContainerDefinition, bool) {
	for _, def := range d.in.ContainerDefinitions {
		if *def.Name == name {
			return def, true
		}
	}
	return types.ContainerDefinition{}, false
}

// platform is what the definition's images must run on, in the words of an image's config.
func (d *definition) platform() (os, arch string) {
	os, arch = "linux", "amd64"
	if p := d.in.RuntimePlatform; p != nil {
		if p.CpuArchitecture == types.CPUArchitectureArm64 {
			arch = "arm64"
		}
		if strings.HasPrefix(string(p.OperatingSystemFamily), "WINDOWS") {
			os = "windows"
		}
	}
	return os, arch
}

func (s *Service) registerTaskDefinition(c *protocol.Call, body json.RawMessage) (json.RawMessage, error) {
	kept, in, err := rawReader{s.FutureFields}.read(body)
	if err != nil {
		return nil, err
	}
	if err := checkDefinition(in); err != nil {
		return nil, err
	}
	if err := checkTags(c, in.Tags); err != nil {
		return nil, err
	}
	if err := normalizeSize(kept, in); err != nil {
		return nil, err
	}
	setDefaults(kept, in)
	f := s.families[*in.Family]
	if f == nil {
		f = &family{name: *in.Family}
		s.families[f.name] = f
	}
	d := &definition{family: f, revision: len(f.revisions) + 1, active: true, raw: kept, in: in, tags: tagsOf(in.Tags)}
	d.arn = s.id.ARN("ecs", fmt.Sprintf("task-definition/%s:%d", f.name, d.revision))
	f.revisions = append(f.revisions, d)
	s.addOutputs(d)
	return d.describe(true)
}

// addOutputs adds the members that only answers have.
func (s *Service) addOutputs(d *definition) {
	compatibilities := []string{"EC2"}
	if d.awsvpc() {
		compatibilities = append(compatibilities, "FARGATE")
	}
	attributes := []map[string]string{{"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"}}
	if d.awsvpc() {
		attributes = append(attributes, map[string]string{"name": "ecs.capability.task-eni"})
	}
	d.raw["taskDefinitionArn"], d.raw["revision"] = d.arn, d.revision
	d.raw["status"], d.raw["compatibilities"], d.raw["requiresAttributes"] = "ACTIVE", compatibilities, attributes
	d.raw["registeredAt"] = epoch(s.now())
	d.raw["registeredBy"] = "arn:aws:iam::" + s.id.Account + ":root"
}

// epoch is a time as AWS JSON writes it.
func epoch(t time.Time) json.Number {
	return json.Number(strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64))
}

// describe is the answer that carries a task definition; the tags stand beside it.
func (d *definition) describe(withTags bool) (json.RawMessage, error) {
	out := map[string]any{"taskDefinition": d.raw}
	if withTags {
		tags := []map[string]string{}
		for _, key := range slices.Sorted(maps.Keys(d.tags)) {
			tags = append(tags, map[string]string{"key": key, "value": d.tags[key]})
		}
		out["tags"] = tags
	}
	return json.Marshal(out)
}

// definition finds a task definition by family (the latest active revision), family:revision or ARN; nil when there is none, as
// for an ARN of another account, region or kind.
func (s *Service) definition(ref string) *definition {
	if !strings.HasPrefix(ref, "arn:") {
		return s.named(ref)
	}
	name, ours := strings.CutPrefix(ref, s.id.ARN("ecs", "task-definition/"))
	if !ours {
		return nil
	}
	return s.named(name)
}

// named finds a task definition by family or family:revision.
func (s *Service) named(ref string) *definition {
	name, revision, exact := strings.Cut(ref, ":")
	f := s.families[name]
	switch {
	case f == nil:
		return nil
	case !exact:
		return f.latest()
	}
	n, err := strconv.Atoi(revision)
	if err != nil || n < 1 || n > len(f.revisions) {
		return nil
	}
	return f.revisions[n-1]
}

// runnable is a task definition that a service or RunTask may start tasks of.
func (s *Service) runnable(ref string) (*definition, error) {
	d := s.definition(ref)
	if d == nil {
		return nil, client("TaskDefinition not found.")
	}
	if !d.active {
		return nil, client("TaskDefinition is inactive")
	}
	return d, nil
}

func (s *Service) describeTaskDefinition(_ *protocol.Call, body json.RawMessage) (json.RawMessage, error) {
	var in ecs.DescribeTaskDefinitionInput
	if err := protocol.DecodeJSON(body, &in); err != nil {
		return nil, err
	}
	d := s.definition(aws.ToString(in.TaskDefinition))
	if d == nil {
		return nil, client("Unable to describe task definition.")
	}
	return d.describe(slices.Contains(in.Include, types.TaskDefinitionFieldTags))
}

func (s *Service) deregisterTaskDefinition(_ *protocol.Call, body json.RawMessage) (json.RawMessage, error) {
	var in ecs.DeregisterTaskDefinitionInput
	if err := protocol.DecodeJSON(body, &in); err != nil {
		return nil, err
	}
	if !strings.Contains(lastPart(aws.ToString(in.TaskDefinition)), ":") {
		return nil, client("Unable to deregister task definition: give family:revision or an ARN.")
	}
	d := s.definition(*in.TaskDefinition)
	if d == nil {
		return nil, client("The specified task definition does not exist.")
	}
	if d.active {
		d.active, d.deregistered = false, s.now()
		d.raw["status"], d.raw["deregisteredAt"] = "INACTIVE", epoch(s.now())
	}
	return d.describe(false)
}

func (s *Service) listTaskDefinitions(_ *protocol.Call, in *ecs.ListTaskDefinitionsInput) (*ecs.ListTaskDefinitionsOutput, error) {
	var found []*definition
	for _, name := range slices.Sorted(maps.Keys(s.families)) {
		if in.FamilyPrefix != nil && *in.FamilyPrefix != name { // the whole name, in spite of what the member is called
			continue
		}
		for _, d := range s.families[name].revisions {
			if d.active == (in.Status != types.TaskDefinitionStatusInactive) {
				found = append(found, d)
			}
		}
	}
	order := strings.Compare
	if in.Sort == types.SortOrderDesc {
		slices.Reverse(found)
		order = paging.Descending
	}
	found, next, err := pageBy(found, (*definition).place, order, in.MaxResults, 100, 100, in.NextToken)
	if err != nil {
		return nil, err
	}
	arns := []string{}
	for _, d := range found {
		arns = append(arns, d.arn)
	}
	return &ecs.ListTaskDefinitionsOutput{TaskDefinitionArns: arns, NextToken: next}, nil
}

func (s *Service) listTaskDefinitionFamilies(_ *protocol.Call, in *ecs.ListTaskDefinitionFamiliesInput) (*ecs.ListTaskDefinitionFamiliesOutput, error) {
	names := []string{}
	for name, f := range s.families {
		active := f.latest() != nil
		wanted := in.Status == types.TaskDefinitionFamilyStatusAll || active == (in.Status != types.TaskDefinitionFamilyStatusInactive)
		if wanted && strings.HasPrefix(name, aws.ToString(in.FamilyPrefix)) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	names, next, err := page(names, in.MaxResults, 100, 100, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ecs.ListTaskDefinitionFamiliesOutput{Families: names, NextToken: next}, nil
}
