// Package needs says which permissions an API call needs: the actions, the resources, and the values of the condition keys.
//
// There is one table per service, with a row per operation. A row follows the Service Authorization Reference
// (https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html). Where that does not say on which resource
// an action is evaluated, the row follows the messages of AWS itself.
//
//   - needs.go: rows, and how they become requests
//   - input.go: the members of a call's input
//   - keys.go: condition keys
//   - containers.go, delivery.go, storage.go, workflow.go: the tables
//
// What is not here: the decision (package iam).
package needs

import (
	"strings"

	"slipway/awssim/iam"
	"slipway/awssim/protocol"
)

// Call is an API call of a role.
type Call struct {
	Service, Operation string // endpoint prefix and name: "ecs", "UpdateService"
	Body               []byte // JSON or a form
	Role               string // ARN
}

// World is what a decision must know beyond the call.
type World interface {
	// Tags are the tags of a resource, nil where it has none or awssim knows none.
	Tags(arn string) map[string]string
	// Revision is the ARN of the task definition that a family, family:revision or ARN stands for, "" where there is none, and its
	// task role and execution role, as far as it has them.
	Revision(taskDefinition string) (arn string, roles []string)
}

// table has the needs of each operation of a service. One that is free has an empty row.
type table map[string][]need

var tables = map[string]table{
	"dynamodb": dynamodb, "ecr": ecr, "ecs": ecs, "elasticloadbalancing": balancing, "events": events, "lambda": lambda, "logs": logs,
	"scheduler": scheduler, "sns": sns, "sqs": sqs, "ssm": ssm, "states": states, "sts": sts, "tagging": tagging,
}

// need is one action that an operation needs.
type need struct {
	action   string                      // "" is the operation's own name in the service's own prefix
	resource string                      // template, see input.expand
	of       func(e evaluation) []string // makes the resources instead of a template
	when     string                      // the member without which it is not needed, "" for always
	perhaps  bool                        // it is not needed where of finds no resource
	keys     []key                       // condition keys of its own
}

// on is the common row: the operation's own action on a resource.
func on(resource string, keys ...key) []need { return []need{{resource: resource, keys: keys}} }

// anywhere is the row of an operation that knows no resource-level permissions.
var anywhere = on("*")

// free is the row of an operation that needs no permission.
var free = []need{}

// and adds needs to a row.
func and(row []need, more ...need) []need { return append(append([]need{}, row...), more...) }

// passing is needed to hand a role, named by a member, to a service.
func passing(member, service string) need {
	return need{action: "iam:PassRole", resource: "{=" + member + "}", when: member, keys: []key{constant("iam:PassedToService", service)}}
}

// handing is needed to run a task definition: its roles are handed to the tasks. The reference lists it for RunTask only; for
// UpdateService there is AWS's message in https://github.com/keidarcy/e1s/issues/429.
var handing = need{action: "iam:PassRole", of: rolesOfRevision, perhaps: true, when: "taskDefinition", keys: []key{constant("iam:PassedToService", ecsTasks)}}

// tagged is needed to send tags when creating a resource of ECS.
func tagged(creating, resource string) need {
	return need{action: "ecs:TagResource", resource: resource, when: "tags", keys: []key{constant("ecs:CreateAction", creating)}}
}

// prefixes are the services whose actions are not called like their endpoint.
var prefixes = map[string]string{"tagging": "tag"}

// Of lists what a call needs, in the order of its row. ok is false for an operation that has no row.
func Of(w World, id protocol.Identity, c Call) (requests []iam.Request, ok bool) {
	row, ok := tables[c.Service][c.Operation]
	if !ok {
		return nil, false
	}
	in := &input{body: c.Body}
	for _, n := range row {
		if n.when != "" && len(in.present(n.when, "")) == 0 {
			continue
		}
		e := evaluation{world: w, id: id, call: c, in: in, need: n}
		for _, resource := range e.resources() {
			e.resource = resource
			requests = append(requests, iam.Request{Action: n.actionOf(c), Resource: resource, Keys: e.values})
		}
	}
	return requests, true
}

// resources are the ARNs that a need is about. A call that names none, which its service will refuse, is about everything.
func (e evaluation) resources() []string {
	var list []string
	if e.need.of != nil {
		list = e.need.of(e)
	} else {
		service, _, _ := strings.Cut(e.need.actionOf(e.call), ":")
		list = e.in.expand(e.id, service, e.need.resource)
	}
	if len(list) == 0 && !e.need.perhaps {
		return []string{"*"}
	}
	return list
}

func (n need) actionOf(c Call) string {
	if n.action != "" {
		return n.action
	}
	prefix := c.Service
	if other := prefixes[prefix]; other != "" {
		prefix = other
	}
	return prefix + ":" + c.Operation
}
