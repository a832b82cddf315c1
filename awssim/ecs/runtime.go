package ecs

import (
	"time"

	"slipway/awssim/ecr"
)

// Runtime runs the containers of tasks: real processes on a laptop, scripted behaviours in tests. Its methods are called in
// turns and return at once.
type Runtime interface {
	// Address is a free address for a task's network interface, or for a container instance.
	Address() string
	// Start starts the task's containers. Each report is made in a turn of its own, never from inside Start.
	Start(t Task, report func(Report))
	// Stop sends SIGTERM to the task's containers, and SIGKILL after grace. Their exits are reported as any other.
	Stop(taskID string, grace time.Duration)
	// Release gives an address back.
	Release(address string)
}

// Task is a task as its runtime sees it. The image of every container is resolved.
type Task struct {
	ID, ARN, Address string
	OS, Architecture string // what it must run on, as in an image's config: "linux", "arm64"
	Containers       []Container
}

// Container is what one container of a task runs. Entrypoint, Command and Environment are complete: the image's own with the
// task definition's over it, secrets included.
type Container struct {
	Name         string
	Image        ecr.Image
	Entrypoint   []string
	Command      []string
	Environment  map[string]string
	Essential    bool
	PortMappings []PortMapping
	Log          func(lines ...string) // to the container's log driver; never nil, called in turns
	HealthCheck  *HealthCheck          // nil when there is none
}

// PortMapping is a port of a container and where it is reached: at the task's address and HostPort.
type PortMapping struct{ ContainerPort, HostPort int }

// HealthCheck is a container's health check with ECS's defaults filled in.
type HealthCheck struct {
	Command                        []string
	Interval, Timeout, StartPeriod time.Duration
	Retries                        int
}

// The events of a Report.
const (
	Started   = "started"
	Exited    = "exited"
	Healthy   = "healthy"
	Unhealthy = "unhealthy"
)

// Report is what a runtime says of a container. ExitCode and Reason belong to Exited.
type Report struct {
	Container string
	Event     string
	ExitCode  int
	Reason    string // "OutOfMemoryError: container killed due to memory usage", usually ""
}
