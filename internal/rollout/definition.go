package rollout

import "slipway/internal/image"

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
