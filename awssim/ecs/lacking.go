package ecs

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// A task definition is registered and described as it came, whatever it asks for. What is not done here is said where it would be
// missed: once in the events of each deployment that runs such tasks; RunTask, which has no such place, refuses.

// known are the members of a container definition that do here what they do on AWS, or that only describe. cpu and memory are
// counted where a task is placed and not enforced.
var known = []string{"Command", "Cpu", "DockerLabels", "EntryPoint", "Environment", "Essential", "HealthCheck", "Image", "LogConfiguration", "Memory",
	"MemoryReservation", "Name", "PortMappings", "Secrets", "StopTimeout", "VersionConsistency", "WorkingDirectory"}

// knownLogOptions are the options of the awslogs driver of which the same is true. Those of the buffer decide only what is lost.
var knownLogOptions = []string{"awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-create-group", "mode", "max-buffer-size"}

// lacking lists what the tasks of a definition run without.
func (d *definition) lacking() []string {
	var list []string
	for _, part := range []struct {
		name  string
		value any
	}{
		{"enableFaultInjection", d.in.EnableFaultInjection},
		//lint:ignore SA1019 definitions may still carry it, and then it must not be dropped in silence
		{"inferenceAccelerators", d.in.InferenceAccelerators},
		{"ipcMode", d.in.IpcMode}, {"pidMode", d.in.PidMode}, {"proxyConfiguration", d.in.ProxyConfiguration},
	} {
		if asked(reflect.ValueOf(part.value)) {
			list = append(list, part.name)
		}
	}
	for _, def := range d.in.ContainerDefinitions {
		for _, what := range lackingOf(def) {
			list = append(list, what+" of container "+*def.Name)
		}
	}
	return list
}

func lackingOf(def types.ContainerDefinition) []string {
	var list []string
	v := reflect.ValueOf(def)
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && !slices.Contains(known, f.Name) && asked(v.Field(i)) {
			list = append(list, lowerFirst(f.Name))
		}
	}
	for _, p := range def.PortMappings {
		if p.ContainerPortRange != nil {
			list = append(list, "containerPortRange")
		}
	}
	log := def.LogConfiguration
	switch {
	case log == nil:
	case log.LogDriver != types.LogDriverAwslogs:
		list = append(list, "log driver "+string(log.LogDriver))
	default:
		for _, name := range slices.Sorted(maps.Keys(log.Options)) {
			if !slices.Contains(knownLogOptions, name) {
				list = append(list, name)
			}
		}
	}
	return list
}

// asked reports whether a member of the SDK's types asks for something: false, empty and absent do not.
func asked(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && asked(v.Elem())
	case reflect.Slice, reflect.Map:
		return v.Len() > 0
	case reflect.Struct:
		for i := range v.NumField() {
			if asked(v.Field(i)) {
				return true
			}
		}
		return false
	}
	return !v.IsZero()
}

// lacking lists what a service's tasks run without.
func (c *config) lacking() []string {
	list := c.def.lacking()
	add := func(is bool, what string) {
		if is {
			list = append(list, what)
		}
	}
	add(c.connect != nil && c.connect.Enabled, "Service Connect")
	add(len(c.registries) > 0, "service discovery")
	add(len(c.lattice) > 0, "VPC Lattice")
	add(len(c.volumes) > 0, "volumeConfigurations")
	add(c.deployment.Alarms != nil && c.deployment.Alarms.Enable, "deployment alarms")
	add(len(c.providers) > 1, "capacity providers after the first")
	add(c.monitoring != nil, "monitoring")
	add(len(c.gatewayConnector) > 0, "gatewayConnectors")
	return list
}

// sayLacking says what a deployment's tasks run without, once.
func (s *Service) sayLacking(svc *service, d *deployment) {
	if d.lackingSaid {
		return
	}
	d.lackingSaid = true
	c := svc.cfg
	c.target = d.rev.target
	if list := c.lacking(); len(list) > 0 {
		s.event(svc, "(service %s) awssim does not implement %s: the tasks of (deployment %s) run without.", svc.name, strings.Join(list, ", "), d.id)
	}
}
