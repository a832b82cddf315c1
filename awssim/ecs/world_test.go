package ecs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/clock"
	"slipway/awssim/ecr"
	"slipway/awssim/ecs"
	"slipway/awssim/ecs/scripted"
	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
)

const registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/"

var ctx = context.Background()

// world is an ECS with scripted containers, a small load balancer, images by name and a real SDK client.
type world struct {
	t       testing.TB
	clock   *clock.Clock
	ecs     *ecs.Service
	client  *sdk.Client
	runtime *scripted.Runtime
	lb      *balancer
	images  images
	events  *bus
	logs    logs
	params  params
	trace   strings.Builder
}

func newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	w := &world{t: t, clock: clock.New(clock.Epoch, seed), images: images{}, events: &bus{}, logs: logs{"/ecs/web": nil}, params: params{}}
	w.runtime = scripted.New(w.clock)
	w.lb = &balancer{clock: w.clock, runtime: w.runtime, targets: map[string]*target{}, types: map[string]string{}, unused: map[string]bool{}, delay: 30 * time.Second}
	w.ecs = ecs.New(w.clock, protocol.Default, ecs.Dependencies{Images: w.images, Runtime: w.runtime, LoadBalancer: w.lb,
		Events: w.events, Parameters: w.params, Logs: w.logs, Subnets: subnetZones{"subnet-c1": "eu-west-1c", "subnet-c2": "eu-west-1c", "subnet-b": "eu-west-1b"}})
	w.lb.world = w
	w.events.trace = func(line string) {
		fmt.Fprintf(&w.trace, "%s %s\n", w.clock.Now().Format("15:04:05.000"), line)
	}
	w.client = sdk.NewFromConfig(protocoltest.Inline(w.ecs.API()))
	w.do(func() error {
		_, err := w.client.CreateCluster(ctx, &sdk.CreateClusterInput{ClusterName: new("shop")})
		return err
	})
	return w
}

// raw sends a body as it stands and returns the answer's status and body.
func (w *world) raw(operation, body string) (int, string) {
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(nil))
	r.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113."+operation)
	answer := httptest.NewRecorder()
	w.clock.Do(operation, func() { w.ecs.API().Serve(answer, r, []byte(body), "req") })
	return answer.Code, answer.Body.String()
}

// try makes calls in a turn and returns their error.
func (w *world) try(call func() error) (err error) {
	w.clock.Do("test", func() { err = call() })
	return err
}

func (w *world) do(call func() error) {
	w.t.Helper()
	if err := w.try(call); err != nil {
		w.t.Fatal(err)
	}
}

// image adds an image for linux/amd64 with labels and returns its reference.
func (w *world) image(tag string, labels ...string) string {
	w.images.put("web", tag, labels...)
	return registry + "web:" + tag
}

// register registers a Fargate definition of one container "app" with port 8080; change may alter it first.
func (w *world) register(image string, change func(*sdk.RegisterTaskDefinitionInput)) string {
	w.t.Helper()
	in := &sdk.RegisterTaskDefinitionInput{
		Family: new("web"), Cpu: new("256"), Memory: new("512"), NetworkMode: types.NetworkModeAwsvpc,
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate}, ExecutionRoleArn: new("arn:aws:iam::123456789012:role/exec"),
		ContainerDefinitions: []types.ContainerDefinition{{Name: new("app"), Image: &image,
			PortMappings: []types.PortMapping{{ContainerPort: new(int32(8080))}}}},
	}
	if change != nil {
		change(in)
	}
	arn := ""
	w.do(func() error {
		out, err := w.client.RegisterTaskDefinition(ctx, in)
		if err == nil {
			arn = *out.TaskDefinition.TaskDefinitionArn
		}
		return err
	})
	return arn
}

// create creates the Fargate service "web" of a definition; change may alter it first.
func (w *world) create(definition string, count int32, change func(*sdk.CreateServiceInput)) *types.Service {
	w.t.Helper()
	in := &sdk.CreateServiceInput{Cluster: new("shop"), ServiceName: new("web"), TaskDefinition: &definition, DesiredCount: &count,
		LaunchType: types.LaunchTypeFargate, NetworkConfiguration: subnets()}
	if change != nil {
		change(in)
	}
	var out *sdk.CreateServiceOutput
	w.do(func() (err error) { out, err = w.client.CreateService(ctx, in); return err })
	return out.Service
}

func subnets() *types.NetworkConfiguration {
	return &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-a", "subnet-b"}}}
}

func (w *world) update(in *sdk.UpdateServiceInput) *types.Service {
	w.t.Helper()
	in.Cluster, in.Service = new("shop"), new("web")
	var out *sdk.UpdateServiceOutput
	w.do(func() (err error) { out, err = w.client.UpdateService(ctx, in); return err })
	return out.Service
}

func (w *world) roll(definition string) *types.Service {
	w.t.Helper()
	return w.update(&sdk.UpdateServiceInput{TaskDefinition: &definition})
}

func (w *world) service() *types.Service {
	w.t.Helper()
	var out *sdk.DescribeServicesOutput
	w.do(func() (err error) {
		out, err = w.client.DescribeServices(ctx, &sdk.DescribeServicesInput{Cluster: new("shop"), Services: []string{"web"}})
		return err
	})
	if len(out.Services) != 1 {
		w.t.Fatalf("service web is not there: %v", out.Failures)
	}
	return &out.Services[0]
}

// tasks describes the service's tasks of a desired status.
func (w *world) tasks(desired types.DesiredStatus) []types.Task {
	w.t.Helper()
	var found []types.Task
	w.do(func() error {
		list, err := w.client.ListTasks(ctx, &sdk.ListTasksInput{Cluster: new("shop"), ServiceName: new("web"), DesiredStatus: desired})
		if err != nil || len(list.TaskArns) == 0 {
			return err
		}
		out, err := w.client.DescribeTasks(ctx, &sdk.DescribeTasksInput{Cluster: new("shop"), Tasks: list.TaskArns})
		if err == nil {
			found = out.Tasks
		}
		return err
	})
	return found
}

// rollout describes the service's newest service deployment.
func (w *world) rollout() types.ServiceDeployment {
	w.t.Helper()
	var out *sdk.DescribeServiceDeploymentsOutput
	w.do(func() error {
		list, err := w.client.ListServiceDeployments(ctx, &sdk.ListServiceDeploymentsInput{Cluster: new("shop"), Service: new("web")})
		if err != nil {
			return err
		}
		out, err = w.client.DescribeServiceDeployments(ctx, &sdk.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{*list.ServiceDeployments[0].ServiceDeploymentArn}})
		return err
	})
	return out.ServiceDeployments[0]
}

// until runs the clock until a condition of the service holds.
func (w *world) until(what string, limit time.Duration, cond func(*types.Service) bool) *types.Service {
	w.t.Helper()
	end := w.clock.Now().Add(limit)
	for {
		svc := w.service()
		if cond(svc) {
			return svc
		}
		if !w.clock.Now().Before(end) {
			w.t.Fatalf("not within %s: %s\n%s", limit, what, w.show(svc))
		}
		w.clock.RunFor(time.Second)
	}
}

func (w *world) steady(limit time.Duration) *types.Service {
	w.t.Helper()
	return w.until("COMPLETED and alone", limit, func(svc *types.Service) bool {
		return len(svc.Deployments) == 1 && svc.Deployments[0].RolloutState == types.DeploymentRolloutStateCompleted && svc.RunningCount == svc.DesiredCount
	})
}

func (w *world) show(svc *types.Service) string {
	var b strings.Builder
	for _, d := range svc.Deployments {
		fmt.Fprintf(&b, "%s %s %s running %d pending %d failed %d %s: %s\n", *d.Id, *d.Status, *d.TaskDefinition, d.RunningCount, d.PendingCount, d.FailedTasks, d.RolloutState, *d.RolloutStateReason)
	}
	for _, e := range svc.Events {
		fmt.Fprintf(&b, "%s %s\n", e.CreatedAt.Format(time.TimeOnly), *e.Message)
	}
	return b.String()
}

func hasEvent(svc *types.Service, part string) bool {
	for _, e := range svc.Events {
		if strings.Contains(*e.Message, part) {
			return true
		}
	}
	return false
}

// images is a registry in a map: "web:v1" and "web@sha256:..." name the same image.
type images map[string]ecr.Image

func (m images) put(repository, tag string, labels ...string) {
	img := ecr.Image{Repository: repository, OS: "linux", Architecture: "amd64", Entrypoint: []string{"/app"}, Labels: map[string]string{}}
	for _, label := range labels {
		name, value, _ := strings.Cut(label, "=")
		if name == "arch" {
			img.Architecture = value
			continue
		}
		img.Labels[name] = value
	}
	img.Digest = fmt.Sprintf("sha256:%064x", len(m)+1)
	img.ManifestDigest = img.Digest
	m[repository+":"+tag], m[repository+"@"+img.Digest] = img, img
}

func (m images) Resolve(ref, _, _ string) (ecr.Image, error) {
	if img, ok := m[strings.TrimPrefix(ref, registry)]; ok {
		return img, nil
	}
	return ecr.Image{}, &ecr.PullError{Reason: "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref " + ref + ": not found"}
}

// subnetZones are subnets with their zones.
type subnetZones map[string]string

func (z subnetZones) Subnet(id string) (vpc, zone string, ok bool) {
	zone, ok = z[id]
	return "vpc-1", zone, ok
}

type params map[string]string

func (p params) Value(name string) (string, bool) { v, ok := p[name]; return v, ok }

type logs map[string][]string

func (l logs) Put(group, stream string, lines ...string) error {
	if _, ok := l[group]; !ok {
		return protocol.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
	}
	for _, line := range lines {
		l[group] = append(l[group], stream+" "+line)
	}
	return nil
}

type bus struct {
	names []string
	last  map[string]any
	trace func(string)
}

func (b *bus) Emit(_, detailType string, resources []string, detail any) {
	body, err := json.Marshal(detail)
	if err != nil {
		panic(err)
	}
	b.trace(fmt.Sprint(detailType, " ", resources, " ", string(body)))
	var d map[string]any
	if err := json.Unmarshal(body, &d); err != nil {
		panic(err)
	}
	b.last = d
	name, _ := d["eventName"].(string)
	if detailType == "ECS Task State Change" {
		name = "TASK_" + d["lastStatus"].(string)
	}
	b.names = append(b.names, name)
}

// balancer is a load balancer that probes every 10 s: the first time after 5 s; one success makes a
// new target healthy, two failures unhealthy.
type balancer struct {
	world   *world
	clock   *clock.Clock
	runtime *scripted.Runtime
	targets map[string]*target
	types   map[string]string
	unused  map[string]bool // groups that no listener forwards to
	delay   time.Duration
}

type target struct {
	id       string
	port     int
	state    string
	failures int
}

func (b *balancer) group(name, kind string) string {
	arn := "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/" + name + "/0123456789abcdef"
	b.types[arn] = kind
	return arn
}

func targetKey(group, id string, port int) string { return fmt.Sprint(group, " ", id, " ", port) }

func (b *balancer) Register(group, id string, port int, _ string) error {
	t := &target{id: id, port: port, state: "initial"}
	b.targets[targetKey(group, id, port)] = t
	b.clock.After(5*time.Second, "probe", func() { b.probe(t) })
	return nil
}

func (b *balancer) probe(t *target) {
	if t.state == "draining" {
		return
	}
	address := t.id
	if known, ok := b.world.ecs.InstanceAddress(t.id); ok {
		address = known
	}
	b.runtime.Request(address, t.port, "GET", "/", time.Second, func(status int, err error) {
		switch {
		case t.state == "draining":
		case err == nil && status == 200:
			t.state, t.failures = "healthy", 0
		default:
			if t.failures++; t.failures >= 2 {
				t.state = "unhealthy"
			}
		}
	})
	b.clock.After(10*time.Second, "probe", func() { b.probe(t) })
}

func (b *balancer) Deregister(group, id string, port int) error {
	key := targetKey(group, id, port)
	t := b.targets[key]
	t.state = "draining"
	b.clock.After(b.delay, "drained", func() { delete(b.targets, key) })
	return nil
}

func (b *balancer) Health(group, id string, port int) (string, string) {
	t := b.targets[targetKey(group, id, port)]
	if t == nil {
		return "", ""
	}
	return t.state, ""
}

func (b *balancer) TargetGroup(group string) (kind string, used, ok bool) {
	kind, ok = b.types[group]
	return kind, !b.unused[group], ok
}

// behind puts the service behind a new target group.
func (w *world) behind(name string, grace int32) func(*sdk.CreateServiceInput) {
	arn := w.lb.group(name, "ip")
	return func(in *sdk.CreateServiceInput) {
		in.LoadBalancers = []types.LoadBalancer{{TargetGroupArn: &arn, ContainerName: new("app"), ContainerPort: new(int32(8080))}}
		in.HealthCheckGracePeriodSeconds = &grace
	}
}

// breaker switches the circuit breaker on.
func breaker(rollback bool) func(*sdk.CreateServiceInput) {
	return func(in *sdk.CreateServiceInput) {
		in.DeploymentConfiguration = &types.DeploymentConfiguration{DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{Enable: true, Rollback: rollback}}
	}
}

func both(changes ...func(*sdk.CreateServiceInput)) func(*sdk.CreateServiceInput) {
	return func(in *sdk.CreateServiceInput) {
		for _, change := range changes {
			change(in)
		}
	}
}
