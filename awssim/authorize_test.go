package awssim

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	golambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"slipway/awssim/iam"
	"slipway/awssim/iam/needs"
	"slipway/awssim/lambda"
)

// withRole is a Sim with a role that may do one thing, and its access key.
func withRole(t *testing.T, policy map[string]any) (*Sim, string) {
	t.Helper()
	sim, err := New(Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	document, err := iam.ParseDocument(map[string]any{"Statement": policy})
	if err != nil {
		t.Fatal(err)
	}
	role, err := sim.IAM.CreateRole("caller", "/", iam.Role{Policies: []iam.Policy{{Name: "p", Document: document}}})
	if err != nil {
		t.Fatal(err)
	}
	return sim, AccessKey(role.ARN)
}

// Every operation that can be called has a row: else roles would be denied what their policies allow.
func TestEveryOperationHasARow(t *testing.T) {
	sim, _ := withRole(t, map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"})
	for _, api := range sim.apis {
		operations := api.Operations()
		for _, route := range api.Routes { // Lambda's Invoke is a route that serves by itself
			operations = append(operations, route.Operation)
		}
		for _, operation := range operations {
			if _, ok := needs.Of(resources{sim}, sim.ID, needs.Call{Service: api.Service, Operation: operation}); !ok {
				t.Errorf("package needs has no row for %s %s", api.Service, operation)
			}
		}
	}
}

func TestEveryProtocolDenies(t *testing.T) {
	sim, key := withRole(t, map[string]any{"Effect": "Allow", "Action": "ecs:CreateCluster", "Resource": "*"})
	ctx, cfg := context.Background(), sim.Config(key)
	if _, err := ecs.NewFromConfig(cfg).CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: new("shop")}); err != nil {
		t.Fatal(err)
	}
	calls := map[string]func() error{
		"AccessDeniedException ecs:DeleteCluster on resource: arn:aws:ecs:eu-west-1:123456789012:cluster/shop": func() error {
			_, err := ecs.NewFromConfig(cfg).DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: new("shop")})
			return err
		},
		"AccessDenied elasticloadbalancing:DescribeTargetGroups on resource: *": func() error {
			_, err := elb.NewFromConfig(cfg).DescribeTargetGroups(ctx, nil)
			return err
		},
		"AuthorizationError sns:Publish on resource: arn:aws:sns:eu-west-1:123456789012:t": func() error {
			_, err := sns.NewFromConfig(cfg).Publish(ctx, &sns.PublishInput{TopicArn: new("arn:aws:sns:eu-west-1:123456789012:t"), Message: new("m")})
			return err
		},
		"AccessDeniedException lambda:InvokeFunction on resource: arn:aws:lambda:eu-west-1:123456789012:function:f:live": func() error {
			_, err := awslambda.NewFromConfig(cfg).Invoke(ctx, &awslambda.InvokeInput{FunctionName: new("f"), Qualifier: new("live")})
			return err
		},
		"AccessDeniedException lambda:GetFunction on resource: arn:aws:lambda:eu-west-1:123456789012:function:f": func() error {
			_, err := awslambda.NewFromConfig(cfg).GetFunction(ctx, &awslambda.GetFunctionInput{FunctionName: new("f")})
			return err
		},
		"AccessDeniedException scheduler:GetSchedule on resource: arn:aws:scheduler:eu-west-1:123456789012:schedule/default/mine": func() error {
			_, err := scheduler.NewFromConfig(cfg).GetSchedule(ctx, &scheduler.GetScheduleInput{Name: new("mine")})
			return err
		},
	}
	for want, call := range calls {
		code, text, _ := strings.Cut(want, " ")
		var denied smithy.APIError
		if err := call(); !errors.As(err, &denied) || denied.ErrorCode() != code || !strings.Contains(denied.ErrorMessage(), "is not authorized to perform: "+text) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil); err != nil {
		t.Errorf("GetCallerIdentity needs no permission: %v", err)
	}
	if _, err := ecs.NewFromConfig(sim.Config("anybody")).DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: new("shop")}); err != nil {
		t.Errorf("credentials that belong to no role: %v", err)
	}
	if n := len(sim.IAM.Denials()); n != len(calls) {
		t.Errorf("%d denials are noted, want %d", n, len(calls))
	}
}

// A rule reaches a function by the function's own policy, a schedule by its role.
func TestDeliveriesNeedPermission(t *testing.T) {
	sim, key := withRole(t, map[string]any{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "arn:aws:lambda:*:*:function:mine"})
	role, _ := sim.RoleOf(key)
	create := map[string]any{"FunctionName": "mine", "Role": role, "Runtime": "provided.al2023", "Handler": "bootstrap", "Code": map[string]any{"S3Key": "f"}}
	if _, err := sim.api("lambda").Invoke("CreateFunction", create); err != nil {
		t.Fatal(err)
	}
	const mine, other = "arn:aws:lambda:eu-west-1:123456789012:function:mine", "arn:aws:lambda:eu-west-1:123456789012:function:other"
	if err := sim.mayDeliver(role, "lambda:InvokeFunction", mine); err != nil {
		t.Error(err)
	}
	if sim.mayDeliver(role, "lambda:InvokeFunction", other) == nil {
		t.Error("the role reaches a function that its policy does not name")
	}
	if sim.mayDeliver("", "lambda:InvokeFunction", mine) == nil {
		t.Error("a rule reaches a function that has no policy")
	}
	permit := map[string]any{"FunctionName": "mine", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
	if _, err := sim.api("lambda").Invoke("AddPermission", permit); err != nil {
		t.Fatal(err)
	}
	if err := sim.mayDeliver("", "lambda:InvokeFunction", mine); err != nil {
		t.Error(err)
	}
}

// A workflow calls a function as its own role, however the definition names the function and whatever other machines may do.
func TestWorkflowsNeedPermission(t *testing.T) {
	const f = "arn:aws:lambda:eu-west-1:123456789012:function:f"
	called := 0
	handler := golambda.NewHandler(func(context.Context) (string, error) { called++; return "done", nil })
	sim, err := New(Options{Seed: 1, Functions: lambda.Handlers{"f": handler}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sim.api("lambda").Invoke("CreateFunction", map[string]any{"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/f", "Runtime": "provided.al2023",
		"Handler": "bootstrap", "Code": map[string]any{"S3Key": "f"}}); err != nil {
		t.Fatal(err)
	}
	for action, allowed := range map[string]bool{"lambda:InvokeFunction": true, "s3:GetObject": false} {
		document, err := iam.ParseDocument(map[string]any{"Statement": map[string]any{"Effect": "Allow", "Action": action, "Resource": "*"}})
		if err != nil {
			t.Fatal(err)
		}
		role, err := sim.IAM.CreateRole(strings.ReplaceAll(action, ":", "-"), "/", iam.Role{Policies: []iam.Policy{{Name: "p", Document: document}}})
		if err != nil {
			t.Fatal(err)
		}
		for kind, name := range map[string]string{"arn": f, "name": "f", "qualified": "f:$LATEST", "expression": "{% 'f' %}"} {
			before := called
			definition := `{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Arguments":{"FunctionName":"` + name + `"},"End":true}}}`
			machine := sim.api("states")
			made, err := invoke[sfn.CreateStateMachineOutput](machine, "CreateStateMachine", map[string]any{"name": role.Name + kind, "definition": definition, "roleArn": role.ARN})
			if err != nil {
				t.Fatal(err)
			}
			started := ""
			sim.Clock.Do("start", func() { started, err = sim.States.Start(*made.StateMachineArn, "", "{}") })
			if err != nil {
				t.Fatal(err)
			}
			sim.Clock.RunFor(time.Minute)
			out, err := invoke[sfn.DescribeExecutionOutput](machine, "DescribeExecution", map[string]any{"executionArn": started})
			if err != nil {
				t.Fatal(err)
			}
			if allowed && (out.Status != "SUCCEEDED" || called != before+1) {
				t.Errorf("%s, by %s: got %s, %d calls, want one and SUCCEEDED: %s", action, kind, out.Status, called-before, aws.ToString(out.Cause))
			}
			if !allowed && (aws.ToString(out.Error) != "Lambda.AWSLambdaException" || !strings.Contains(*out.Cause, "Status Code: 403") || called != before) {
				t.Errorf("%s, by %s: got %s %s, %d calls, want it denied", action, kind, out.Status, aws.ToString(out.Error), called-before)
			}
		}
	}
}
