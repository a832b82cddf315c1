// Package iam holds the roles and policies that templates declare, decides what they allow, and notes which grants were used.
//
//   - iam.go: roles and policies
//   - document.go: policy documents
//   - evaluate.go, condition.go: whether a role's policies allow a request
//   - authorize.go: decisions, their wording, and what was used
//   - needs/: which requests an API call makes
//
// What is not here: users, groups, permission boundaries, session policies, the API, and the contents of AWS's managed policies,
// which are kept by their ARN only.
package iam

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
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
	roles   map[string]*entry   // by name
	keys    map[string]*entry   // by access key id
	managed map[string]Document // customer managed policies by ARN
	denials []Denial
}

// entry is a role and the statements of its policies.
type entry struct {
	Role
	grants []*grant
}

// New returns a service without roles.
func New(id protocol.Identity) *Service {
	return &Service{id: id, roles: map[string]*entry{}, keys: map[string]*entry{}, managed: map[string]Document{}}
}

// AccessKey is the access key id of a role's sessions. It is made of the role's ARN, so that whoever is called knows the role.
func AccessKey(roleARN string) string {
	sum := sha256.Sum256([]byte(roleARN))
	return "ASIA" + base32.StdEncoding.EncodeToString(sum[:])[:16]
}

// RoleOf is the role that an access key id belongs to.
func (s *Service) RoleOf(accessKey string) (Role, bool) {
	if e := s.keys[accessKey]; e != nil {
		return e.Role, true
	}
	return Role{}, false
}

// Session is the ARN of a role's session, as error messages and GetCallerIdentity show it.
func (s *Service) Session(r Role) string {
	return "arn:aws:sts::" + s.id.Account + ":assumed-role/" + r.Name + "/awssim"
}

// CreateRole adds a role and gives it its ARN. path is "/" or begins and ends with a slash.
func (s *Service) CreateRole(name, path string, r Role) (Role, error) {
	if s.roles[name] != nil {
		return Role{}, &protocol.Error{Code: "EntityAlreadyExists", Status: 409, Message: fmt.Sprintf("Role with name %s already exists.", name)}
	}
	r.Name, r.ARN = name, s.arn("role", path, name)
	e := &entry{Role: r}
	for _, p := range r.Policies {
		e.grants = append(e.grants, newGrants(p.Name, p.Document)...)
	}
	for _, arn := range r.Managed {
		e.grants = append(e.grants, newGrants(arn, s.managed[arn])...)
	}
	s.roles[name], s.keys[AccessKey(r.ARN)] = e, e
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
	r.grants = slices.DeleteFunc(r.grants, func(g *grant) bool { return g.policy == p.Name })
	r.grants = append(r.grants, newGrants(p.Name, p.Document)...)
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
	r.grants = append(r.grants, newGrants(policyARN, s.managed[policyARN])...)
	return nil
}

func (s *Service) find(role string) (*entry, error) {
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
		list = append(list, r.Role)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// Role finds a role by its ARN.
func (s *Service) Role(arn string) (Role, bool) {
	if e := s.byARN(arn); e != nil {
		return e.Role, true
	}
	return Role{}, false
}

func (s *Service) byARN(arn string) *entry {
	e := s.roles[arn[strings.LastIndex(arn, "/")+1:]]
	if e == nil || e.ARN != arn {
		return nil
	}
	return e
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
