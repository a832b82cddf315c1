package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"

	"slipway/awssim"
	"slipway/awssim/events"
	"slipway/awssim/iam"
	"slipway/internal/wire/simulated"
)

// grant is an action or a resource of a statement of a function's role: "Probe", "ReadTasks", "ecs:DescribeTasks".
type grant struct{ role, statement, what string }

// unused are the grants that nothing in the suite can use, each with its reason.
var unused = map[grant]string{
	{"Workflow", "DeliverLogs", "logs:CreateLogDelivery"}:                                                  deliverLogs,
	{"Workflow", "DeliverLogs", "logs:GetLogDelivery"}:                                                     deliverLogs,
	{"Workflow", "DeliverLogs", "logs:UpdateLogDelivery"}:                                                  deliverLogs,
	{"Workflow", "DeliverLogs", "logs:DeleteLogDelivery"}:                                                  deliverLogs,
	{"Workflow", "DeliverLogs", "logs:ListLogDeliveries"}:                                                  deliverLogs,
	{"Workflow", "DeliverLogs", "logs:PutResourcePolicy"}:                                                  deliverLogs,
	{"Workflow", "DeliverLogs", "logs:DescribeResourcePolicies"}:                                           deliverLogs,
	{"Workflow", "DeliverLogs", "logs:DescribeLogGroups"}:                                                  deliverLogs,
	{"Workflow", "DeliverLogs", "*"}:                                                                       deliverLogs,
	{"DriftSweep", "DriftSweepSQSPolicy", "sqs:SendMessage"}:                                               deadLetters,
	{"DriftSweep", "DriftSweepSQSPolicy", "arn:aws:sqs:eu-west-1:123456789012:slipway-undelivered-events"}: deadLetters,
}

const (
	deliverLogs = "Step Functions itself asks for them when a machine with logging is created (docs: cw-logs.html); awssim writes the log without"
	deadLetters = "SAM makes it for the schedule's dead letters, which awssim hands to the queue without asking"
)

// TestGrantsAreExact plays every scenario under the template's policies: no call may be denied, and no grant may be left over.
func TestGrantsAreExact(t *testing.T) {
	var left []grant
	look := func(w *world) { // worlds are large: each is looked at and forgotten
		for _, d := range w.sim.IAM.Denials() {
			t.Errorf("denied: %s", d.Message)
		}
		mine := leftOver(w)
		if left == nil {
			left = mine
		}
		left = slices.DeleteFunc(left, func(g grant) bool { return !slices.Contains(mine, g) })
	}
	for _, file := range scripts(t, "testdata/*.txtar") {
		look(play(t, file, setting{seed: 1}))
	}
	for _, file := range scripts(t, "testdata/recovery/*.txtar") {
		look(playRecovery(t, file))
	}
	for _, play := range []func(*testing.T) *world{taggedRevisions, onInstances, failingFunctions, lateEvents} {
		look(play(t))
	}
	for _, g := range left {
		if unused[g] == "" {
			t.Errorf("%s may %s (statement %s), and nothing does: take it away, or name the reason in this test", g.role, g.what, g.statement)
		}
	}
	for g, reason := range unused {
		if !slices.Contains(left, g) {
			t.Errorf("%v is used, or gone from the template; it is no exception (%s)", g, reason)
		}
	}
}

var generated = regexp.MustCompile(`^slipway-(\w+)Role-[A-Z2-7]+$`)

func leftOver(w *world) []grant {
	var list []grant
	for _, u := range w.sim.IAM.Unused() {
		if name := generated.FindStringSubmatch(u.Role); name != nil {
			list = append(list, grant{name[1], u.Statement, u.Action + u.Resource})
		}
	}
	return list
}

// taggedRevisions: task definitions that have tags, and an execution role by the name that AWS's console gives it. The second image
// comes while the first is deployed, so push registers one revision and claim the other; the third one fails.
func taggedRevisions(t *testing.T) *world {
	w := newWorld(t, setting{seed: 1})
	d := w.definition(aws.ToString(w.service().TaskDefinition))
	out, err := w.ecs().RegisterTaskDefinition(context.Background(), &ecs.RegisterTaskDefinitionInput{
		Family: d.Family, ContainerDefinitions: d.ContainerDefinitions, Cpu: d.Cpu, Memory: d.Memory, NetworkMode: d.NetworkMode,
		RequiresCompatibilities: d.RequiresCompatibilities, RuntimePlatform: d.RuntimePlatform,
		ExecutionRoleArn: aws.String("arn:aws:iam::123456789012:role/ecsTaskExecutionRole"), Tags: []ecstypes.Tag{{Key: aws.String("team"), Value: aws.String("shop")}},
	})
	w.do("register", err)
	_, err = w.ecs().UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("shop"), Service: aws.String("web"), TaskDefinition: out.TaskDefinition.TaskDefinitionArn})
	w.do("update", err)
	w.push("shop/web", "v1", "amd64", nil)
	w.sim.Clock.RunFor(time.Minute)
	w.push("shop/web", "v2", "amd64", nil)
	w.untilEnded(2)
	w.push("shop/web", "v3", "amd64", map[string]string{"awssim.exit": "1"})
	w.untilEnded(3)
	return w
}

// onInstances: a service in bridge mode on an EC2 instance; where its tasks are is found through the instance.
func onInstances(t *testing.T) *world {
	w := newWorld(t, setting{seed: 1})
	ctx := context.Background()
	var err error
	w.sim.Clock.Do("instance", func() { _, err = w.sim.ECS.AddInstance("shop", "eu-west-1a", 4096, 8192) })
	w.do("add instance", err)
	out, err := w.ecs().RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("api"), NetworkMode: ecstypes.NetworkModeBridge, RequiresCompatibilities: []ecstypes.Compatibility{ecstypes.CompatibilityEc2},
		ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("web"), Image: aws.String(w.sim.ECR.Host() + "/shop/web:none"),
			Memory: aws.Int32(256), PortMappings: []ecstypes.PortMapping{{ContainerPort: aws.Int32(3000)}}}},
	})
	w.do("register", err)
	tags := []ecstypes.Tag{{Key: aws.String("slipway:repository"), Value: aws.String("shop/web")}, {Key: aws.String("slipway:initial-count"), Value: aws.String("1")}}
	_, err = w.ecs().CreateService(ctx, &ecs.CreateServiceInput{Cluster: aws.String("shop"), ServiceName: aws.String("api"), LaunchType: ecstypes.LaunchTypeEc2,
		TaskDefinition: out.TaskDefinition.TaskDefinitionArn, DesiredCount: aws.Int32(0), Tags: tags})
	w.do("create service", err)
	w.push("shop/web", "v1", "amd64", nil)
	w.untilEnded(2)
	return w
}

// failingFunctions: events that settle and drift cannot read end in the queue of failed invocations.
func failingFunctions(t *testing.T) *world {
	w := newWorld(t, setting{seed: 1})
	w.deliver("settle", []byte(`{"detail-type":7}`))
	w.deliver("drift", []byte(`{"scheduledTime":7}`))
	w.sim.Clock.RunFor(10 * time.Minute)
	if n := w.deadLetters(); n != 2 {
		t.Errorf("%d failed invocations are kept, want 2", n)
	}
	return w
}

// lateEvents: events that come again after the execution that they started was stopped, while nobody was told of its end. The name
// of an execution stands for one wish, so push and settle look at what became of it.
func lateEvents(t *testing.T) *world {
	w := newWorld(t, setting{seed: 1})
	var pushed, stopped []byte
	stop := func(n int) {
		w.until(time.Hour, "an execution", func() bool { return len(w.started) >= n })
		w.do("stop", w.stopNewest())
		w.sim.Clock.RunFor(5 * time.Second)
	}
	w.push("shop/web", "v1", "amd64", nil)
	w.untilEnded(1)
	w.sim.Events.Fault = func(e events.Event) events.Delivery {
		body, err := json.Marshal(e)
		w.do("write event", err)
		switch {
		case e.Source == "aws.ecr":
			pushed = body
		case e.Source == "aws.states" && strings.Contains(string(e.Detail), `"ABORTED"`):
			stopped = body
			return events.Delivery{Lost: true}
		}
		return events.Delivery{}
	}
	w.push("shop/web", "v2", "amd64", nil)
	stop(2)
	w.deliver("push", pushed)

	w.push("shop/web", "v3", "amd64", nil)
	w.until(time.Hour, "an update", func() bool { return slices.Contains(w.path[w.started[len(w.started)-1]], "Wait to probe") })
	stop(3)
	end := stopped
	w.deliver("settle", end) // starts the execution that goes back,
	stop(4)                  // which is stopped too before it has its turn
	w.deliver("settle", end)
	return w
}

// worldOf is a world of changed templates.
func worldOf(t *testing.T, template, serviceTemplate string) *world {
	t.Helper()
	subnets := awssim.DefaultSubnet("a") + "," + awssim.DefaultSubnet("b")
	return newWorld(t, setting{seed: 1, slipway: template, template: serviceTemplate, parameters: map[string]string{
		"VpcId": "vpc-test", "PublicSubnetIds": subnets, "PrivateSubnetIds": subnets, "CpuArchitecture": "X86_64"}})
}

// changed writes a copy of a template in which old, which must be there, is replaced, and says where it is.
func changed(t *testing.T, file, old, with string) string {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), old) {
		t.Fatalf("%s has no %q to break", file, old)
	}
	dir := t.TempDir()
	machine, err := filepath.Abs("../statemachine")
	if err == nil {
		err = os.Symlink(machine, filepath.Join(dir, "statemachine"))
	}
	copied := filepath.Join(dir, "template.yaml")
	if err == nil {
		err = os.WriteFile(copied, []byte(strings.Replace(string(body), old, with, 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// A template that grants too little does not get through a deployment, and the first denial says what to write.
func TestBrokenTemplates(t *testing.T) {
	for name, test := range map[string]struct{ old, with, want string }{
		"a statement is dropped": {
			"            - Sid: StartDeployment\n              Effect: Allow\n              Action: states:StartExecution\n", "            - Sid: StartDeployment\n              Effect: Allow\n              Action: states:ListExecutions\n",
			`needs the statement {"Effect":"Allow","Action":"states:StartExecution","Resource":"arn:aws:states:eu-west-1:123456789012:stateMachine:slipway"}`,
		},
		"the resource is another": {
			"repository/*\n", "repository/shop\n",
			`Statement ReadImages allows it on other resources only (arn:aws:ecr:eu-west-1:123456789012:repository/shop)`,
		},
		"the condition is another": {
			`"Null": {aws:ResourceTag/slipway:repository: "false"}`, `"Null": {aws:ResourceTag/slipway:repo: "false"}`,
			`Statement UpdateServicesThatOptedIn of the role`,
		},
		"a role may not be passed": {
			"iam:PassedToService: ecs-tasks.amazonaws.com", "iam:PassedToService: ecs.amazonaws.com",
			`its condition StringEquals iam:PassedToService = ecs.amazonaws.com does not hold: the request has ecs-tasks.amazonaws.com`,
		},
		"update may not pass a role": {
			"              Resource: !Ref PassableRoles\n              Condition:\n                StringEquals: {iam:PassedToService: ecs-tasks.amazonaws.com}\n            - Sid: RecordIntent\n",
			"              Resource: !GetAtt Ledger.Arn\n            - Sid: RecordIntent\n",
			`is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/tasks/shop-web-execution`,
		},
		"the workflow may not call": {
			"                - !Sub ${Probe.Arn}:*\n", "                - !Sub ${Probe.Arn}\n",
			`is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:eu-west-1:123456789012:function:slipway-probe:1`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := worldOf(t, changed(t, template, test.old, test.with), sampleService)
			w.push("shop/web", "v1", "amd64", nil)
			w.sim.Clock.RunFor(20 * time.Minute)
			denials := w.sim.IAM.Denials()
			if len(denials) == 0 {
				t.Fatalf("nothing was denied\n%s", w.story())
			}
			if !strings.Contains(denials[0].Message, test.want) {
				t.Errorf("the first denial is\n%s\nwant\n%s", denials[0].Message, test.want)
			}
		})
	}
}

// A template that grants too much is found by what nothing used.
func TestTooWideAGrantIsFound(t *testing.T) {
	w := worldOf(t, changed(t, template, "Action: [ecs:DescribeTasks, ", "Action: [ecs:StopTask, ecs:DescribeTasks, "), sampleService)
	w.push("shop/web", "v1", "amd64", nil)
	w.untilEnded(1)
	if !slices.Contains(leftOver(w), grant{"Probe", "ReadTasks", "ecs:StopTask"}) {
		t.Error("ecs:StopTask of probe is not among the unused grants")
	}
}

// The opt-in is a matter of policy too: whoever had the update function's credentials could not touch another service with them.
func TestOnlyServicesThatOptedInMayBeUpdated(t *testing.T) {
	for _, verb := range []string{"update", "rollback"} {
		w := newWorld(t, setting{seed: 1})
		client := ecs.NewFromConfig(simulated.As(w.sim, verb))
		update := func() error {
			_, err := client.UpdateService(context.Background(), &ecs.UpdateServiceInput{Cluster: aws.String("shop"), Service: aws.String("web"), DesiredCount: aws.Int32(0)})
			return err
		}
		w.do("update a service that opted in", update())
		w.do("untag", w.untagService("slipway:repository"))
		var denied smithy.APIError
		want := "is not authorized to perform: ecs:UpdateService on resource: arn:aws:ecs:eu-west-1:123456789012:service/shop/web because no identity-based policy allows the ecs:UpdateService action"
		if err := update(); !errors.As(err, &denied) || denied.ErrorCode() != "AccessDeniedException" || !strings.Contains(denied.ErrorMessage(), want) ||
			!strings.Contains(denied.ErrorMessage(), "the request has no aws:ResourceTag/slipway:repository") {
			t.Errorf("%s updates a service without the tag: %v", verb, err)
		}
	}
}

// A service whose role is not among PassableRoles: the claim fails with the statement that is missing, and once that is added a
// redrive deploys.
func TestARoleThatMayNotBePassed(t *testing.T) {
	w := worldOf(t, template, changed(t, sampleService, "Path: /tasks/", "Path: /payroll/"))
	ctx := context.Background()
	digest := w.push("shop/web", "v1", "amd64", nil)
	w.until(time.Hour, "an execution", func() bool { return len(w.started) == 1 })
	w.sim.Clock.RunFor(10 * time.Minute)
	execution := aws.String(w.started[0])
	got, err := w.sfn().DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: execution})
	w.do("describe", err)
	if got.Status != sfntypes.ExecutionStatusFailed || aws.ToString(got.Error) != "Denied" {
		t.Fatalf("the execution is %s with error %q: %s", got.Status, aws.ToString(got.Error), aws.ToString(got.Cause))
	}
	if n := w.revisions(); n != 1 {
		t.Errorf("there are %d revisions, want none of ours", n)
	}
	var cause struct{ ErrorMessage string }
	w.do("cause", json.Unmarshal([]byte(aws.ToString(got.Cause)), &cause))
	_, statement, ok := strings.Cut(cause.ErrorMessage, "needs the statement ")
	want := `{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::123456789012:role/payroll/shop-web-execution","Condition":{"StringEquals":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}}}`
	if !ok || !strings.HasPrefix(statement, want) {
		t.Fatalf("the cause is %s", cause.ErrorMessage)
	}

	var pasted any
	w.do("paste", json.Unmarshal([]byte(want), &pasted))
	policy, err := iam.ParseDocument(map[string]any{"Version": "2012-10-17", "Statement": pasted})
	w.do("paste", err)
	for _, role := range w.sim.IAM.Roles() {
		if name := generated.FindStringSubmatch(role.Name); name != nil && (name[1] == "Claim" || name[1] == "Update") {
			w.do("add policy", w.sim.IAM.PutRolePolicy(role.Name, iam.Policy{Name: "Pasted", Document: policy}))
		}
	}
	_, err = w.sfn().RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: execution})
	w.do("redrive", err)
	w.until(8*time.Hour, "the redriven execution", func() bool { return slices.Contains(w.path[*execution], "Deployed") })
	if !strings.HasSuffix(w.running(), digest) || w.service().DesiredCount != 2 {
		t.Errorf("the service runs %s and wants %d tasks", w.running(), w.service().DesiredCount)
	}
}
