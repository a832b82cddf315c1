package protocol

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// A value that an enum does not have is refused, wherever in an input it is.
func TestUnknownValuesOfEnums(t *testing.T) {
	for _, test := range []struct {
		body string
		into any
		want string // "" for none
	}{
		{`{"launchType":"FARGAT"}`, &ecs.RunTaskInput{}, "1 validation error detected: Value 'FARGAT' at 'launchType' failed to satisfy constraint: Member must satisfy enum value set: [EC2, FARGATE, EXTERNAL"},
		{`{"launchType":"FARG\u0041T"}`, &ecs.RunTaskInput{}, "Value 'FARGAT'"},
		{`{"launchType":7}`, &ecs.RunTaskInput{}, "Value '7'"},
		{`{"requiresCompatibilities":["EC2","FARGAT"]}`, &ecs.RegisterTaskDefinitionInput{}, "'requiresCompatibilities[1]'"},
		{`{"containerDefinitions":[{"logConfiguration":{"logDriver":"paper"}}]}`, &ecs.RegisterTaskDefinitionInput{}, "'containerDefinitions[0].logConfiguration.logDriver'"},
		{`{"launchType":"FARGATE"}`, &ecs.RunTaskInput{}, ""},
		{`{"launchType":""}`, &ecs.RunTaskInput{}, ""},
		{`{"family":"FARGAT"}`, &ecs.RegisterTaskDefinitionInput{}, ""},
		{`{"Runtime":"provided.al2030"}`, &lambda.CreateFunctionInput{}, ""}, // AWS has new ones before the SDK does
	} {
		err := DecodeJSON([]byte(test.body), test.into)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", test.body, err, test.want)
		}
	}
	err := DecodeQuery([]byte("Protocol=HTTP&TargetType=pigeon"), &elb.CreateTargetGroupInput{})
	if err == nil || !strings.Contains(err.Error(), "Value 'pigeon' at 'TargetType' failed to satisfy constraint: Member must satisfy enum value set: [instance, ip, lambda, alb]") {
		t.Errorf("a form: got %v", err)
	}
}

// An API answers under its own code what this package refuses: values of enums, and members that it does not implement.
func TestCodeForWhatIsInvalid(t *testing.T) {
	for code, want := range map[string]string{"": "ValidationException", "InvalidParameter": "InvalidParameter"} {
		a := &API{Service: "ecs", Format: JSON11, Invalid: code}
		Handle(a, "RunTask", func(c *Call, in *ecs.RunTaskInput) (*ecs.RunTaskOutput, error) {
			return &ecs.RunTaskOutput{}, Only(c, in, "Cluster", "LaunchType")
		})
		for _, in := range []map[string]any{{"LaunchType": "FARGAT"}, {"LaunchType": string(ecstypes.LaunchTypeFargate), "Group": "g"}} {
			_, err := a.Invoke("RunTask", in)
			var e *Error
			if !errors.As(err, &e) || e.Code != want {
				t.Errorf("%v: got %v, want %s", in, err, want)
			}
		}
	}
}
