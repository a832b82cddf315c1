package slipway_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/awssim/cloudformation"
	"slipway/awssim/iam"
	"slipway/bench/starts"
	"slipway/internal/wire/every"
)

// product is template.yaml with every value settled, and no service behind it.
type product struct {
	stack *cloudformation.Stack
	roles map[string][]iam.Statement // by logical id of the function or machine that the role is for
}

// idProvider gives every resource an id and every attribute that the template asks for.
type idProvider struct{}

func (idProvider) Create(id, typ string, _ map[string]any) (cloudformation.Resource, error) {
	return cloudformation.Resource{PhysicalID: "ref:" + id, Attributes: map[string]any{"Arn": "arn:" + id, "Version": "1", "QueueName": "name:" + id}}, nil
}

func load(t *testing.T, parameters map[string]string) product {
	t.Helper()
	template, err := cloudformation.Load("template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := template.Plan(cloudformation.Environment{Account: "123456789012", Region: "eu-west-1", StackName: "slipway"}, parameters)
	if err != nil {
		t.Fatal(err)
	}
	p := product{roles: map[string][]iam.Statement{}}
	if p.stack, err = plan.Create(idProvider{}); err != nil {
		t.Fatal(err)
	}
	for _, r := range p.stack.Resources {
		if r.Type != "AWS::IAM::Role" {
			continue
		}
		policies, _ := r.Properties["Policies"].([]any)
		for _, item := range policies {
			d, err := iam.ParseDocument(item.(map[string]any)["PolicyDocument"])
			if err != nil {
				t.Fatalf("%s: %v", r.LogicalID, err)
			}
			p.roles[strings.TrimSuffix(r.LogicalID, "Role")] = append(p.roles[strings.TrimSuffix(r.LogicalID, "Role")], d.Statements...)
		}
	}
	return p
}

// granted lists who may do an action.
func (p product) granted(action string) []string {
	var who []string
	for _, name := range slices.Sorted(maps.Keys(p.roles)) {
		if slices.ContainsFunc(p.roles[name], func(s iam.Statement) bool { return s.Effect == "Allow" && s.Covers(action) }) {
			who = append(who, name)
		}
	}
	return who
}

func (p product) properties(t *testing.T, id string) map[string]any {
	t.Helper()
	r, ok := p.stack.Resource(id)
	if !ok {
		t.Fatalf("the template makes no %s", id)
	}
	return r.Properties
}

func TestWhoMayDoWhat(t *testing.T) {
	p := load(t, nil)
	tests := map[string][]string{
		"ecs:UpdateService":                      {"Rollback", "Update"},
		"ecs:RegisterTaskDefinition":             {"Claim", "Push"},
		"ecs:TagResource":                        {"Claim", "Push"},
		"iam:PassRole":                           {"Claim", "Push", "Rollback", "Update"},
		"ssm:PutParameter":                       {"Settle"},
		"logs:GetLogEvents":                      {"Probe"},
		"sns:Publish":                            {"Claim", "Drift", "Settle"},
		"states:StartExecution":                  {"Drift", "Push", "Settle"},
		"lambda:InvokeFunction":                  {"DriftSweep", "Workflow"},
		"dynamodb:DeleteItem":                    nil,
		"dynamodb:UpdateItem":                    nil,
		"ecs:DeleteService":                      nil,
		"ecs:DeregisterTaskDefinition":           nil,
		"ecs:StopTask":                           nil,
		"ecr:BatchDeleteImage":                   nil,
		"elasticloadbalancing:DeregisterTargets": nil,
	}
	for action, want := range tests {
		if diff := cmp.Diff(want, p.granted(action)); diff != "" {
			t.Errorf("who may %s (-want +template):\n%s", action, diff)
		}
	}
	for _, s := range p.roles["Settle"] {
		for _, action := range s.Actions {
			if strings.HasPrefix(action, "ecs:") {
				t.Errorf("settle may %s; it must never touch ECS", action)
			}
		}
	}
}

// knowsNoResources are the actions that IAM can only grant on "*" (Service Authorization Reference).
var knowsNoResources = []string{"tag:GetResources", "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:ListTasks",
	"elasticloadbalancing:DescribeTargetHealth"}

func TestNoGrantIsWiderThanIAMForces(t *testing.T) {
	for name, statements := range load(t, nil).roles {
		for _, s := range statements {
			for _, action := range s.Actions {
				if strings.Contains(action, "*") {
					t.Errorf("%s may %s; name the actions", name, action)
				}
				if slices.Contains(s.Resources, "*") && !slices.Contains(knowsNoResources, action) && !strings.HasPrefix(action, "logs:") {
					t.Errorf("%s may %s on every resource", name, action)
				}
			}
		}
	}
}

func TestDangerousGrantsAreConditional(t *testing.T) {
	p := load(t, map[string]string{"PassableRoles": "arn:aws:iam::123456789012:role/a,arn:aws:iam::123456789012:role/b"})
	want := map[string]iam.Condition{
		"ecs:UpdateService": {Operator: "Null", Key: "aws:ResourceTag/slipway:repository", Values: []string{"false"}},
		"ecs:TagResource":   {Operator: "StringEquals", Key: "ecs:CreateAction", Values: []string{"RegisterTaskDefinition"}},
		"iam:PassRole":      {Operator: "StringEquals", Key: "iam:PassedToService", Values: []string{"ecs-tasks.amazonaws.com"}},
	}
	for name, statements := range p.roles {
		for _, s := range statements {
			for action, condition := range want {
				if s.Covers(action) {
					if diff := cmp.Diff([]iam.Condition{condition}, s.Conditions); diff != "" {
						t.Errorf("%s of %s:\n%s", action, name, diff)
					}
				}
			}
			if s.Covers("iam:PassRole") && len(s.Resources) != 2 {
				t.Errorf("%s may pass %v, want the parameter's roles", name, s.Resources)
			}
		}
	}
}

func TestEveryFunction(t *testing.T) {
	p := load(t, map[string]string{"LogRetentionDays": "7"})
	for _, low := range every.Names() {
		verb := strings.ToUpper(low[:1]) + low[1:]
		f := p.properties(t, verb)
		want := map[string]any{
			"FunctionName": "slipway-" + low, "Runtime": "provided.al2023", "Handler": "bootstrap", "Architectures": []any{"arm64"},
			"TracingConfig": map[string]any{"Mode": "Active"}, "LoggingConfig": map[string]any{"LogFormat": "JSON", "LogGroup": "ref:" + verb + "Log"},
			"Code": map[string]any{cloudformation.LocalCode: "dist/" + low}, "Role": "arn:" + verb + "Role",
		}
		for name, value := range want {
			if diff := cmp.Diff(value, f[name]); diff != "" {
				t.Errorf("%s of %s:\n%s", name, verb, diff)
			}
		}
		if timeout := map[bool]string{true: "120", false: "30"}[verb == "Drift"]; fmt.Sprint(f["Timeout"]) != timeout {
			t.Errorf("Timeout of %s is %v, want %s", verb, f["Timeout"], timeout)
		}
		variables := f["Environment"].(map[string]any)["Variables"]
		wantVariables := map[string]any{"GOGC": "400", "SLIPWAY_TABLE": "ref:Ledger", "SLIPWAY_TOPIC_ARN": "ref:Notifications",
			"SLIPWAY_STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:slipway"}
		if diff := cmp.Diff(wantVariables, variables); diff != "" {
			t.Errorf("environment of %s:\n%s", verb, diff)
		}
		for name, value := range wantVariables {
			if !slices.ContainsFunc(starts.Environment(), func(v string) bool {
				return strings.HasPrefix(v, name+"=") && (name != "GOGC" || v == name+"="+value.(string))
			}) {
				t.Errorf("the bench starts %s without the template's variable %s", verb, name)
			}
		}
		log := p.properties(t, verb+"Log")
		if log["LogGroupName"] != "/aws/lambda/slipway-"+low || fmt.Sprint(log["RetentionInDays"]) != "7" {
			t.Errorf("log group of %s: %v", verb, log)
		}
		p.properties(t, verb+"Version")
	}
}

// An event that cannot be handed over, or that a function fails on for good, must end up somewhere.
func TestNoEventIsLost(t *testing.T) {
	p := load(t, nil)
	sources := p.properties(t, "UndeliveredEventsPolicy")["PolicyDocument"].(map[string]any)["Statement"].([]any)[0].(map[string]any)["Condition"]
	allowed := fmt.Sprint(sources)
	for _, r := range p.stack.Resources {
		switch r.Type {
		case "AWS::Events::Rule":
			target := r.Properties["Targets"].([]any)[0].(map[string]any)
			if diff := cmp.Diff(map[string]any{"Arn": "arn:UndeliveredEvents"}, target["DeadLetterConfig"]); diff != "" {
				t.Errorf("dead letters of %s:\n%s", r.LogicalID, diff)
			}
			if target["RetryPolicy"] == nil {
				t.Errorf("%s has no RetryPolicy", r.LogicalID)
			}
			if !strings.Contains(allowed, "arn:"+r.LogicalID) {
				t.Errorf("the queue's policy does not admit %s: EventBridge would drop its dead letters", r.LogicalID)
			}
		case "AWS::Scheduler::Schedule":
			target := r.Properties["Target"].(map[string]any)
			if target["Input"] != `{"scheduledTime":"<aws.scheduler.scheduled-time>"}` || target["DeadLetterConfig"] == nil {
				t.Errorf("target of %s: %v", r.LogicalID, target)
			}
		}
	}
	for _, verb := range []string{"Push", "Settle", "Drift"} {
		config := p.properties(t, verb+"EventInvokeConfig")["DestinationConfig"]
		if diff := cmp.Diff(map[string]any{"OnFailure": map[string]any{"Destination": "arn:FailedInvocations"}}, config); diff != "" {
			t.Errorf("destinations of %s:\n%s", verb, diff)
		}
	}
}

func TestWorkflowCallsPublishedVersions(t *testing.T) {
	p := load(t, nil)
	definition := p.properties(t, "Workflow")["DefinitionString"].(string)
	for _, verb := range []string{"Claim", "Update", "Probe", "Rollback", "Settle"} {
		if !strings.Contains(definition, `"ref:`+verb+`Version"`) {
			t.Errorf("the workflow does not call the published version of %s", verb)
		}
	}
	logging := p.properties(t, "Workflow")["LoggingConfiguration"].(map[string]any)
	if logging["Level"] != "ALL" || logging["IncludeExecutionData"] != false {
		t.Errorf("logging %v, want all events without execution data", logging)
	}
}

func TestMailIsOptional(t *testing.T) {
	if _, ok := load(t, nil).stack.Resource("NotificationMail"); ok {
		t.Error("there is a subscription without an address")
	}
	mail := load(t, map[string]string{"NotificationEmail": "ops@example.com"}).properties(t, "NotificationMail")
	if mail["Endpoint"] != "ops@example.com" {
		t.Errorf("subscription %v", mail)
	}
}

// The table outlives its stack, but not a creation that failed: its fixed name would block the next one.
func TestLedgerSurvivesTheStack(t *testing.T) {
	p := load(t, nil)
	ledger, _ := p.stack.Resource("Ledger")
	if ledger.DeletionPolicy != "RetainExceptOnCreate" || ledger.Properties["TableName"] != "slipway" {
		t.Errorf("ledger %+v, want a table slipway that is retained", ledger)
	}
}

// Slipway watches services; the alarms watch Slipway. Each queue of lost things has one, and nothing else may publish alarms.
func TestAlarms(t *testing.T) {
	p := load(t, nil)
	want := map[string]string{"EventLost": "name:UndeliveredEvents", "InvocationFailed": "name:FailedInvocations", "DriftSilent": "ref:Drift"}
	for _, r := range p.stack.Resources {
		switch r.Type {
		case "AWS::SQS::Queue":
			if !slices.Contains(slices.Collect(maps.Values(want)), "name:"+r.LogicalID) {
				t.Errorf("no alarm watches %s", r.LogicalID)
			}
		case "AWS::CloudWatch::Alarm":
			watched := r.Properties["Dimensions"].([]any)[0].(map[string]any)["Value"]
			if watched != want[r.LogicalID] {
				t.Errorf("%s watches %v, want %s", r.LogicalID, watched, want[r.LogicalID])
			}
			if diff := cmp.Diff([]any{"ref:Notifications"}, r.Properties["AlarmActions"]); diff != "" {
				t.Errorf("whom %s tells:\n%s", r.LogicalID, diff)
			}
			delete(want, r.LogicalID)
		}
	}
	if len(want) > 0 {
		t.Errorf("missing alarms: %v", want)
	}
	statement := p.properties(t, "AlarmsMayNotify")["PolicyDocument"].(map[string]any)["Statement"].([]any)[0].(map[string]any)
	condition := map[string]any{
		"StringEquals": map[string]any{"aws:SourceAccount": "123456789012"},
		"ArnLike":      map[string]any{"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:slipway-*"},
	}
	if diff := cmp.Diff(condition, statement["Condition"]); diff != "" {
		t.Errorf("who may publish alarms:\n%s", diff)
	}
}

func TestAlarmsCanBeLeftOut(t *testing.T) {
	for _, r := range load(t, map[string]string{"Alarms": "off"}).stack.Resources {
		if r.Type == "AWS::CloudWatch::Alarm" || r.Type == "AWS::SNS::TopicPolicy" {
			t.Errorf("%s is made all the same", r.LogicalID)
		}
	}
}

// Silence is noticed after an hour of the usual schedule, and never sooner than after a day of another.
func TestSilenceIsMeasuredByTheSchedule(t *testing.T) {
	for schedule, want := range map[string]string{"rate(5 minutes)": "300 12", "rate(1 day)": "3600 24"} {
		alarm := load(t, map[string]string{"DriftSchedule": schedule}).properties(t, "DriftSilent")
		if got := fmt.Sprint(alarm["Period"], " ", alarm["EvaluationPeriods"]); got != want {
			t.Errorf("%s: period and number %s, want %s", schedule, got, want)
		}
	}
}
