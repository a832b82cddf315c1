package laptop

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"

	"slipway/awssim"
	"slipway/awssim/ecs"
	"slipway/awssim/events"
	"slipway/internal/image"
	"slipway/internal/rollout"
)

// Ending is one of Slipway's own events about how an execution ended.
type Ending struct {
	Kind string // "Deployed", "RolledBack", ...
	rollout.Announcement
}

// watcher keeps what a person would look at in the consoles.
type watcher struct {
	mu      sync.Mutex
	state   string // of the workflow that moved last
	endings chan Ending
}

func (w *watcher) on(sim *awssim.Sim) {
	w.endings = make(chan Ending, 64)
	sim.States.Watch(func(_, state string) {
		w.mu.Lock()
		w.state = state
		w.mu.Unlock()
	})
	sim.Events.Watch(func(e events.Event) {
		ending, ok := endingOf(e)
		if !ok {
			return
		}
		select {
		case w.endings <- ending:
		default: // nobody looks
		}
	})
}

// endingOf reads an event; ok is false for those that end nothing.
func endingOf(e events.Event) (ending Ending, ok bool) {
	kind, ours := strings.CutPrefix(e.DetailType, "Slipway ")
	if e.Source != "slipway" || !ours || json.Unmarshal(e.Detail, &ending.Announcement) != nil {
		return ending, false
	}
	ending.Kind = kind
	for _, known := range rollout.Endings() {
		if kind == string(known) {
			return ending, true
		}
	}
	return ending, false
}

// Endings delivers every ending, in order.
func (l *Laptop) Endings() <-chan Ending { return l.watch.endings }

// WorkflowState is the state that the workflow entered last.
func (l *Laptop) WorkflowState() string {
	l.watch.mu.Lock()
	defer l.watch.mu.Unlock()
	return l.watch.state
}

// Tasks are a service's tasks as they are now.
func (l *Laptop) Tasks(cluster, service string) (tasks []ecs.TaskView) {
	l.clock.Do("tasks", func() { tasks = l.sim.ECS.Tasks(cluster, service) })
	return tasks
}

// RunningImage is the tag of the image that a service's newest revision pins, "" if it is not one of the registry's.
func (l *Laptop) RunningImage(ctx context.Context, cluster, service string) (string, error) {
	cfg := l.sim.Config("laptop")
	services, err := awsecs.NewFromConfig(cfg).DescribeServices(ctx, &awsecs.DescribeServicesInput{Cluster: &cluster, Services: []string{service}})
	if err != nil || len(services.Services) != 1 {
		return "", fmt.Errorf("describe service %s/%s: %w", cluster, service, err)
	}
	definition, err := awsecs.NewFromConfig(cfg).DescribeTaskDefinition(ctx, &awsecs.DescribeTaskDefinitionInput{TaskDefinition: services.Services[0].TaskDefinition})
	if err != nil {
		return "", fmt.Errorf("describe what %s/%s runs: %w", cluster, service, err)
	}
	ref, err := image.Parse(aws.ToString(definition.TaskDefinition.ContainerDefinitions[0].Image))
	if err != nil || ref.Digest == "" {
		return ref.Tag, err
	}
	images, err := awsecr.NewFromConfig(cfg).DescribeImages(ctx, &awsecr.DescribeImagesInput{RepositoryName: &ref.Repository, ImageIds: []types.ImageIdentifier{{ImageDigest: aws.String(string(ref.Digest))}}})
	if err != nil || len(images.ImageDetails) != 1 {
		return "", fmt.Errorf("describe image %s: %w", ref.Pinned(), err)
	}
	return strings.Join(images.ImageDetails[0].ImageTags, ","), nil
}
