package ecs

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/ids"
)

// launch starts a task of a service's deployment.
func (s *Service) launch(svc *service, d *deployment, at *instance, zone string) *task {
	t := s.newTask(svc.cluster, d.rev.def, at, zone)
	t.svc, t.dep, t.rev = svc, d, d.rev
	t.group, t.startedBy, t.exec, t.platform = "service:"+svc.name, d.id, svc.cfg.exec, d.rev.platform
	t.launchType, t.provider = svc.cfg.launch()
	s.tagTask(t, svc.cfg.propagate, svc.tags, svc.cfg.managedTags)
	if t.eni != nil {
		t.eni.subnet = s.subnet(d.rev.subnets(), zone)
	}
	svc.tasks = append(svc.tasks, t)
	s.sayLacking(svc, d)
	s.begin(t)
	return t
}

// subnet is the one that stands for the zone.
func (s *Service) subnet(subnets []string, zone string) string {
	for i, at := range s.zones(subnets) {
		if at == zone {
			return subnets[i]
		}
	}
	if len(subnets) > 0 {
		return subnets[0]
	}
	return ""
}

func (s *Service) newTask(cl *cluster, def *definition, at *instance, zone string) *task {
	s.prune(cl)
	t := &task{id: s.hexID(), cluster: cl, def: def, instance: at, az: zone, desired: desiredRunning, createdAt: s.now(), tags: tagSet{}}
	t.arn = s.id.ARN("ecs", "task/"+cl.name+"/"+t.id)
	for i, c := range def.in.ContainerDefinitions {
		t.containers = append(t.containers, &container{id: ids.UUID(s.clock.Rand()), runtime: fmt.Sprintf("%s-%010d", t.id, i+1), def: c,
			image: *c.Image, lastStatus: pending, health: types.HealthStatusUnknown})
	}
	if def.awsvpc() {
		mac := s.hexID()
		t.eni = &eni{attachment: ids.UUID(s.clock.Rand()), id: "eni-0" + s.hexID()[:16], status: "PRECREATED",
			mac: "0a:" + mac[0:2] + ":" + mac[2:4] + ":" + mac[4:6] + ":" + mac[6:8] + ":" + mac[8:10]}
	}
	if at != nil {
		at.take(needOf(def))
	}
	cl.tasks[t.id] = t
	return t
}

func (s *Service) tagTask(t *task, propagate types.PropagateTags, service tagSet, managed bool) {
	switch propagate {
	case types.PropagateTagsService:
		t.tags = service.clone()
	case types.PropagateTagsTaskDefinition:
		t.tags = t.def.tags.clone()
	}
	if managed {
		t.tags["aws:ecs:clusterName"] = t.cluster.name
		if t.svc != nil {
			t.tags["aws:ecs:serviceName"] = t.svc.name
		}
	}
}

// begin takes the task from its creation to its network interface.
func (s *Service) begin(t *task) {
	if t.eni == nil {
		s.attached(t)
		return
	}
	s.became(t, provisioning)
	s.step(t, s.vary(s.Timing.Provision), "ecs: attach network interface", func() { s.attached(t) })
}

func (s *Service) attached(t *task) {
	if t.eni != nil {
		t.address, t.eni.status = s.deps.Runtime.Address(), "ATTACHED"
	} else if t.instance != nil {
		t.address = t.instance.address
	}
	s.became(t, pending)
	s.step(t, s.vary(s.Timing.Prepare), "ecs: prepare task", func() { s.prepare(t) })
}

// prepare fetches secrets and opens log streams, which fail before anything is pulled.
func (s *Service) prepare(t *task) {
	for _, c := range t.containers {
		if reason := s.checkSecrets(c); reason != "" {
			s.failToStart(t, nil, reason)
			return
		}
		if reason := s.openLog(t, c); reason != "" {
			s.failToStart(t, nil, reason)
			return
		}
	}
	t.pullStarted = s.now()
	s.step(t, s.vary(s.Timing.Pull), "ecs: pull images", func() { s.pulled(t) })
}

// pulled resolves the images and starts the containers.
func (s *Service) pulled(t *task) {
	spec := Task{ID: t.id, ARN: t.arn, Address: t.address}
	spec.OS, spec.Architecture = t.def.platform()
	for _, c := range t.containers {
		img, err := s.resolve(t, c, spec.OS, spec.Architecture)
		if err != nil {
			s.failToStart(t, c, pullReason(err))
			return
		}
		c.digest = img.ManifestDigest
		s.bindPorts(t, c)
		spec.Containers = append(spec.Containers, s.spec(t, c, img))
	}
	t.pullStopped, t.live = s.now(), true
	s.became(t, activating)
	s.deps.Runtime.Start(spec, func(r Report) { s.report(t, r) })
}

// bindPorts gives the container's mappings their host ports, dynamic ones where the definition says 0.
func (s *Service) bindPorts(t *task, c *container) {
	if t.eni != nil {
		return
	}
	for _, p := range c.def.PortMappings {
		host := int(aws.ToInt32(p.HostPort))
		if host == 0 && t.instance != nil {
			host = t.instance.dynamicPort()
			t.dynamic = append(t.dynamic, host)
		}
		c.ports = append(c.ports, types.NetworkBinding{BindIP: new("0.0.0.0"), ContainerPort: p.ContainerPort, HostPort: new(int32(host)), Protocol: types.TransportProtocolTcp})
	}
}

// hostPort is where a port of the container is reached at the task's address.
func (t *task) hostPort(c *container, port int) int {
	for _, b := range c.ports {
		if int(aws.ToInt32(b.ContainerPort)) == port {
			return int(aws.ToInt32(b.HostPort))
		}
	}
	return port
}

// report takes what the runtime says of a container.
func (s *Service) report(t *task, r Report) {
	c := t.container(r.Container)
	if c == nil || c.lastStatus == stopped {
		return
	}
	switch r.Event {
	case Started:
		c.lastStatus = running
		if t.lastStatus == activating && t.desired == desiredRunning && t.allStarted() {
			s.ran(t)
		}
	case Healthy, Unhealthy:
		health := types.HealthStatusHealthy
		if r.Event == Unhealthy {
			health = types.HealthStatusUnhealthy
		}
		if c.health != health {
			c.health = health
			t.version++
			s.wakeOf(t)
		}
	case Exited:
		s.exited(t, c, r)
	}
}

func (t *task) allStarted() bool {
	for _, c := range t.containers {
		if c.lastStatus == pending {
			return false
		}
	}
	return true
}

func (s *Service) wakeOf(t *task) {
	if t.svc != nil {
		s.wake(t.svc)
	}
}

// ran makes the task RUNNING and puts it behind its load balancers.
func (s *Service) ran(t *task) {
	t.startedAt = s.now()
	s.register(t)
	s.became(t, running)
	if t.svc == nil {
		return
	}
	t.dep.ran = true
	t.svc.throttle = throttle{}
	s.wake(t.svc)
}

func (s *Service) register(t *task) {
	if t.rev == nil {
		return
	}
	for _, lb := range t.rev.loadBalancers {
		target := lbTarget{group: *lb.TargetGroupArn, id: t.address, port: int(aws.ToInt32(lb.ContainerPort))}
		if t.eni == nil {
			target.id, target.port = t.instance.ec2ID, t.hostPort(t.container(*lb.ContainerName), target.port)
		}
		if err := s.deps.LoadBalancer.Register(target.group, target.id, target.port, t.az); err != nil {
			s.event(t.svc, "(service %s) failed to register targets in (target-group %s) with (error %s).", t.svc.name, target.group, err)
		} else {
			target.registered = true
			s.event(t.svc, "(service %s) registered 1 targets in (target-group %s).", t.svc.name, target.group)
		}
		t.targets = append(t.targets, target)
	}
}

// logStream is where the awslogs driver writes: prefix/container/task.
func logStream(t *task, c *container) string {
	prefix := c.def.LogConfiguration.Options["awslogs-stream-prefix"]
	if prefix == "" {
		return c.runtime
	}
	return strings.Join([]string{prefix, *c.def.Name, t.id}, "/")
}
