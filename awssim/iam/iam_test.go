package iam

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/awssim/protocol"
)

func document(t *testing.T, source string) (Document, error) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(source), &v); err != nil {
		t.Fatal(err)
	}
	return ParseDocument(v)
}

func TestParseDocument(t *testing.T) {
	got, err := document(t, `{"Version":"2012-10-17","Statement":{"Sid":"S","Effect":"Allow","Action":["ecs:Describe*","ecs:UpdateService"],
		"Resource":"*","Principal":{"Service":"events.amazonaws.com"},"Condition":{"Null":{"aws:ResourceTag/a":false}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := Document{[]Statement{{SID: "S", Effect: "Allow", Actions: []string{"ecs:Describe*", "ecs:UpdateService"}, Resources: []string{"*"},
		Principals: map[string][]string{"Service": {"events.amazonaws.com"}},
		Conditions: []Condition{{"Null", "aws:ResourceTag/a", []string{"false"}}}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseDocumentRefuses(t *testing.T) {
	for source, want := range map[string]string{
		`[]`:                       "must be a map",
		`{}`:                       "no Statement",
		`{"Version":"2012-10-18"}`: "Version must be 2012-10-17",
		`{"Statements":[]}`:        "unknown key Statements",
		`{"Statement":[{"Effect":"Allow","Actions":"a"}]}`:                         "statement 0: unknown key Actions",
		`{"Statement":[{"Effect":"allow","Action":"a"}]}`:                          "Effect must be Allow or Deny",
		`{"Statement":[{"Effect":"Allow","Resource":"*"}]}`:                        "either Action or NotAction",
		`{"Statement":[{"Effect":"Allow","Action":{"a":1}}]}`:                      "Action: it must be a text",
		`{"Statement":[{"Effect":"Allow","Action":"a","Condition":{"Null":"x"}}]}`: "Null must be a map",
	} {
		if _, err := document(t, source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", source, err, want)
		}
	}
}

func TestCovers(t *testing.T) {
	tests := []struct {
		pattern, action string
		want            bool
	}{
		{"ecs:UpdateService", "ecs:UpdateService", true},
		{"ecs:updateservice", "ecs:UpdateService", true},
		{"ecs:UpdateService", "ecs:UpdateServicePrimaryTaskSet", false},
		{"ecs:Update*", "ecs:UpdateService", true},
		{"ecs:*Service", "ecs:UpdateService", true},
		{"ecs:?pdateService", "ecs:UpdateService", true},
		{"*", "ecs:UpdateService", true},
		{"ecr:*", "ecs:UpdateService", false},
	}
	for _, test := range tests {
		if got := (Statement{Actions: []string{test.pattern}}).Covers(test.action); got != test.want {
			t.Errorf("%s covers %s: %v, want %v", test.pattern, test.action, got, test.want)
		}
	}
	if (Statement{NotActions: []string{"iam:*"}}).Covers("iam:PassRole") {
		t.Error("NotAction iam:* covers iam:PassRole")
	}
}

func TestRoles(t *testing.T) {
	s := New(protocol.Default)
	read, _ := document(t, `{"Statement":{"Effect":"Allow","Action":"a:Read","Resource":"*"}}`)
	write, _ := document(t, `{"Statement":{"Effect":"Allow","Action":"a:Write","Resource":"*"}}`)
	role, err := s.CreateRole("web", "/tasks/", Role{})
	if err != nil || role.ARN != "arn:aws:iam::123456789012:role/tasks/web" {
		t.Fatalf("role %v, error %v", role, err)
	}
	if _, err := s.CreateRole("web", "/", Role{}); err == nil {
		t.Error("a second role of the same name was created")
	}
	arn, err := s.CreatePolicy("writers", "/", write)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.PutRolePolicy("web", Policy{"p", write}), s.PutRolePolicy("web", Policy{"p", read}), s.AttachRolePolicy("web", arn)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.PutRolePolicy("gone", Policy{}); err == nil {
		t.Error("a policy was put on a role that is not there")
	}
	got, ok := s.Role(role.ARN)
	if !ok {
		t.Fatal("the role is not found by its ARN")
	}
	var actions []string
	for _, statement := range s.Statements(got) {
		actions = append(actions, statement.Actions...)
	}
	if diff := cmp.Diff([]string{"a:Read", "a:Write"}, actions); diff != "" {
		t.Error(diff)
	}
}
