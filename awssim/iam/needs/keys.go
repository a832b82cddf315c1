package needs

import (
	"slices"
	"strings"

	"slipway/awssim/protocol"
	"slipway/awssim/protocol/cut"
)

// key is a condition key that an action has.
type key struct {
	name   string
	values func(e evaluation) []string
}

func constant(name, value string) key {
	return key{name, func(evaluation) []string { return []string{value} }}
}

// arn is a key whose value is an ARN made as a resource is, "cluster/{cluster=default}".
func arn(name, template string) key {
	return key{name, func(e evaluation) []string { return e.in.expand(e.id, e.call.Service, template) }}
}

// member is a key whose value is a member of the input.
func member(name, path string) key {
	return key{name, func(e evaluation) []string { return e.in.present(path, "") }}
}

// evaluation is one need of one call, being decided.
type evaluation struct {
	world    World
	id       protocol.Identity
	call     Call
	in       *input
	need     need
	resource string
}

// values is what the call has for a condition key. Keys are compared without regard to case, except the names of tags.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (e evaluation) values(asked string) []string {
	if prefix, tag, ok := strings.Cut(asked, "/"); ok {
		return e.tag(strings.ToLower(prefix), tag)
	}
	switch strings.ToLower(asked) {
	case "aws:principalarn":
		return []string{e.call.Role}
	case "aws:principalaccount", "aws:resourceaccount":
		return []string{e.id.Account}
	case "aws:requestedregion":
		return []string{e.id.Region}
	case "aws:securetransport":
		return []string{"true"} // what a policy means by it holds for a loopback address
	case "aws:viaawsservice":
		return []string{"false"}
	case "aws:tagkeys":
		return e.tagKeys()
	}
	for _, k := range e.need.keys {
		if strings.EqualFold(k.name, asked) {
			return k.values(e)
		}
	}
	return nil
}

func (e evaluation) tag(kind, name string) []string {
	var value string
	var ok bool
	switch {
	case kind == "aws:requesttag":
		value, ok = e.in.tags()[name]
	case strings.HasSuffix(kind, ":resourcetag"):
		value, ok = e.world.Tags(e.resource)[name]
	}
	if !ok {
		return nil
	}
	return []string{value}
}

func (e evaluation) tagKeys() []string {
	keys := e.in.present("tagKeys|TagKeys", "")
	for name := range e.in.tags() {
		keys = append(keys, name)
	}
	slices.Sort(keys)
	return keys
}

// tags are those that a call sends: a list of key and value, or a map.
func (in *input) tags() map[string]string {
	tags := map[string]string{}
	for _, names := range [][2]string{{"tags.key", "tags.value"}, {"Tags.Key", "Tags.Value"}} {
		keys, values := in.texts(names[0]), in.texts(names[1])
		for i := range min(len(keys), len(values)) {
			if keys[i] != "" {
				tags[keys[i]] = values[i]
			}
		}
	}
	for _, name := range []string{"tags", "Tags"} {
		for _, m := range in.entries(name) {
			tags[m.Name] = ""
			if m.Value[0] == '"' {
				tags[m.Name] = cut.Text(m.Value)
			}
		}
	}
	return tags
}
