package ecs

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/protocol"
)

func (s *Service) runTask(c *protocol.Call, in *ecs.RunTaskInput) (*ecs.RunTaskOutput, error) {
	if err := protocol.Only(c, in, "TaskDefinition", "ClientToken", "Cluster", "Count", "Group", "LaunchType", "NetworkConfiguration", "Overrides",
		"PlatformVersion", "PropagateTags", "StartedBy", "Tags", "EnableECSManagedTags", "EnableExecuteCommand"); err != nil {
		return nil, err
	}
	if err := checkOverrides(c, in.Overrides); err != nil {
		return nil, err
	}
	cl, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	def, err := s.runnable(aws.ToString(in.TaskDefinition))
	if err != nil {
		return nil, err
	}
	count := intOr(in.Count, 1)
	if count < 1 || count > 10 {
		return nil, invalid("count must be from 1 to 10, not %d.", count)
	}
	if err := checkTags(c, in.Tags); err != nil {
		return nil, err
	}
	cfg := &config{target: target{def: def, network: in.NetworkConfiguration}, launchType: in.LaunchType}
	cfg.placeBy(cl)
	if err := s.checkTarget(cfg); err != nil {
		return nil, err
	}
	if list := def.lacking(); len(list) > 0 {
		return nil, invalid("awssim does not implement %s: run a task definition without.", strings.Join(list, ", "))
	}
	out := &ecs.RunTaskOutput{Tasks: []types.Task{}, Failures: []types.Failure{}}
	if again := cl.ranWith(aws.ToString(in.ClientToken)); again != nil {
		for _, t := range again {
			out.Tasks = append(out.Tasks, s.describeTask(t, true))
		}
		return out, nil
	}
	for range count {
		t, failure := s.runOne(cl, cfg, in)
		if failure != nil {
			out.Failures = append(out.Failures, *failure)
			continue
		}
		out.Tasks = append(out.Tasks, s.describeTask(t, true))
	}
	return out, nil
}

// ranWith are the tasks of an earlier call with the same client token, as long as they can be described.
func (cl *cluster) ranWith(token string) []*task {
	if token == "" {
		return nil
	}
	var found []*task
	for _, id := range slices.Sorted(maps.Keys(cl.tasks)) {
		if cl.tasks[id].token == token {
			found = append(found, cl.tasks[id])
		}
	}
	return found
}

func checkOverrides(c *protocol.Call, o *types.TaskOverride) error {
	if o == nil {
		return nil
	}
	if err := protocol.Only(c, o, "ContainerOverrides"); err != nil {
		return err
	}
	for i := range o.ContainerOverrides {
		if err := protocol.Only(c, &o.ContainerOverrides[i], "Name", "Command", "Environment"); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) runOne(cl *cluster, cfg *config, in *ecs.RunTaskInput) (*task, *types.Failure) {
	var at *instance
	zone := s.zones(cfg.subnets())[0]
	if cfg.fargate() {
		if s.FargateUnavailable != "" {
			return nil, &types.Failure{Reason: new(s.FargateUnavailable)}
		}
	} else {
		var why string
		if at, why = cl.place(needOf(cfg.def), nil); at == nil {
			return nil, &types.Failure{Reason: new(why)}
		}
		zone = at.az
	}
	t := s.newTask(cl, cfg.def, at, zone)
	t.launchType, t.provider = cfg.launch()
	t.platform, t.overrides, t.exec = aws.ToString(in.PlatformVersion), in.Overrides, in.EnableExecuteCommand
	t.group, t.startedBy, t.token = aws.ToString(in.Group), aws.ToString(in.StartedBy), aws.ToString(in.ClientToken)
	if t.group == "" {
		t.group = "family:" + cfg.def.family.name
	}
	s.tagTask(t, in.PropagateTags, nil, in.EnableECSManagedTags)
	for _, tag := range in.Tags {
		t.tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	if t.eni != nil {
		t.eni.subnet = s.subnet(cfg.subnets(), zone)
	}
	s.begin(t)
	return t, nil
}

func (s *Service) stopTask(_ *protocol.Call, in *ecs.StopTaskInput) (*ecs.StopTaskOutput, error) {
	cl, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	s.prune(cl)
	id, err := s.within(cl, "task", aws.ToString(in.Task))
	if err != nil {
		return nil, err
	}
	t := cl.tasks[id]
	if t == nil {
		return nil, invalid("The referenced task was not found.")
	}
	s.stop(t, types.TaskStopCodeUserInitiated, cmp.Or(aws.ToString(in.Reason), "Task stopped by user"))
	s.wakeOf(t)
	return &ecs.StopTaskOutput{Task: new(s.describeTask(t, false))}, nil
}
