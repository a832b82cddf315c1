package taskdef

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
)

func clientOf(c aws.Config) *ecs.Client { return ecs.NewFromConfig(c) }

// members are the wire names of a struct's exported fields.
func members(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Name != "ResultMetadata" {
			names = append(names, wireName(f.Name))
		}
	}
	return names
}

func wireName(field string) string { return strings.ToLower(field[:1]) + field[1:] }

// TestResponseOnly: when an SDK update adds a member to only one side, this fails and somebody decides.
func TestResponseOnly(t *testing.T) {
	described := members(reflect.TypeFor[types.TaskDefinition]())
	registered := members(reflect.TypeFor[ecs.RegisterTaskDefinitionInput]())
	var only []string
	for _, m := range described {
		if !slices.Contains(registered, m) {
			only = append(only, m)
		}
	}
	slices.Sort(only)
	if diff := cmp.Diff(responseOnly, only); diff != "" {
		t.Errorf("members that only responses have: this package says -, the SDK says +\n%s", diff)
	}
	for _, m := range registered {
		if m != "tags" && !slices.Contains(described, m) {
			t.Errorf("%s can be registered but is not described: a copy would lose it", m)
		}
	}
}

// full is a value of a type with every field set, as JSON values.
func full(t reflect.Type) any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return 1788000000
	case reflect.TypeFor[types.SharingStrategy](): // a union: one member
		return map[string]any{"nvidiaMps": full(reflect.TypeFor[types.SharingStrategyMemberNvidiaMps]().Field(0).Type)}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return full(t.Elem())
	case reflect.Struct:
		object := map[string]any{}
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				object[wireName(f.Name)] = full(f.Type)
			}
		}
		return object
	case reflect.Slice:
		return []any{full(t.Elem())}
	case reflect.Map:
		return map[string]any{"key": full(t.Elem())}
	case reflect.Bool:
		return true
	case reflect.String:
		return "text of " + t.Name()
	case reflect.Float64:
		return 1.5
	case reflect.Int32, reflect.Int64:
		return 7
	}
	panic("no value for " + t.String())
}

func TestCopyKeepsEveryMember(t *testing.T) {
	definition := full(reflect.TypeFor[types.TaskDefinition]()).(map[string]any)
	definition["family"] = "web"
	definition["newMember"] = map[string]any{"deep": []any{"a", 1, nil, map[string]any{}}}
	container := definition["containerDefinitions"].([]any)[0].(map[string]any)
	container["name"], container["newInContainer"] = "web", "x"
	definition["volumes"].([]any)[0].(map[string]any)["newInVolume"] = true

	f := newFake(t)
	base := f.put(string(encode(definition)), `[{"key":"team","value":"shop"}]`)
	if _, err := f.definitionsOver().Copy(context.Background(), base, map[string]string{"web": uri + ":v2"}); err != nil {
		t.Fatal(err)
	}
	want := decode(encode(definition)).(map[string]any)
	for _, m := range responseOnly {
		delete(want, m)
	}
	want["containerDefinitions"].([]any)[0].(map[string]any)["image"] = uri + ":v2"
	want["tags"] = []any{map[string]any{"key": "team", "value": "shop"}}
	got := decode(f.Calls("RegisterTaskDefinition")[0].Body)
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Errorf("registered, want -, got +\n%s", diff)
	}
	if n := len(want) - 2; n != 17 { // less newMember and tags
		t.Errorf("the fixture has %d known members, want all 17", n)
	}
}
