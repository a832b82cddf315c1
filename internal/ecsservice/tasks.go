package ecsservice

import (
	"context"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/internal/awsfault"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// page is how many tasks or container instances ECS describes in one call, and lists on one page.
const page = 100

// Tasks returns the tasks of a service that was described, running and stopped, sorted by id. ECS forgets a stopped task after about an hour. A
// task that is forgotten between listing and describing is left out.
func (s *Services) Tasks(ctx context.Context, service rollout.Service) ([]rollout.SeenTask, error) {
	name := service.Name
	var arns []string
	for _, status := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		listed, err := s.listTasks(ctx, name, status)
		if err != nil {
			return nil, err
		}
		arns = append(arns, listed...)
	}
	var tasks []types.Task
	err := batches(arns, page, func(batch []string) error { // a task that stops between the two lists is on both
		out, err := s.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &name.Cluster, Tasks: batch})
		if err != nil {
			return awsfault.Of(err, "describe tasks of service %s", name)
		}
		tasks = append(tasks, out.Tasks...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	where, err := s.locate(ctx, service, tasks)
	if err != nil {
		return nil, err
	}
	seen := make([]rollout.SeenTask, 0, len(tasks))
	for _, task := range tasks {
		seen = append(seen, seenTask(task, where))
	}
	// Here and elsewhere in the functions: package slices would compile its algorithm once more for each type, 5 to 9 KB.
	sort.Slice(seen, func(i, j int) bool { return seen[i].ID < seen[j].ID })
	return seen, nil
}

func (s *Services) listTasks(ctx context.Context, name record.ServiceName, status types.DesiredStatus) ([]string, error) {
	var arns []string
	in := &ecs.ListTasksInput{Cluster: &name.Cluster, ServiceName: &name.Service, DesiredStatus: status, MaxResults: aws.Int32(page)}
	for {
		out, err := s.ecs.ListTasks(ctx, in)
		if err != nil {
			return nil, awsfault.Of(err, "list tasks of service %s", name)
		}
		arns = append(arns, out.TaskArns...)
		if aws.ToString(out.NextToken) == "" {
			return arns, nil
		}
		in.NextToken = out.NextToken
	}
}

// whereabouts is what DescribeTasks does not say of the addresses of tasks.
type whereabouts struct {
	balanced  []rollout.TargetGroup // for tasks with a network interface: the container ports that are load balanced
	instances map[string]string     // for tasks without: container instance ARN -> EC2 instance id
}

// locate asks for what the addresses of the tasks need, and only for that. A stopped task needs none.
func (s *Services) locate(ctx context.Context, service rollout.Service, tasks []types.Task) (whereabouts, error) {
	where := whereabouts{balanced: service.TargetGroups, instances: map[string]string{}}
	var hosts []string
	for _, task := range tasks {
		if addressable(task) && len(networkAddresses(task)) == 0 && aws.ToString(task.ContainerInstanceArn) != "" {
			hosts = append(hosts, *task.ContainerInstanceArn)
		}
	}
	return where, batches(hosts, page, func(batch []string) error {
		out, err := s.ecs.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: &service.Name.Cluster, ContainerInstances: batch})
		if err != nil {
			return awsfault.Of(err, "describe container instances of cluster %s", service.Name.Cluster)
		}
		for _, instance := range out.ContainerInstances {
			where.instances[aws.ToString(instance.ContainerInstanceArn)] = aws.ToString(instance.Ec2InstanceId)
		}
		return nil
	})
}

func addressable(task types.Task) bool { return aws.ToString(task.LastStatus) != "STOPPED" }

// networkAddresses are the private addresses of the task's network interface, by one of which an ip target group knows it: by the IPv6
// address if the group is of that type, which it must be where a subnet has no other.
func networkAddresses(task types.Task) []string {
	var ips []string
	for _, attachment := range task.Attachments {
		for _, detail := range attachment.Details {
			if aws.ToString(attachment.Type) == "ElasticNetworkInterface" && aws.ToString(detail.Name) == "privateIPv4Address" {
				ips = append(ips, aws.ToString(detail.Value))
			}
		}
	}
	for _, c := range task.Containers {
		for _, n := range c.NetworkInterfaces {
			if ip, err := netip.ParseAddr(aws.ToString(n.Ipv6Address)); err == nil {
				ips = append(ips, ip.String()) // the shortest of its forms, as package targethealth has it
			}
		}
	}
	return ips
}

func seenTask(task types.Task, where whereabouts) rollout.SeenTask {
	arn := aws.ToString(task.TaskArn)
	seen := rollout.SeenTask{
		Revision:   aws.ToString(task.TaskDefinitionArn),
		Deployment: aws.ToString(task.StartedBy),
		Task: rollout.Task{
			ID:         arn[strings.LastIndex(arn, "/")+1:],
			Status:     aws.ToString(task.LastStatus),
			Stopping:   aws.ToString(task.DesiredStatus) == "STOPPED",
			StopCode:   string(task.StopCode),
			StopReason: aws.ToString(task.StoppedReason),
			StartedAt:  aws.ToTime(task.StartedAt),
			StoppedAt:  ended(task),
			Health:     string(task.HealthStatus),
		},
	}
	for _, c := range task.Containers {
		container := rollout.Container{Name: aws.ToString(c.Name), Health: string(c.HealthStatus), Reason: aws.ToString(c.Reason)}
		if c.ExitCode != nil {
			code := int(*c.ExitCode)
			container.ExitCode = &code
		}
		seen.Containers = append(seen.Containers, container)
	}
	if addressable(task) {
		seen.Addresses = addresses(task, where)
	}
	return seen
}

// ended is when the task stopped; while it is on its way there, which takes a minute on Fargate, when it began to stop.
func ended(task types.Task) time.Time {
	if task.StoppedAt != nil {
		return *task.StoppedAt
	}
	return aws.ToTime(task.StoppingAt)
}

// addresses are where load balancers reach the task's containers, each once: several containers have the same interface, and a port is
// bound once for IPv4 and once for IPv6 and may serve several target groups. With a network interface of its own (awsvpc) a
// container's port is its port outside, and only the service says which ports are balanced; without, DescribeTasks lists the ports of
// the host.
func addresses(task types.Task, where whereabouts) []rollout.Address {
	var all []rollout.Address
	ips := networkAddresses(task)
	for _, ip := range ips {
		for _, group := range where.balanced {
			all = append(all, rollout.Address{ID: ip, Port: group.Port, Container: group.Container, ContainerPort: group.Port})
		}
	}
	instance := where.instances[aws.ToString(task.ContainerInstanceArn)]
	for _, c := range task.Containers {
		for _, binding := range c.NetworkBindings {
			if len(ips) == 0 && instance != "" && binding.HostPort != nil {
				all = append(all, rollout.Address{ID: instance, Port: int(*binding.HostPort), Container: aws.ToString(c.Name), ContainerPort: int(aws.ToInt32(binding.ContainerPort))})
			}
		}
	}
	var distinct []rollout.Address
	for _, a := range all {
		if !slices.Contains(distinct, a) {
			distinct = append(distinct, a)
		}
	}
	return distinct
}
