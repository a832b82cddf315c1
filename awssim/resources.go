package awssim

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"slipway/awssim/cloudformation"
	"slipway/awssim/protocol"
)

// provider creates a template's resources in the services of a Sim. Most are calls of the operations that CloudFormation itself
// calls; what CloudFormation names differently is put right in the function of the type.
type provider struct {
	sim   *Sim
	stack string
}

// creator makes one type of resource.
type creator func(p *provider, id string, in properties) (cloudformation.Resource, error)

// creators are the types with behaviour; the others are in resources_inert.go.
var creators = map[string]creator{
	"AWS::Lambda::Function":            (*provider).function,
	"AWS::Lambda::Version":             (*provider).version,
	"AWS::Lambda::Alias":               (*provider).alias,
	"AWS::Lambda::Permission":          (*provider).permission,
	"AWS::Lambda::EventInvokeConfig":   (*provider).eventInvokeConfig,
	"AWS::StepFunctions::StateMachine": (*provider).stateMachine,

	"AWS::Events::Rule":        (*provider).rule,
	"AWS::Scheduler::Schedule": (*provider).schedule,
	"AWS::SQS::Queue":          (*provider).queue,
	"AWS::SQS::QueuePolicy":    (*provider).queuePolicy,
	"AWS::SNS::Topic":          (*provider).topic,
	"AWS::SNS::TopicPolicy":    (*provider).topicPolicy,
	"AWS::SNS::Subscription":   (*provider).subscription,

	"AWS::DynamoDB::Table": (*provider).table,
	"AWS::Logs::LogGroup":  (*provider).logGroup,
	"AWS::SSM::Parameter":  (*provider).parameter,
	"AWS::ECR::Repository": (*provider).repository,

	"AWS::ECS::Cluster":                         (*provider).cluster,
	"AWS::ECS::TaskDefinition":                  (*provider).taskDefinition,
	"AWS::ECS::Service":                         (*provider).service,
	"AWS::ElasticLoadBalancingV2::LoadBalancer": (*provider).loadBalancer,
	"AWS::ElasticLoadBalancingV2::TargetGroup":  (*provider).targetGroup,
	"AWS::ElasticLoadBalancingV2::Listener":     (*provider).listener,
	"AWS::ElasticLoadBalancingV2::ListenerRule": (*provider).listenerRule,

	"AWS::IAM::Role":          (*provider).role,
	"AWS::IAM::Policy":        (*provider).policy,
	"AWS::IAM::ManagedPolicy": (*provider).managedPolicy,
}

// Create implements cloudformation.Provider.
func (p *provider) Create(id, typ string, in map[string]any) (cloudformation.Resource, error) {
	if create, ok := creators[typ]; ok {
		return create(p, id, in)
	}
	if make, ok := inert[typ]; ok {
		return make(p, id, in)
	}
	return cloudformation.Resource{}, fmt.Errorf("awssim cannot create a %s", typ)
}

// made is a Resource; attributes are name, value pairs.
func made(ref string, attributes ...string) cloudformation.Resource {
	r := cloudformation.Resource{PhysicalID: ref, Attributes: map[string]any{}}
	for i := 0; i+1 < len(attributes); i += 2 {
		r.Attributes[attributes[i]] = attributes[i+1]
	}
	return r
}

// invoke calls an operation and gives its output in its own type.
func invoke[O any](api *protocol.API, operation string, in map[string]any) (*O, error) {
	out, err := api.Invoke(operation, in)
	if err != nil {
		return nil, err
	}
	typed, ok := out.(*O)
	if !ok {
		return nil, fmt.Errorf("%s %s answered %T", api.Service, operation, out)
	}
	return typed, nil
}

// hash is a deterministic stand-in for CloudFormation's random ids: the same stack has the same ids in every run.
func (p *provider) hash(id string) []byte {
	sum := sha256.Sum256([]byte(p.sim.ID.Account + "/" + p.sim.ID.Region + "/" + p.stack + "/" + id))
	return sum[:]
}

// hexID is an id such as subnet-0a1b2c3d4e5f60718.
func (p *provider) hexID(prefix, id string) string {
	return prefix + "-0" + hex.EncodeToString(p.hash(id))[:16]
}

// name is the given name of a resource, or stack-id-RANDOM cut to most characters as CloudFormation makes it.
func (p *provider) name(given, id string, most int) string {
	if given != "" {
		return given
	}
	random := base32.StdEncoding.EncodeToString(p.hash(id))[:12]
	front := p.stack + "-" + id
	if len(front) > most-13 {
		front = strings.TrimRight(front[:most-13], "-")
	}
	return front + "-" + random
}

// properties are a resource's properties as the loader evaluated them.
type properties map[string]any

// text is a property as text, "" when it is not there.
func (in properties) text(name string) string {
	switch v := in[name].(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number, bool:
		return fmt.Sprint(v)
	}
	return ""
}

func (in properties) sub(name string) properties {
	m, _ := in[name].(map[string]any)
	return m
}

func (in properties) list(name string) []any {
	list, _ := in[name].([]any)
	return list
}

// only is a copy with the named properties. A name "Old=New" renames one.
func (in properties) only(names ...string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		from, to, renamed := strings.Cut(name, "=")
		if !renamed {
			to = from
		}
		if v, ok := in[from]; ok {
			out[to] = v
		}
	}
	return out
}

// tagMap turns CloudFormation's list of Key and Value into a map.
func (in properties) tagMap() map[string]any {
	tags := map[string]any{}
	for _, item := range in.list("Tags") {
		if tag, ok := item.(map[string]any); ok {
			tags[properties(tag).text("Key")] = properties(tag).text("Value")
		}
	}
	return tags
}

// stackTags are the tags that CloudFormation itself puts on what it creates, with the resource's own after them, in the
// shape of APIs that spell them key and value or Key and Value.
func (p *provider) stackTags(in properties, id string) []any {
	tag := func(key, value string) map[string]any { return map[string]any{"Key": key, "Value": value} }
	tags := []any{
		tag("aws:cloudformation:logical-id", id),
		tag("aws:cloudformation:stack-name", p.stack),
	}
	return append(tags, in.list("Tags")...)
}

// document writes a policy or pattern that a template has as a map, and an API takes as text.
func document(v any) (string, error) {
	if text, ok := v.(string); ok {
		return text, nil
	}
	body, err := json.Marshal(v)
	return string(body), err
}
