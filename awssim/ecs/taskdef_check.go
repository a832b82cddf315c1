package ecs

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// checkDefinition refuses what AWS refuses when a task definition is registered. The rules are those of the ECS developer
// guide's task definition parameters, for Fargate and for EC2.
func checkDefinition(in *ecs.RegisterTaskDefinitionInput) error {
	if aws.ToString(in.Family) == "" {
		return client("Family should not be null or empty.")
	}
	if !validName(*in.Family) {
		return client("Family %q contains invalid characters: up to 255 letters, digits, hyphens and underscores are allowed.", *in.Family)
	}
	if len(in.ContainerDefinitions) == 0 {
		return client("Container definitions should not be null or empty.")
	}
	if in.Tags != nil && len(in.Tags) == 0 {
		return client("Tags can not be empty.")
	}
	names, essential := map[string]bool{}, false
	for _, def := range in.ContainerDefinitions {
		if err := checkContainer(in, def); err != nil {
			return err
		}
		if names[*def.Name] {
			return client("Container names must be unique: %q is there twice.", *def.Name)
		}
		names[*def.Name] = true
		essential = essential || def.Essential == nil || *def.Essential
	}
	if !essential {
		return client("Invalid task definition: at least one container must be essential.")
	}
	if slices.Contains(in.RequiresCompatibilities, types.CompatibilityFargate) {
		return checkFargate(in)
	}
	return nil
}

func checkContainer(in *ecs.RegisterTaskDefinitionInput, def types.ContainerDefinition) error {
	name := aws.ToString(def.Name)
	switch {
	case name == "":
		return client("Container.name should not be null or empty.")
	case aws.ToString(def.Image) == "":
		return client("Container.image should not be null or empty.")
	case in.Memory == nil && def.Memory == nil && def.MemoryReservation == nil && !slices.Contains(in.RequiresCompatibilities, types.CompatibilityFargate):
		return client("Invalid setting for container '%s'. At least one of 'memory' or 'memoryReservation' must be specified.", name)
	}
	if def.LogConfiguration != nil && def.LogConfiguration.Options["awslogs-create-group"] == "true" {
		return client("awssim does not implement awslogs-create-group: create the log group and remove the option from container '%s'.", name)
	}
	for _, p := range def.PortMappings {
		if in.NetworkMode == types.NetworkModeAwsvpc && int(aws.ToInt32(p.HostPort)) != 0 && int(aws.ToInt32(p.HostPort)) != int(aws.ToInt32(p.ContainerPort)) {
			return client("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
		}
		if !inRange(p.ContainerPort, 1, 65535) || !inRange(p.HostPort, 0, 65535) {
			return client("Invalid port mapping of container '%s': ports are from 1 to 65535, a host port of 0 means any.", name)
		}
	}
	return checkHealthCheck(name, def.HealthCheck)
}

// checkHealthCheck follows the API reference (HealthCheck), which gives the ranges and how a command begins.
func checkHealthCheck(name string, h *types.HealthCheck) error {
	if h == nil {
		return nil
	}
	if len(h.Command) < 2 || h.Command[0] != "CMD" && h.Command[0] != "CMD-SHELL" {
		return client("Invalid health check command of container '%s': it must start with CMD or CMD-SHELL, and the command follows.", name)
	}
	for _, n := range []struct {
		member    string
		value     *int32
		low, high int32
	}{{"interval", h.Interval, 5, 300}, {"timeout", h.Timeout, 2, 60}, {"retries", h.Retries, 1, 10}, {"startPeriod", h.StartPeriod, 0, 300}} {
		if !inRange(n.value, n.low, n.high) {
			return client("Invalid health check %s of container '%s': %d is not from %d to %d.", n.member, name, *n.value, n.low, n.high)
		}
	}
	return nil
}

// inRange reports whether a number is in a closed range; nil is.
func inRange(n *int32, low, high int32) bool { return n == nil || *n >= low && *n <= high }

var ecrHost = regexp.MustCompile(`^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/`)

func checkFargate(in *ecs.RegisterTaskDefinitionInput) error {
	if in.NetworkMode != types.NetworkModeAwsvpc {
		return client("Fargate only supports network mode ‘awsvpc’.")
	}
	if in.Cpu == nil {
		return client("Fargate requires that 'cpu' be defined at the task level.")
	}
	if in.Memory == nil {
		return client("Fargate requires that 'memory' be defined at the task level.")
	}
	cpu, memory := cpuUnits(*in.Cpu), mebibytes(*in.Memory)
	if !fargateSize(cpu, memory) {
		return client("No Fargate configuration exists for given values: %s CPU, %s memory. See the Amazon ECS documentation for the valid values.", *in.Cpu, *in.Memory)
	}
	if in.ExecutionRoleArn != nil {
		return nil
	}
	for _, def := range in.ContainerDefinitions {
		if ecrHost.MatchString(*def.Image) {
			return client("Fargate requires task definition to have execution role ARN to support ECR images.")
		}
		if def.LogConfiguration != nil && def.LogConfiguration.LogDriver == types.LogDriverAwslogs {
			return client("Fargate requires task definition to have execution role ARN to support log driver awslogs.")
		}
		if len(def.Secrets) > 0 {
			return client("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.")
		}
	}
	return nil
}

// fargateSize follows the table "Fargate task CPU and memory" of the developer guide; cpu in units, memory in MiB.
func fargateSize(cpu, memory int) bool {
	steps := map[int]struct{ from, to, step int }{
		512: {1024, 4096, 1024}, 1024: {2048, 8192, 1024}, 2048: {4096, 16384, 1024}, 4096: {8192, 30720, 1024},
		8192: {16384, 61440, 4096}, 16384: {32768, 122880, 8192}, 32768: {61440, 249856, 4096},
	}
	if cpu == 256 {
		return memory == 512 || memory == 1024 || memory == 2048
	}
	r, ok := steps[cpu]
	return ok && memory >= r.from && memory <= r.to && (memory-r.from)%r.step == 0
}

// cpuUnits reads "1024" or "1 vCPU"; 0 when it is neither.
func cpuUnits(text string) int { return withUnit(text, "vcpu", 1024) }

// mebibytes reads "2048" or "2 GB"; 0 when it is neither.
func mebibytes(text string) int { return withUnit(text, "gb", 1024) }

func withUnit(text, unit string, factor float64) int {
	bare := strings.TrimSpace(strings.TrimSuffix(strings.ToLower(text), unit))
	if strings.EqualFold(bare, text) {
		factor = 1
	}
	n, err := strconv.ParseFloat(bare, 64)
	if err != nil {
		return 0
	}
	return int(n * factor)
}

// normalizeSize writes cpu and memory as AWS describes them, in units and MiB.
func normalizeSize(kept map[string]any, in *ecs.RegisterTaskDefinitionInput) error {
	for _, size := range []struct {
		name string
		text **string
		read func(string) int
	}{{"cpu", &in.Cpu, cpuUnits}, {"memory", &in.Memory, mebibytes}} {
		if *size.text == nil {
			continue
		}
		n := size.read(**size.text)
		if n <= 0 {
			return client("Invalid '%s' setting for task: %q is neither a whole number nor a number with a unit.", size.name, **size.text)
		}
		*size.text = new(fmt.Sprint(n))
		kept[size.name] = **size.text
	}
	return nil
}
