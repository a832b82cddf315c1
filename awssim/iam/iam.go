// Package iam holds the roles and policies that templates declare, in a form that can be asked what it grants.
//
// What is not here: users, groups, permission boundaries, the API, and the contents of AWS's managed policies, which are kept by
// their ARN only. Nothing is enforced by this package itself.
package iam

import (
	"fmt"
	"sort"
	"strings"

	"slipway/awssim/protocol"
)

// Role is a role with its policies.
type Role struct {
	Name, ARN string
	Trust     Document // who may assume it
	Policies  []Policy // inline, in the order in which they were added
	Managed   []string // ARNs of attached managed policies
}

// Policy is a named policy document.
type Policy struct {
	Name     string
	Document Document
}

// Service holds the roles of one account. Its methods are called inside turns.
type Service struct {
	id      protocol.Identity
	roles   map[string]*Role
	managed map[string]Document // customer managed policies by ARN
}

// New returns a service without roles.
func New(id protocol.Identity) *Service {
	return &Service{id: id, roles: map[string]*Role{}, managed: map[string]Document{}}
}

// CreateRole adds a role and gives it its ARN. path is "/" or begins and ends with a slash.
func (s *Service) CreateRole(name, path string, r Role) (Role, error) {
	if s.roles[name] != nil {
		return Role{}, &protocol.Error{Code: "EntityAlreadyExists", Status: 409, Message: fmt.Sprintf("Role with name %s already exists.", name)}
	}
	r.Name, r.ARN = name, s.arn("role", path, name)
	s.roles[name] = &r
	return r, nil
}

// CreatePolicy adds a customer managed policy and answers its ARN.
func (s *Service) CreatePolicy(name, path string, d Document) (string, error) {
	arn := s.arn("policy", path, name)
	if _, exists := s.managed[arn]; exists {
		return "", &protocol.Error{Code: "EntityAlreadyExists", Status: 409, Message: fmt.Sprintf("A policy called %s already exists.", name)}
	}
	s.managed[arn] = d
	return arn, nil
}

// PutRolePolicy adds an inline policy to a role, or replaces it.
func (s *Service) PutRolePolicy(role string, p Policy) error {
	r, err := s.find(role)
	if err != nil {
		return err
	}
	for i := range r.Policies {
		if r.Policies[i].Name == p.Name {
			r.Policies[i] = p
			return nil
		}
	}
	r.Policies = append(r.Policies, p)
	return nil
}

// AttachRolePolicy attaches a managed policy to a role.
func (s *Service) AttachRolePolicy(role, policyARN string) error {
	r, err := s.find(role)
	if err != nil {
		return err
	}
	r.Managed = append(r.Managed, policyARN)
	return nil
}

func (s *Service) find(role string) (*Role, error) {
	if r := s.roles[role]; r != nil {
		return r, nil
	}
	return nil, &protocol.Error{Code: "NoSuchEntity", Status: 404, Message: fmt.Sprintf("The role with name %s cannot be found.", role)}
}

// IAM is global: its ARNs have no region.
func (s *Service) arn(kind, path, name string) string {
	return "arn:aws:iam::" + s.id.Account + ":" + kind + "/" + strings.TrimPrefix(path, "/") + name
}

// Roles are all roles, sorted by name.
func (s *Service) Roles() []Role {
	list := make([]Role, 0, len(s.roles))
	for _, r := range s.roles {
		list = append(list, *r)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// Role finds a role by its ARN.
func (s *Service) Role(arn string) (Role, bool) {
	for _, r := range s.roles {
		if r.ARN == arn {
			return *r, true
		}
	}
	return Role{}, false
}

// Statements are those of a role's inline policies and of the customer managed policies attached to it.
func (s *Service) Statements(r Role) []Statement {
	var all []Statement
	for _, p := range r.Policies {
		all = append(all, p.Document.Statements...)
	}
	for _, arn := range r.Managed {
		all = append(all, s.managed[arn].Statements...)
	}
	return all
}
