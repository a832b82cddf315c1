package cloudformation

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var env = Environment{Account: "123456789012", Region: "eu-west-1", StackName: "shop",
	Parameter: func(name string) (string, bool) { return "found", name == "/there" }}

// recorder is a Provider that remembers what it was asked for.
type recorder struct {
	order      []string
	properties map[string]map[string]any
	fail       string
}

func (r *recorder) Create(id, typ string, properties map[string]any) (Resource, error) {
	if id == r.fail {
		return Resource{}, errors.New("no room")
	}
	if r.properties == nil {
		r.properties = map[string]map[string]any{}
	}
	r.order = append(r.order, id)
	r.properties[id] = properties
	return Resource{PhysicalID: "id-" + id, Attributes: map[string]any{"Arn": "arn:" + id, "Version": "1", "List": []any{"x", "y"}}}, nil
}

func create(t *testing.T, source string, parameters map[string]string) (*Stack, *recorder, error) {
	t.Helper()
	template, err := Parse("t.yaml", []byte(source))
	if err != nil {
		return nil, nil, err
	}
	plan, err := template.Plan(env, parameters)
	if err != nil {
		return nil, nil, err
	}
	r := &recorder{}
	stack, err := plan.Create(r)
	return stack, r, err
}

// expression puts one expression where an output's value stands, beside things it can refer to.
func expression(e string) string {
	return fmt.Sprintf(`Parameters:
  Name: {Type: String, Default: web}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
  Image: {Type: AWS::SSM::Parameter::Value<String>, Default: /there}
Mappings:
  Size: {small: {cpu: 256, zones: [x, y]}}
Conditions:
  Yes: !Equals [!Ref Name, web]
  No: !Not [!Condition Yes]
  Both: !And [!Condition Yes, {Condition: "No"}]
  Either: !Or [!Condition Yes, {Condition: "No"}]
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: %s}}
  Gone: {Type: AWS::SQS::Queue, Condition: "No"}
`, e)
}

func TestIntrinsics(t *testing.T) {
	tests := []struct{ expression, want string }{
		{`!Ref Name`, "web"},
		{`{Ref: Name}`, "web"},
		{`!Ref Queue`, "id-Queue"},
		{`!Ref Image`, "found"},
		{`!Ref AWS::Region`, "eu-west-1"},
		{`!Ref "AWS::AccountId"`, "123456789012"},
		{`!Ref AWS::Partition`, "aws"},
		{`!GetAtt Queue.Arn`, "arn:Queue"},
		{`!GetAtt [Queue, Arn]`, "arn:Queue"},
		{`{"Fn::GetAtt": [Queue, Arn]}`, "arn:Queue"},
		{`!Sub "${Name}-${Queue}-${Queue.Arn}-${AWS::StackName}-${!Raw}"`, "web-id-Queue-arn:Queue-shop-${Raw}"},
		{`!Sub ["${Name}${x}", {Name: own, x: !Ref Name}]`, "ownweb"},
		{`!Join ["-", [a, !Ref Name, 3]]`, "a-web-3"},
		{`!Join ["", !Ref Zones]`, "ab"},
		{`!Join ["+", !GetAZs ""]`, "eu-west-1a+eu-west-1b+eu-west-1c"},
		{`!Select [1, !Ref Zones]`, "b"},
		{`!Select ["0", !Split ["/", "x/y"]]`, "x"},
		{`!Select [2, !Cidr [10.0.0.0/16, 3, 8]]`, "10.0.2.0/24"},
		{`!Select [1, !Cidr [!Sub "10.1.0.0/22", 2, 9]]`, "10.1.2.0/23"},
		{`!If [Yes, left, !Ref Gone]`, "left"},
		{`!If [Both, left, right]`, "right"},
		{`!If [Either, left, right]`, "left"},
		{`!FindInMap [Size, small, cpu]`, "256"},
		{`!Select [1, !FindInMap [Size, small, zones]]`, "y"},
		{`!Base64 hello`, "aGVsbG8="},
		{`"{{resolve:ssm:/there}}!"`, "found!"},
		{`012345678901`, "012345678901"},
		{`2012-10-17`, "2012-10-17"},
		{`yes`, "yes"},
		{`true`, "true"},
	}
	for _, test := range tests {
		_, made, err := create(t, expression(test.expression), nil)
		if err != nil {
			t.Errorf("%s: %v", test.expression, err)
			continue
		}
		if got := fmt.Sprint(made.properties["Topic"]["TopicName"]); got != test.want {
			t.Errorf("%s = %q, want %q", test.expression, got, test.want)
		}
	}
}

func TestNoValueLeavesOut(t *testing.T) {
	source := `Conditions: {Never: !Equals [a, b]}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !If [Never, x, !Ref AWS::NoValue]
      Tags: [{Key: a, Value: b}, !If [Never, {Key: c, Value: d}, !Ref AWS::NoValue]]
`
	_, made, err := create(t, source, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"Tags": []any{map[string]any{"Key": "a", "Value": "b"}}}
	if diff := cmp.Diff(want, made.properties["Queue"]); diff != "" {
		t.Error(diff)
	}
}

func TestExpressionErrorsNameTheirPlace(t *testing.T) {
	const at = "t.yaml:14:58: " // where the expression of the fixture begins
	tests := []struct{ expression, want string }{
		{`!Transform x`, at + "unknown intrinsic !Transform"},
		{`{"Fn::ForEach": [a]}`, "t.yaml:14:59: unknown intrinsic Fn::ForEach"},
		{`{"Fn::Join": ["", []], a: b}`, "Fn::Join must stand alone"},
		{`!Ref Nobody`, at + "there is no resource or parameter Nobody"},
		{`!Ref AWS::Nothing`, at + "unknown pseudo parameter AWS::Nothing"},
		{`!Ref [a]`, "Ref takes a name"},
		{`!Ref Gone`, at + "Gone is not created because its condition No does not hold"},
		{`!GetAtt Queue`, at + "GetAtt takes Resource.Attribute"},
		{`!GetAtt Queue.Colour`, at + "Queue (AWS::SQS::Queue) has no attribute Colour; it has Arn, List, Version"},
		{`!GetAtt Nobody.Arn`, at + "there is no resource or parameter Nobody"},
		{`!Sub "${Nobody}"`, at + "there is no resource or parameter Nobody"},
		{`!Sub "${Name"`, at + "a ${ in Sub is not closed"},
		{`!Sub "${Zones}"`, at + "${Zones} is not a text"},
		{`!Sub [a]`, at + "Sub takes a text, or a list"},
		{`!Join [",", Name]`, "t.yaml:14:70: this must be a list"},
		{`!Join [","]`, at + "Join takes a list of 2"},
		{`!Select [5, !Ref Zones]`, "Select wants item 5 of a list of 2"},
		{`!Split ["", a]`, "Split needs a separator"},
		{`!If [Maybe, a, b]`, "t.yaml:14:63: there is no condition Maybe"},
		{`!If [Yes, a]`, at + "If takes a list of 3"},
		{`!FindInMap [Size, large, cpu]`, `t.yaml:14:76: FindInMap finds no first key "large"`},
		{`!FindInMap [Size, small]`, "FindInMap takes a list of 3"},
		{`!Cidr [10.0.0.0/24, 3, 8]`, at + "10.0.0.0/24 does not hold 3 blocks of 8 host bits"},
		{`!Cidr [ten, 3, 8]`, `Cidr wants an IPv4 block`},
		{`!ImportValue x`, at + "ImportValue is refused"},
		{`!Equals [a, b]`, at + "Equals is only allowed in Conditions"},
		{`"{{resolve:secretsmanager:x}}"`, at + "awssim resolves {{resolve:ssm:NAME}} only"},
		{`"{{resolve:ssm:/gone}}"`, at + "there is no SSM parameter /gone"},
		{`null`, at + "empty values are not allowed"},
		{`*anchor`, "not YAML"},
		{`&anchor x`, "no YAML anchors"},
		{`!!binary aGk=`, "the YAML tag !!binary is not understood"},
	}
	for _, test := range tests {
		_, _, err := create(t, expression(test.expression), nil)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %s", test.expression, err, test.want)
		}
	}
}

func TestStructureErrorsNameTheirPlace(t *testing.T) {
	tests := []struct{ name, source, want string }{
		{"empty", ``, "t.yaml:1:1: the template is empty"},
		{"list", `[a]`, "t.yaml:1:1: a template must be a map"},
		{"section", "Rules: {}\n", "t.yaml:1:1: unknown section Rules"},
		{"version", "AWSTemplateFormatVersion: 2011-01-01\n", "must be 2010-09-09"},
		{"transform", "Transform: AWS::LanguageExtensions\n", "t.yaml:1:12: the only transform is"},
		{"no resources", "Description: x\n", "no Resources"},
		{"twice", "Resources:\n  A: {Type: AWS::SQS::Queue}\n  A: {Type: AWS::SQS::Queue}\n", "t.yaml:3:3: the key A is there twice"},
		{"logical id", "Resources:\n  a-b: {Type: AWS::SQS::Queue}\n", "t.yaml:2:3: the logical id"},
		{"no type", "Resources:\n  A: {Properties: {}}\n", "t.yaml:2:3: resource A has no Type"},
		{"key", "Resources:\n  A: {Type: AWS::SQS::Queue, CreationPolicy: {}}\n", "t.yaml:2:30: unknown key CreationPolicy of resource A"},
		{"type", "Resources:\n  A: {Type: AWS::Batch::Job}\n", "t.yaml:2:3: awssim has no resource type AWS::Batch::Job"},
		{"property", "Resources:\n  A: {Type: AWS::SQS::Queue, Properties: {Fifo: true}}\n", "t.yaml:2:43: awssim knows no property Fifo of AWS::SQS::Queue (A)"},
		{"misspelt property", "Resources:\n  A: {Type: AWS::ECS::Service, Properties: {DesiredCuont: 1}}\n", "knows no property DesiredCuont of AWS::ECS::Service (A) (did you mean DesiredCount?)"},
		{"misspelt type", "Resources:\n  A: {Type: AWS::ECS::Servcie}\n", "AWS::ECS::Servcie (A); the nearest that it has are AWS::ECS::Service, AWS::EC2::EIP, AWS::EC2::Route; docs/awssim.md says"},
		{"a tab", "Resources:\n  A:\n\tType: AWS::SQS::Queue\n", "t.yaml:3:1: a tab: YAML is indented by spaces only"},
		{"a tab in a text", "Description: |\n  a\n  \tb\nResources:\n  A: {a: b\n", "not YAML"},
		{"policy", "Resources:\n  A: {Type: AWS::SQS::Queue, DeletionPolicy: Keep}\n", "DeletionPolicy must be"},
		{"depends", "Resources:\n  A: {Type: AWS::SQS::Queue, DependsOn: B}\n", "t.yaml:2:41: DependsOn of A names B"},
		{"condition", "Resources:\n  A: {Type: AWS::SQS::Queue, Condition: C}\n", "there is no condition C"},
		{"parameter type", "Parameters:\n  P: {Type: Text}\n", "t.yaml:2:13: awssim knows no parameter type Text"},
		{"parameter key", "Parameters:\n  P: {Type: String, Required: true}\n", "t.yaml:2:21: unknown key Required of parameter P"},
		{"output", "Resources:\n  A: {Type: AWS::SQS::Queue}\nOutputs:\n  O: {Value: !Ref B}\n", "t.yaml:4:14: there is no resource or parameter B"},
		{"output key", "Resources:\n  A: {Type: AWS::SQS::Queue}\nOutputs:\n  O: {Value: a, Exports: b}\n", "unknown key Exports"},
		{"globals", "Globals: {Function: {}}\nResources:\n  A: {Type: AWS::SQS::Queue}\n", "Globals need Transform"},
		{"sam", "Resources:\n  A: {Type: AWS::Serverless::Function}\n", "needs Transform"},
	}
	for _, test := range tests {
		_, _, err := create(t, test.source, nil)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %s", test.name, err, test.want)
		}
	}
}

func TestParameters(t *testing.T) {
	source := `Parameters:
  Days: {Type: Number, Default: 30, MinValue: 1, MaxValue: 40}
  Name: {Type: String, AllowedPattern: "[a-z]+", MinLength: 2, MaxLength: 4, ConstraintDescription: lower case only}
  Env: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Roles: {Type: CommaDelimitedList, Default: "arn:a,arn:b", AllowedPattern: "arn:.*"}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Name, DelaySeconds: !Ref Days, Tags: !Ref Roles}}
`
	_, made, err := create(t, source, map[string]string{"Name": "abc", "Roles": "arn:x, arn:y"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"QueueName": "abc", "DelaySeconds": "30", "Tags": []any{"arn:x", "arn:y"}}
	if diff := cmp.Diff(want, made.properties["Queue"]); diff != "" {
		t.Error(diff)
	}
	refused := []struct {
		given map[string]string
		want  string
	}{
		{nil, "t.yaml:3:3: parameter Name has no default and was not given"},
		{map[string]string{"Name": "ABC"}, "lower case only"},
		{map[string]string{"Name": "abcde"}, "lower case only"},
		{map[string]string{"Name": "abc", "Days": "x"}, "it must be a number"},
		{map[string]string{"Name": "abc", "Days": "41"}, "it must be at most 40"},
		{map[string]string{"Name": "abc", "Env": "qa"}, "allowed are dev, prod"},
		{map[string]string{"Name": "abc", "Roles": "arn:x,role"}, `cannot be "role": it must match`},
		{map[string]string{"Name": "abc", "Colour": "red"}, "the template has no parameter Colour"},
	}
	for _, test := range refused {
		_, _, err := create(t, source, test.given)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: error %v, want %s", test.given, err, test.want)
		}
	}
}

func TestOrderFollowsNeeds(t *testing.T) {
	source := `Conditions: {Never: !Equals [a, b]}
Resources:
  Z: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt M.Arn}}
  A: {Type: AWS::SQS::Queue, DependsOn: [Z, Off]}
  M: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${B.Arn}-x"}}
  B: {Type: AWS::SQS::Queue}
  Off: {Type: AWS::SQS::Queue, Condition: Never, Properties: {QueueName: !Ref A}}
`
	_, made, err := create(t, source, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(made.order, " "); got != "B M Z A" {
		t.Errorf("created in the order %s, want B M Z A", got)
	}
}

func TestCircleIsNamed(t *testing.T) {
	source := `Resources:
  A: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref B}}
  B: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt C.Arn}}
  C: {Type: AWS::SQS::Queue, DependsOn: A}
`
	_, _, err := create(t, source, nil)
	if err == nil || !strings.Contains(err.Error(), "t.yaml:4:41: circular dependency: A -> B -> C -> A") {
		t.Errorf("error %v, want the circle A -> B -> C -> A", err)
	}
	_, _, err = create(t, "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\nResources: {Q: {Type: AWS::SQS::Queue}}\n", nil)
	if err == nil || !strings.Contains(err.Error(), "circle: A -> B -> A") {
		t.Errorf("error %v, want the circle of conditions", err)
	}
}

func TestOutputsAndFailure(t *testing.T) {
	source := `Conditions: {Never: !Equals [a, b]}
Resources:
  A: {Type: AWS::SQS::Queue}
  B: {Type: AWS::SQS::Queue, DependsOn: A}
Outputs:
  Hidden: {Value: x, Condition: Never}
  Arn: {Value: !GetAtt A.Arn, Description: where, Export: {Name: !Sub "${AWS::StackName}-a"}}
`
	stack, _, err := create(t, source, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []Output{{Name: "Arn", Value: "arn:A", Description: "where", Export: "shop-a"}}
	if diff := cmp.Diff(want, stack.Outputs); diff != "" {
		t.Error(diff)
	}
	template, _ := Parse("t.yaml", []byte(source))
	plan, err := template.Plan(env, nil)
	if err != nil {
		t.Fatal(err)
	}
	half, err := plan.Create(&recorder{fail: "B"})
	if err == nil || err.Error() != "t.yaml:4:3: create B (AWS::SQS::Queue): no room" {
		t.Errorf("error %v, want one that names B and its place", err)
	}
	if _, ok := half.Resource("A"); !ok {
		t.Error("what was created before the failure is not reported")
	}
}
