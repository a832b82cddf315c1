package iam

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/awssim/protocol"
)

func TestConditions(t *testing.T) {
	has := func(values ...string) []string { return values }
	tests := []struct {
		operator string
		policy   []string
		request  []string
		want     bool
	}{
		{"StringEquals", has("a", "b"), has("b"), true},
		{"StringEquals", has("a"), has("A"), false},
		{"StringEquals", has("a"), nil, false},
		{"StringEqualsIfExists", has("a"), nil, true},
		{"StringEqualsIfExists", has("a"), has("b"), false},
		{"StringEqualsIgnoreCase", has("a"), has("A"), true},
		{"StringNotEquals", has("a", "b"), has("b"), false},
		{"StringNotEquals", has("a"), has("c"), true},
		{"StringNotEquals", has("a"), nil, true},
		{"StringLike", has("main-*"), has("main-7"), true},
		{"StringLike", has("main-?"), has("main-77"), false},
		{"StringNotLike", has("main-*"), has("main-7"), false},
		{"ArnLike", has("arn:aws:ecs:*:*:task-definition/web:*"), has("arn:aws:ecs:eu-west-1:1:task-definition/web:7"), true},
		{"ArnLike", has("arn:aws:*:task-definition/web:*"), has("arn:aws:ecs:eu-west-1:1:task-definition/web:7"), false},
		{"ArnEquals", has("arn:aws:ecs:eu-west-1:1:cluster/shop"), has("arn:aws:ecs:eu-west-1:1:cluster/shop"), true},
		{"ArnNotLike", has("arn:aws:ecs:*:*:cluster/shop"), has("arn:aws:ecs:eu-west-1:1:cluster/shop"), false},
		{"Bool", has("true"), has("True"), true},
		{"Bool", has("true"), nil, false},
		{"Null", has("false"), has("x"), true},
		{"Null", has("false"), nil, false},
		{"Null", has("true"), nil, true},
		{"Null", has("true"), has("x"), false},
		{"NumericLessThanEquals", has("1024"), has("512"), true},
		{"NumericGreaterThan", has("1024"), has("512"), false},
		{"NumericEquals", has("1024"), has("much"), false},
		{"ForAnyValue:StringEquals", has("a"), has("b", "a"), true},
		{"ForAnyValue:StringEquals", has("a"), nil, false},
		{"ForAnyValue:StringNotEquals", has("a"), nil, false},
		{"ForAnyValue:StringNotEquals", has("a"), has("a", "b"), true},
		{"ForAllValues:StringEquals", has("a", "b"), has("b", "a"), true},
		{"ForAllValues:StringEquals", has("a"), has("b", "a"), false},
		{"ForAllValues:StringEquals", has("a"), nil, true},
	}
	for _, test := range tests {
		c := Condition{Operator: test.operator, Key: "k", Values: test.policy}
		if !c.known() {
			t.Errorf("%s is not known", test.operator)
		} else if got := c.holds(test.request); got != test.want {
			t.Errorf("%s %v of %v: %v, want %v", test.operator, test.policy, test.request, got, test.want)
		}
	}
	for _, c := range []Condition{{"DateLessThan", "aws:CurrentTime", has("2030-01-01")}, {"StringEquals", "k", has("${aws:username}")}} {
		if c.known() {
			t.Errorf("%s %v is taken for known", c.Operator, c.Values)
		}
	}
}

// account has one role, web, with a policy of the given statements.
func account(t *testing.T, statements string) (*Service, Role) {
	t.Helper()
	d, err := document(t, `{"Statement":[`+statements+`]}`)
	if err != nil {
		t.Fatal(err)
	}
	s := New(protocol.Default)
	r, err := s.CreateRole("web", "/", Role{Policies: []Policy{{"Inline", d}}})
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

const (
	allowServices = `{"Sid":"Some","Effect":"Allow","Action":["ecs:UpdateService","ecs:StopTask"],"Resource":["arn:aws:ecs:*:*:service/shop/*","arn:aws:ecs:*:*:service/bank/*"]}`
	allowTagged   = `{"Sid":"Tagged","Effect":"Allow","Action":"ecs:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"shop"}}}`
	denyWeb       = `{"Sid":"NotWeb","Effect":"Deny","Action":"*","Resource":"*/web"}`
	denyLater     = `{"Sid":"Later","Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}}`
	allowElse     = `{"Sid":"Else","Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:ecs:*:*:service/bank/*"}`
)

func TestAuthorize(t *testing.T) {
	const web, api = "arn:aws:ecs:eu-west-1:123456789012:service/shop/web", "arn:aws:ecs:eu-west-1:123456789012:service/other/api"
	sentence := "User: arn:aws:sts::123456789012:assumed-role/web/awssim is not authorized to perform: ecs:UpdateService on resource: "
	tests := []struct {
		name, statements, resource, tag string
		want                            string // "" is allowed
	}{
		{"allowed", allowServices, web, "", ""},
		{"another resource", allowServices, api, "", sentence + api + " because no identity-based policy allows the ecs:UpdateService action. " +
			"Statement Some allows it on other resources only (arn:aws:ecs:*:*:service/shop/*, arn:aws:ecs:*:*:service/bank/*). " +
			`The role web needs the statement {"Effect":"Allow","Action":"ecs:UpdateService","Resource":"` + api + `"}`},
		{"no statement", `{"Effect":"Allow","Action":"ecs:StopTask","Resource":"*"}`, web, "", sentence + web + " because no identity-based policy allows the ecs:UpdateService action. " +
			`The role web needs the statement {"Effect":"Allow","Action":"ecs:UpdateService","Resource":"` + web + `"}`},
		{"condition holds", allowTagged, api, "shop", ""},
		{"condition does not hold", allowTagged, api, "bank", sentence + api + " because no identity-based policy allows the ecs:UpdateService action. " +
			"Statement Tagged of the role web would, but its condition StringEquals aws:ResourceTag/team = shop does not hold: the request has bank"},
		{"condition without a value", allowServices + "," + allowTagged, api, "", "the request has no aws:ResourceTag/team"},
		{"a deny wins", denyWeb + "," + allowServices, web, "", sentence + web + " with an explicit deny in an identity-based policy. It is statement NotWeb of the role web"},
		{"a deny wins from behind", allowServices + "," + denyWeb, web, "", "explicit deny"},
		{"a deny for others", allowTagged + "," + denyWeb, api, "shop", ""},
		{"a deny whose condition is not known", allowServices + "," + denyLater, web, "", "explicit deny"},
		{"everything else", allowElse, api, "", ""},
		{"everything else but that", allowElse, "arn:aws:ecs:eu-west-1:123456789012:service/bank/web", "", "no identity-based policy"},
	}
	for _, test := range tests {
		s, r := account(t, test.statements)
		err := s.Authorize(r.ARN, Request{Action: "ecs:UpdateService", Resource: test.resource, Keys: func(key string) []string {
			if key == "aws:ResourceTag/team" && test.tag != "" {
				return []string{test.tag}
			}
			return nil
		}})
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: got\n%v\nwant\n%s", test.name, err, test.want)
		}
		if n := len(s.Denials()); (n == 0) != (test.want == "") {
			t.Errorf("%s: %d denials are noted", test.name, n)
		}
	}
}

func TestDenialsAreTheNewest(t *testing.T) {
	s, r := account(t, allowTagged)
	for n := range 2 * maxDenials {
		if s.Authorize(r.ARN, Request{Action: "ecs:UpdateService", Resource: fmt.Sprint("arn:", n), Keys: func(string) []string { return nil }}) == nil {
			t.Fatal("was allowed")
		}
	}
	if d := s.Denials(); len(d) != maxDenials || d[maxDenials-1].Resource != fmt.Sprint("arn:", 2*maxDenials-1) {
		t.Errorf("%d denials are kept", len(d))
	}
}

func TestUnused(t *testing.T) {
	s, r := account(t, allowServices+","+denyWeb)
	request := Request{Action: "ECS:updateservice", Resource: "arn:aws:ecs:eu-west-1:123456789012:service/shop/api", Keys: func(string) []string { return nil }}
	if err := s.Authorize(r.ARN, request); err != nil {
		t.Fatal(err)
	}
	want := []Unused{{Role: "web", Statement: "Some", Action: "ecs:StopTask"}, {Role: "web", Statement: "Some", Resource: "arn:aws:ecs:*:*:service/bank/*"}}
	if diff := cmp.Diff(want, s.Unused()); diff != "" {
		t.Error(diff)
	}
}

func TestPoliciesThatComeLater(t *testing.T) {
	s, r := account(t, allowServices)
	request := Request{Action: "sns:Publish", Resource: "arn:topic", Keys: func(string) []string { return nil }}
	publish, err := document(t, `{"Statement":{"Effect":"Allow","Action":"sns:Publish","Resource":"*"}}`)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AttachRolePolicy("web", "arn:aws:iam::aws:policy/AmazonSNSFullAccess"); err != nil {
		t.Fatal(err)
	}
	if err := s.Authorize(r.ARN, request); err == nil || !strings.Contains(err.Error(), "AmazonSNSFullAccess allow is not known to awssim") {
		t.Errorf("before: %v", err)
	}
	if err := s.PutRolePolicy("web", Policy{"Later", publish}); err != nil {
		t.Fatal(err)
	}
	if err := s.Authorize(r.ARN, request); err != nil {
		t.Errorf("after: %v", err)
	}
	if err := s.Authorize("arn:aws:iam::123456789012:role/of-nobody", request); err != nil {
		t.Errorf("a role that no template made: %v", err)
	}
}
