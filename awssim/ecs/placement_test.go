package ecs_test

import (
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// onEC2 turns the definition into one for bridge networking with a dynamic host port.
func onEC2(in *sdk.RegisterTaskDefinitionInput) {
	in.NetworkMode, in.RequiresCompatibilities = types.NetworkModeBridge, nil
	in.ContainerDefinitions[0].PortMappings = []types.PortMapping{{ContainerPort: new(int32(8080)), HostPort: new(int32(0))}}
}

func ec2(in *sdk.CreateServiceInput) {
	in.LaunchType, in.NetworkConfiguration = types.LaunchTypeEc2, nil
}

func daemon(in *sdk.CreateServiceInput) {
	ec2(in)
	in.SchedulingStrategy, in.DesiredCount = types.SchedulingStrategyDaemon, nil
}

func (w *world) instance(az string, cpu, memory int) {
	w.t.Helper()
	w.do(func() error { _, err := w.ecs.AddInstance("shop", az, cpu, memory); return err })
}

// A Fargate task runs where its subnet lies, and zones get as many tasks as each other however many subnets they have.
func TestFargateTasksRunInTheZonesOfTheirSubnets(t *testing.T) {
	w := newWorld(t, 30)
	w.create(w.register(w.image("v1"), nil), 4, func(in *sdk.CreateServiceInput) {
		in.NetworkConfiguration.AwsvpcConfiguration.Subnets = []string{"subnet-c1", "subnet-b", "subnet-c2"}
	})
	w.steady(3 * time.Minute)
	in := map[string]int{}
	for _, task := range w.tasks(types.DesiredStatusRunning) {
		for _, d := range task.Attachments[0].Details {
			if *d.Name == "subnetId" {
				in[*task.AvailabilityZone+" "+*d.Value]++
			}
		}
	}
	if len(in) != 2 || in["eu-west-1c subnet-c1"] != 2 || in["eu-west-1b subnet-b"] != 2 {
		t.Errorf("got %v", in)
	}
}

func TestEC2SpreadsAndUsesDynamicPorts(t *testing.T) {
	w := newWorld(t, 31)
	w.instance("eu-west-1a", 2048, 4096)
	w.instance("eu-west-1b", 2048, 4096)
	group := w.lb.group("web", "instance")
	w.create(w.register(w.image("v1"), onEC2), 4, both(ec2, func(in *sdk.CreateServiceInput) {
		in.LoadBalancers = []types.LoadBalancer{{TargetGroupArn: &group, ContainerName: new("app"), ContainerPort: new(int32(8080))}}
	}))
	w.steady(3 * time.Minute)
	zones, ports := map[string]int{}, map[int32]bool{}
	for _, task := range w.tasks(types.DesiredStatusRunning) {
		zones[*task.AvailabilityZone]++
		if len(task.Attachments) != 0 {
			t.Error("a task in bridge mode has a network interface")
		}
		ports[*task.Containers[0].NetworkBindings[0].HostPort] = true
	}
	if zones["eu-west-1a"] != 2 || zones["eu-west-1b"] != 2 || len(w.lb.targets) != 4 {
		t.Errorf("got %v in the zones and %d targets", zones, len(w.lb.targets))
	}
	for port := range ports {
		if port < 32768 {
			t.Errorf("host port %d is not dynamic", port)
		}
	}
	w.roll(w.register(w.image("v2"), onEC2))
	w.steady(5 * time.Minute)
}

func TestPlacementFailure(t *testing.T) {
	w := newWorld(t, 32)
	w.create(w.register(w.image("v1"), onEC2), 1, ec2)
	w.clock.RunFor(time.Minute)
	svc := w.service()
	if !hasEvent(svc, "was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.") {
		t.Fatalf("did not say so:\n%s", w.show(svc))
	}
	if len(svc.Events) != 1 {
		t.Errorf("said it %d times in a minute:\n%s", len(svc.Events), w.show(svc))
	}
	w.instance("eu-west-1a", 2048, 256)
	w.clock.RunFor(6 * time.Minute)
	if svc = w.service(); !hasEvent(svc, "has insufficient memory available.") {
		t.Errorf("did not say what is lacking:\n%s", w.show(svc))
	}
	if svc.Deployments[0].FailedTasks != 0 {
		t.Error("a placement failure was counted as a failed task")
	}
	w.instance("eu-west-1b", 2048, 1024)
	w.steady(2 * time.Minute)

	w.roll(w.register(w.image("v2"), onEC2))
	w.steady(5 * time.Minute)
}

func TestFargateCapacity(t *testing.T) {
	w := newWorld(t, 33)
	w.ecs.FargateUnavailable = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
	w.create(w.register(w.image("v1"), nil), 1, nil)
	w.clock.RunFor(time.Minute)
	if svc := w.service(); !hasEvent(svc, "was unable to place a task. Reason: Capacity is unavailable at this time.") || w.events.last["reason"] != "RESOURCE:FARGATE" {
		t.Errorf("last event %v:\n%s", w.events.last, w.show(svc))
	}
	w.ecs.FargateUnavailable = ""
	w.steady(3 * time.Minute)
}

func TestDaemon(t *testing.T) {
	w := newWorld(t, 34)
	w.instance("eu-west-1a", 512, 1024)
	w.instance("eu-west-1b", 512, 1024)
	v1 := w.register(w.image("v1"), onEC2)
	svc := w.create(v1, 0, daemon)
	if svc.DesiredCount != 2 || *svc.DeploymentConfiguration.MinimumHealthyPercent != 0 || *svc.DeploymentConfiguration.MaximumPercent != 100 {
		t.Errorf("got count %d, %d/%d percent", svc.DesiredCount, *svc.DeploymentConfiguration.MinimumHealthyPercent, *svc.DeploymentConfiguration.MaximumPercent)
	}
	w.steady(3 * time.Minute)
	w.instance("eu-west-1c", 512, 1024)
	if svc = w.steady(3 * time.Minute); svc.RunningCount != 3 {
		t.Fatalf("got %d tasks on 3 instances", svc.RunningCount)
	}
	v2 := w.register(w.image("v2"), onEC2)
	w.roll(v2)
	on := map[string]int{}
	w.until("rolled", 5*time.Minute, func(svc *types.Service) bool {
		return len(svc.Deployments) == 1 && *svc.Deployments[0].TaskDefinition == v2
	})
	w.steady(3 * time.Minute)
	for _, task := range w.tasks(types.DesiredStatusRunning) {
		on[*task.ContainerInstanceArn]++
	}
	if len(on) != 3 {
		t.Errorf("tasks are on %v, want one on each of 3 instances", on)
	}
}
