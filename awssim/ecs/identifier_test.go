package ecs_test

import (
	"fmt"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// TestIdentifiersOfElsewhere: an ARN of another cluster, region or account is never the namesake in this one.
func TestIdentifiersOfElsewhere(t *testing.T) {
	w := newWorld(t, 54)
	w.create(w.register(w.image("v1"), nil), 1, nil)
	w.steady(600e9)
	task := *w.tasks(types.DesiredStatusRunning)[0].TaskArn
	id := task[strings.LastIndex(task, "/")+1:]
	here := "arn:aws:ecs:eu-west-1:123456789012:"
	for _, call := range []struct {
		kind, name, absent string
		call               func(ref string) error
	}{
		{"service", "web", "ServiceNotFoundException", func(ref string) error {
			_, err := w.client.UpdateService(ctx, &sdk.UpdateServiceInput{Cluster: new("shop"), Service: &ref})
			return err
		}},
		{"service", "web", "ServiceNotFoundException", func(ref string) error {
			_, err := w.client.ListTasks(ctx, &sdk.ListTasksInput{Cluster: new("shop"), ServiceName: &ref})
			return err
		}},
		{"service", "web", "MISSING", func(ref string) error {
			out, err := w.client.DescribeServices(ctx, &sdk.DescribeServicesInput{Cluster: new("shop"), Services: []string{ref}})
			return failed(err, func() []types.Failure { return out.Failures })
		}},
		{"task", id, "MISSING", func(ref string) error {
			out, err := w.client.DescribeTasks(ctx, &sdk.DescribeTasksInput{Cluster: new("shop"), Tasks: []string{ref}})
			return failed(err, func() []types.Failure { return out.Failures })
		}},
		{"task", id, "task was not found", func(ref string) error {
			_, err := w.client.StopTask(ctx, &sdk.StopTaskInput{Cluster: new("shop"), Task: &ref})
			return err
		}},
	} {
		for ref, want := range map[string]string{
			"arn:aws:ecs:eu-west-1:999999999999:" + call.kind + "/shop/" + call.name: call.absent,
			"arn:aws:ecs:us-east-1:123456789012:" + call.kind + "/shop/" + call.name: "InvalidParameterException: Invalid Region in ARN",
			here + call.kind + "/prod/" + call.name:                                  "Identifier is for cluster prod. Your cluster is shop",
			"prod/" + call.name:                                                      "Identifier is for cluster prod. Your cluster is shop",
			here + "cluster/" + call.name:                                            "InvalidParameterException: Unsupported resource type: cluster",
			"arn:aws:sqs:eu-west-1:1:queue":                                          "is not an ARN of Amazon ECS",
			"arn:":                                                                   "is not an ARN of Amazon ECS",
			here + call.kind + "/shop/x/y":                                           "InvalidParameterException: Invalid identifier",
			here + call.kind + "/shop/" + call.name:                                  "",
			here + call.kind + "/" + call.name:                                       "",
			call.kind + "/shop/" + call.name:                                         "",
			call.name:                                                                "",
		} {
			err := w.try(func() error { return call.call(ref) })
			if got := fmt.Sprint(err); want == "" && err != nil || !strings.Contains(got, want) {
				t.Errorf("%s: got %v, want %q", ref, err, want)
			}
		}
	}
}

// failed makes the failures of an answer an error.
func failed(err error, failures func() []types.Failure) error {
	if err != nil {
		return err
	}
	if list := failures(); len(list) > 0 {
		return fmt.Errorf("%s %s", *list[0].Reason, *list[0].Arn)
	}
	return nil
}
