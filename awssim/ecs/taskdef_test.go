package ecs_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
)

// full is a task definition with members of every kind, two of which no SDK knows.
const full = `{
  "family": "web", "cpu": "256", "memory": "512", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
  "taskRoleArn": "arn:aws:iam::123456789012:role/web", "executionRoleArn": "arn:aws:iam::123456789012:role/exec",
  "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}, "ephemeralStorage": {"sizeInGiB": 30},
  "volumes": [{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryption": "ENABLED"}}],
  "enableFaultInjection": true, "sandboxMode": {"Level": 1.50},
  "containerDefinitions": [{
    "name": "app", "image": "web:v1", "essential": true, "cpu": 128, "memory": 256, "snapshotter": "soci",
    "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp", "name": "http"}],
    "environment": [{"name": "A", "value": ""}], "mountPoints": [{"sourceVolume": "data", "containerPath": "/data", "readOnly": false}],
    "volumesFrom": [], "systemControls": [], "dockerLabels": {"My.Label": "Kept", "lower": "x"}, "versionConsistency": "enabled",
    "restartPolicy": {"enabled": true, "ignoredExitCodes": [0]}, "dependsOn": [],
    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "web"}}
  }]
}`

func TestTaskDefinitionSurvivesRaw(t *testing.T) {
	w := newWorld(t, 41)
	w.ecs.FutureFields = []string{"sandboxMode", "snapshotter"}
	var sent map[string]any
	if err := json.Unmarshal([]byte(full), &sent); err != nil {
		t.Fatal(err)
	}
	describe := func(body string) map[string]any {
		t.Helper()
		if status, answer := w.raw("RegisterTaskDefinition", body); status != http.StatusOK {
			t.Fatalf("register: %d %s", status, answer)
		}
		status, answer := w.raw("DescribeTaskDefinition", `{"taskDefinition":"web","include":["TAGS"]}`)
		if status != http.StatusOK {
			t.Fatalf("describe: %d %s", status, answer)
		}
		var out struct{ TaskDefinition map[string]any }
		if err := json.Unmarshal([]byte(answer), &out); err != nil {
			t.Fatal(err)
		}
		for _, output := range []string{"taskDefinitionArn", "revision", "status", "compatibilities", "requiresAttributes", "registeredAt", "registeredBy"} {
			if _, ok := out.TaskDefinition[output]; !ok {
				t.Errorf("the answer has no %s", output)
			}
			delete(out.TaskDefinition, output)
		}
		return out.TaskDefinition
	}
	first := describe(full)
	sent["placementConstraints"] = []any{} // AWS adds it
	if diff := cmp.Diff(sent, first); diff != "" {
		t.Errorf("described otherwise than registered (-sent +got):\n%s", diff)
	}
	copied, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, describe(string(copied))); diff != "" {
		t.Errorf("a copy of a description is not the same (-first +copy):\n%s", diff)
	}
	var out *sdk.DescribeTaskDefinitionOutput
	w.do(func() (err error) {
		out, err = w.client.DescribeTaskDefinition(ctx, &sdk.DescribeTaskDefinitionInput{TaskDefinition: new("web:2")})
		return err
	})
	if out.TaskDefinition.Revision != 2 || out.TaskDefinition.ContainerDefinitions[0].DockerLabels["My.Label"] != "Kept" {
		t.Errorf("the SDK reads revision %d, labels %v", out.TaskDefinition.Revision, out.TaskDefinition.ContainerDefinitions[0].DockerLabels)
	}
}

// checked is a task definition with a health check of these members.
func checked(members string) string {
	return `{"family":"f","containerDefinitions":[{"name":"a","image":"i","memory":1,"healthCheck":{` + members + `}}]}`
}

func TestRegisterRefusesWhatAWSRefuses(t *testing.T) {
	const fargate = `"cpu":"256","memory":"512","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"]`
	for _, tt := range []struct{ name, body, want string }{
		{"no family", `{"containerDefinitions":[{"name":"a","image":"i","memory":1}]}`, "Family should not be null or empty."},
		{"no containers", `{"family":"f","containerDefinitions":[]}`, "Container definitions should not be null or empty."},
		{"no name", `{"family":"f","containerDefinitions":[{"image":"i","memory":1}]}`, "Container.name should not be null or empty."},
		{"no image", `{"family":"f","containerDefinitions":[{"name":"a","memory":1}]}`, "Container.image should not be null or empty."},
		{"no memory", `{"family":"f","containerDefinitions":[{"name":"a","image":"i"}]}`, "At least one of 'memory' or 'memoryReservation' must be specified."},
		{"empty tags", `{"family":"f","tags":[],"containerDefinitions":[{"name":"a","image":"i","memory":1}]}`, "Tags can not be empty."},
		{"unknown member", `{"family":"f","snapshotter":"x","containerDefinitions":[{"name":"a","image":"i","memory":1}]}`, `\"snapshotter\"`},
		{"unknown container member", `{"family":"f","containerDefinitions":[{"name":"a","image":"i","memory":1,"colour":"red"}]}`, `\"containerDefinitions[0].colour\"`},
		{"an answer's member", `{"family":"f","revision":3,"containerDefinitions":[{"name":"a","image":"i","memory":1}]}`, `\"revision\"`},
		{"role is no text", `{"family":"f","taskRoleArn":{"Ref":"Role"},"containerDefinitions":[{"name":"a","image":"i","memory":1}]}`, "taskRoleArn must be a string"},
		{"fargate in bridge mode", `{"family":"f","cpu":"256","memory":"512","requiresCompatibilities":["FARGATE"],"containerDefinitions":[{"name":"a","image":"i"}]}`, "Fargate only supports network mode"},
		{"fargate without cpu", `{"family":"f","memory":"512","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"containerDefinitions":[{"name":"a","image":"i"}]}`, "Fargate requires that 'cpu' be defined at the task level."},
		{"fargate without memory", `{"family":"f","cpu":"256","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"containerDefinitions":[{"name":"a","image":"i"}]}`, "Fargate requires that 'memory' be defined at the task level."},
		{"fargate size", `{"family":"f","cpu":"256","memory":"4096","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"containerDefinitions":[{"name":"a","image":"i"}]}`, "No Fargate configuration exists for given values: 256 CPU, 4096 memory."},
		{"fargate without execution role", `{"family":"f",` + fargate + `,"containerDefinitions":[{"name":"a","image":"123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1"}]}`, "execution role ARN to support ECR images"},
		{"no essential container", `{"family":"f","containerDefinitions":[{"name":"a","image":"i","memory":1,"essential":false}]}`, "at least one container must be essential"},
		{"host port", `{"family":"f",` + fargate + `,"containerDefinitions":[{"name":"a","image":"i","portMappings":[{"containerPort":80,"hostPort":81}]}]}`, "must match"},
		{"port", `{"family":"f","containerDefinitions":[{"name":"a","image":"i","memory":1,"portMappings":[{"containerPort":99999}]}]}`, "ports are from 1 to 65535"},
		{"host port range", `{"family":"f","containerDefinitions":[{"name":"a","image":"i","memory":1,"portMappings":[{"containerPort":80,"hostPort":-1}]}]}`, "ports are from 1 to 65535"},
		{"network mode", `{"family":"f","networkMode":"fooo","containerDefinitions":[{"name":"a","image":"i","memory":1}]}`, "Member must satisfy enum value set: [bridge, host, awsvpc, none]"},
		{"health check interval", checked(`"command":["CMD","/ok"],"interval":4`), "Invalid health check interval of container 'a': 4 is not from 5 to 300."},
		{"health check timeout", checked(`"command":["CMD","/ok"],"timeout":61`), "timeout of container 'a': 61 is not from 2 to 60."},
		{"health check retries", checked(`"command":["CMD","/ok"],"retries":0`), "retries of container 'a': 0 is not from 1 to 10."},
		{"health check start period", checked(`"command":["CMD","/ok"],"startPeriod":301`), "startPeriod of container 'a': 301 is not from 0 to 300."},
		{"health check without a command", checked(`"interval":30`), "must start with CMD or CMD-SHELL"},
		{"health check of nothing", checked(`"command":["CMD"]`), "must start with CMD or CMD-SHELL"},
		{"health check of another kind", checked(`"command":["/bin/check","now"]`), "must start with CMD or CMD-SHELL"},
	} {
		w := newWorld(t, 42)
		if status, answer := w.raw("RegisterTaskDefinition", tt.body); status != http.StatusBadRequest || !strings.Contains(answer, tt.want) {
			t.Errorf("%s: got %d %s, want 400 with %q", tt.name, status, answer, tt.want)
		}
	}
}

// TestRegisterFromATemplate has the names and the texts for numbers that CloudFormation sends.
func TestRegisterFromATemplate(t *testing.T) {
	w := newWorld(t, 43)
	w.do(func() error {
		_, err := w.ecs.API().Invoke("RegisterTaskDefinition", map[string]any{"Family": "web", "Cpu": 1024, "Memory": "2 GB", "NetworkMode": "awsvpc",
			"Tags":                 []any{map[string]any{"Key": "team", "Value": "shop"}},
			"ContainerDefinitions": []any{map[string]any{"Name": "app", "Image": "web:v1", "Cpu": "128", "PortMappings": []any{map[string]any{"ContainerPort": "8080"}}}}})
		return err
	})
	var out *sdk.DescribeTaskDefinitionOutput
	w.do(func() (err error) {
		out, err = w.client.DescribeTaskDefinition(ctx, &sdk.DescribeTaskDefinitionInput{TaskDefinition: new("web"), Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}})
		return err
	})
	d := out.TaskDefinition
	if *d.Cpu != "1024" || *d.Memory != "2048" || d.ContainerDefinitions[0].Cpu != 128 || *d.ContainerDefinitions[0].PortMappings[0].HostPort != 8080 {
		t.Errorf("got cpu %s, memory %s, %+v", *d.Cpu, *d.Memory, d.ContainerDefinitions[0])
	}
	if len(out.Tags) != 1 || *out.Tags[0].Key != "team" {
		t.Errorf("got tags %v", out.Tags)
	}
}

func TestFamiliesAndRevisions(t *testing.T) {
	w := newWorld(t, 44)
	first := w.register(w.image("v1"), nil)
	second := w.register(w.image("v2"), nil)
	find := func(ref string) string {
		arn := ""
		err := w.try(func() error {
			out, err := w.client.DescribeTaskDefinition(ctx, &sdk.DescribeTaskDefinitionInput{TaskDefinition: &ref})
			if err == nil {
				arn = *out.TaskDefinition.TaskDefinitionArn
			}
			return err
		})
		if err != nil {
			return err.Error()
		}
		return arn
	}
	if find("web") != second || find("web:1") != first || find(first) != first {
		t.Errorf("got %s, %s, %s", find("web"), find("web:1"), find(first))
	}
	if got := find("web:9"); !strings.Contains(got, "ClientException: Unable to describe task definition.") {
		t.Errorf("unknown revision: got %s", got)
	}
	svc := w.create(second, 0, nil)
	w.do(func() error {
		_, err := w.client.DeregisterTaskDefinition(ctx, &sdk.DeregisterTaskDefinitionInput{TaskDefinition: &second})
		return err
	})
	if find("web") != first || find("web:2") != second {
		t.Error("a family is its latest ACTIVE revision; an INACTIVE one can still be described")
	}
	for _, in := range []*sdk.UpdateServiceInput{{TaskDefinition: &second}, {TaskDefinition: &second, ForceNewDeployment: true}, {ForceNewDeployment: true}} {
		in.Cluster, in.Service = new("shop"), svc.ServiceName
		err := w.try(func() error { _, err := w.client.UpdateService(ctx, in); return err })
		if in.ForceNewDeployment != (err != nil) {
			t.Errorf("update to the inactive definition, force %v: got %v", in.ForceNewDeployment, err)
		}
	}
	w.clock.RunFor(time.Second)
	if got := w.roll("web"); *got.TaskDefinition != first {
		t.Errorf("a family rolled out %s, want %s", *got.TaskDefinition, first)
	}
}

// TestForeignTaskDefinitionARNs gives every operation that takes a task definition the ARNs of other things.
func TestForeignTaskDefinitionARNs(t *testing.T) {
	w := newWorld(t, 47)
	web := w.register(w.image("v1"), nil)
	w.create(web, 0, nil)
	calls := map[string]string{
		"DescribeTaskDefinition":   `{"taskDefinition":%q}`,
		"DeregisterTaskDefinition": `{"taskDefinition":%q}`,
		"UpdateService":            `{"cluster":"shop","service":"web","taskDefinition":%q}`,
		"CreateService":            `{"cluster":"shop","serviceName":"other","desiredCount":0,"taskDefinition":%q}`,
		"RunTask":                  `{"cluster":"shop","taskDefinition":%q}`,
		"ListTagsForResource":      `{"resourceArn":%q}`,
		"TagResource":              `{"resourceArn":%q,"tags":[{"key":"a","value":"b"}]}`,
		"UntagResource":            `{"resourceArn":%q,"tagKeys":["a"]}`,
	}
	for _, arn := range []string{
		"arn:", "arn:aws:ecs:eu-west-1:123456789012:task-definition", "arn:aws:sns:eu-west-1:123456789012:topic",
		"arn:aws:ecs:eu-west-1:123456789012:task-definition/", "arn:aws:ecs:eu-west-1:123456789012:task-definition/" + web,
		"arn:aws:ecs:eu-west-1:999999999999:task-definition/web", "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1",
	} {
		for operation, body := range calls {
			if status, answer := w.raw(operation, fmt.Sprintf(body, arn)); status != http.StatusBadRequest {
				t.Errorf("%s of %s: got %d %s, want 400", operation, arn, status, answer)
			}
		}
	}
	if status, answer := w.raw("DescribeTaskDefinition", `{"taskDefinition":"arn:aws:ecs:eu-west-1:123456789012:task-definition/web"}`); status != http.StatusOK {
		t.Errorf("a family by its own ARN: got %d %s, want 200", status, answer)
	}
}
