package ecs_test

import (
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
)

func TestFirstDeploymentFromZeroAndRollingUpdate(t *testing.T) {
	w := newWorld(t, 1)
	v1 := w.register(w.image("v1"), nil)
	w.create(v1, 0, w.behind("web", 60))
	w.steady(time.Minute)
	svc := w.update(&sdk.UpdateServiceInput{DesiredCount: new(int32(2))})
	if len(svc.Deployments) != 1 {
		t.Fatalf("a new desired count started a deployment: %d of them", len(svc.Deployments))
	}
	w.steady(3 * time.Minute)
	w.clock.RunFor(30 * time.Second) // until both are healthy
	first := w.service()

	v2 := w.register(w.image("v2"), nil)
	started := w.roll(v2)
	id := *started.Deployments[0].Id
	if started.Deployments[0].RolloutState != types.DeploymentRolloutStateInProgress || *started.Deployments[1].Status != "ACTIVE" {
		t.Fatalf("after UpdateService:\n%s", w.show(started))
	}
	most, least := int32(0), int32(2)
	end := w.until("completed", 5*time.Minute, func(svc *types.Service) bool {
		most, least = max(most, svc.RunningCount+svc.PendingCount), min(least, svc.RunningCount)
		return len(svc.Deployments) == 1
	})
	if most != 4 || least != 2 {
		t.Errorf("got at most %d tasks and at least %d running, want 4 and 2", most, least)
	}
	d := end.Deployments[0]
	if *d.Id != id || *d.TaskDefinition != v2 || *d.RolloutStateReason != "ECS deployment "+id+" completed." {
		t.Errorf("after the update:\n%s", w.show(end))
	}
	for _, part := range []string{"has started 2 tasks: (task ", "registered 1 targets in (target-group ", "has begun draining connections on 1 tasks.",
		"(deployment " + id + ") deployment completed.", "has reached a steady state."} {
		if !hasEvent(end, part) {
			t.Errorf("no event %q in\n%s", part, w.show(end))
		}
	}
	r := w.rollout()
	if r.Status != types.ServiceDeploymentStatusSuccessful || len(r.SourceServiceRevisions) != 1 || r.DeploymentCircuitBreaker.Status != types.ServiceDeploymentRollbackMonitorsStatusDisabled {
		t.Errorf("got service deployment %s from %d revisions, breaker %s", r.Status, len(r.SourceServiceRevisions), r.DeploymentCircuitBreaker.Status)
	}
	if *first.CurrentServiceRevisions[0].Arn != *r.SourceServiceRevisions[0].Arn || *end.CurrentServiceRevisions[0].Arn != *r.TargetServiceRevision.Arn {
		t.Error("the revisions of the service and of its deployment differ")
	}
}

func TestTaskGoesThroughItsLife(t *testing.T) {
	w := newWorld(t, 2)
	w.create(w.register(w.image("v1"), nil), 1, w.behind("web", 0))
	w.steady(3 * time.Minute)
	task := w.tasks(types.DesiredStatusRunning)[0]
	svc := w.service()
	if *task.StartedBy != *svc.Deployments[0].Id || *task.Group != "service:web" || task.HealthStatus != types.HealthStatusUnknown {
		t.Errorf("got startedBy %s, group %s, health %s", *task.StartedBy, *task.Group, task.HealthStatus)
	}
	address := *task.Containers[0].NetworkInterfaces[0].PrivateIpv4Address
	if state, _ := w.lb.Health(w.lb.group("web", "ip"), address, 8080); state != "healthy" {
		t.Errorf("target %s is %q, want healthy", address, state)
	}
	if !strings.HasPrefix(*task.Containers[0].ImageDigest, "sha256:") {
		t.Errorf("got image digest %q", *task.Containers[0].ImageDigest)
	}

	w.events.names = nil
	w.update(&sdk.UpdateServiceInput{DesiredCount: new(int32(0))})
	w.clock.RunFor(3 * time.Minute)
	want := []string{"TASK_DEACTIVATING", "TASK_STOPPING", "TASK_DEPROVISIONING", "SERVICE_STEADY_STATE", "TASK_STOPPED"}
	if diff := cmp.Diff(want, w.events.names); diff != "" {
		t.Errorf("events on the way down (-want +got):\n%s", diff)
	}
	gone := w.tasks(types.DesiredStatusStopped)[0]
	wantReason := "Scaling activity initiated by (deployment " + *svc.Deployments[0].Id + ")"
	if gone.StopCode != types.TaskStopCodeServiceSchedulerInitiated || *gone.StoppedReason != wantReason || *gone.Containers[0].ExitCode != 0 {
		t.Errorf("got %s, %q, exit code %d", gone.StopCode, *gone.StoppedReason, *gone.Containers[0].ExitCode)
	}
	if drained := gone.ExecutionStoppedAt.Sub(*gone.StoppingAt); drained < w.lb.delay {
		t.Errorf("SIGTERM came %s after the stop, before the deregistration delay of %s", drained, w.lb.delay)
	}
	w.clock.RunFor(61 * time.Minute)
	if left := w.tasks(types.DesiredStatusStopped); len(left) != 0 {
		t.Errorf("%d stopped tasks can be described after an hour, want none", len(left))
	}
}

func TestHealthyAfterFortySecondsWithoutChecks(t *testing.T) {
	w := newWorld(t, 3)
	w.create(w.register(w.image("v1"), nil), 1, nil)
	svc := w.until("running", time.Minute, func(svc *types.Service) bool { return svc.RunningCount == 1 })
	if svc.Deployments[0].RolloutState != types.DeploymentRolloutStateInProgress {
		t.Fatal("completed at once, before the 40 seconds")
	}
	w.steady(time.Minute)
	started := *w.tasks(types.DesiredStatusRunning)[0].StartedAt
	done := *w.rollout().FinishedAt
	if took := done.Sub(started); took < 40*time.Second || took > 46*time.Second {
		t.Errorf("completed %s after RUNNING, want 40 s and a little", took)
	}
}

func TestContainerHealthCheck(t *testing.T) {
	w := newWorld(t, 4)
	check := func(in *sdk.RegisterTaskDefinitionInput) {
		in.ContainerDefinitions[0].HealthCheck = &types.HealthCheck{Command: []string{"CMD", "/health"}, Interval: new(int32(10)), Retries: new(int32(2))}
	}
	w.create(w.register(w.image("v1", "awssim.ready=15s"), check), 1, nil)
	w.steady(3 * time.Minute)
	task := w.tasks(types.DesiredStatusRunning)[0]
	if task.HealthStatus != types.HealthStatusHealthy {
		t.Errorf("got health %s, want HEALTHY", task.HealthStatus)
	}
	w.roll(w.register(w.image("v2", "awssim.status=503"), check))
	w.until("a task failed its health check", 5*time.Minute, func(svc *types.Service) bool { return hasEvent(svc, "failed container health checks") })
	if bad := w.tasks(types.DesiredStatusStopped)[0]; *bad.StoppedReason != "Task failed container health checks" {
		t.Errorf("got reason %q", *bad.StoppedReason)
	}
}

func TestSupersede(t *testing.T) {
	w := newWorld(t, 5)
	w.create(w.register(w.image("v1"), nil), 2, nil)
	w.steady(3 * time.Minute)
	w.roll(w.register(w.image("v2"), nil))
	w.clock.RunFor(20 * time.Second)
	superseded := *w.rollout().ServiceDeploymentArn
	v3 := w.register(w.image("v3"), nil)
	svc := w.roll(v3)
	if len(svc.Deployments) != 3 || *svc.Deployments[0].TaskDefinition != v3 {
		t.Fatalf("after the second UpdateService:\n%s", w.show(svc))
	}
	status := func() types.ServiceDeploymentStatus {
		var out *sdk.DescribeServiceDeploymentsOutput
		w.do(func() (err error) {
			out, err = w.client.DescribeServiceDeployments(ctx, &sdk.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{superseded}})
			return err
		})
		return out.ServiceDeployments[0].Status
	}
	if got := status(); got != types.ServiceDeploymentStatusStopRequested {
		t.Errorf("superseded deployment is %s, want STOP_REQUESTED", got)
	}
	w.clock.RunFor(6 * time.Second)
	if got := status(); got != types.ServiceDeploymentStatusStopped {
		t.Errorf("superseded deployment is %s, want STOPPED", got)
	}
	if end := w.steady(5 * time.Minute); *end.TaskDefinition != v3 {
		t.Errorf("got %s, want %s", *end.TaskDefinition, v3)
	}
}

func TestManyUpdatesAtOnceAllEnd(t *testing.T) {
	w := newWorld(t, 24)
	w.create(w.register(w.image("v1"), nil), 1, nil)
	for range 5 {
		w.update(&sdk.UpdateServiceInput{ForceNewDeployment: true})
	}
	w.steady(5 * time.Minute)
	got := map[types.ServiceDeploymentStatus]int{}
	w.do(func() error {
		out, err := w.client.ListServiceDeployments(ctx, &sdk.ListServiceDeploymentsInput{Cluster: new("shop"), Service: new("web")})
		if err == nil {
			for _, r := range out.ServiceDeployments {
				got[r.Status]++
			}
		}
		return err
	})
	want := map[types.ServiceDeploymentStatus]int{types.ServiceDeploymentStatusStopped: 5, types.ServiceDeploymentStatusSuccessful: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("service deployments by status (-want +got):\n%s", diff)
	}
}

func TestDesiredCountChangesDuringDeployment(t *testing.T) {
	w := newWorld(t, 6)
	w.create(w.register(w.image("v1"), nil), 2, nil)
	w.steady(3 * time.Minute)
	v2 := w.register(w.image("v2"), nil)
	w.roll(v2)
	w.clock.RunFor(10 * time.Second)
	svc := w.update(&sdk.UpdateServiceInput{DesiredCount: new(int32(5))})
	if len(svc.Deployments) != 2 || svc.Deployments[0].DesiredCount != 5 {
		t.Fatalf("after the new count:\n%s", w.show(svc))
	}
	if end := w.steady(5 * time.Minute); end.RunningCount != 5 || *end.TaskDefinition != v2 {
		t.Errorf("got %d tasks of %s", end.RunningCount, *end.TaskDefinition)
	}
	w.update(&sdk.UpdateServiceInput{DesiredCount: new(int32(1))})
	if end := w.steady(3 * time.Minute); end.RunningCount != 1 {
		t.Errorf("got %d tasks, want 1", end.RunningCount)
	}
}

func TestPercentagesThatAllowNoStep(t *testing.T) {
	w := newWorld(t, 7)
	w.create(w.register(w.image("v1"), nil), 1, func(in *sdk.CreateServiceInput) {
		in.DeploymentConfiguration = &types.DeploymentConfiguration{MinimumHealthyPercent: new(int32(100)), MaximumPercent: new(int32(150))}
	})
	w.steady(3 * time.Minute)
	v2 := w.register(w.image("v2"), nil)
	w.roll(v2)
	w.clock.RunFor(10 * time.Minute)
	svc := w.service()
	if svc.Deployments[0].PendingCount+svc.Deployments[0].RunningCount != 0 || !hasEvent(svc, "was unable to stop or start tasks during a deployment because of the service deployment configuration.") {
		t.Fatalf("moved, or did not say why it could not:\n%s", w.show(svc))
	}
	svc = w.update(&sdk.UpdateServiceInput{DeploymentConfiguration: &types.DeploymentConfiguration{MaximumPercent: new(int32(200))}})
	if len(svc.Deployments) != 2 {
		t.Errorf("deploymentConfiguration alone started a deployment:\n%s", w.show(svc))
	}
	w.steady(5 * time.Minute)
}

func TestBakeTime(t *testing.T) {
	w := newWorld(t, 8)
	w.create(w.register(w.image("v1"), nil), 1, func(in *sdk.CreateServiceInput) {
		in.DeploymentConfiguration = &types.DeploymentConfiguration{BakeTimeInMinutes: new(int32(3))}
	})
	w.clock.RunFor(2 * time.Minute)
	if r := w.rollout(); r.LifecycleStage != types.ServiceDeploymentLifecycleStageBakeTime || r.Status != types.ServiceDeploymentStatusInProgress {
		t.Errorf("got %s in stage %q, want IN_PROGRESS in BAKE_TIME", r.Status, r.LifecycleStage)
	}
	w.steady(3 * time.Minute)
}

func TestForceNewDeploymentAndDigestPinning(t *testing.T) {
	w := newWorld(t, 9)
	ref := w.image("latest")
	old := w.images["web:latest"].Digest
	w.create(w.register(ref, nil), 1, nil)
	w.steady(3 * time.Minute)
	w.image("latest")
	moved := w.images["web:latest"].Digest

	w.update(&sdk.UpdateServiceInput{DesiredCount: new(int32(2))})
	w.steady(3 * time.Minute)
	for _, task := range w.tasks(types.DesiredStatusRunning) {
		if *task.Containers[0].ImageDigest != old {
			t.Errorf("scaled out to %s, want the pinned %s", *task.Containers[0].ImageDigest, old)
		}
	}
	w.update(&sdk.UpdateServiceInput{ForceNewDeployment: true})
	end := w.steady(5 * time.Minute)
	var out *sdk.DescribeServiceRevisionsOutput
	w.do(func() (err error) {
		out, err = w.client.DescribeServiceRevisions(ctx, &sdk.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{*end.CurrentServiceRevisions[0].Arn}})
		return err
	})
	img := out.ServiceRevisions[0].ContainerImages[0]
	if *img.ImageDigest != moved || *img.Image != ref {
		t.Errorf("got %s as %s, want %s", *img.Image, *img.ImageDigest, moved)
	}
}

func TestUpdateThatChangesNothingStartsNothing(t *testing.T) {
	w := newWorld(t, 10)
	v1 := w.register(w.image("v1"), nil)
	w.create(v1, 1, w.behind("web", 0))
	svc := w.steady(3 * time.Minute)
	again := w.update(&sdk.UpdateServiceInput{TaskDefinition: &v1, LoadBalancers: svc.LoadBalancers, NetworkConfiguration: subnets(), HealthCheckGracePeriodSeconds: new(int32(30))})
	if len(again.Deployments) != 1 || *again.Deployments[0].Id != *svc.Deployments[0].Id {
		t.Errorf("started a deployment:\n%s", w.show(again))
	}
	changed := w.update(&sdk.UpdateServiceInput{LoadBalancers: []types.LoadBalancer{}})
	if len(changed.Deployments) != 2 {
		t.Errorf("removing the load balancer started no deployment:\n%s", w.show(changed))
	}
	w.steady(5 * time.Minute)
}
