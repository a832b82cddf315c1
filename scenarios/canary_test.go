package scenarios

import (
	"bytes"
	"context"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"slipway/awssim"
)

// The values of a task definition are nobody's business: whatever happens to a deployment, they are in no log, no item of the
// ledger, no data of the workflow and no message, also where a container writes them as it crashes. Their names may be. Neither is a password that the task
// definition does not have, where its shape betrays it.
func TestValuesOfTaskDefinitionsStayWhereTheyAre(t *testing.T) {
	const canary, password = "canary-5e1f", "hunter-7c2d"
	var log bytes.Buffer
	s := newScript(newWorld(t, setting{seed: 1, logs: []io.Writer{&log}}), nil)
	sent, registered := map[string]*bytes.Buffer{}, 0
	s.sim.Fault = func(c awssim.Call) *awssim.Fault {
		if _, function := s.sim.RoleOf(c.Principal); !function {
			return nil
		}
		if c.Operation == "RegisterTaskDefinition" { // the only place where they belong
			registered += bytes.Count(c.Input, []byte(canary))
			return nil
		}
		if sent[c.Operation] == nil {
			sent[c.Operation] = &bytes.Buffer{}
		}
		sent[c.Operation].Write(c.Input)
		return nil
	}
	s.pushed("v1", nil)
	for _, step := range []struct {
		tag    string
		labels map[string]string
		env    string // added by hand before
		ending string
		says   string // the last ending
	}{
		{"v2", nil, "DB_PASSWORD", "Deployed", ""},
		{"v3", map[string]string{"exit": "1", "after": "1s", "log": "KeyError: DB_PASSWORD"}, "", "RolledBack", "KeyError: DB_PASSWORD"},
		{"v4", map[string]string{"exit": "1", "after": "1s", "log": "cannot sign in with " + canary}, "", "RolledBack", "cannot sign in with ***"},
		{"v5", map[string]string{"exit": "1", "after": "1s", "log": "connect postgres://shop:" + password + "@db/shop?x=" + canary}, "", "RolledBack", "connect postgres://***@db/shop?x=***"},
		{"v6", map[string]string{"status": "500"}, "SMTP_PASSWORD", "RolledBack", ""},
	} {
		s.settled(t)
		if step.env != "" {
			s.configure(t, step.env, canary)
			s.settled(t)
		}
		s.pushed(step.tag, step.labels)
		s.settled(t)
		if got := s.endings[len(s.endings)-1]; got.Kind != step.ending || !strings.Contains(got.Sentence, step.says) {
			t.Fatalf("%s ended %s: %s\n%s", step.tag, got.Kind, got.Sentence, s.story())
		}
	}
	if registered < 5 {
		t.Fatalf("the canary was registered %d times: this test looks at nothing", registered)
	}
	seen := map[string]string{"a log of the functions": log.String(), "the history of an execution": s.histories(t), "an event": s.story()}
	for operation, text := range sent {
		seen["a call of "+operation] = text.String()
	}
	for what, text := range seen {
		for _, secret := range []string{canary, password} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s carries a secret: ...%s...", what, text[max(0, i-200):i+20])
			}
		}
	}
	for _, what := range []string{"a log of the functions", "the history of an execution", "an event", "a call of PutItem", "a call of PutEvents", "a call of Publish"} {
		if plain, err := url.QueryUnescape(seen[what]); !strings.Contains(seen[what], "***@db") && (err != nil || !strings.Contains(plain, "***@db")) {
			t.Errorf("%s was not looked at", what)
		}
	}
}

// settled lets drift and what it starts come to an end.
func (s *script) settled(t *testing.T) {
	t.Helper()
	s.sim.Clock.RunFor(30 * time.Minute)
	if e := s.entry(); !e.Free(s.sim.Clock.Now()) || e.Open() {
		t.Fatalf("still busy\n%s", s.story())
	}
}

// configure adds an environment variable and a secret to what the service runs, as a person does.
func (s *script) configure(t *testing.T, name, value string) {
	t.Helper()
	secret, err := ssm.NewFromConfig(s.sim.Config("person")).PutParameter(context.Background(), &ssm.PutParameterInput{Name: aws.String("/shop/" + name), Value: aws.String(value + "-secret"), Type: ssmtypes.ParameterTypeSecureString})
	if err != nil || secret == nil {
		t.Fatal(err)
	}
	d := s.definition(aws.ToString(s.service().TaskDefinition))
	web := &d.ContainerDefinitions[0]
	web.Environment = append(web.Environment, ecstypes.KeyValuePair{Name: &name, Value: aws.String(value)})
	web.Secrets = append(web.Secrets, ecstypes.Secret{Name: aws.String("SECRET_" + name), ValueFrom: aws.String(s.sim.ID.ARN("ssm", "parameter/shop/"+name))})
	out, err := s.ecs().RegisterTaskDefinition(context.Background(), &ecs.RegisterTaskDefinitionInput{Family: d.Family, ContainerDefinitions: d.ContainerDefinitions,
		Cpu: d.Cpu, Memory: d.Memory, NetworkMode: d.NetworkMode, RequiresCompatibilities: d.RequiresCompatibilities, RuntimePlatform: d.RuntimePlatform, ExecutionRoleArn: d.ExecutionRoleArn})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ecs().UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("shop"), Service: aws.String("web"), TaskDefinition: out.TaskDefinition.TaskDefinitionArn}); err != nil {
		t.Fatal(err)
	}
}

// histories are the inputs and outputs of every state of every execution.
func (w *world) histories(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, arn := range w.started {
		pages := sfn.NewGetExecutionHistoryPaginator(w.sfn(), &sfn.GetExecutionHistoryInput{ExecutionArn: &arn, IncludeExecutionData: aws.Bool(true)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Events {
				if d := e.StateEnteredEventDetails; d != nil {
					b.WriteString(aws.ToString(d.Input))
				}
				if d := e.StateExitedEventDetails; d != nil {
					b.WriteString(aws.ToString(d.Output))
				}
				if d := e.TaskFailedEventDetails; d != nil {
					b.WriteString(aws.ToString(d.Cause))
				}
			}
		}
	}
	return b.String()
}
