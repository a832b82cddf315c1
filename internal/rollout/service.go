package rollout

import (
	"time"

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

// Follower is a service that opted in, with its tags.
type Follower struct {
	Name record.ServiceName
	Tags map[string]string
}
