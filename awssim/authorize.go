package awssim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"

	"slipway/awssim/iam"
	"slipway/awssim/iam/needs"
	"slipway/awssim/protocol"
)

// authorize checks a call against the policies of the caller's role. A caller without a role, which is anybody with credentials of
// their own making, is the account's root user and may do everything.
func (s *Sim) authorize(a asked, r *http.Request, body []byte) error {
	role, ok := s.IAM.RoleOf(protocol.AccessKey(r))
	if !ok {
		return nil
	}
	if api := s.api(a.service); api.Format == protocol.REST {
		var err error
		if body, err = api.RestInput(r, body); err != nil {
			return err
		}
	}
	requests, ok := needs.Of(resources{s}, s.ID, needs.Call{Service: a.service, Operation: a.operation, Body: body, Role: role.ARN})
	if !ok {
		return &protocol.Error{Code: "AccessDeniedException", Message: fmt.Sprintf(
			"awssim does not know which permissions %s %s needs, so it denies it to every role; call it with credentials that belong to no role", a.service, a.operation)}
	}
	for _, request := range requests {
		if err := s.IAM.Authorize(role.ARN, request); err != nil {
			return refusal(a.service, err)
		}
	}
	return nil
}

// denialCodes are those of services whose denials are not AccessDeniedException with status 400.
var denialCodes = map[string]protocol.Error{
	"elasticloadbalancing": {Code: "AccessDenied", Status: http.StatusForbidden},
	"lambda":               {Code: "AccessDeniedException", Status: http.StatusForbidden},
	"sns":                  {Code: "AuthorizationError", Status: http.StatusForbidden},
}

func refusal(service string, err error) error {
	var denied *protocol.Error
	other, ok := denialCodes[service]
	if !ok || !errors.As(err, &denied) {
		return err
	}
	other.Message = denied.Message
	return &other
}

// resources is what a decision must know of the world.
type resources struct{ sim *Sim }

// Tags are those of ECS and load balancing; other services' are not looked at.
func (r resources) Tags(arn string) map[string]string {
	tags := map[string]string{}
	switch {
	case strings.HasPrefix(arn, r.sim.ID.ARN("ecs", "")):
		return r.sim.ECS.Tags(arn)
	case strings.HasPrefix(arn, r.sim.ID.ARN("elasticloadbalancing", "")):
		out, err := invoke[elb.DescribeTagsOutput](r.sim.api("elasticloadbalancing"), "DescribeTags", map[string]any{"ResourceArns": []string{arn}})
		if err != nil || len(out.TagDescriptions) == 0 {
			return nil // the call itself will say what is wrong with it
		}
		for _, t := range out.TagDescriptions[0].Tags {
			tags[*t.Key] = *t.Value
		}
	}
	return tags
}

func (r resources) Revision(taskDefinition string) (arn string, roles []string) {
	out, err := r.sim.api("ecs").Invoke("DescribeTaskDefinition", map[string]any{"taskDefinition": taskDefinition})
	if err != nil {
		return "", nil // the call itself will say what is wrong with it
	}
	d, err := definitionIn(out)
	if err != nil {
		return "", nil
	}
	return d.TaskDefinitionArn, slices.DeleteFunc([]string{d.TaskRoleArn, d.ExecutionRoleArn}, func(role string) bool { return role == "" })
}

// mayDeliver is for rules, schedules and destinations: they reach a target with a role, or by the policy of the target itself. Of
// those policies Lambda's alone are looked at, and not their condition on the source, which a delivery does not tell.
func (s *Sim) mayDeliver(roleARN, action, target string) error {
	if roleARN != "" {
		return s.IAM.Authorize(roleARN, iam.Request{Action: action, Resource: target, Keys: func(string) []string { return nil }})
	}
	if action != "lambda:InvokeFunction" || s.invited(target) {
		return nil
	}
	return protocol.Errorf("AccessDeniedException", "No resource-based policy of %s allows a service to perform lambda:InvokeFunction: add an AWS::Lambda::Permission for it", target)
}

// invited reports whether a function's resource policy lets a service of AWS invoke it.
func (s *Sim) invited(functionARN string) bool {
	in := map[string]any{"FunctionName": functionARN}
	if parts := strings.Split(functionARN, ":"); len(parts) == 8 {
		in["FunctionName"], in["Qualifier"] = strings.Join(parts[:7], ":"), parts[7]
	}
	out, err := invoke[awslambda.GetPolicyOutput](s.api("lambda"), "GetPolicy", in)
	if err != nil {
		return false
	}
	var text any
	if json.Unmarshal([]byte(*out.Policy), &text) != nil {
		return false
	}
	policy, err := iam.ParseDocument(text)
	if err != nil {
		return false
	}
	for _, st := range policy.Statements {
		if st.Effect == "Allow" && st.Covers("lambda:InvokeFunction") && len(st.Principals["Service"]) > 0 {
			return true
		}
	}
	return false
}
