package laptop

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"slipway/internal/image"
	"slipway/internal/rollout"
)

// View is a service as its page in the console shows it.
type View struct {
	At       time.Time
	Revision string // the primary deployment's, "web:43"
	Desired  int
	Steady   bool   // one deployment, and all its tasks run
	Tasks    []Task // oldest first; stopped ones too, for as long as ECS remembers them
}

// Task is one task with the health of its target, found by the address of the task's network interface.
type Task struct {
	ID        string
	Revision  string
	CreatedAt time.Time
	Status    string // RUNNING
	Stopping  bool   // it is to stop, or has
	Failed    bool   // it stops because it failed
	Target    string // "healthy", "initial", "unhealthy", "draining", ...; "" when the load balancer does not know it
	Reason    string // why the target is not healthy, or why the task stopped
}

// View looks at a service through the public APIs.
func (l *Laptop) View(ctx context.Context, cluster, service string) (View, error) {
	client := ecs.NewFromConfig(l.sim.Config("viewer"))
	s, err := describe(ctx, client, cluster, service)
	if err != nil {
		return View{}, err
	}
	v := View{At: l.Now(), Revision: rollout.ShortRevision(aws.ToString(s.TaskDefinition)), Desired: int(s.DesiredCount)}
	v.Steady = len(s.Deployments) == 1 && s.RunningCount == s.DesiredCount
	targets := map[string][2]string{}
	for _, lb := range s.LoadBalancers {
		if err := l.targets(ctx, aws.ToString(lb.TargetGroupArn), targets); err != nil {
			return v, err
		}
	}
	tasks, err := describeTasks(ctx, client, cluster, service)
	if err != nil {
		return v, err
	}
	for _, t := range tasks {
		v.Tasks = append(v.Tasks, taskOf(t, targets))
	}
	sort.Slice(v.Tasks, func(i, j int) bool {
		a, b := v.Tasks[i], v.Tasks[j]
		if !a.CreatedAt.Equal(b.CreatedAt) {
			return a.CreatedAt.Before(b.CreatedAt)
		}
		return a.ID < b.ID
	})
	return v, nil
}

func describe(ctx context.Context, client *ecs.Client, cluster, service string) (types.Service, error) {
	out, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: []string{service}})
	if err == nil && len(out.Services) != 1 {
		err = errors.New("there is no such service")
	}
	if err != nil {
		return types.Service{}, fmt.Errorf("describe service %s/%s: %w", cluster, service, err)
	}
	return out.Services[0], nil
}

// describeTasks describes the tasks of a service: those that are to run, and those that are to stop or have stopped.
func describeTasks(ctx context.Context, client *ecs.Client, cluster, service string) ([]types.Task, error) {
	var tasks []types.Task
	for _, desired := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		list, err := client.ListTasks(ctx, &ecs.ListTasksInput{Cluster: &cluster, ServiceName: &service, DesiredStatus: desired})
		if err != nil {
			return nil, fmt.Errorf("list tasks of %s/%s: %w", cluster, service, err)
		}
		if len(list.TaskArns) == 0 {
			continue
		}
		out, err := client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: list.TaskArns})
		if err != nil {
			return nil, fmt.Errorf("describe tasks of %s/%s: %w", cluster, service, err)
		}
		tasks = append(tasks, out.Tasks...)
	}
	return tasks, nil
}

// targets adds the health and its reason of every target of a group, by address.
func (l *Laptop) targets(ctx context.Context, group string, into map[string][2]string) error {
	out, err := elasticloadbalancingv2.NewFromConfig(l.sim.Config("viewer")).DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: &group})
	if err != nil {
		return fmt.Errorf("describe target health: %w", err)
	}
	for _, t := range out.TargetHealthDescriptions {
		if t.Target != nil && t.TargetHealth != nil {
			into[aws.ToString(t.Target.Id)] = [2]string{string(t.TargetHealth.State), aws.ToString(t.TargetHealth.Description)}
		}
	}
	return nil
}

func taskOf(t types.Task, targets map[string][2]string) Task {
	task := Task{
		ID:       aws.ToString(t.TaskArn)[strings.LastIndex(aws.ToString(t.TaskArn), "/")+1:],
		Revision: rollout.ShortRevision(aws.ToString(t.TaskDefinitionArn)), CreatedAt: aws.ToTime(t.CreatedAt),
		Status: aws.ToString(t.LastStatus), Stopping: aws.ToString(t.DesiredStatus) == "STOPPED",
	}
	for _, a := range t.Attachments {
		for _, d := range a.Details {
			if target, ok := targets[aws.ToString(d.Value)]; ok && aws.ToString(d.Name) == "privateIPv4Address" {
				task.Target, task.Reason = target[0], target[1]
			}
		}
	}
	if task.Stopping {
		task.Reason = aws.ToString(t.StoppedReason)
		task.Failed = t.StopCode == types.TaskStopCodeEssentialContainerExited || t.StopCode == types.TaskStopCodeTaskFailedToStart || strings.HasPrefix(task.Reason, "Task failed")
	}
	return task
}

// Image is the tags of the image that a revision pins, in the order of their names; none if it is not one of the registry's.
func (l *Laptop) Image(ctx context.Context, revision string) ([]string, error) {
	cfg := l.sim.Config("viewer")
	definition, err := ecs.NewFromConfig(cfg).DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &revision})
	if err != nil {
		return nil, fmt.Errorf("describe task definition %s: %w", revision, err)
	}
	ref, err := image.Parse(aws.ToString(definition.TaskDefinition.ContainerDefinitions[0].Image))
	if err != nil {
		return nil, fmt.Errorf("image of %s: %w", revision, err)
	}
	if ref.Digest == "" {
		return []string{ref.Tag}, nil
	}
	images, err := awsecr.NewFromConfig(cfg).DescribeImages(ctx, &awsecr.DescribeImagesInput{RepositoryName: &ref.Repository,
		ImageIds: []ecrtypes.ImageIdentifier{{ImageDigest: aws.String(string(ref.Digest))}}})
	if err != nil || len(images.ImageDetails) != 1 {
		return nil, fmt.Errorf("describe image %s: %w", ref.Pinned(), err)
	}
	tags := images.ImageDetails[0].ImageTags
	sort.Strings(tags)
	return tags, nil
}
