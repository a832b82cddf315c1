package rollout

import (
	"cmp"
	"strings"
	"time"

	"slipway/internal/image"
	"slipway/internal/record"
)

// Service is what ECS says of a service, as far as Slipway reads it.
type Service struct {
	Name         record.ServiceName
	ARN          string
	Status       string // ACTIVE, DRAINING, INACTIVE
	Controller   string // ECS, CODE_DEPLOY, EXTERNAL
	Strategy     string // ROLLING, BLUE_GREEN, CANARY, LINEAR; "" means ROLLING
	Revision     string // task definition ARN of the newest request
	Desired      int
	Grace        time.Duration
	Deployments  []Deployment
	TargetGroups []TargetGroup
	Tags         map[string]string
	CreatedAt    time.Time
	Guard        record.Guard
	LastEvent    string   // id of its newest service event
	Events       []string // what ECS said of it lately, newest first
	Current      string   // service-revision ARN of what runs, "" while there are several or ECS names none
}

// Primary is the deployment that ECS works towards; the zero Deployment if it lists none.
func (s Service) Primary() Deployment { return Observation{Deployments: s.Deployments}.Primary() }

// TargetGroup is one load balancer entry of a service.
type TargetGroup struct {
	ARN       string
	Container string
	Port      int
}

// SeenTask is a task of a service with what is needed to tell whose it is and where the load balancer finds it.
type SeenTask struct {
	Task
	Revision   string // task definition ARN
	Deployment string // startedBy, ecs-svc/...
	Addresses  []Address
}

// Address is where a load balancer reaches a container: an IP or an EC2 instance id, and the port there. ContainerPort is
// the port inside.
type Address struct {
	ID            string
	Port          int
	Container     string
	ContainerPort int
}

// SeenTarget is one registration in a target group.
type SeenTarget struct {
	ID     string
	Port   int
	State  string
	Reason string // a sentence: description, else reason code
}

// Definition is what a task definition says, as far as Slipway reads it. Its full content never leaves the adapter.
type Definition struct {
	ARN        string
	Family     string
	Active     bool
	Platform   image.Platform
	Containers []ContainerDefinition
}

// ContainerDefinition is one container of a task definition.
type ContainerDefinition struct {
	Name        string
	Image       string
	Essential   bool
	HealthCheck bool
	LogGroup    string // awslogs-group, "" with another driver
	LogPrefix   string // awslogs-stream-prefix
	LogRegion   string // awslogs-region
}

// LogStream is the awslogs stream of the container in a task: prefix/container/task.
func (c ContainerDefinition) LogStream(task string) string {
	if c.LogPrefix == "" {
		return ""
	}
	return c.LogPrefix + "/" + c.Name + "/" + task
}

// Past is one entry of ECS's service-deployment history.
type Past struct {
	Status    string // IN_PROGRESS, SUCCESSFUL, STOPPED, ROLLBACK_SUCCESSFUL, ...
	Reason    string
	Revision  string // task definition ARN of its target
	CreatedAt time.Time
	Rollback  string // why it was rolled back, "" if it was not
}

// Opted are the slipway: tags of a service that the rules need.
const (
	TagRepository   = "slipway:repository"
	TagFollow       = "slipway:follow"
	TagContainer    = "slipway:container"
	TagBake         = "slipway:bake"
	TagTimeout      = "slipway:timeout"
	TagDrift        = "slipway:drift"
	TagInitialCount = "slipway:initial-count"
)

// RolledBack says why ECS took a deployment back, or is about to, "" if it is not.
func (p Past) RolledBack() string {
	if !strings.HasPrefix(p.Status, "ROLLBACK_") { // REQUESTED, IN_PROGRESS, SUCCESSFUL, FAILED
		return ""
	}
	return cmp.Or(p.Rollback, "ECS says "+p.Status)
}

// Tags are all of them.
func Tags() []string {
	return []string{TagRepository, TagFollow, TagContainer, TagBake, TagTimeout, TagDrift, TagInitialCount}
}
