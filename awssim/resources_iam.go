package awssim

import (
	"fmt"
	"strings"

	"slipway/awssim/cloudformation"
	"slipway/awssim/iam"
)

func (p *provider) role(id string, in properties) (cloudformation.Resource, error) {
	trust, err := iam.ParseDocument(in["AssumeRolePolicyDocument"])
	if err != nil {
		return cloudformation.Resource{}, fmt.Errorf("AssumeRolePolicyDocument: %w", err)
	}
	r := iam.Role{Trust: trust}
	for _, item := range in.list("Policies") {
		entry, _ := item.(map[string]any)
		policy, err := inlinePolicy(entry)
		if err != nil {
			return cloudformation.Resource{}, err
		}
		r.Policies = append(r.Policies, policy)
	}
	for _, arn := range in.list("ManagedPolicyArns") {
		r.Managed = append(r.Managed, fmt.Sprint(arn))
	}
	name := p.name(in.text("RoleName"), id, 64)
	if r, err = p.sim.IAM.CreateRole(name, in.text("Path"), r); err != nil {
		return cloudformation.Resource{}, err
	}
	return made(name, "Arn", r.ARN, "RoleId", "AROA"+strings.ToUpper(p.hexID("", id)[2:18])), nil
}

func inlinePolicy(in properties) (iam.Policy, error) {
	name := in.text("PolicyName")
	if name == "" {
		return iam.Policy{}, fmt.Errorf("an inline policy has no PolicyName")
	}
	d, err := iam.ParseDocument(in["PolicyDocument"])
	if err != nil {
		return iam.Policy{}, fmt.Errorf("policy %s: %w", name, err)
	}
	return iam.Policy{Name: name, Document: d}, nil
}

func (p *provider) policy(id string, in properties) (cloudformation.Resource, error) {
	policy, err := inlinePolicy(in)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	for _, role := range in.list("Roles") {
		if err := p.sim.IAM.PutRolePolicy(fmt.Sprint(role), policy); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	return made(p.name("", id, 128)), nil
}

func (p *provider) managedPolicy(id string, in properties) (cloudformation.Resource, error) {
	d, err := iam.ParseDocument(in["PolicyDocument"])
	if err != nil {
		return cloudformation.Resource{}, err
	}
	arn, err := p.sim.IAM.CreatePolicy(p.name(in.text("ManagedPolicyName"), id, 128), in.text("Path"), d)
	if err != nil {
		return cloudformation.Resource{}, err
	}
	for _, role := range in.list("Roles") {
		if err := p.sim.IAM.AttachRolePolicy(fmt.Sprint(role), arn); err != nil {
			return cloudformation.Resource{}, err
		}
	}
	return made(arn, "PolicyArn", arn), nil
}
