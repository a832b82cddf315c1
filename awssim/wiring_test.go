package awssim_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	awslambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"

	"slipway/awssim"
	"slipway/awssim/cloudformation"
	"slipway/awssim/ecs/scripted"
	"slipway/awssim/lambda"
)

// stubs are the product's functions by name; each notes what it was called with.
func stubs(called map[string][]json.RawMessage, fail map[string]bool) lambda.Handlers {
	handlers := lambda.Handlers{}
	for _, verb := range []string{"push", "claim", "update", "probe", "rollback", "settle", "drift"} {
		handlers["slipway-"+verb] = awslambda.NewHandler(func(_ context.Context, in json.RawMessage) (any, error) {
			called[verb] = append(called[verb], in)
			if fail[verb] {
				return nil, errors.New("out of order")
			}
			return map[string]string{}, nil
		})
	}
	return handlers
}

func deployed(t *testing.T, fail ...string) (*awssim.Sim, map[string][]json.RawMessage) {
	t.Helper()
	called, failing := map[string][]json.RawMessage{}, map[string]bool{}
	for _, verb := range fail {
		failing[verb] = true
	}
	sim, err := awssim.New(awssim.Options{Seed: 7, Functions: stubs(called, failing)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Deploy("slipway", "../template.yaml", nil); err != nil {
		t.Fatal(err)
	}
	return sim, called
}

func push(t *testing.T, sim *awssim.Sim, tag string) {
	t.Helper()
	_, err := ecr.NewFromConfig(sim.Config("k")).CreateRepository(context.Background(), &ecr.CreateRepositoryInput{RepositoryName: new("shop/web")})
	if err != nil {
		t.Fatal(err)
	}
	img, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	sim.Clock.Do("push", func() { _, err = sim.ECR.Push("shop/web", tag, img) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPushReachesItsFunction(t *testing.T) {
	sim, called := deployed(t)
	push(t, sim, "v1")
	if err := sim.Clock.RunUntil(func() bool { return len(called["push"]) > 0 }, time.Minute); err != nil {
		t.Fatal(err)
	}
	var event struct {
		Source string
		Detail map[string]any
	}
	if err := json.Unmarshal(called["push"][0], &event); err != nil {
		t.Fatal(err)
	}
	if event.Source != "aws.ecr" || event.Detail["image-tag"] != "v1" || event.Detail["repository-name"] != "shop/web" {
		t.Errorf("push was called with %s", called["push"][0])
	}
}

func TestAnUntaggedPushReachesNobody(t *testing.T) {
	sim, called := deployed(t)
	push(t, sim, "")
	sim.Clock.RunFor(time.Minute)
	if len(called["push"]) != 0 {
		t.Errorf("push was called with %s", called["push"][0])
	}
}

func TestTheScheduleTellsTheTime(t *testing.T) {
	sim, called := deployed(t)
	sim.Clock.RunFor(11 * time.Minute)
	if n := len(called["drift"]); n < 2 || n > 3 {
		t.Fatalf("drift ran %d times in 11 minutes, want every 5", n)
	}
	var input struct{ ScheduledTime time.Time }
	if err := json.Unmarshal(called["drift"][1], &input); err != nil || input.ScheduledTime.Before(start(sim)) {
		t.Errorf("drift was called with %s", called["drift"][1])
	}
}

func TestAFailedExecutionReachesSettle(t *testing.T) {
	sim, called := deployed(t, "claim")
	machine := "arn:aws:states:eu-west-1:123456789012:stateMachine:slipway"
	_, err := sfn.NewFromConfig(sim.Config("k")).StartExecution(context.Background(), &sfn.StartExecutionInput{StateMachineArn: &machine, Input: new(`{"service":"shop/web"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.Clock.RunUntil(func() bool { return len(called["settle"]) > 0 }, 24*time.Hour); err != nil {
		t.Fatalf("%v; claim ran %d times", err, len(called["claim"]))
	}
	if text := string(called["settle"][len(called["settle"])-1]); !strings.Contains(text, `"status":"FAILED"`) || !strings.Contains(text, machine) {
		t.Errorf("settle was called with %s", text)
	}
}

// A function that fails for good leaves its event in the queue of failed invocations.
func TestAFailedInvocationIsKept(t *testing.T) {
	sim, called := deployed(t, "push")
	push(t, sim, "v1")
	sim.Clock.RunFor(10 * time.Minute)
	if len(called["push"]) != 3 {
		t.Errorf("push was tried %d times, want 3", len(called["push"]))
	}
	client := sqs.NewFromConfig(sim.Config("k"))
	queue, err := client.GetQueueUrl(context.Background(), &sqs.GetQueueUrlInput{QueueName: new("slipway-failed-invocations")})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl})
	if err != nil || len(got.Messages) != 1 || !strings.Contains(*got.Messages[0].Body, "out of order") {
		t.Errorf("messages %+v, error %v", got, err)
	}
}

// shop is the service of testdata with two tasks, up for five minutes, and its image's digest.
func shop(t *testing.T) (*awssim.Sim, *cloudformation.Stack, string) {
	t.Helper()
	sim, err := awssim.New(awssim.Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	stack, err := sim.Deploy("shop", "testdata/service.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "arm64", Config: v1.Config{Cmd: []string{"/web"}}})
	if err != nil {
		t.Fatal(err)
	}
	digest := ""
	sim.Clock.Do("push", func() { digest, err = sim.ECR.Push("shop/web", "first", img) })
	if err != nil {
		t.Fatal(err)
	}
	scale(t, sim, 2)
	sim.Clock.RunFor(5 * time.Minute)
	return sim, stack, digest
}

func scale(t *testing.T, sim *awssim.Sim, count int32) {
	t.Helper()
	in := &ecs.UpdateServiceInput{Cluster: new("shop"), Service: new("web"), DesiredCount: &count}
	if _, err := ecs.NewFromConfig(sim.Config("k")).UpdateService(context.Background(), in); err != nil {
		t.Fatal(err)
	}
}

// ECS hears of targets from the load balancer: it asks for nothing while they are well, and acts soon when they are not.
func TestECSHearsOfItsTargets(t *testing.T) {
	sim, _, digest := shop(t)
	looks := 0
	sim.Clock.Trace(func(_ time.Time, name string) {
		if strings.HasPrefix(name, "ecs: ") {
			looks++
		}
	})
	sim.Clock.RunFor(time.Hour)
	if looks > 0 {
		t.Errorf("ECS took %d turns in an hour in which nothing happened", looks)
	}
	running := func() int { return len(sim.ECS.Tasks("shop", "web")) }
	scale(t, sim, 1)
	sim.Clock.RunFor(5*time.Second + 15*time.Second + 5*time.Second + 20*time.Second) // react, drain, react, end
	if running() != 1 {
		t.Errorf("%d tasks are left of 2, want 1: the end of draining was not heard", running())
	}
	before := sim.ECS.Tasks("shop", "web")[0].ID
	sim.Tasks.(*scripted.Runtime).Break(digest, 500)
	sim.Clock.RunFor(20*time.Second + 5*time.Second + 30*time.Second) // two failed checks, react, start another
	for _, task := range sim.ECS.Tasks("shop", "web") {
		if task.ID == before && task.Health != "UNHEALTHY" {
			t.Errorf("task %+v, want that its failed health checks were heard", task)
		}
	}
}

// A service starts, registers with its load balancer, is found healthy and answers.
func TestAServiceComesUpBehindItsLoadBalancer(t *testing.T) {
	sim, stack, _ := shop(t)
	ctx, cfg := context.Background(), sim.Config("k")
	targets, _ := stack.Resource("Targets")
	health, err := elb.NewFromConfig(cfg).DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: new(targets.PhysicalID)})
	if err != nil || len(health.TargetHealthDescriptions) != 2 {
		t.Fatalf("health %+v, error %v", health, err)
	}
	for _, h := range health.TargetHealthDescriptions {
		if h.TargetHealth.State != elbtypes.TargetHealthStateEnumHealthy {
			t.Errorf("target %s is %s (%s)", *h.Target.Id, h.TargetHealth.State, h.TargetHealth.Reason)
		}
	}
	listener, _ := stack.Resource("Listener")
	status := 0
	sim.Clock.Do("request", func() {
		sim.ELB.Request(listener.PhysicalID, "GET", "/", func(got int, err error) { status = got })
	})
	sim.Clock.RunFor(time.Second)
	if status != 200 {
		t.Errorf("the load balancer answered %d", status)
	}
}
