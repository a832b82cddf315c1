package scenarios

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
)

// What a person does in the consoles, and reads there, with the SDK's clients.

func (w *world) ecs() *ecs.Client { return ecs.NewFromConfig(w.sim.Config("person")) }
func (w *world) sfn() *sfn.Client { return sfn.NewFromConfig(w.sim.Config("person")) }

func (w *world) service() ecstypes.Service {
	out, err := w.ecs().DescribeServices(context.Background(), &ecs.DescribeServicesInput{Cluster: aws.String("shop"), Services: []string{"web"}})
	if err != nil || len(out.Services) != 1 {
		w.t.Fatalf("describe the service: %v", err)
	}
	return out.Services[0]
}

func (w *world) definition(arn string) *ecstypes.TaskDefinition {
	out, err := w.ecs().DescribeTaskDefinition(context.Background(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.TaskDefinition
}

// running is the digest that the service's primary deployment runs in its container web.
func (w *world) running() string { return w.imageOf("web") }

// imageOf is the digest of a container's image in the primary deployment, or the whole reference where it has none.
func (w *world) imageOf(container string) string {
	for _, c := range w.definition(aws.ToString(w.service().TaskDefinition)).ContainerDefinitions {
		if aws.ToString(c.Name) == container {
			if _, digest, ok := strings.Cut(*c.Image, "@"); ok {
				return digest
			}
			return *c.Image
		}
	}
	return "no container " + container
}

// instances lets EC2 instances join the cluster, in the zones in turn.
func (w *world) instances(count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	w.sim.Clock.Do("instances", func() {
		for i := range n {
			if _, err = w.sim.ECS.AddInstance("shop", w.sim.ID.Region+"abc"[i%3:i%3+1], 2048, 4096); err != nil {
				return
			}
		}
	})
	return err
}

func (w *world) revisions() int {
	out, err := w.ecs().ListTaskDefinitions(context.Background(), &ecs.ListTaskDefinitionsInput{FamilyPrefix: aws.String("web")})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(out.TaskDefinitionArns)
}

// deployByHand registers a copy of what runs with another image and deploys it.
func (w *world) deployByHand(digest string) error {
	return w.deployImage(w.sim.ECR.Host()+"/shop/web@"+digest, "")
}

func (w *world) deployImage(image string, consistency ecstypes.VersionConsistency) error {
	d := w.definition(aws.ToString(w.service().TaskDefinition))
	d.ContainerDefinitions[0].Image, d.ContainerDefinitions[0].VersionConsistency = &image, consistency
	out, err := w.ecs().RegisterTaskDefinition(context.Background(), &ecs.RegisterTaskDefinitionInput{Family: d.Family, ContainerDefinitions: d.ContainerDefinitions,
		Cpu: d.Cpu, Memory: d.Memory, NetworkMode: d.NetworkMode, RequiresCompatibilities: d.RequiresCompatibilities, RuntimePlatform: d.RuntimePlatform, ExecutionRoleArn: d.ExecutionRoleArn})
	if err != nil {
		return err
	}
	return w.runByHand(aws.ToString(out.TaskDefinition.TaskDefinitionArn))
}

func (w *world) runByHand(revision string) error {
	_, err := w.ecs().UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("shop"), Service: aws.String("web"), TaskDefinition: &revision})
	return err
}

// breakImage makes the tasks of an image answer with a status, as if something that they all need were gone; "0" ends it.
func (s *script) breakImage(tag, status string) error {
	code, err := strconv.Atoi(status)
	if err == nil {
		s.sim.Tasks.(interface {
			Break(digest string, status int)
		}).Break(s.digests[tag], code)
	}
	return err
}

func (w *world) tagService(key, value string) error {
	_, err := w.ecs().TagResource(context.Background(), &ecs.TagResourceInput{ResourceArn: w.service().ServiceArn, Tags: []ecstypes.Tag{{Key: &key, Value: &value}}})
	return err
}

func (w *world) untagService(key string) error {
	_, err := w.ecs().UntagResource(context.Background(), &ecs.UntagResourceInput{ResourceArn: w.service().ServiceArn, TagKeys: []string{key}})
	return err
}

func (w *world) startByHand(input string) error {
	_, err := w.sfn().StartExecution(context.Background(), &sfn.StartExecutionInput{StateMachineArn: aws.String(w.sim.ID.ARN("states", "stateMachine:slipway")), Input: &input})
	return err
}

func (w *world) stopNewest() error {
	_, err := w.sfn().StopExecution(context.Background(), &sfn.StopExecutionInput{ExecutionArn: aws.String(w.started[len(w.started)-1])})
	return err
}

// sendEvent hands the push function an event.
func (w *world) sendEvent(event string) error {
	if !json.Valid([]byte(event)) {
		return fmt.Errorf("the event is not JSON")
	}
	return w.invoke("push", []byte(event))
}

// deadLetters counts the events that the functions gave up on.
func (w *world) deadLetters() (n int) {
	w.sim.Clock.Do("dead letters", func() { n = len(w.sim.SQS.Messages(w.sim.ID.ARN("sqs", "slipway-failed-invocations"))) })
	return n
}
