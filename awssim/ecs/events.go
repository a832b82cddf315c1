package ecs

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/ids"
)

// event adds to the service's own events, newest first, of which AWS keeps 100. The texts are those of the developer guide's
// "Amazon ECS service event messages".
func (s *Service) event(svc *service, format string, args ...any) {
	if svc == nil {
		return
	}
	e := types.ServiceEvent{Id: new(ids.UUID(s.clock.Rand())), CreatedAt: new(s.now()), Message: new(fmt.Sprintf(format, args...))}
	svc.events = append([]types.ServiceEvent{e}, svc.events[:min(len(svc.events), 99)]...)
}

// sayTasks is an event that counts and names tasks; what has a %d for their number.
func (s *Service) sayTasks(svc *service, what string, tasks []*task) {
	if len(tasks) == 0 {
		return
	}
	var names strings.Builder
	for _, t := range tasks {
		fmt.Fprintf(&names, " (task %s)", t.id)
	}
	s.event(svc, "(service %s) "+what+"%s.", svc.name, len(tasks), names.String())
}

func iso(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// serviceAction emits an "ECS Service Action" event.
func (s *Service) serviceAction(svc *service, kind, name, reason string) {
	if s.deps.Events == nil {
		return
	}
	s.deps.Events.Emit("aws.ecs", "ECS Service Action", []string{svc.arn}, struct {
		EventType  string `json:"eventType"`
		EventName  string `json:"eventName"`
		ClusterARN string `json:"clusterArn"`
		CreatedAt  string `json:"createdAt"`
		Reason     string `json:"reason,omitempty"`
	}{kind, name, svc.cluster.arn, iso(s.now()), reason})
}

// deploymentEvent emits an "ECS Deployment State Change" event. clusterArn is not documented, but real events have it.
func (s *Service) deploymentEvent(svc *service, d *deployment, kind, name, reason string) {
	if s.deps.Events == nil {
		return
	}
	s.deps.Events.Emit("aws.ecs", "ECS Deployment State Change", []string{svc.arn}, struct {
		EventType    string `json:"eventType"`
		EventName    string `json:"eventName"`
		ClusterARN   string `json:"clusterArn"`
		DeploymentID string `json:"deploymentId"`
		UpdatedAt    string `json:"updatedAt"`
		Reason       string `json:"reason"`
	}{kind, name, svc.cluster.arn, d.id, s.now().UTC().Format(time.RFC3339), reason})
}

type eventTask struct {
	Attachments          []eventAttachment `json:"attachments"`
	AvailabilityZone     string            `json:"availabilityZone"`
	CapacityProviderName string            `json:"capacityProviderName,omitempty"`
	ClusterARN           string            `json:"clusterArn"`
	Connectivity         string            `json:"connectivity,omitempty"`
	ConnectivityAt       string            `json:"connectivityAt,omitempty"`
	ContainerInstanceARN string            `json:"containerInstanceArn,omitempty"`
	Containers           []eventContainer  `json:"containers"`
	CPU                  string            `json:"cpu,omitempty"`
	CreatedAt            string            `json:"createdAt"`
	DesiredStatus        string            `json:"desiredStatus"`
	EnableExecuteCommand bool              `json:"enableExecuteCommand"`
	ExecutionStoppedAt   string            `json:"executionStoppedAt,omitempty"`
	Group                string            `json:"group"`
	LaunchType           string            `json:"launchType"`
	LastStatus           string            `json:"lastStatus"`
	Memory               string            `json:"memory,omitempty"`
	Overrides            eventOverrides    `json:"overrides"`
	PlatformVersion      string            `json:"platformVersion,omitempty"`
	PullStartedAt        string            `json:"pullStartedAt,omitempty"`
	PullStoppedAt        string            `json:"pullStoppedAt,omitempty"`
	StartedAt            string            `json:"startedAt,omitempty"`
	StartedBy            string            `json:"startedBy,omitempty"`
	StoppingAt           string            `json:"stoppingAt,omitempty"`
	StoppedAt            string            `json:"stoppedAt,omitempty"`
	StopCode             string            `json:"stopCode,omitempty"`
	StoppedReason        string            `json:"stoppedReason,omitempty"`
	TaskARN              string            `json:"taskArn"`
	TaskDefinitionARN    string            `json:"taskDefinitionArn"`
	UpdatedAt            string            `json:"updatedAt"`
	Version              int64             `json:"version"`
}

type eventAttachment struct {
	ID      string         `json:"id"`
	Type    string         `json:"type"`
	Status  string         `json:"status"`
	Details []eventKeyName `json:"details"`
}

type eventKeyName struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type eventOverrides struct {
	ContainerOverrides []eventOverride `json:"containerOverrides"`
}

type eventOverride struct {
	Name string `json:"name"`
}

type eventContainer struct {
	ContainerARN      string           `json:"containerArn"`
	ExitCode          *int32           `json:"exitCode,omitempty"`
	LastStatus        string           `json:"lastStatus"`
	Name              string           `json:"name"`
	Image             string           `json:"image"`
	ImageDigest       string           `json:"imageDigest,omitempty"`
	RuntimeID         string           `json:"runtimeId,omitempty"`
	TaskARN           string           `json:"taskArn"`
	NetworkInterfaces []eventInterface `json:"networkInterfaces"`
	CPU               string           `json:"cpu"`
	Memory            string           `json:"memory,omitempty"`
	Reason            string           `json:"reason,omitempty"`
}

type eventInterface struct {
	AttachmentID       string `json:"attachmentId"`
	PrivateIPv4Address string `json:"privateIpv4Address"`
}

// taskEvent emits an "ECS Task State Change" event. As on AWS it says nothing about health.
func (s *Service) taskEvent(t *task) {
	if s.deps.Events == nil {
		return
	}
	e := eventTask{
		Attachments: []eventAttachment{}, AvailabilityZone: t.az, CapacityProviderName: t.provider, ClusterARN: t.cluster.arn,
		CPU: aws.ToString(t.def.in.Cpu), CreatedAt: iso(t.createdAt), DesiredStatus: t.desired, EnableExecuteCommand: t.exec,
		ExecutionStoppedAt: iso(t.executionStopped), Group: t.group, LaunchType: string(t.launchType), LastStatus: t.lastStatus,
		Memory: aws.ToString(t.def.in.Memory), Overrides: eventOverrides{ContainerOverrides: []eventOverride{}}, PlatformVersion: t.platformVersion(),
		PullStartedAt: iso(t.pullStarted), PullStoppedAt: iso(t.pullStopped), StartedAt: iso(t.startedAt), StartedBy: t.startedBy,
		StoppingAt: iso(t.stoppingAt), StoppedAt: iso(t.stoppedAt), StopCode: string(t.stopCode), StoppedReason: t.reason,
		TaskARN: t.arn, TaskDefinitionARN: t.def.arn, UpdatedAt: iso(s.now()), Version: t.version,
	}
	if !t.pullStarted.IsZero() {
		e.Connectivity, e.ConnectivityAt = string(types.ConnectivityConnected), iso(t.pullStarted)
	}
	if t.instance != nil {
		e.ContainerInstanceARN = t.instance.arn
	}
	if t.eni != nil {
		a := eventAttachment{ID: t.eni.attachment, Type: "eni", Status: t.eni.status}
		for _, d := range t.eniDetails() {
			a.Details = append(a.Details, eventKeyName{*d.Name, *d.Value})
		}
		e.Attachments = append(e.Attachments, a)
	}
	for _, c := range t.containers {
		e.Containers = append(e.Containers, s.eventContainer(t, c))
		e.Overrides.ContainerOverrides = append(e.Overrides.ContainerOverrides, eventOverride{*c.def.Name})
	}
	s.deps.Events.Emit("aws.ecs", "ECS Task State Change", []string{t.arn}, e)
}

func (s *Service) eventContainer(t *task, c *container) eventContainer {
	e := eventContainer{ContainerARN: s.containerARN(t, c), ExitCode: c.exitCode, LastStatus: c.lastStatus, Name: *c.def.Name, Image: c.image,
		ImageDigest: c.digest, TaskARN: t.arn, NetworkInterfaces: []eventInterface{}, CPU: fmt.Sprint(c.def.Cpu), Reason: c.reason}
	if t.live {
		e.RuntimeID = c.runtime
	}
	if c.def.Memory != nil {
		e.Memory = fmt.Sprint(*c.def.Memory)
	}
	if t.eni != nil && t.address != "" {
		e.NetworkInterfaces = append(e.NetworkInterfaces, eventInterface{t.eni.attachment, t.address})
	}
	return e
}
