package needs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/awssim/protocol"
)

// world has one task definition and one tag on everything.
type world struct{}

func (world) Tags(string) map[string]string { return map[string]string{"team": "shop"} }

func (world) Revision(ref string) (string, []string) {
	switch ref {
	case "web":
		return "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7", nil
	case "api":
		return "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:1", []string{"arn:aws:iam::123456789012:role/b", "arn:aws:iam::123456789012:role/a"}
	}
	return "", nil
}

func TestOf(t *testing.T) {
	const ecs = "arn:aws:ecs:eu-west-1:123456789012:"
	tests := []struct {
		call, body string
		want       []string // action and resource without "arn:aws:SERVICE:eu-west-1:123456789012:"
	}{
		{"ecs DescribeServices", `{"cluster":"` + ecs + `cluster/shop","services":["web","` + ecs + `service/shop/api"]}`,
			[]string{"ecs:DescribeServices service/shop/web", "ecs:DescribeServices service/shop/api"}},
		{"ecs DescribeServices", `{"services":["web"]}`, []string{"ecs:DescribeServices service/default/web"}},
		{"ecs DescribeServices", `{}`, []string{"ecs:DescribeServices *"}},
		{"ecs DescribeTasks", `{"cluster":"shop","tasks":["` + ecs + `task/shop/0a1b"]}`, []string{"ecs:DescribeTasks task/shop/0a1b"}},
		{"ecs ListTasks", `{"cluster":"shop","serviceName":"web"}`, []string{"ecs:ListTasks *"}},
		{"ecs ListTasks", `{"cluster":"shop","containerInstance":"0a1b"}`, []string{"ecs:ListTasks container-instance/shop/0a1b"}},
		{"ecs DescribeServiceDeployments", `{"serviceDeploymentArns":["` + ecs + `service-deployment/shop/web/1","` + ecs + `service-deployment/shop/web/2"]}`,
			[]string{"ecs:DescribeServiceDeployments service/shop/web", "ecs:DescribeServiceDeployments service-deployment/shop/web/1", "ecs:DescribeServiceDeployments service-deployment/shop/web/2"}},
		{"ecs RegisterTaskDefinition", `{"family":"web","containerDefinitions":[{"name":"a"}]}`, []string{"ecs:RegisterTaskDefinition task-definition/web:*"}},
		{"ecs RegisterTaskDefinition", `{"family":"web","tags":[],"taskRoleArn":"arn:aws:iam::123456789012:role/a","executionRoleArn":"arn:aws:iam::123456789012:role/b"}`,
			[]string{"ecs:RegisterTaskDefinition task-definition/web:*", "iam:PassRole arn:aws:iam::123456789012:role/a", "iam:PassRole arn:aws:iam::123456789012:role/b"}},
		{"ecs RegisterTaskDefinition", `{"family":"web","tags":[{"key":"a","value":"b"}]}`, []string{"ecs:RegisterTaskDefinition task-definition/web:*", "ecs:TagResource task-definition/web:*"}},
		{"ecs RunTask", `{"taskDefinition":"web"}`, []string{"ecs:RunTask task-definition/web:7"}},
		{"ecs RunTask", `{"taskDefinition":"api"}`, []string{"ecs:RunTask task-definition/api:1", "iam:PassRole arn:aws:iam::123456789012:role/a", "iam:PassRole arn:aws:iam::123456789012:role/b"}},
		{"ecs UpdateService", `{"cluster":"shop","service":"web","desiredCount":2}`, []string{"ecs:UpdateService service/shop/web"}},
		{"ecs UpdateService", `{"cluster":"shop","service":"web","taskDefinition":"web"}`, []string{"ecs:UpdateService service/shop/web"}},
		{"ecs UpdateService", `{"cluster":"shop","service":"web","taskDefinition":"api"}`, []string{"ecs:UpdateService service/shop/web", "iam:PassRole arn:aws:iam::123456789012:role/a", "iam:PassRole arn:aws:iam::123456789012:role/b"}},
		{"ecr BatchGetImage", `{"repositoryName":"shop/web","imageIds":[{"imageTag":"v1"}]}`, []string{"ecr:BatchGetImage repository/shop/web"}},
		{"elasticloadbalancing DescribeTargetHealth", `Action=DescribeTargetHealth&TargetGroupArn=arn%3Ax`, []string{"elasticloadbalancing:DescribeTargetHealth *"}},
		{"elasticloadbalancing AddTags", `Action=AddTags&ResourceArns.member.1=arn%3Aa&ResourceArns.member.2=arn%3Ab`, []string{"elasticloadbalancing:AddTags arn:a", "elasticloadbalancing:AddTags arn:b"}},
		{"lambda Invoke", `{"FunctionName":"f","Qualifier":"live"}`, []string{"lambda:InvokeFunction function:f:live"}},
		{"lambda Invoke", `{"FunctionName":"arn:aws:lambda:eu-west-1:123456789012:function:f:3"}`, []string{"lambda:InvokeFunction function:f:3"}},
		{"lambda ListFunctions", `{}`, []string{"lambda:ListFunctions *"}},
		{"lambda UpdateFunctionConfiguration", `{"FunctionName":"f","Role":"arn:aws:iam::123456789012:role/a"}`, []string{"lambda:UpdateFunctionConfiguration function:f", "iam:PassRole arn:aws:iam::123456789012:role/a"}},
		{"scheduler CreateSchedule", `{"Name":"mine","Target":{"RoleArn":"arn:aws:iam::123456789012:role/a"}}`, []string{"scheduler:CreateSchedule schedule/default/mine", "iam:PassRole arn:aws:iam::123456789012:role/a"}},
		{"sns Publish", `Action=Publish&TopicArn=arn%3Atopic`, []string{"sns:Publish arn:topic"}},
		{"dynamodb PutItem", `{"TableName":"slipway"}`, []string{"dynamodb:PutItem table/slipway"}},
		{"dynamodb PutItem", `{"TableName":"arn:aws:dynamodb:eu-west-1:123456789012:table/slipway"}`, []string{"dynamodb:PutItem table/slipway"}},
		{"dynamodb Query", `{"TableName":"slipway","IndexName":"byTime"}`, []string{"dynamodb:Query table/slipway/index/byTime"}},
		{"dynamodb BatchGetItem", `{"RequestItems":{"b":{},"a":{}}}`, []string{"dynamodb:BatchGetItem table/a", "dynamodb:BatchGetItem table/b"}},
		{"dynamodb TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"a"}},{"Delete":{"TableName":"b"}}]}`, []string{"dynamodb:PutItem table/a", "dynamodb:DeleteItem table/b"}},
		{"ssm PutParameter", `{"Name":"/slipway/shop/web/image"}`, []string{"ssm:PutParameter parameter/slipway/shop/web/image"}},
		{"ssm GetParameter", `{"Name":"plain"}`, []string{"ssm:GetParameter parameter/plain"}},
		{"logs GetLogEvents", `{"logGroupName":"/ecs/shop/web","logStreamName":"web/web/0a"}`, []string{"logs:GetLogEvents log-group:/ecs/shop/web:log-stream:web/web/0a"}},
		{"logs GetLogEvents", `{"logGroupIdentifier":"arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/web:*","logStreamName":"s"}`, []string{"logs:GetLogEvents log-group:/ecs/web:log-stream:s"}},
		{"logs FilterLogEvents", `{"logGroupName":"g"}`, []string{"logs:FilterLogEvents log-group:g:log-stream:"}},
		{"events PutEvents", `{"Entries":[{"Source":"a"},{"Source":"b","EventBusName":"mine"}]}`, []string{"events:PutEvents event-bus/default", "events:PutEvents event-bus/mine"}},
		{"sqs SendMessage", `{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/123456789012/work"}`, []string{"sqs:SendMessage work"}},
		{"states StartExecution", `{"stateMachineArn":"arn:machine"}`, []string{"states:StartExecution arn:machine"}},
		{"states DescribeExecution", `{"executionArn":"arn:execution"}`, []string{"states:DescribeExecution arn:execution"}},
		{"lambda Invoke", `{"FunctionName":"slipway-push:live"}`, []string{"lambda:InvokeFunction function:slipway-push:live"}},
		{"tagging GetResources", `{}`, []string{"tag:GetResources *"}},
		{"sts GetCallerIdentity", `Action=GetCallerIdentity`, nil},
	}
	for _, test := range tests {
		service, operation, _ := strings.Cut(test.call, " ")
		requests, ok := Of(world{}, protocol.Default, Call{Service: service, Operation: operation, Body: []byte(test.body)})
		if !ok {
			t.Errorf("%s has no row", test.call)
		}
		var got []string
		for _, r := range requests {
			resource := r.Resource
			if prefix, _, _ := strings.Cut(r.Action, ":"); strings.HasPrefix(resource, protocol.Default.ARN(prefix, "")) {
				resource = strings.TrimPrefix(resource, protocol.Default.ARN(prefix, ""))
			}
			got = append(got, r.Action+" "+resource)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %s:\n%s", test.call, test.body, diff)
		}
	}
	if _, ok := Of(world{}, protocol.Default, Call{Service: "ecs", Operation: "Fly"}); ok {
		t.Error("ecs Fly has a row")
	}
}

func TestKeys(t *testing.T) {
	const body = `{"cluster":"shop","service":"web","taskDefinition":"web","enableExecuteCommand":true,"family":"web","cpu":"256","containerDefinitions":[{"privileged":true},{}],
		"executionRoleArn":"arn:role","tags":[{"key":"a","value":"1"},{"key":"b","value":"2"}],"serviceDeploymentArns":["arn:aws:ecs:eu-west-1:123456789012:service-deployment/shop/web/1"]}`
	const ecs = "arn:aws:ecs:eu-west-1:123456789012:"
	tests := []struct {
		operation string
		request   int
		key, want string
	}{
		{"UpdateService", 0, "ecs:cluster", ecs + "cluster/shop"},
		{"UpdateService", 0, "ECS:Cluster", ecs + "cluster/shop"},
		{"UpdateService", 0, "ecs:task-definition", ecs + "task-definition/web:7"},
		{"UpdateService", 0, "ecs:enable-execute-command", "true"},
		{"UpdateService", 0, "aws:ResourceTag/team", "shop"},
		{"UpdateService", 0, "ecs:ResourceTag/team", "shop"},
		{"UpdateService", 0, "aws:ResourceTag/Team", ""},
		{"UpdateService", 0, "ecs:CreateAction", ""},
		{"UpdateService", 0, "aws:PrincipalArn", "arn:aws:iam::123456789012:role/r"},
		{"UpdateService", 0, "aws:RequestedRegion", "eu-west-1"},
		{"RegisterTaskDefinition", 0, "ecs:task-cpu", "256"},
		{"RegisterTaskDefinition", 0, "ecs:privileged", "true"},
		{"RegisterTaskDefinition", 0, "aws:RequestTag/b", "2"},
		{"RegisterTaskDefinition", 0, "aws:TagKeys", "a,b"},
		{"RegisterTaskDefinition", 1, "iam:PassedToService", "ecs-tasks.amazonaws.com"},
		{"RegisterTaskDefinition", 2, "ecs:CreateAction", "RegisterTaskDefinition"},
		{"DescribeServiceDeployments", 1, "ecs:service", ecs + "service/shop/web"},
		{"DescribeServiceDeployments", 1, "ecs:cluster", ecs + "cluster/shop"},
	}
	for _, test := range tests {
		requests, _ := Of(world{}, protocol.Default, Call{Service: "ecs", Operation: test.operation, Body: []byte(body), Role: "arn:aws:iam::123456789012:role/r"})
		if test.request >= len(requests) {
			t.Fatalf("%s needs %d permissions", test.operation, len(requests))
		}
		if got := strings.Join(requests[test.request].Keys(test.key), ","); got != test.want {
			t.Errorf("%s, %s: %q, want %q", test.operation, test.key, got, test.want)
		}
	}
}
