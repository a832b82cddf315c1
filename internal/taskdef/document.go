package taskdef

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"slipway/internal/fault"
)

// document is a task definition as ECS wrote it. Members keep their text, so that numbers keep their form and members that
// nobody here knows survive.
type document struct {
	definition map[string]json.RawMessage
	tags       []json.RawMessage
}

// responseOnly are the members of a described task definition that RegisterTaskDefinition does not take: all others are
// members of both shapes. Found by comparing TaskDefinition and RegisterTaskDefinitionInput of the SDK by reflection; a test
// repeats that.
var responseOnly = []string{
	"compatibilities", "deleteRequestedAt", "deregisteredAt", "registeredAt", "registeredBy", "requiresAttributes", "revision", "status", "taskDefinitionArn",
}

// parse reads the body of a DescribeTaskDefinition answer. Tags stand beside the definition there.
func parse(raw []byte) (document, error) {
	var answer struct {
		TaskDefinition map[string]json.RawMessage `json:"taskDefinition"`
		Tags           []json.RawMessage          `json:"tags"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return document{}, err
	}
	if answer.TaskDefinition == nil {
		return document{}, fmt.Errorf("there is no taskDefinition in it")
	}
	for _, member := range responseOnly {
		delete(answer.TaskDefinition, member)
	}
	var tags []json.RawMessage
	for _, tag := range answer.Tags {
		var t struct{ Key string }
		// Tags that AWS owns, such as CloudFormation's, cannot be set by anybody else.
		if json.Unmarshal(tag, &t) != nil || !strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			tags = append(tags, tag)
		}
	}
	return document{definition: answer.TaskDefinition, tags: tags}, nil
}

// withImages is a copy of the document with other images in the named containers. A name that no container has is
// *fault.Impossible.
func (d document) withImages(images map[string]string) (document, error) {
	var containers []map[string]json.RawMessage
	if err := json.Unmarshal(d.definition["containerDefinitions"], &containers); err != nil {
		return document{}, &fault.Impossible{Words: fmt.Sprintf("read containers of family %s: %v", d.text("family"), err)}
	}
	left := maps.Clone(images)
	for _, container := range containers {
		var name string
		if err := json.Unmarshal(container["name"], &name); err != nil {
			continue
		}
		if image, ok := images[name]; ok {
			container["image"] = encode(image)
			delete(left, name)
		}
	}
	if len(left) > 0 {
		names := slices.Sorted(maps.Keys(left))
		return document{}, &fault.Impossible{Words: fmt.Sprintf("family %s has no container %s", d.text("family"), strings.Join(names, ", "))}
	}
	definition := maps.Clone(d.definition)
	definition["containerDefinitions"] = encode(containers)
	return document{definition: definition, tags: d.tags}, nil
}

// body is the RegisterTaskDefinition request. ECS refuses an empty list of tags.
func (d document) body() ([]byte, error) {
	members := maps.Clone(d.definition)
	if len(d.tags) > 0 {
		members["tags"] = encode(d.tags)
	}
	body := encode(members)
	if !json.Valid(body) {
		return nil, &fault.Impossible{Words: "the copy of family " + d.text("family") + " is not JSON"}
	}
	return body, nil
}

// content is the definition as values to compare, numbers as their text.
func (d document) content() map[string]any { return decode(encode(d.definition)).(map[string]any) }

// tagged are the tags by key.
func (d document) tagged() map[string]string {
	tags := map[string]string{}
	for _, raw := range d.tags {
		var t struct{ Key, Value string }
		if json.Unmarshal(raw, &t) == nil {
			tags[t.Key] = t.Value
		}
	}
	return tags
}

// encode writes v without escaping <, > and &, which would be the same JSON but not the same text. What is encoded here came
// out of a JSON parser, so it cannot fail.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("taskdef: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func decode(raw []byte) any {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		panic("taskdef: " + err.Error())
	}
	return v
}
