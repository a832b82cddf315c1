package ecs

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/protocol"
)

func (s *Service) listTasks(c *protocol.Call, in *ecs.ListTasksInput) (*ecs.ListTasksOutput, error) {
	if err := protocol.Only(c, in, "Cluster", "ContainerInstance", "DesiredStatus", "Family", "LaunchType", "MaxResults", "NextToken", "ServiceName", "StartedBy"); err != nil {
		return nil, err
	}
	cl, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if in.StartedBy != nil && (in.ServiceName != nil || in.Family != nil || in.ContainerInstance != nil) {
		return nil, invalid("startedBy must be the only filter: remove serviceName, family and containerInstance.")
	}
	asked := taskFilter{ListTasksInput: in}
	if in.ServiceName != nil {
		if asked.service, err = s.service(in.Cluster, in.ServiceName); err != nil {
			return nil, err
		}
	}
	if in.ContainerInstance != nil {
		if asked.instance, err = s.within(cl, "container-instance", *in.ContainerInstance); err != nil {
			return nil, err
		}
	}
	s.prune(cl)
	desired := cmp.Or(string(in.DesiredStatus), desiredRunning)
	arns := []string{}
	for _, t := range cl.tasks {
		if t.desired == desired && asked.matches(t) {
			arns = append(arns, t.arn)
		}
	}
	sort.Strings(arns)
	arns, next, err := page(arns, in.MaxResults, 100, 100, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ecs.ListTasksOutput{TaskArns: arns, NextToken: next}, nil
}

// taskFilter is what ListTasks asks for, with its references looked up.
type taskFilter struct {
	*ecs.ListTasksInput
	service  *service
	instance string // id
}

func (in taskFilter) matches(t *task) bool {
	return (in.service == nil || t.group == "service:"+in.service.name) &&
		(in.Family == nil || t.def.family.name == *in.Family) &&
		(in.StartedBy == nil || t.startedBy == *in.StartedBy) &&
		(in.LaunchType == "" || t.launchType == in.LaunchType) &&
		(in.ContainerInstance == nil || t.instance != nil && t.instance.id == in.instance)
}

func (s *Service) describeTasks(_ *protocol.Call, in *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
	cl, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if n := len(in.Tasks); n == 0 || n > 100 {
		return nil, invalid("Tasks must have 1 to 100 entries, not %d.", n)
	}
	s.prune(cl)
	out := &ecs.DescribeTasksOutput{Tasks: []types.Task{}, Failures: []types.Failure{}}
	withTags := slices.Contains(in.Include, types.TaskFieldTags)
	for _, ref := range in.Tasks {
		id, err := s.within(cl, "task", ref)
		if err != nil {
			return nil, err
		}
		t := cl.tasks[id]
		if t == nil {
			out.Failures = append(out.Failures, s.missing(cl, "task", ref))
			continue
		}
		out.Tasks = append(out.Tasks, s.describeTask(t, withTags))
	}
	return out, nil
}

func (t *task) platformVersion() string {
	switch {
	case t.launchType != types.LaunchTypeFargate:
		return ""
	case t.platform == "" || t.platform == "LATEST":
		return "1.4.0"
	}
	return t.platform
}

func (s *Service) describeTask(t *task, withTags bool) types.Task {
	out := types.Task{
		TaskArn: &t.arn, TaskDefinitionArn: &t.def.arn, ClusterArn: &t.cluster.arn, AvailabilityZone: &t.az, Group: &t.group,
		StartedBy: opt(t.startedBy), LaunchType: t.launchType, CapacityProviderName: opt(t.provider), Cpu: t.def.in.Cpu, Memory: t.def.in.Memory,
		LastStatus: new(t.lastStatus), DesiredStatus: new(t.desired), HealthStatus: t.health(), EnableExecuteCommand: t.exec,
		StopCode: t.stopCode, StoppedReason: opt(t.reason), Version: t.version, CreatedAt: &t.createdAt, PullStartedAt: optTime(t.pullStarted),
		PullStoppedAt: optTime(t.pullStopped), StartedAt: optTime(t.startedAt), StoppingAt: optTime(t.stoppingAt),
		ExecutionStoppedAt: optTime(t.executionStopped), StoppedAt: optTime(t.stoppedAt), PlatformVersion: opt(t.platformVersion()),
		Attachments: []types.Attachment{}, Attributes: []types.Attribute{}, Overrides: t.describeOverrides(),
	}
	if !t.pullStarted.IsZero() {
		out.Connectivity, out.ConnectivityAt = types.ConnectivityConnected, &t.pullStarted
	}
	if t.launchType == types.LaunchTypeFargate {
		_, arch := t.def.platform()
		out.PlatformFamily = new("Linux")
		out.Attributes = append(out.Attributes, types.Attribute{Name: new("ecs.cpu-architecture"), Value: new(map[string]string{"amd64": "x86_64", "arm64": "arm64"}[arch])})
	}
	if t.instance != nil {
		out.ContainerInstanceArn = &t.instance.arn
	}
	if t.eni != nil {
		out.Attachments = append(out.Attachments, types.Attachment{Id: &t.eni.attachment, Type: new("ElasticNetworkInterface"), Status: new(t.eni.status), Details: t.eniDetails()})
	}
	for _, c := range t.containers {
		out.Containers = append(out.Containers, s.describeContainer(t, c))
	}
	if withTags {
		out.Tags = t.tags.list()
	}
	return out
}

func (t *task) describeOverrides() *types.TaskOverride {
	out := &types.TaskOverride{}
	for _, c := range t.containers {
		if o := t.override(*c.def.Name); o != nil {
			out.ContainerOverrides = append(out.ContainerOverrides, *o)
			continue
		}
		out.ContainerOverrides = append(out.ContainerOverrides, types.ContainerOverride{Name: c.def.Name})
	}
	return out
}

// eniDetails are an attachment's details, those that are known yet.
func (t *task) eniDetails() []types.KeyValuePair {
	details := []types.KeyValuePair{}
	add := func(name, value string) {
		if value != "" {
			details = append(details, types.KeyValuePair{Name: &name, Value: &value})
		}
	}
	add("subnetId", t.eni.subnet)
	if t.address != "" {
		add("networkInterfaceId", t.eni.id)
		add("macAddress", t.eni.mac)
		add("privateIPv4Address", t.address)
	}
	return details
}

func (s *Service) containerARN(t *task, c *container) string {
	return s.id.ARN("ecs", "container/"+t.cluster.name+"/"+t.id+"/"+c.id)
}

func (s *Service) describeContainer(t *task, c *container) types.Container {
	out := types.Container{
		ContainerArn: new(s.containerARN(t, c)), TaskArn: &t.arn, Name: c.def.Name, Image: &c.image, ImageDigest: opt(c.digest),
		LastStatus: new(c.lastStatus), ExitCode: c.exitCode, Reason: opt(c.reason), HealthStatus: c.health,
		Cpu: new(fmt.Sprint(c.def.Cpu)), NetworkBindings: notNil(c.ports), NetworkInterfaces: []types.NetworkInterface{},
	}
	if t.live {
		out.RuntimeId = &c.runtime
	}
	if c.def.Memory != nil {
		out.Memory = new(fmt.Sprint(*c.def.Memory))
	}
	if c.def.MemoryReservation != nil {
		out.MemoryReservation = new(fmt.Sprint(*c.def.MemoryReservation))
	}
	if t.eni != nil && t.address != "" {
		out.NetworkInterfaces = append(out.NetworkInterfaces, types.NetworkInterface{AttachmentId: &t.eni.attachment, PrivateIpv4Address: &t.address})
	}
	return out
}
