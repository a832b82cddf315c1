package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"slipway/awssim/protocol"
)

// Denial is a call that was refused.
type Denial struct{ Role, Action, Resource, Message string }

// maxDenials is how many denials Denials goes back.
const maxDenials = 1000

// Denials are the newest of the calls that were refused so far, in order.
func (s *Service) Denials() []Denial { return s.denials }

// Unused is an action or a resource of an Allow statement that allowed no call so far. One of Action and Resource is set.
type Unused struct {
	Role      string // its name
	Statement string // its Sid, or the name of its policy
	Action    string
	Resource  string
}

// Unused lists them sorted by role, in the order of the policies. Contents of AWS's own managed policies are not known.
func (s *Service) Unused() []Unused {
	var list []Unused
	for _, r := range s.Roles() {
		for _, g := range s.roles[r.Name].grants {
			if g.statement.Effect != "Allow" {
				continue
			}
			for i, action := range g.statement.Actions {
				if !g.actions[i] {
					list = append(list, Unused{Role: r.Name, Statement: g.name(), Action: action})
				}
			}
			for i, resource := range g.statement.Resources {
				if !g.resources[i] {
					list = append(list, Unused{Role: r.Name, Statement: g.name(), Resource: resource})
				}
			}
		}
	}
	return list
}

// Authorize decides whether the policies of a role allow a request, and notes it. The error is AWS's AccessDeniedException; its
// message goes on with what is missing. A role that no template made may do everything.
func (s *Service) Authorize(roleARN string, r Request) error {
	role := s.byARN(roleARN)
	if role == nil {
		return nil
	}
	v := decide(role.grants, r)
	if v.allowed {
		v.by.use(r)
		return nil
	}
	message := s.refusal(role, v, r)
	s.denials = append(s.denials, Denial{role.Name, r.Action, r.Resource, message})
	s.denials = s.denials[max(0, len(s.denials)-maxDenials):] // a function that polls may be denied for ever
	return &protocol.Error{Code: "AccessDeniedException", Status: http.StatusBadRequest, Message: message}
}

// refusal is AWS's sentence and, after it, what a person has to change.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func (s *Service) refusal(role *entry, v verdict, r Request) string {
	text := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s ", s.Session(role.Role), r.Action, r.Resource)
	if v.by != nil {
		return text + fmt.Sprintf("with an explicit deny in an identity-based policy. It is statement %s of the role %s", v.by.name(), role.Name)
	}
	text += fmt.Sprintf("because no identity-based policy allows the %s action. ", r.Action)
	if v.failed != nil {
		return text + fmt.Sprintf("Statement %s of the role %s would, but %s", v.near.name(), role.Name, v.failed.why(r))
	}
	if v.near != nil {
		text += fmt.Sprintf("Statement %s allows it on other resources only (%s). ", v.near.name(), strings.Join(v.near.statement.Resources, ", "))
	}
	text += fmt.Sprintf("The role %s needs the statement %s", role.Name, missing(r))
	if len(role.Managed) > 0 && v.near == nil {
		text += fmt.Sprintf(" (what AWS's own policies %s allow is not known to awssim)", strings.Join(role.Managed, ", "))
	}
	return text
}

// why says what a condition that does not hold wanted, and what the request has.
func (c Condition) why(r Request) string {
	wanted := fmt.Sprintf("its condition %s %s = %s", c.Operator, c.Key, strings.Join(c.Values, " or "))
	if !c.known() {
		return wanted + " cannot be evaluated: awssim knows neither dates, binary values, IP addresses nor policy variables"
	}
	if values := r.Keys(c.Key); len(values) > 0 {
		return wanted + " does not hold: the request has " + strings.Join(values, ", ")
	}
	return wanted + " does not hold: the request has no " + c.Key
}

// confined are the keys with which a grant of an action should be confined to the call at hand.
var confined = map[string]string{"iam:PassRole": "iam:PassedToService", "ecs:TagResource": "ecs:CreateAction"}

// missing is the least statement that allows a request, on one line: it can be pasted into JSON and into YAML.
func missing(r Request) string {
	statement := struct {
		Effect, Action, Resource string
		Condition                map[string]map[string]string `json:",omitempty"`
	}{Effect: "Allow", Action: r.Action, Resource: r.Resource}
	if key := confined[r.Action]; key != "" && len(r.Keys(key)) == 1 {
		statement.Condition = map[string]map[string]string{"StringEquals": {key: r.Keys(key)[0]}}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(statement); err != nil {
		panic(err) // texts alone
	}
	return strings.TrimSpace(text.String())
}

func (g *grant) name() string {
	if g.statement.SID != "" {
		return g.statement.SID
	}
	return g.policy
}
