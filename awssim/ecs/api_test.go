package ecs_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestWhatIsMissing(t *testing.T) {
	w := newWorld(t, 51)
	var services *sdk.DescribeServicesOutput
	var tasks *sdk.DescribeTasksOutput
	w.do(func() (err error) {
		services, err = w.client.DescribeServices(ctx, &sdk.DescribeServicesInput{Cluster: new("shop"), Services: []string{"none"}})
		if err == nil {
			tasks, err = w.client.DescribeTasks(ctx, &sdk.DescribeTasksInput{Cluster: new("shop"), Tasks: []string{"none"}})
		}
		return err
	})
	if f := services.Failures; len(services.Services) != 0 || len(f) != 1 || *f[0].Reason != "MISSING" || *f[0].Arn != "arn:aws:ecs:eu-west-1:123456789012:service/shop/none" {
		t.Errorf("got services %v, failures %v", services.Services, f)
	}
	if f := tasks.Failures; len(f) != 1 || *f[0].Reason != "MISSING" {
		t.Errorf("got failures %v", f)
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, 52)
	v1 := w.register(w.image("v1"), nil)
	w.create(v1, 1, nil)
	eleven := make([]string, 11)
	for i := range eleven {
		eleven[i] = "web"
	}
	shop, web := new("shop"), new("web")
	for _, tt := range []struct {
		want string
		call func() error
	}{
		{"ClusterNotFoundException", func() error {
			_, err := w.client.DescribeServices(ctx, &sdk.DescribeServicesInput{Cluster: new("none"), Services: []string{"web"}})
			return err
		}},
		{"InvalidParameterException: Services must have 1 to 10 entries", func() error {
			_, err := w.client.DescribeServices(ctx, &sdk.DescribeServicesInput{Cluster: shop, Services: eleven})
			return err
		}},
		{"ServiceNotFoundException", func() error {
			_, err := w.client.UpdateService(ctx, &sdk.UpdateServiceInput{Cluster: shop, Service: new("none")})
			return err
		}},
		{"ServiceNotFoundException", func() error {
			_, err := w.client.ListTasks(ctx, &sdk.ListTasksInput{Cluster: shop, ServiceName: new("none")})
			return err
		}},
		{"ClientException: TaskDefinition not found.", func() error {
			_, err := w.client.UpdateService(ctx, &sdk.UpdateServiceInput{Cluster: shop, Service: web, TaskDefinition: new("web:7")})
			return err
		}},
		{"startedBy must be the only filter", func() error {
			_, err := w.client.ListTasks(ctx, &sdk.ListTasksInput{Cluster: shop, ServiceName: web, StartedBy: new("me")})
			return err
		}},
		{"The service cannot be stopped while it is scaled above 0.", func() error {
			_, err := w.client.DeleteService(ctx, &sdk.DeleteServiceInput{Cluster: shop, Service: web})
			return err
		}},
		{"Tag \"aws:x\" is not valid", func() error {
			_, err := w.client.TagResource(ctx, &sdk.TagResourceInput{ResourceArn: &v1, Tags: []types.Tag{{Key: new("aws:x"), Value: new("y")}}})
			return err
		}},
	} {
		if err := w.try(tt.call); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}

func TestCreateServiceRefuses(t *testing.T) {
	w := newWorld(t, 52)
	v1 := w.register(w.image("v1"), nil)
	w.create(v1, 1, nil)
	shop, web := new("shop"), new("web")
	spot := []types.CapacityProviderStrategyItem{{CapacityProvider: new("FARGATE_SPOT")}}
	group := w.lb.group("nlb", "instance")
	alone := w.lb.group("alone", "ip")
	w.lb.unused[alone] = true
	behindAlone := []types.LoadBalancer{{TargetGroupArn: &alone, ContainerName: new("app"), ContainerPort: new(int32(8080))}}
	create := func(change func(*sdk.CreateServiceInput)) error {
		in := &sdk.CreateServiceInput{Cluster: shop, ServiceName: new("other"), TaskDefinition: &v1, DesiredCount: new(int32(1)), LaunchType: types.LaunchTypeFargate, NetworkConfiguration: subnets()}
		change(in)
		_, err := w.client.CreateService(ctx, in)
		return err
	}
	for _, tt := range []struct {
		want string
		call func() error
	}{
		{"Creation of service was not idempotent.", func() error { return create(func(in *sdk.CreateServiceInput) { in.ServiceName = web }) }},
		{"Network Configuration must be provided", func() error { return create(func(in *sdk.CreateServiceInput) { in.NetworkConfiguration = nil }) }},
		{"incompatible with the awsvpc network mode", func() error {
			return create(func(in *sdk.CreateServiceInput) {
				in.LoadBalancers = []types.LoadBalancer{{TargetGroupArn: &group, ContainerName: new("app"), ContainerPort: new(int32(8080))}}
			})
		}},
		{"InvalidParameterException: The target group with targetGroupArn " + alone + " does not have an associated load balancer.", func() error {
			return create(func(in *sdk.CreateServiceInput) { in.LoadBalancers = behindAlone })
		}},
		{alone + " does not have an associated load balancer.", func() error {
			_, err := w.client.UpdateService(ctx, &sdk.UpdateServiceInput{Cluster: shop, Service: web, LoadBalancers: behindAlone})
			return err
		}},
		{"InvalidParameterException: The specified capacity provider FARGATE_SPOT was not found.", func() error {
			return create(func(in *sdk.CreateServiceInput) { in.LaunchType, in.CapacityProviderStrategy = "", spot })
		}},
		{"The specified capacity provider FARGATE_SPOT was not found.", func() error {
			_, err := w.client.UpdateService(ctx, &sdk.UpdateServiceInput{Cluster: shop, Service: web, CapacityProviderStrategy: spot})
			return err
		}},
		{"The specified capacity provider FARGATE_SPOT was not found.", func() error {
			_, err := w.client.CreateCluster(ctx, &sdk.CreateClusterInput{ClusterName: new("spot"), DefaultCapacityProviderStrategy: spot})
			return err
		}},
		{"daemon scheduling strategy is not supported for the Fargate", func() error {
			return create(func(in *sdk.CreateServiceInput) { in.SchedulingStrategy = types.SchedulingStrategyDaemon })
		}},
		{"awssim does not implement earlySuccessCriteria", func() error {
			return create(func(in *sdk.CreateServiceInput) {
				in.DeploymentConfiguration = &types.DeploymentConfiguration{EarlySuccessCriteria: &types.DeploymentEarlySuccessCriteria{Enable: true}}
			})
		}},
	} {
		if err := w.try(tt.call); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}

// Revision 10 comes after 9, even where a page must begin after one that has gone from the list.
func TestPagesOfRevisions(t *testing.T) {
	w := newWorld(t, 55)
	image := w.image("v1")
	for range 11 {
		w.register(image, nil)
	}
	in := &sdk.ListTaskDefinitionsInput{MaxResults: new(int32(9))}
	var first, rest *sdk.ListTaskDefinitionsOutput
	w.do(func() (err error) { first, err = w.client.ListTaskDefinitions(ctx, in); return err })
	w.do(func() error {
		_, err := w.client.DeregisterTaskDefinition(ctx, &sdk.DeregisterTaskDefinitionInput{TaskDefinition: new("web:9")})
		return err
	})
	in.NextToken = first.NextToken
	w.do(func() (err error) { rest, err = w.client.ListTaskDefinitions(ctx, in); return err })
	if got := rest.TaskDefinitionArns; len(got) != 2 || !strings.HasSuffix(got[0], "web:10") || !strings.HasSuffix(got[1], "web:11") {
		t.Errorf("after web:9, which is gone: got %v", got)
	}
}

// The ids of service events are UUIDs, with version and variant.
func TestIDsOfEvents(t *testing.T) {
	w := newWorld(t, 56)
	w.create(w.register(w.image("v1"), nil), 1, nil)
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	events := w.steady(10 * time.Minute).Events
	if len(events) < 2 {
		t.Fatalf("got %d events", len(events))
	}
	for _, e := range events {
		if !form.MatchString(*e.Id) {
			t.Errorf("got %s", *e.Id)
		}
	}
}

// TestOtherControllersAreStoredOnly keeps what clients must refuse to deploy: it can be created and described.
func TestOtherControllersAreStoredOnly(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		change     func(*sdk.CreateServiceInput)
	}{
		{"CODE_DEPLOY", "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.", func(in *sdk.CreateServiceInput) {
			in.DeploymentController = &types.DeploymentController{Type: types.DeploymentControllerTypeCodeDeploy}
		}},
		{"EXTERNAL", "EXTERNAL deployment controller", func(in *sdk.CreateServiceInput) {
			in.DeploymentController, in.TaskDefinition = &types.DeploymentController{Type: types.DeploymentControllerTypeExternal}, nil
		}},
		{"BLUE_GREEN", "awssim does not implement deployments with the strategy BLUE_GREEN", func(in *sdk.CreateServiceInput) {
			in.DeploymentConfiguration = &types.DeploymentConfiguration{Strategy: types.DeploymentStrategyBlueGreen}
		}},
	} {
		w := newWorld(t, 53)
		v1 := w.register(w.image("v1"), nil)
		w.create(v1, 1, tt.change)
		w.clock.RunFor(5 * time.Minute)
		if svc := w.service(); len(svc.Deployments) != 0 || svc.RunningCount != 0 || svc.DesiredCount != 1 {
			t.Errorf("%s: got %d deployments, %d tasks of %d", tt.name, len(svc.Deployments), svc.RunningCount, svc.DesiredCount)
		}
		err := w.try(func() error {
			_, err := w.client.UpdateService(ctx, &sdk.UpdateServiceInput{Cluster: new("shop"), Service: new("web"), TaskDefinition: &v1})
			return err
		})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		w.update(&sdk.UpdateServiceInput{DesiredCount: new(int32(3))})
	}
}

func TestTags(t *testing.T) {
	w := newWorld(t, 54)
	tags := []types.Tag{{Key: new("slipway:repository"), Value: new("web")}, {Key: new("a"), Value: new("b")}}
	svc := w.create(w.register(w.image("v1"), nil), 0, func(in *sdk.CreateServiceInput) { in.Tags = tags })
	if got := w.service(); got.Tags != nil {
		t.Errorf("tags without include: %v", got.Tags)
	}
	var out *sdk.DescribeServicesOutput
	w.do(func() error {
		_, err := w.client.UntagResource(ctx, &sdk.UntagResourceInput{ResourceArn: svc.ServiceArn, TagKeys: []string{"a"}})
		if err == nil {
			_, err = w.client.TagResource(ctx, &sdk.TagResourceInput{ResourceArn: svc.ServiceArn, Tags: []types.Tag{{Key: new("z"), Value: new("")}}})
		}
		if err == nil {
			out, err = w.client.DescribeServices(ctx, &sdk.DescribeServicesInput{Cluster: new("shop"), Services: []string{*svc.ServiceArn}, Include: []types.ServiceField{types.ServiceFieldTags}})
		}
		return err
	})
	if got := out.Services[0].Tags; len(got) != 2 || *got[0].Key != "slipway:repository" || *got[1].Key != "z" {
		t.Errorf("got tags %v", got)
	}
	w.do(func() error {
		if got := w.ecs.Tags(*svc.ServiceArn); len(got) != 2 || got["slipway:repository"] != "web" {
			t.Errorf("by the ARN: got %v", got)
		}
		if got := w.ecs.Tags(*svc.ServiceArn + "x"); got != nil {
			t.Errorf("of nothing: got %v", got)
		}
		if found := w.ecs.TaggedResources(); len(found) != 1 || found[0].ARN != *svc.ServiceArn || found[0].Tags["slipway:repository"] != "web" {
			t.Errorf("got tagged resources %v", found)
		}
		return nil
	})
}

func TestPages(t *testing.T) {
	w := newWorld(t, 55)
	w.create(w.register(w.image("v1"), nil), 7, nil)
	w.clock.RunFor(time.Minute)
	seen := map[string]bool{}
	pages := 0
	w.do(func() error {
		p := sdk.NewListTasksPaginator(w.client, &sdk.ListTasksInput{Cluster: new("shop"), MaxResults: new(int32(3))})
		for p.HasMorePages() {
			out, err := p.NextPage(ctx)
			if err != nil {
				return err
			}
			pages++
			for _, arn := range out.TaskArns {
				seen[arn] = true
			}
		}
		return nil
	})
	if pages != 3 || len(seen) != 7 {
		t.Errorf("got %d tasks on %d pages, want 7 on 3", len(seen), pages)
	}
}

func TestRunAndStopTask(t *testing.T) {
	w := newWorld(t, 56)
	w.params["/shop/db"] = "db.internal"
	w.register(w.image("job", "awssim.log=hello\nworld", "awssim.exit=0", "awssim.after=30s"), func(in *sdk.RegisterTaskDefinitionInput) {
		in.ContainerDefinitions[0].Secrets = []types.Secret{{Name: new("DB"), ValueFrom: new("arn:aws:ssm:eu-west-1:123456789012:parameter/shop/db")}}
		in.ContainerDefinitions[0].LogConfiguration = &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "job"}}
	})
	run := func() string {
		var out *sdk.RunTaskOutput
		w.do(func() (err error) {
			out, err = w.client.RunTask(ctx, &sdk.RunTaskInput{Cluster: new("shop"), TaskDefinition: new("web"), LaunchType: types.LaunchTypeFargate,
				NetworkConfiguration: subnets(), StartedBy: new("test")})
			return err
		})
		return *out.Tasks[0].TaskArn
	}
	describe := func(arn string) types.Task {
		var out *sdk.DescribeTasksOutput
		w.do(func() (err error) {
			out, err = w.client.DescribeTasks(ctx, &sdk.DescribeTasksInput{Cluster: new("shop"), Tasks: []string{arn}})
			return err
		})
		return out.Tasks[0]
	}
	done := run()
	w.clock.RunFor(2 * time.Minute)
	if got := describe(done); *got.LastStatus != "STOPPED" || *got.Containers[0].ExitCode != 0 || *got.Group != "family:web" || *got.StartedBy != "test" {
		t.Errorf("got %s, group %s", *got.LastStatus, *got.Group)
	}
	if lines := w.logs["/ecs/web"]; len(lines) != 2 || !strings.HasSuffix(lines[1], " world") {
		t.Errorf("got log %q", lines)
	}
	stopped := run()
	w.clock.RunFor(20 * time.Second)
	w.do(func() error {
		_, err := w.client.StopTask(ctx, &sdk.StopTaskInput{Cluster: new("shop"), Task: &stopped, Reason: new("enough")})
		return err
	})
	w.clock.RunFor(time.Minute)
	if got := describe(stopped); got.StopCode != types.TaskStopCodeUserInitiated || *got.StoppedReason != "enough" || *got.LastStatus != "STOPPED" {
		t.Errorf("got %s, %q, %s", got.StopCode, *got.StoppedReason, *got.LastStatus)
	}
}

func TestDeleteService(t *testing.T) {
	w := newWorld(t, 57)
	v1 := w.register(w.image("v1"), nil)
	w.create(v1, 1, nil)
	w.steady(2 * time.Minute)
	w.do(func() error {
		_, err := w.client.DeleteService(ctx, &sdk.DeleteServiceInput{Cluster: new("shop"), Service: new("web"), Force: new(true)})
		return err
	})
	if svc := w.service(); *svc.Status != "DRAINING" {
		t.Errorf("got %s, want DRAINING", *svc.Status)
	}
	w.until("INACTIVE", 2*time.Minute, func(svc *types.Service) bool { return *svc.Status == "INACTIVE" })
	if left := w.tasks(types.DesiredStatusRunning); len(left) != 0 {
		t.Errorf("%d tasks are left", len(left))
	}
	w.create(v1, 1, nil)
	w.steady(2 * time.Minute)
}

func TestLiveView(t *testing.T) {
	w := newWorld(t, 58)
	w.create(w.register(w.image("v1"), nil), 2, nil)
	w.steady(2 * time.Minute)
	w.roll(w.register(w.image("v2"), nil))
	w.clock.RunFor(10 * time.Second)
	views := w.ecs.Tasks("shop", "web")
	if len(views) != 4 || views[0].Revision != "web:1" || views[0].Health != "HEALTHY" || views[3].Revision != "web:2" || views[3].Health != "STARTING" {
		t.Errorf("got %+v", views)
	}
	if got := w.ecs.Tasks("shop", "none"); got != nil {
		t.Errorf("got %v of no service", got)
	}
}

// Container Insights is off unless somebody turns it on, and only a reader who asks for settings sees it.
func TestClusterSettings(t *testing.T) {
	w := newWorld(t, 57)
	for include, want := range map[types.ClusterField]int{types.ClusterFieldTags: 0, types.ClusterFieldSettings: 1} {
		var out *sdk.DescribeClustersOutput
		w.do(func() (err error) {
			out, err = w.client.DescribeClusters(ctx, &sdk.DescribeClustersInput{Clusters: []string{"shop"}, Include: []types.ClusterField{include}})
			return err
		})
		settings := out.Clusters[0].Settings
		if len(settings) != want {
			t.Errorf("include %s: got %+v", include, settings)
		}
		if want == 1 && (settings[0].Name != types.ClusterSettingNameContainerInsights || *settings[0].Value != "disabled") {
			t.Errorf("got %+v", settings[0])
		}
	}
}
