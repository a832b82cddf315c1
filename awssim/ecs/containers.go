package ecs

import (
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/ecr"
)

// resolve finds the image of a container. The first task of a service revision pins the digest for all later ones, unless
// versionConsistency is disabled. (Developer guide: "Container image resolution".)
func (s *Service) resolve(t *task, c *container, os, arch string) (ecr.Image, error) {
	ref, pins := *c.def.Image, t.rev != nil && c.def.VersionConsistency != types.VersionConsistencyDisabled
	if pins {
		if img, ok := t.rev.images[*c.def.Name]; ok {
			ref = pinned(ref, img.Digest)
		}
	}
	img, err := s.deps.Images.Resolve(ref, os, arch)
	if err == nil && pins {
		t.rev.images[*c.def.Name] = img
	}
	return img, err
}

// pinned is the reference with the digest in place of a tag.
func pinned(ref, digest string) string {
	name, _, _ := strings.Cut(ref, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	return name + "@" + digest
}

// pullReason is the stopped reason of a failed pull.
func pullReason(err error) string {
	var pull *ecr.PullError
	if errors.As(err, &pull) {
		return pull.Reason
	}
	return "CannotPullContainerError: " + err.Error()
}

// spec is the container as the runtime gets it. As in Docker, an entry point of the task definition drops the image's command.
func (s *Service) spec(t *task, c *container, img ecr.Image) Container {
	out := Container{Name: *c.def.Name, Image: img, Entrypoint: img.Entrypoint, Command: img.Cmd, Essential: c.essential(),
		Environment: s.environment(t, c, img), HealthCheck: healthCheck(c.def.HealthCheck), Log: s.logTo(t, c)}
	if c.def.WorkingDirectory != nil {
		out.Image.WorkingDir = *c.def.WorkingDirectory
	}
	if len(c.def.EntryPoint) > 0 {
		out.Entrypoint, out.Command = c.def.EntryPoint, nil
	}
	if len(c.def.Command) > 0 {
		out.Command = c.def.Command
	}
	if o := t.override(*c.def.Name); o != nil && len(o.Command) > 0 {
		out.Command = o.Command
	}
	for _, p := range c.def.PortMappings {
		port := int(aws.ToInt32(p.ContainerPort))
		out.PortMappings = append(out.PortMappings, PortMapping{ContainerPort: port, HostPort: t.hostPort(c, port)})
	}
	return out
}

func (t *task) override(name string) *types.ContainerOverride {
	if t.overrides == nil {
		return nil
	}
	for i, o := range t.overrides.ContainerOverrides {
		if aws.ToString(o.Name) == name {
			return &t.overrides.ContainerOverrides[i]
		}
	}
	return nil
}

func (s *Service) environment(t *task, c *container, img ecr.Image) map[string]string {
	env := map[string]string{}
	for _, pair := range img.Env {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	for _, pair := range c.def.Environment {
		env[aws.ToString(pair.Name)] = aws.ToString(pair.Value)
	}
	for _, secret := range c.def.Secrets {
		env[aws.ToString(secret.Name)], _ = s.secret(aws.ToString(secret.ValueFrom))
	}
	if o := t.override(*c.def.Name); o != nil {
		for _, pair := range o.Environment {
			env[aws.ToString(pair.Name)] = aws.ToString(pair.Value)
		}
	}
	return env
}

// secret reads what valueFrom names: a parameter by name or ARN, or a Secrets Manager secret by ARN.
func (s *Service) secret(valueFrom string) (string, bool) {
	if s.deps.Parameters == nil {
		return "", false
	}
	_, name, isParameter := strings.Cut(valueFrom, ":parameter/")
	if !isParameter {
		return s.deps.Parameters.Value(valueFrom)
	}
	if value, ok := s.deps.Parameters.Value("/" + name); ok {
		return value, true
	}
	return s.deps.Parameters.Value(name) // the ARN of a name without a slash has one all the same
}

func (s *Service) checkSecrets(c *container) string {
	const failed = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
	var unknown []string
	for _, secret := range c.def.Secrets {
		from := aws.ToString(secret.ValueFrom)
		if _, ok := s.secret(from); ok {
			continue
		}
		if strings.Contains(from, ":secretsmanager:") {
			return failed + "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret " + from +
				" from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."
		}
		unknown = append(unknown, from)
	}
	if len(unknown) == 0 {
		return ""
	}
	return failed + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: " + strings.Join(unknown, ", ")
}

func (c *container) awslogs() bool {
	return c.def.LogConfiguration != nil && c.def.LogConfiguration.LogDriver == types.LogDriverAwslogs
}

// openLog makes the container's log stream; the text is that of a missing group.
func (s *Service) openLog(t *task, c *container) string {
	if !c.awslogs() {
		return ""
	}
	reason := "ResourceNotFoundException: The specified log group does not exist."
	if s.deps.Logs != nil {
		err := s.deps.Logs.Put(c.def.LogConfiguration.Options["awslogs-group"], logStream(t, c))
		if err == nil {
			return ""
		}
		reason = err.Error()
	}
	return "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: " + reason + " : exit status 1"
}

func (s *Service) logTo(t *task, c *container) func(...string) {
	if !c.awslogs() || s.deps.Logs == nil {
		return func(...string) {}
	}
	group, stream := c.def.LogConfiguration.Options["awslogs-group"], logStream(t, c)
	return func(lines ...string) {
		// The driver does not stop a container whose group has gone away; its lines are lost.
		_ = s.deps.Logs.Put(group, stream, lines...)
	}
}

// healthCheck fills in ECS's defaults: every 30 s, 5 s to answer, 3 failures, no start period.
func healthCheck(in *types.HealthCheck) *HealthCheck {
	if in == nil {
		return nil
	}
	seconds := func(p *int32, otherwise int) time.Duration { return time.Duration(intOr(p, otherwise)) * time.Second }
	return &HealthCheck{Command: in.Command, Interval: seconds(in.Interval, 30), Timeout: seconds(in.Timeout, 5),
		StartPeriod: seconds(in.StartPeriod, 0), Retries: intOr(in.Retries, 3)}
}
