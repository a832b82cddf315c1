package ecs

import (
	"maps"
	"slices"
	"sort"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/protocol"
)

// instance is an EC2 instance that joined a cluster.
type instance struct {
	id, arn, ec2ID, az, address string
	cpu, memory                 int // of the whole instance, in units and MiB
	usedCPU, usedMemory         int
	ports                       map[int]bool // host ports in use
	nextPort                    int
	tasks                       int
}

// The range of dynamic host ports of the ECS-optimized AMI.
const firstDynamicPort, lastDynamicPort = 32768, 60999

// AddInstance lets an EC2 instance join a cluster, with cpu units and MiB of memory for tasks, and returns its instance id.
// An unknown cluster is a ClusterNotFoundException.
func (s *Service) AddInstance(clusterRef, az string, cpu, memory int) (string, error) {
	cl, err := s.cluster(&clusterRef)
	if err != nil {
		return "", err
	}
	id := s.hexID()
	i := &instance{id: id, ec2ID: "i-0" + id[:16], az: az, cpu: cpu, memory: memory, ports: map[int]bool{}, nextPort: firstDynamicPort,
		arn: s.id.ARN("ecs", "container-instance/"+cl.name+"/"+id), address: s.deps.Runtime.Address()}
	cl.instances = append(cl.instances, i)
	s.wakeBlocked(cl, true)
	return i.ec2ID, nil
}

// InstanceAddress is where the tasks in bridge mode of an instance answer: a load balancer's targets of type instance name
// the instance, and its prober needs an address.
func (s *Service) InstanceAddress(ec2ID string) (string, bool) {
	for _, name := range slices.Sorted(maps.Keys(s.clusters)) {
		for _, i := range s.clusters[name].instances {
			if i.ec2ID == ec2ID {
				return i.address, true
			}
		}
	}
	return "", false
}

// need is what a task takes of an instance.
type need struct {
	cpu, memory int
	ports       []int
}

func needOf(d *definition) need {
	var n need
	if d.in.Cpu != nil {
		n.cpu = cpuUnits(*d.in.Cpu)
	}
	if d.in.Memory != nil {
		n.memory = mebibytes(*d.in.Memory)
	}
	for _, def := range d.in.ContainerDefinitions {
		if d.in.Cpu == nil {
			n.cpu += int(def.Cpu)
		}
		if d.in.Memory == nil {
			n.memory += intOr(def.MemoryReservation, int(aws.ToInt32(def.Memory)))
		}
		for _, p := range def.PortMappings {
			if port := int(aws.ToInt32(p.HostPort)); port != 0 && !d.awsvpc() {
				n.ports = append(n.ports, port)
			}
		}
	}
	return n
}

// lacks is what keeps a task off the instance, in the words of SERVICE_TASK_PLACEMENT_FAILURE's reason; "" when it fits.
func (i *instance) lacks(n need) string {
	switch {
	case i.cpu-i.usedCPU < n.cpu:
		return "RESOURCE:CPU"
	case i.memory-i.usedMemory < n.memory:
		return "RESOURCE:MEMORY"
	}
	for _, port := range n.ports {
		if i.ports[port] {
			return "RESOURCE:PORTS"
		}
	}
	return ""
}

func (i *instance) take(n need) {
	i.usedCPU, i.usedMemory, i.tasks = i.usedCPU+n.cpu, i.usedMemory+n.memory, i.tasks+1
	for _, port := range n.ports {
		i.ports[port] = true
	}
}

func (i *instance) give(n need, dynamic []int) {
	i.usedCPU, i.usedMemory, i.tasks = i.usedCPU-n.cpu, i.usedMemory-n.memory, i.tasks-1
	for _, port := range append(n.ports, dynamic...) {
		delete(i.ports, port)
	}
}

// dynamicPort is the next free port of the ephemeral range.
func (i *instance) dynamicPort() int {
	for {
		port := i.nextPort
		if i.nextPort++; i.nextPort > lastDynamicPort {
			i.nextPort = firstDynamicPort
		}
		if !i.ports[port] {
			i.ports[port] = true
			return port
		}
	}
}

// place chooses an instance for one more task of a service: among those where it fits, the zone with the fewest of the
// service's tasks, then the instance with the fewest (API reference, UpdateService). Otherwise it says what the closest one
// lacks.
func (cl *cluster) place(n need, tasks []*task) (*instance, string) {
	inZone, onInstance := map[string]int{}, map[*instance]int{}
	for _, t := range tasks {
		if t.instance != nil && t.desired == desiredRunning {
			inZone[t.instance.az]++
			onInstance[t.instance]++
		}
	}
	var fit []*instance
	why := noInstance
	for _, i := range cl.instances {
		lack := i.lacks(n)
		if lack == "" {
			fit = append(fit, i)
		} else if why == noInstance {
			why = lack
		}
	}
	if len(fit) == 0 {
		return nil, why
	}
	sort.SliceStable(fit, func(a, b int) bool {
		x, y := fit[a], fit[b]
		if inZone[x.az] != inZone[y.az] {
			return inZone[x.az] < inZone[y.az]
		}
		if onInstance[x] != onInstance[y] {
			return onInstance[x] < onInstance[y]
		}
		return x.tasks < y.tasks
	})
	return fit[0], ""
}

func (i *instance) describe(cl *cluster) types.ContainerInstance {
	out := types.ContainerInstance{
		ContainerInstanceArn: &i.arn, Ec2InstanceId: &i.ec2ID, Status: new("ACTIVE"), AgentConnected: true, Version: int64(i.tasks + 1),
		RegisteredResources: resources(i.cpu, i.memory), RemainingResources: resources(i.cpu-i.usedCPU, i.memory-i.usedMemory),
		Attributes: []types.Attribute{{Name: new("ecs.availability-zone"), Value: &i.az}, {Name: new("ecs.os-type"), Value: new("linux")}},
	}
	for _, t := range cl.tasks {
		if t.instance != i {
			continue
		}
		switch {
		case t.running():
			out.RunningTasksCount++
		case t.starting():
			out.PendingTasksCount++
		}
	}
	return out
}

func resources(cpu, memory int) []types.Resource {
	return []types.Resource{
		{Name: new("CPU"), Type: new("INTEGER"), IntegerValue: int32(cpu)},
		{Name: new("MEMORY"), Type: new("INTEGER"), IntegerValue: int32(memory)},
	}
}

func (s *Service) describeContainerInstances(_ *protocol.Call, in *ecs.DescribeContainerInstancesInput) (*ecs.DescribeContainerInstancesOutput, error) {
	cl, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if n := len(in.ContainerInstances); n == 0 || n > 100 {
		return nil, invalid("Container instances must have 1 to 100 entries.")
	}
	out := &ecs.DescribeContainerInstancesOutput{ContainerInstances: []types.ContainerInstance{}, Failures: []types.Failure{}}
	for _, ref := range in.ContainerInstances {
		id, err := s.within(cl, "container-instance", ref)
		if err != nil {
			return nil, err
		}
		if i := cl.instance(id); i != nil {
			out.ContainerInstances = append(out.ContainerInstances, i.describe(cl))
			continue
		}
		out.Failures = append(out.Failures, s.missing(cl, "container-instance", ref))
	}
	return out, nil
}

func (cl *cluster) instance(id string) *instance {
	for _, i := range cl.instances {
		if i.id == id {
			return i
		}
	}
	return nil
}

func (s *Service) listContainerInstances(c *protocol.Call, in *ecs.ListContainerInstancesInput) (*ecs.ListContainerInstancesOutput, error) {
	if err := protocol.Only(c, in, "Cluster", "MaxResults", "NextToken", "Status"); err != nil {
		return nil, err
	}
	cl, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	arns := []string{}
	if in.Status == "" || in.Status == types.ContainerInstanceStatusActive {
		for _, i := range cl.instances {
			arns = append(arns, i.arn)
		}
	}
	sort.Strings(arns)
	arns, next, err := page(arns, in.MaxResults, 100, 100, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ecs.ListContainerInstancesOutput{ContainerInstanceArns: arns, NextToken: next}, nil
}
