package ecs_test

import (
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// TestBreakerRollsBack fails a deployment in every way that the circuit breaker knows and expects the old revision back,
// under its old deployment id.
func TestBreakerRollsBack(t *testing.T) {
	for name, tt := range map[string]struct {
		image  string
		labels []string
		define func(*sdk.RegisterTaskDefinitionInput)
		code   types.TaskStopCode
		reason string
	}{
		"image missing": {image: "nowhere", code: types.TaskStopCodeTaskFailedToStart, reason: "CannotPullContainerError: "},
		"crash at start": {image: "bad", labels: []string{"awssim.exit=1", "awssim.after=3s"}, code: types.TaskStopCodeEssentialContainerExited,
			reason: "Essential container in task exited"},
		"wrong architecture": {image: "arm", labels: []string{"arch=arm64"}, code: types.TaskStopCodeEssentialContainerExited, reason: "Essential container in task exited"},
		"never healthy":      {image: "sick", labels: []string{"awssim.status=500"}, code: types.TaskStopCodeServiceSchedulerInitiated, reason: "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:"},
		"missing secret": {image: "v2", define: func(in *sdk.RegisterTaskDefinitionInput) {
			in.ContainerDefinitions[0].Secrets = []types.Secret{{Name: new("DB"), ValueFrom: new("/shop/none")}}
		}, code: types.TaskStopCodeTaskFailedToStart, reason: "ResourceInitializationError: unable to pull secrets or registry auth: "},
		"missing log group": {image: "v2", define: func(in *sdk.RegisterTaskDefinitionInput) {
			in.ContainerDefinitions[0].LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs,
				Options: map[string]string{"awslogs-group": "/ecs/none", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"}}
		}, code: types.TaskStopCodeTaskFailedToStart, reason: "ResourceInitializationError: failed to validate logger args: "},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 11)
			v1 := w.register(w.image("v1"), nil)
			w.create(v1, 2, both(w.behind("web", 20), breaker(true)))
			good := *w.steady(4 * time.Minute).Deployments[0].Id
			ref := registry + "web:nowhere"
			if tt.image != "nowhere" {
				ref = w.image(tt.image, tt.labels...)
			}
			bad := *w.roll(w.register(ref, tt.define)).Deployments[0].Id
			w.until("rolling back", 15*time.Minute, func(svc *types.Service) bool { return *svc.Deployments[0].Id == good })
			if !strings.Contains(w.trace.String(), "ECS deployment circuit breaker: rolling back to deploymentId "+good+".") {
				t.Errorf("no event says that ECS rolls back to %s", good)
			}
			checkStop(t, w, bad, tt.code, tt.reason)
			end := w.steady(5 * time.Minute)
			if *end.TaskDefinition != v1 || *end.Deployments[0].Id != good {
				t.Errorf("after the rollback:\n%s", w.show(end))
			}
			checkRolledBack(t, w)
		})
	}
}

func checkStop(t *testing.T, w *world, deployment string, code types.TaskStopCode, reason string) {
	t.Helper()
	for _, task := range w.tasks(types.DesiredStatusStopped) {
		if *task.StartedBy == deployment && task.StopCode == code && strings.HasPrefix(*task.StoppedReason, reason) {
			return
		}
	}
	for _, task := range w.tasks(types.DesiredStatusStopped) {
		t.Logf("%s: %s %s", *task.StartedBy, task.StopCode, *task.StoppedReason)
	}
	t.Errorf("no task of %s stopped with %s, %q", deployment, code, reason)
}

func checkRolledBack(t *testing.T, w *world) {
	t.Helper()
	r := w.rollout()
	b := r.DeploymentCircuitBreaker
	if r.Status != types.ServiceDeploymentStatusRollbackSuccessful || r.Rollback == nil || *r.Rollback.ServiceRevisionArn != *r.SourceServiceRevisions[0].Arn {
		t.Errorf("got service deployment %s, rollback %+v", r.Status, r.Rollback)
	}
	if b.Status != types.ServiceDeploymentRollbackMonitorsStatusTriggered || b.Threshold != 3 || b.FailureCount < 3 {
		t.Errorf("got breaker %+v, want TRIGGERED at 3", b)
	}
	events := strings.Join(w.events.names, " ")
	order := []string{"SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_FAILED", "SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED"}
	for _, name := range order {
		_, rest, ok := strings.Cut(events, name)
		if !ok {
			t.Fatalf("events are not in the order %v: %v", order, w.events.names)
		}
		events = rest
	}
}

func TestWrongArchitectureLeavesItsLogLine(t *testing.T) {
	w := newWorld(t, 12)
	w.create(w.register(w.image("arm", "arch=arm64"), func(in *sdk.RegisterTaskDefinitionInput) {
		in.ContainerDefinitions[0].LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs,
			Options: map[string]string{"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "web"}}
	}), 1, nil)
	w.clock.RunFor(time.Minute)
	task := w.tasks(types.DesiredStatusStopped)[0]
	id := (*task.TaskArn)[strings.LastIndexByte(*task.TaskArn, '/')+1:]
	if got := w.logs["/ecs/web"]; len(got) == 0 || got[0] != "web/app/"+id+" exec /app: exec format error" {
		t.Errorf("got log %q", got)
	}
	if *task.Containers[0].ExitCode != 1 {
		t.Errorf("got exit code %d, want 1", *task.Containers[0].ExitCode)
	}
}

func TestNoCompletedDeploymentStalls(t *testing.T) {
	w := newWorld(t, 13)
	w.create(w.register(registry+"web:nowhere", nil), 1, breaker(true))
	svc := w.until("failed", 10*time.Minute, func(svc *types.Service) bool {
		return svc.Deployments[0].RolloutState == types.DeploymentRolloutStateFailed
	})
	if *svc.Deployments[0].RolloutStateReason != "ECS deployment circuit breaker: tasks failed to start." {
		t.Errorf("got reason %q", *svc.Deployments[0].RolloutStateReason)
	}
	w.clock.RunFor(2 * time.Minute)
	before := len(w.tasks(types.DesiredStatusStopped))
	w.clock.RunFor(40 * time.Minute)
	if after := len(w.tasks(types.DesiredStatusStopped)); after != before || before != 3 {
		t.Errorf("got %d tasks, then %d: a stalled service starts none after the third", before, after)
	}
	if r := w.rollout(); r.Status != types.ServiceDeploymentStatusRollbackFailed {
		t.Errorf("got %s, want ROLLBACK_FAILED", r.Status)
	}
	w.roll(w.register(w.image("v1"), nil))
	w.steady(3 * time.Minute)
}

func TestBreakerWithoutRollbackKeepsTheOldTasks(t *testing.T) {
	w := newWorld(t, 14)
	v1 := w.register(w.image("v1"), nil)
	w.create(v1, 2, both(breaker(false), w.behind("web", 0)))
	w.steady(4 * time.Minute)
	w.roll(w.register(w.image("bad", "awssim.exit=1"), nil))
	w.until("failed", 15*time.Minute, func(svc *types.Service) bool {
		return svc.Deployments[0].RolloutState == types.DeploymentRolloutStateFailed
	})
	w.clock.RunFor(10 * time.Minute)
	svc := w.service()
	if svc.RunningCount != 2 || *svc.Deployments[1].TaskDefinition != v1 || svc.Deployments[1].RunningCount != 2 {
		t.Errorf("the old tasks did not stay:\n%s", w.show(svc))
	}
	if r := w.rollout(); r.Status != types.ServiceDeploymentStatusStopped {
		t.Errorf("got %s, want STOPPED", r.Status)
	}
}

// TestCrashLoopWithoutBreaker goes on for ever, without slowing down: only tasks that never reach RUNNING are throttled.
func TestCrashLoopWithoutBreaker(t *testing.T) {
	w := newWorld(t, 15)
	w.create(w.register(w.image("bad", "awssim.exit=137", "awssim.reason=OutOfMemoryError: container killed due to memory usage"), nil), 1, nil)
	w.clock.RunFor(20 * time.Minute)
	svc := w.service()
	gone := w.tasks(types.DesiredStatusStopped)
	if len(gone) < 20 || svc.Deployments[0].RolloutState != types.DeploymentRolloutStateInProgress || int(svc.Deployments[0].FailedTasks) < 20 {
		t.Errorf("%d tasks have crashed:\n%s", len(gone), w.show(svc))
	}
	c := gone[0].Containers[0]
	if *c.ExitCode != 137 || *c.Reason != "OutOfMemoryError: container killed due to memory usage" {
		t.Errorf("got exit code %d, reason %q", *c.ExitCode, *c.Reason)
	}
}

func TestLaunchThrottle(t *testing.T) {
	w := newWorld(t, 16)
	w.create(w.register(registry+"web:nowhere", nil), 1, nil)
	w.clock.RunFor(10 * time.Minute)
	early := len(w.tasks(types.DesiredStatusStopped))
	w.clock.RunFor(20 * time.Minute)
	late := len(w.tasks(types.DesiredStatusStopped)) - early
	if early < 5 || late > 3 {
		t.Errorf("got %d attempts in 10 minutes and %d in the next 20: no throttle", early, late)
	}
	if svc := w.service(); !hasEvent(svc, "is unable to consistently start tasks successfully.") {
		t.Errorf("did not say so:\n%s", w.show(svc))
	}
	w.roll(w.register(w.image("v1"), nil))
	w.steady(2 * time.Minute) // a new deployment is not throttled
}

func TestEarlyExitsByTheDocumentedLetter(t *testing.T) {
	w := newWorld(t, 17)
	w.ecs.CountEarlyExits = false
	w.create(w.register(w.image("bad", "awssim.exit=1", "awssim.after=2s"), nil), 1, breaker(true))
	w.clock.RunFor(20 * time.Minute)
	if svc := w.service(); svc.Deployments[0].FailedTasks != 0 || svc.Deployments[0].RolloutState != types.DeploymentRolloutStateInProgress {
		t.Errorf("exits after RUNNING were counted:\n%s", w.show(svc))
	}
}

func TestCrashedTaskIsReplaced(t *testing.T) {
	w := newWorld(t, 18)
	w.create(w.register(w.image("v1", "awssim.exit=2", "awssim.after=5m"), nil), 1, breaker(true))
	w.steady(2 * time.Minute)
	w.clock.RunFor(6 * time.Minute)
	svc := w.service()
	if gone := w.tasks(types.DesiredStatusStopped); len(gone) != 1 || svc.RunningCount != 1 {
		t.Errorf("%d gone:\n%s", len(gone), w.show(svc))
	}
	if svc.Deployments[0].FailedTasks != 0 || svc.Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted {
		t.Errorf("a crash after completion touched the deployment:\n%s", w.show(svc))
	}
}

// TestGracePeriod is the false positive: a slow start within the grace period is no failure.
func TestGracePeriod(t *testing.T) {
	w := newWorld(t, 19)
	w.create(w.register(w.image("v1", "awssim.ready=90s"), nil), 1, both(w.behind("web", 120), breaker(true)))
	svc := w.steady(4 * time.Minute)
	if gone := w.tasks(types.DesiredStatusStopped); len(gone) != 0 || svc.Deployments[0].FailedTasks != 0 {
		t.Errorf("%d tasks were stopped within the grace period", len(gone))
	}
	w.update(&sdk.UpdateServiceInput{HealthCheckGracePeriodSeconds: new(int32(20))})
	w.roll(w.register(w.image("v2", "awssim.ready=90s"), nil))
	w.until("failed the shorter grace period", 10*time.Minute, func(svc *types.Service) bool {
		return hasEvent(svc, "is unhealthy in (target-group ")
	})
}

func TestTargetThatTurnsUnhealthyIsReplacedFirst(t *testing.T) {
	w := newWorld(t, 20)
	w.create(w.register(w.image("v1"), nil), 2, w.behind("web", 0))
	w.steady(3 * time.Minute)
	w.clock.RunFor(time.Minute)
	sick := w.tasks(types.DesiredStatusRunning)[0]
	w.lb.targets[targetKey(w.lb.group("web", "ip"), *sick.Containers[0].NetworkInterfaces[0].PrivateIpv4Address, 8080)].port = 1 // nobody listens there
	most := 0
	w.until("replaced", 5*time.Minute, func(*types.Service) bool {
		most = max(most, len(w.tasks(types.DesiredStatusRunning)))
		return len(w.tasks(types.DesiredStatusStopped)) == 1
	})
	if most != 3 {
		t.Errorf("got at most %d tasks, want 3: the replacement comes first", most)
	}
}

func TestStopServiceDeployment(t *testing.T) {
	w := newWorld(t, 21)
	v1 := w.register(w.image("v1"), nil)
	w.create(v1, 1, nil)
	w.steady(3 * time.Minute)
	w.roll(w.register(w.image("v2"), nil))
	w.clock.RunFor(15 * time.Second)
	stop := func(kind types.StopServiceDeploymentStopType) error {
		return w.try(func() error {
			list, err := w.client.ListServiceDeployments(ctx, &sdk.ListServiceDeploymentsInput{Cluster: new("shop"), Service: new("web")})
			if err == nil {
				_, err = w.client.StopServiceDeployment(ctx, &sdk.StopServiceDeploymentInput{ServiceDeploymentArn: list.ServiceDeployments[0].ServiceDeploymentArn, StopType: kind})
			}
			return err
		})
	}
	if err := stop(types.StopServiceDeploymentStopTypeAbort); err == nil || !strings.Contains(err.Error(), "ROLLBACK") {
		t.Errorf("ABORT: got %v, want a refusal that names ROLLBACK", err)
	}
	if err := stop(types.StopServiceDeploymentStopTypeRollback); err != nil {
		t.Fatal(err)
	}
	if r := w.rollout(); r.Status != types.ServiceDeploymentStatusRollbackRequested {
		t.Errorf("got %s, want ROLLBACK_REQUESTED", r.Status)
	}
	if end := w.steady(4 * time.Minute); *end.TaskDefinition != v1 {
		t.Errorf("got %s, want %s", *end.TaskDefinition, v1)
	}
	if r := w.rollout(); r.Status != types.ServiceDeploymentStatusRollbackSuccessful {
		t.Errorf("got %s, want ROLLBACK_SUCCESSFUL", r.Status)
	}
	if err := stop(types.StopServiceDeploymentStopTypeRollback); err == nil || !strings.Contains(err.Error(), "ConflictException") {
		t.Errorf("stopping an ended deployment: got %v, want ConflictException", err)
	}
}

// TestResetOnHealthyTask lets tasks get healthy and then fail, again and again, in a deployment that bakes.
func TestResetOnHealthyTask(t *testing.T) {
	for _, reset := range []bool{true, false} {
		w := newWorld(t, 23)
		w.create(w.register(w.image("v1"), nil), 1, both(w.behind("web", 0), func(in *sdk.CreateServiceInput) {
			in.DeploymentConfiguration = &types.DeploymentConfiguration{BakeTimeInMinutes: new(int32(60)), DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{
				Enable: true, ResetOnHealthyTask: &reset, ThresholdConfiguration: &types.ThresholdConfiguration{Type: types.ThresholdTypeCount, Value: 2}}}
		}))
		digest := w.images["web:v1"].Digest
		for n := range 2 {
			w.until("healthy", 4*time.Minute, func(*types.Service) bool {
				views := w.ecs.Tasks("shop", "web")
				return len(views) == 1 && views[0].Health == "HEALTHY"
			})
			w.runtime.Break(digest, 500)
			w.until("one more failed", 4*time.Minute, func(*types.Service) bool { return len(w.tasks(types.DesiredStatusStopped)) > n })
			w.runtime.Break(digest, 0)
		}
		w.clock.RunFor(time.Minute)
		if failed := w.service().Deployments[0].RolloutState == types.DeploymentRolloutStateFailed; failed == reset {
			t.Errorf("resetOnHealthyTask %v: failed is %v after two failures that were not in a row\n%s", reset, failed, w.show(w.service()))
		}
	}
}

func TestInterruptIsNotTheDeploymentsFault(t *testing.T) {
	w := newWorld(t, 22)
	w.create(w.register(w.image("v1"), nil), 1, breaker(true))
	w.until("running", time.Minute, func(svc *types.Service) bool { return svc.RunningCount == 1 })
	arn := *w.tasks(types.DesiredStatusRunning)[0].TaskArn
	w.do(func() error {
		if !w.ecs.Interrupt(arn, types.TaskStopCodeSpotInterruption, "Your Spot Task was interrupted.") {
			t.Error("no such task")
		}
		return nil
	})
	if svc := w.steady(3 * time.Minute); svc.Deployments[0].FailedTasks != 0 {
		t.Error("an interruption was counted")
	}
	if gone := w.tasks(types.DesiredStatusStopped); gone[0].StopCode != types.TaskStopCodeSpotInterruption {
		t.Errorf("got %s", gone[0].StopCode)
	}
}

// TestRollbackThatFails deletes the good image under a rollback. A deployment that fails while a rollback runs has nothing to
// go back to either: the rolled-back one is not completed yet.
func TestRollbackThatFails(t *testing.T) {
	for _, overtaken := range []bool{false, true} {
		w := newWorld(t, 25)
		good := w.register(w.image("v1"), nil)
		w.create(good, 2, both(breaker(true), func(in *sdk.CreateServiceInput) {
			in.DeploymentConfiguration.MinimumHealthyPercent, in.DeploymentConfiguration.MaximumPercent = new(int32(0)), new(int32(100))
		}))
		w.steady(3 * time.Minute)
		digest := w.images["web:v1"].Digest
		bad := w.register(w.image("bad", "awssim.exit=1"), nil)
		delete(w.images, "web@"+digest)
		w.roll(bad)
		w.until("rolling back", 10*time.Minute, func(svc *types.Service) bool { return *svc.TaskDefinition == good })
		if overtaken {
			w.roll(bad)
		}
		svc := w.until("failed", 10*time.Minute, func(svc *types.Service) bool {
			return svc.Deployments[0].RolloutState == types.DeploymentRolloutStateFailed
		})
		if want := map[bool]string{false: good, true: bad}[overtaken]; *svc.TaskDefinition != want {
			t.Errorf("overtaken %v: the service stalled on %s, want %s", overtaken, *svc.TaskDefinition, want)
		}
		if r := w.rollout(); r.Status != types.ServiceDeploymentStatusRollbackFailed {
			t.Errorf("overtaken %v: got %s, want ROLLBACK_FAILED", overtaken, r.Status)
		}
	}
}
