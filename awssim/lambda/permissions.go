package lambda

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"

	"slipway/awssim/protocol"
)

// statement is one grant of a function's resource policy.
type statement struct {
	ID        string                       `json:"Sid"`
	Effect    string                       `json:"Effect"`
	Principal map[string]string            `json:"Principal"`
	Action    string                       `json:"Action"`
	Resource  string                       `json:"Resource"`
	Condition map[string]map[string]string `json:"Condition,omitempty"`
}

func (s *Service) addPermission(c *protocol.Call, in *awslambda.AddPermissionInput) (*awslambda.AddPermissionOutput, error) {
	if err := protocol.Only(c, in, "FunctionName", "StatementId", "Action", "Principal", "Qualifier", "SourceAccount", "SourceArn"); err != nil {
		return nil, err
	}
	e, _, err := s.qualifiedBy(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if _, ok := e.statements[aws.ToString(in.StatementId)]; ok {
		return nil, conflict("The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", aws.ToString(in.StatementId))
	}
	resource := e.latest.ARN
	if qualifier := s.qualifierOf(in.FunctionName, in.Qualifier); qualifier != "" {
		resource += ":" + qualifier
	}
	grant := statement{
		ID: aws.ToString(in.StatementId), Effect: "Allow", Action: aws.ToString(in.Action), Resource: resource,
		Principal: map[string]string{principalKind(aws.ToString(in.Principal)): aws.ToString(in.Principal)},
		Condition: map[string]map[string]string{},
	}
	if in.SourceArn != nil {
		grant.Condition["ArnLike"] = map[string]string{"AWS:SourceArn": *in.SourceArn}
	}
	if in.SourceAccount != nil {
		grant.Condition["StringEquals"] = map[string]string{"AWS:SourceAccount": *in.SourceAccount}
	}
	e.statements[grant.ID] = grant
	body, err := json.Marshal(grant)
	if err != nil {
		return nil, err
	}
	return &awslambda.AddPermissionOutput{Statement: new(string(body))}, nil
}

func principalKind(principal string) string {
	if strings.HasSuffix(principal, ".amazonaws.com") {
		return "Service"
	}
	return "AWS"
}

func (s *Service) removePermission(c *protocol.Call, in *awslambda.RemovePermissionInput) (*awslambda.RemovePermissionOutput, error) {
	e, _, err := s.qualifiedBy(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if _, ok := e.statements[aws.ToString(in.StatementId)]; !ok {
		return nil, &protocol.Error{Code: "ResourceNotFoundException", Status: 404, Message: "Statement " + aws.ToString(in.StatementId) + " is not found in resource policy."}
	}
	delete(e.statements, aws.ToString(in.StatementId))
	return &awslambda.RemovePermissionOutput{}, nil
}

// getPolicy answers with the grants of one qualifier, as AWS keeps a policy for each.
func (s *Service) getPolicy(c *protocol.Call, in *awslambda.GetPolicyInput) (*awslambda.GetPolicyOutput, error) {
	e, _, err := s.qualifiedBy(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	resource := e.latest.ARN
	if in.Qualifier != nil {
		resource += ":" + *in.Qualifier
	}
	var grants []statement
	for _, id := range slices.Sorted(maps.Keys(e.statements)) {
		if e.statements[id].Resource == resource {
			grants = append(grants, e.statements[id])
		}
	}
	if len(grants) == 0 {
		return nil, &protocol.Error{Code: "ResourceNotFoundException", Status: 404, Message: "The resource you requested does not exist."}
	}
	body, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Id": "default", "Statement": grants})
	if err != nil {
		return nil, err
	}
	return &awslambda.GetPolicyOutput{Policy: new(string(body))}, nil
}
