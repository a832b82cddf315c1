package cloudformation

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// long writes a value in CloudFormation's long form, as the SAM transform answers.
func long(v *value) any {
	switch v.kind {
	case numberKind:
		return json.Number(v.text)
	case boolKind:
		return v.text == "true"
	case listKind:
		items := []any{}
		for _, item := range v.items {
			items = append(items, long(item))
		}
		return items
	case mapKind:
		fields := map[string]any{}
		for _, f := range v.fields {
			fields[f.name] = long(f.value)
		}
		return fields
	case callKind:
		name := "Fn::" + v.fn
		if v.fn == "Ref" {
			name = "Ref"
		}
		arg := long(v.arg())
		if text, ok := arg.(string); ok && v.fn == "GetAtt" {
			id, attribute, _ := strings.Cut(text, ".")
			arg = []any{id, attribute}
		}
		return map[string]any{name: arg}
	}
	return v.text
}

// The golden file is what samtranslator 1.110.0 makes of testdata/sam.yaml, with PushVersion for the version's hashed name and without
// the places of code and definition in S3.
func TestTransformEqualsSAM(t *testing.T) {
	template, err := Load("testdata/sam.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := &scope{generated: map[string]string{}}
	resources, err := template.transform(s)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for _, r := range resources {
		entry := map[string]any{"Type": r.typ}
		properties := long(r.properties).(map[string]any)
		delete(properties, "Code")
		delete(properties, "DefinitionString")
		if len(properties) > 0 || (r.madeBy != "" && r.typ == "AWS::SQS::Queue") {
			entry["Properties"] = properties
		}
		if r.deletion != "" {
			entry["DeletionPolicy"] = r.deletion
		}
		if len(r.dependsOn) > 0 {
			var names []any
			for _, d := range r.dependsOn {
				names = append(names, d.name)
			}
			entry["DependsOn"] = names
		}
		got[r.id] = entry
	}
	golden, err := os.ReadFile("testdata/sam.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	// SAM writes the generated names into the references; here Push.Version is resolved when it is evaluated.
	text, _ := json.Marshal(got)
	text = []byte(strings.ReplaceAll(string(text), "Push.Version", "PushVersion"))
	var want, have any
	if err := json.Unmarshal(golden, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &have); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("the transform differs from SAM's (-SAM +ours):\n%s", diff)
	}
}

func TestSAMRefusals(t *testing.T) {
	function := func(properties string) string {
		return "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: dist/f\n" + properties
	}
	machine := func(properties string) string {
		return "Transform: AWS::Serverless-2016-10-31\nResources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      DefinitionUri: testdata/machine.asl.json\n" + properties
	}
	tests := []struct{ source, want string }{
		{function("      Memory: 1\n"), "t.yaml:7:7: awssim knows no property Memory of AWS::Serverless::Function"},
		{function("      MemorySzie: 1\n"), "awssim knows no property MemorySzie of AWS::Serverless::Function (did you mean MemorySize?)"},
		{function("      DeploymentPreference: {Type: AllAtOnce}\n"), "t.yaml:7:7: DeploymentPreference of F is refused: there is no CodeDeploy"},
		{function("      Policies: [{SQSPollerPolicy: {QueueName: q}}]\n"), "t.yaml:7:18: awssim knows no policy templates; write the statements of SQSPollerPolicy out"},
		{function("      Events: {Q: {Type: SQS, Properties: {}}}\n"), "t.yaml:7:26: event type SQS is refused"},
		{function("      Events: {Q: {Type: Schedule, Properties: {}}}\n"), "use ScheduleV2"},
		{function("      Events: {Q: {Type: EventBridgeRule, Properties: {Patern: {}}}}\n"), "unknown key Patern of an EventBridgeRule"},
		{function("      Events: {Q: {Type: ScheduleV2, Properties: {DeadLetterConfig: {Type: SQS}}}}\n"), "needs the Arn of a queue"},
		{function("      EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS}}}\n"), "OnFailure needs a Type"},
		{function("      PackageType: Image\n"), "PackageType Zip only"},
		{strings.Replace(function(""), "dist/f", "s3://b/k", 1), "CodeUri of F must be a folder"},
		{machine(""), "testdata/machine.asl.json:6:43: ${PushFunction} is not among the DefinitionSubstitutions of M"},
		{machine("      Definition: {}\n"), "Definition of M is refused: put it into a file"},
		{machine("      Events: {}\n"), "Events of M is refused"},
		{strings.Replace(machine(""), "machine.asl.json", "gone.json", 1), "t.yaml:6:22: read the definition"},
		{"Transform: AWS::Serverless-2016-10-31\nResources:\n  A: {Type: AWS::Serverless::Api}\n", "t.yaml:3:3: awssim has no SAM resource AWS::Serverless::Api"},
		{"Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Role: x}}\nResources:\n  A: {Type: AWS::SQS::Queue}\n", "t.yaml:2:22: Globals.Function cannot have Role"},
		{"Transform: AWS::Serverless-2016-10-31\nGlobals: {Api: {}}\nResources:\n  A: {Type: AWS::SQS::Queue}\n", "unknown key Api of Globals"},
	}
	for _, test := range tests {
		_, _, err := create(t, test.source, nil)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s\nerror %v, want %s", test.source, err, test.want)
		}
	}
}

// samtranslator numbers the policies of a role in decimal.
func TestNamesOfManyPolicies(t *testing.T) {
	policies := strings.Repeat("{Statement: []}, ", 11)
	template, err := Parse("t.yaml", []byte("Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n"+
		"      CodeUri: dist/f\n      Handler: f\n      Runtime: provided.al2023\n      Policies: ["+policies+"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	resources, err := template.transform(&scope{generated: map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range resources {
		if r.id == "FRole" {
			list := long(r.properties).(map[string]any)["Policies"].([]any)
			if name := list[10].(map[string]any)["PolicyName"]; name != "FRolePolicy10" {
				t.Errorf("the eleventh policy is named %v", name)
			}
			return
		}
	}
	t.Error("there is no role")
}

func TestGeneratedNamesResolve(t *testing.T) {
	template, err := Load("testdata/sam.yaml")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := template.Plan(env, nil)
	if err != nil {
		t.Fatal(err)
	}
	made := &recorder{}
	if _, err := plan.Create(made); err != nil {
		t.Fatal(err)
	}
	machine := made.properties["M"]
	definition := machine["DefinitionString"].(string)
	if !strings.Contains(definition, `"Resource": "id-PushVersion"`) {
		t.Errorf("the definition does not call the published version:\n%s", definition)
	}
	if _, left := machine["DefinitionSubstitutions"]; left {
		t.Error("the provider is given DefinitionSubstitutions that were already applied")
	}
	code := made.properties["Push"]["Code"].(map[string]any)
	if code[LocalCode] != "testdata/dist/push" {
		t.Errorf("code at %v, want testdata/dist/push", code[LocalCode])
	}
	variables := made.properties["Push"]["Environment"].(map[string]any)["Variables"]
	if diff := cmp.Diff(map[string]any{"X": "1", "Y": "2"}, variables); diff != "" {
		t.Errorf("globals were not merged:\n%s", diff)
	}
}
