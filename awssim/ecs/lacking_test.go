package ecs_test

import (
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// demanding asks for much that awssim does not do.
func demanding(in *sdk.RegisterTaskDefinitionInput) {
	in.PidMode = types.PidModeTask
	def := &in.ContainerDefinitions[0]
	def.User, def.Privileged = new("1000"), new(false)
	def.Ulimits = []types.Ulimit{{Name: types.UlimitNameNofile, SoftLimit: 1, HardLimit: 1}}
	def.RestartPolicy = &types.ContainerRestartPolicy{Enabled: new(true)}
	def.LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverSplunk}
	def.Memory, def.MountPoints = new(int32(128)), []types.MountPoint{}
	in.ContainerDefinitions = append(in.ContainerDefinitions, types.ContainerDefinition{
		Name: new("side"), Image: def.Image, Essential: new(false),
		DependsOn:        []types.ContainerDependency{{ContainerName: new("app"), Condition: types.ContainerConditionHealthy}},
		LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{"awslogs-group": "/ecs/web", "awslogs-multiline-pattern": "^X"}},
	})
}

const demands = "pidMode, restartPolicy of container app, ulimits of container app, user of container app, log driver splunk of container app, " +
	"dependsOn of container side, awslogs-multiline-pattern of container side"

func said(svc *types.Service) (all []string) {
	for _, e := range svc.Events {
		if strings.Contains(*e.Message, "awssim does not implement") {
			all = append(all, *e.Message)
		}
	}
	return all
}

func TestWhatTasksRunWithoutIsSaidOnce(t *testing.T) {
	w := newWorld(t, 71)
	w.create(w.register(w.image("v1"), nil), 2, nil)
	w.steady(3 * time.Minute)
	if got := said(w.service()); len(got) != 0 {
		t.Errorf("an ordinary service is told %q", got)
	}
	w.roll(w.register(w.image("v2"), demanding))
	svc := w.steady(5 * time.Minute)
	if got := said(svc); len(got) != 1 || !strings.Contains(got[0], "(service web) awssim does not implement "+demands+": the tasks of (deployment ecs-svc/") {
		t.Errorf("got %q", got)
	}
	w.update(&sdk.UpdateServiceInput{TaskDefinition: new(w.register(w.image("v3"), nil)), ServiceConnectConfiguration: &types.ServiceConnectConfiguration{Enabled: true},
		DeploymentConfiguration: &types.DeploymentConfiguration{Alarms: &types.DeploymentAlarms{Enable: true, AlarmNames: []string{"errors"}}}})
	svc = w.steady(5 * time.Minute)
	if got := said(svc); len(got) != 2 || !strings.Contains(got[0], "implement Service Connect, deployment alarms: ") {
		t.Errorf("got %q", got)
	}
}

func TestRunTaskRefusesWhatItsTaskWouldLack(t *testing.T) {
	w := newWorld(t, 72)
	definition := w.register(w.image("v1"), demanding)
	err := w.try(func() error {
		_, err := w.client.RunTask(ctx, &sdk.RunTaskInput{Cluster: new("shop"), TaskDefinition: &definition, LaunchType: types.LaunchTypeFargate, NetworkConfiguration: subnets()})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "awssim does not implement "+demands) {
		t.Errorf("got %v", err)
	}
}

// A service without a launch type and strategy of its own takes its cluster's.
func TestTheClustersStrategyCounts(t *testing.T) {
	w := newWorld(t, 73)
	w.do(func() error {
		_, err := w.client.CreateCluster(ctx, &sdk.CreateClusterInput{ClusterName: new("spot"), CapacityProviders: []string{"FARGATE_SPOT"},
			DefaultCapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: new("FARGATE_SPOT"), Weight: 1}}})
		return err
	})
	svc := w.create(w.register(w.image("v1"), nil), 1, func(in *sdk.CreateServiceInput) { in.Cluster, in.LaunchType = new("spot"), "" })
	if svc.LaunchType != "" || len(svc.CapacityProviderStrategy) != 1 || *svc.CapacityProviderStrategy[0].CapacityProvider != "FARGATE_SPOT" {
		t.Errorf("got launch type %q and strategy %+v", svc.LaunchType, svc.CapacityProviderStrategy)
	}
	w.clock.RunFor(2 * time.Minute)
	var out *sdk.ListTasksOutput
	w.do(func() (err error) {
		out, err = w.client.ListTasks(ctx, &sdk.ListTasksInput{Cluster: new("spot"), ServiceName: new("web")})
		return err
	})
	if len(out.TaskArns) != 1 {
		t.Errorf("%d tasks run, want 1", len(out.TaskArns))
	}
}
