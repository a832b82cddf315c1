package ecs

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"slipway/awssim/protocol"
)

// rawReader reads a task definition twice in one pass: as it came, with wire names and every member kept, and without the
// members that the SDK does not know, so that it can be decoded into the SDK's struct.
type rawReader struct{ future []string }

// read returns the members of a RegisterTaskDefinition input, wire names as keys, and the input in the SDK's struct.
func (r rawReader) read(body json.RawMessage) (map[string]any, *ecs.RegisterTaskDefinitionInput, error) {
	in := &ecs.RegisterTaskDefinitionInput{}
	kept, known, err := r.value(body, reflect.TypeOf(*in), "")
	if err != nil {
		return nil, nil, err
	}
	members, ok := kept.(map[string]any)
	if !ok {
		return nil, nil, protocol.Errorf("SerializationException", "the input must be an object")
	}
	typed, err := json.Marshal(known)
	if err != nil {
		return nil, nil, err
	}
	if err := protocol.DecodeJSON(typed, in); err != nil {
		return nil, nil, err
	}
	return members, in, nil
}

// value reads one value of the SDK's type t. A value that is left out is nil in both answers.
func (r rawReader) value(raw json.RawMessage, t reflect.Type, path string) (kept, known any, err error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	raw = bytes.TrimSpace(raw)
	if bytes.Equal(raw, []byte("null")) || len(raw) == 0 {
		return nil, nil, nil
	}
	switch {
	case t.Kind() == reflect.Struct && raw[0] == '{':
		return r.object(raw, t, path)
	case t.Kind() == reflect.Slice && raw[0] == '[':
		return r.list(raw, t, path)
	}
	leaf := wireLeaf(raw, t.Kind())
	return leaf, leaf, nil
}

func (r rawReader) object(raw json.RawMessage, t reflect.Type, path string) (any, any, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, nil, protocol.Errorf("SerializationException", "%s: %v", path, err)
	}
	kept, known := make(map[string]any, len(members)), make(map[string]any, len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		field, ok := memberOf(t, name)
		if !ok {
			if !slices.Contains(r.future, name) {
				return nil, nil, client("Unknown parameter in input: %q: RegisterTaskDefinition has no such member.", strings.TrimPrefix(path+"."+name, "."))
			}
			kept[name] = members[name]
			continue
		}
		a, b, err := r.value(members[name], field.Type, strings.TrimPrefix(path+"."+name, "."))
		if err != nil {
			return nil, nil, err
		}
		if a != nil {
			kept[lowerFirst(name)], known[lowerFirst(name)] = a, b
		}
	}
	return kept, known, nil
}

func memberOf(t reflect.Type, name string) (reflect.StructField, bool) {
	first, n := utf8.DecodeRuneInString(name)
	f, ok := t.FieldByName(string(unicode.ToUpper(first)) + name[n:])
	return f, ok && f.IsExported()
}

func (r rawReader) list(raw json.RawMessage, t reflect.Type, path string) (any, any, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, nil, protocol.Errorf("SerializationException", "%s: %v", path, err)
	}
	kept, known := make([]any, len(items)), make([]any, len(items))
	for i, item := range items {
		var err error
		if kept[i], known[i], err = r.value(item, t.Elem(), path+"["+strconv.Itoa(i)+"]"); err != nil {
			return nil, nil, err
		}
	}
	return kept, known, nil
}

// wireLeaf corrects a number that came as text and text that came as a number, which templates write, to what the API
// answers with; an SDK could not read the answer otherwise.
func wireLeaf(raw json.RawMessage, kind reflect.Kind) json.RawMessage {
	quoted := len(raw) > 1 && raw[0] == '"'
	switch kind {
	case reflect.Bool, reflect.Int32, reflect.Int64, reflect.Float64:
		if inner := raw[1:]; quoted && json.Valid(inner[:len(inner)-1]) {
			return inner[:len(inner)-1]
		}
	case reflect.String:
		if !quoted && raw[0] != '{' && raw[0] != '[' {
			return json.RawMessage(strconv.Quote(string(raw)))
		}
	}
	return raw
}

func lowerFirst(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(first)) + s[n:]
}

// setDefaults adds what AWS adds to a task definition when it registers it: these members are described even where nobody
// sent them.
func setDefaults(kept map[string]any, in *ecs.RegisterTaskDefinitionInput) {
	setDefault(kept, "volumes", []any{})
	setDefault(kept, "placementConstraints", []any{})
	containers, _ := kept["containerDefinitions"].([]any)
	for i := range containers {
		container, ok := containers[i].(map[string]any)
		if !ok {
			continue
		}
		for _, name := range []string{"environment", "mountPoints", "volumesFrom", "portMappings", "systemControls"} {
			setDefault(container, name, []any{})
		}
		setDefault(container, "cpu", 0)
		setDefault(container, "essential", true)
		def := &in.ContainerDefinitions[i]
		if def.Essential == nil {
			def.Essential = new(true)
		}
		ports, _ := container["portMappings"].([]any)
		for j := range ports {
			setPortDefaults(ports[j], &def.PortMappings[j], in.NetworkMode)
		}
	}
	delete(kept, "tags") // answered beside the task definition, not in it
}

func setPortDefaults(kept any, in *types.PortMapping, mode types.NetworkMode) {
	mapping, ok := kept.(map[string]any)
	if !ok {
		return
	}
	setDefault(mapping, "protocol", "tcp")
	if in.HostPort == nil && in.ContainerPort != nil {
		in.HostPort = new(int32(0))
		if mode == types.NetworkModeAwsvpc || mode == types.NetworkModeHost {
			in.HostPort = in.ContainerPort
		}
		setDefault(mapping, "hostPort", *in.HostPort)
	}
}

func setDefault(members map[string]any, name string, value any) {
	if _, ok := members[name]; !ok {
		members[name] = value
	}
}
