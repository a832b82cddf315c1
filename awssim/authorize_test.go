package awssim

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"slipway/awssim/iam"
	"slipway/awssim/iam/needs"
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
		if api.Target == "" && api.Service == "lambda" {
			continue // on the wire it has Invoke alone
		}
		for _, operation := range api.Operations() {
			if _, ok := needs.Of(resources{sim}, sim.ID, needs.Call{Service: api.Service, Operation: operation}); !ok {
				t.Errorf("package needs has no row for %s %s", api.Service, operation)
			}
		}
	}
}

func TestEveryProtocolDenies(t *testing.T) {
	sim, key := withRole(t, map[string]any{"Effect": "Allow", "Action": "ecs:CreateCluster", "Resource": "*"})
	ctx, cfg := context.Background(), sim.Config(key)
	if _, err := ecs.NewFromConfig(cfg).CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("shop")}); err != nil {
		t.Fatal(err)
	}
	calls := map[string]func() error{
		"AccessDeniedException ecs:DeleteCluster on resource: arn:aws:ecs:eu-west-1:123456789012:cluster/shop": func() error {
			_, err := ecs.NewFromConfig(cfg).DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: aws.String("shop")})
			return err
		},
		"AccessDenied elasticloadbalancing:DescribeTargetGroups on resource: *": func() error {
			_, err := elb.NewFromConfig(cfg).DescribeTargetGroups(ctx, nil)
			return err
		},
		"AuthorizationError sns:Publish on resource: arn:aws:sns:eu-west-1:123456789012:t": func() error {
			_, err := sns.NewFromConfig(cfg).Publish(ctx, &sns.PublishInput{TopicArn: aws.String("arn:aws:sns:eu-west-1:123456789012:t"), Message: aws.String("m")})
			return err
		},
		"AccessDeniedException lambda:InvokeFunction on resource: arn:aws:lambda:eu-west-1:123456789012:function:f:live": func() error {
			_, err := awslambda.NewFromConfig(cfg).Invoke(ctx, &awslambda.InvokeInput{FunctionName: aws.String("f"), Qualifier: aws.String("live")})
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
	if _, err := ecs.NewFromConfig(sim.Config("anybody")).DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: aws.String("shop")}); err != nil {
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
