package taskdef

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"slipway/internal/wiretest"
)

const family = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:"

// fakeECS remembers task definitions as raw JSON and registers what it is sent.
type fakeECS struct {
	*wiretest.AWS
	t           *testing.T
	definitions map[string]json.RawMessage // "arn" -> DescribeTaskDefinition answer
	order       []string                   // ARNs as registered
	lose        func(map[string]any)       // what a registration loses or adds, nil for nothing
}

func newFake(t *testing.T) *fakeECS {
	f := &fakeECS{AWS: wiretest.New(t), t: t, definitions: map[string]json.RawMessage{}}
	f.On("DescribeTaskDefinition", func(c wiretest.Call) wiretest.Answer {
		name := c.JSON(t)["taskDefinition"].(string)
		answer, ok := f.definitions[name]
		for i := len(f.order) - 1; i >= 0 && !ok && name == "web"; i-- { // a family: its newest ACTIVE revision
			answer, ok = f.definitions[f.order[i]], strings.Contains(string(f.definitions[f.order[i]]), `"status":"ACTIVE"`)
		}
		if !ok {
			return wiretest.Fault("ClientException", "Unable to describe task definition.")
		}
		return wiretest.OK(string(answer))
	})
	f.On("RegisterTaskDefinition", f.register)
	f.On("ListTaskDefinitions", func(c wiretest.Call) wiretest.Answer {
		var newest []string
		for i := len(f.order) - 1; i >= 0; i-- {
			newest = append(newest, f.order[i])
		}
		body, _ := json.Marshal(map[string]any{"taskDefinitionArns": newest})
		return wiretest.OK(string(body))
	})
	return f
}

func (f *fakeECS) definitionsOver() *Definitions { return New(ecs.NewFromConfig(f.Config())) }

// put stores a definition under the next revision, from its members and the list of tags, both as JSON.
func (f *fakeECS) put(definition, tags string) string {
	arn := fmt.Sprintf("%s%d", family, len(f.order)+1)
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(definition), &members); err != nil {
		f.t.Fatal(err)
	}
	members["taskDefinitionArn"] = encode(arn)
	members["revision"] = encode(len(f.order) + 1)
	if members["status"] == nil {
		members["status"] = encode("ACTIVE")
	}
	f.definitions[arn] = encode(map[string]json.RawMessage{"taskDefinition": encode(members), "tags": json.RawMessage(tags)})
	f.order = append(f.order, arn)
	return arn
}

func (f *fakeECS) register(c wiretest.Call) wiretest.Answer {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(c.Body, &members); err != nil {
		return wiretest.Fault("SerializationException", err.Error())
	}
	tags := "[]"
	if members["tags"] != nil {
		if tags = string(members["tags"]); tags == "[]" {
			return wiretest.Fault("ClientException", "Tags can not be empty.")
		}
		delete(members, "tags")
	}
	if f.lose != nil {
		values := decode(encode(members)).(map[string]any)
		f.lose(values)
		members = nil
		if err := json.Unmarshal(encode(values), &members); err != nil {
			f.t.Fatal(err)
		}
	}
	arn := f.put(string(encode(members)), tags)
	return wiretest.OK(fmt.Sprintf(`{"taskDefinition":{"taskDefinitionArn":%q}}`, arn))
}

// web is a small definition; edits replace text in it.
func web(edits ...string) string {
	return strings.NewReplacer(edits...).Replace(`{
		"family":"web","cpu":"256","memory":"512","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],
		"runtimePlatform":{"cpuArchitecture":"ARM64","operatingSystemFamily":"LINUX"},
		"containerDefinitions":[
			{"name":"web","image":"` + uri + `@sha256:` + strings.Repeat("1", 64) + `","essential":true,"cpu":0,
			 "environment":[{"name":"DB_HOST","value":"db"},{"name":"LOG_LEVEL","value":"info"}],
			 "secrets":[{"name":"DB_PASSWORD","valueFrom":"arn:secret:1"}],
			 "healthCheck":{"command":["CMD","true"],"retries":3},
			 "logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"/shop/web","awslogs-stream-prefix":"web","awslogs-region":"eu-west-1"}}},
			{"name":"sidecar","image":"public.ecr.aws/x/proxy:1","essential":false}]}`)
}

const uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web"
