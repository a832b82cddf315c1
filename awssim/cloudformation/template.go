package cloudformation

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

const samTransform = "AWS::Serverless-2016-10-31"

// Template is a template as it was read: its structure is right, nothing in it has been evaluated.
type Template struct {
	file        string
	description string
	sam         bool
	parameters  []parameter
	mappings    *value
	conditions  *value
	globals     *value
	resources   []*resource
	outputs     *value
}

// resource is one entry of Resources, declared or made by the SAM transform.
type resource struct {
	id         string
	pos        Position
	typ        string
	properties *value // a map, never nil
	dependsOn  []named
	condition  string
	deletion   string
	madeBy     string // logical id of the SAM resource it comes from, "" when declared
}

type named struct {
	name string
	pos  Position
}

// Load reads the template in a file. Files that it names, such as a DefinitionUri, are found relative to it.
func Load(file string) (*Template, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	return Parse(file, src)
}

// Parse reads a template from src. The file name is used in messages and to find files that the template names.
func Parse(file string, src []byte) (*Template, error) {
	if len(bytes.TrimSpace(src)) == 0 {
		return nil, errorAt(Position{file, 1, 1}, "the template is empty")
	}
	var doc yaml.Node
	if err := yaml.Load(src, &doc); err != nil {
		if at := tab(file, src); at != (Position{}) && (strings.Contains(err.Error(), "cannot start any token") || strings.Contains(err.Error(), "tab character")) {
			return nil, errorAt(at, "a tab: YAML is indented by spaces only")
		}
		return nil, fmt.Errorf("%s: not YAML: %w", file, err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, errorAt(Position{file, 1, 1}, "the template must be one YAML document")
	}
	root, err := reader{file}.read(doc.Content[0])
	if err != nil {
		return nil, err
	}
	if root.kind != mapKind {
		return nil, errorAt(root.pos, "a template must be a map of sections, this is %s", root.describe())
	}
	t := &Template{file: file}
	for _, f := range root.fields {
		if err := t.section(f); err != nil {
			return nil, err
		}
	}
	if len(t.resources) == 0 {
		return nil, errorAt(root.pos, "the template has no Resources")
	}
	if t.globals != nil && !t.sam {
		return nil, errorAt(t.globals.pos, "Globals need Transform: %s", samTransform)
	}
	return t, nil
}

// tab finds the first tab that indents a line of what is not YAML; the zero Position: there is none.
func tab(file string, src []byte) Position {
	for i, line := range strings.Split(string(src), "\n") {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if at := strings.Index(indent, "\t"); at >= 0 && len(indent) < len(line) {
			return Position{file, i + 1, at + 1}
		}
	}
	return Position{}
}

// Description is the template's own description.
func (t *Template) Description() string { return t.description }

func (t *Template) section(f field) error {
	switch f.name {
	case "AWSTemplateFormatVersion":
		if f.value.text != "2010-09-09" {
			return errorAt(f.value.pos, "AWSTemplateFormatVersion must be 2010-09-09")
		}
		return nil
	case "Description":
		t.description = f.value.text
		return nil
	case "Metadata":
		return nil
	case "Transform":
		if f.value.text != samTransform {
			return errorAt(f.value.pos, "the only transform is %s", samTransform)
		}
		t.sam = true
		return nil
	}
	if f.value.kind != mapKind {
		return errorAt(f.value.pos, "%s must be a map, this is %s", f.name, f.value.describe())
	}
	switch f.name {
	case "Parameters":
		return t.readParameters(f.value)
	case "Mappings":
		t.mappings = f.value
	case "Conditions":
		t.conditions = f.value
	case "Globals":
		t.globals = f.value
	case "Resources":
		return t.readResources(f.value)
	case "Outputs":
		t.outputs = f.value
		return checkOutputs(f.value)
	default:
		return errorAt(f.pos, "unknown section %s", f.name)
	}
	return nil
}

func (t *Template) readResources(section *value) error {
	for _, f := range section.fields {
		r, err := readResource(f)
		if err != nil {
			return err
		}
		t.resources = append(t.resources, r)
	}
	return nil
}

func readResource(f field) (*resource, error) {
	if !alphanumeric(f.name) {
		return nil, errorAt(f.pos, "the logical id %q must be letters and digits only", f.name)
	}
	if f.value.kind != mapKind {
		return nil, errorAt(f.value.pos, "resource %s must be a map with a Type", f.name)
	}
	r := &resource{id: f.name, pos: f.pos, properties: plain{f.value.pos}.mapping()}
	for _, key := range f.value.fields {
		if err := r.readKey(key); err != nil {
			return nil, err
		}
	}
	if r.typ == "" {
		return nil, errorAt(f.pos, "resource %s has no Type", f.name)
	}
	return r, nil
}

func (r *resource) readKey(f field) error {
	switch f.name {
	case "Type":
		r.typ = f.value.text
	case "Properties":
		if f.value.kind != mapKind {
			return errorAt(f.value.pos, "Properties of %s must be a map, this is %s", r.id, f.value.describe())
		}
		r.properties = f.value
	case "DependsOn":
		return r.readDependsOn(f.value)
	case "Condition":
		if f.value.kind != textKind {
			return errorAt(f.value.pos, "Condition of %s must be the name of a condition", r.id)
		}
		r.condition = f.value.text
	case "DeletionPolicy", "UpdateReplacePolicy":
		if !slices.Contains([]string{"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"}, f.value.text) {
			return errorAt(f.value.pos, "%s must be Delete, Retain, RetainExceptOnCreate or Snapshot", f.name)
		}
		if f.name == "DeletionPolicy" {
			r.deletion = f.value.text
		}
	case "Metadata":
	default:
		return errorAt(f.pos, "unknown key %s of resource %s", f.name, r.id)
	}
	return nil
}

func (r *resource) readDependsOn(v *value) error {
	names := []*value{v}
	if v.kind == listKind {
		names = v.items
	}
	for _, n := range names {
		if n.kind != textKind {
			return errorAt(n.pos, "DependsOn of %s must name resources", r.id)
		}
		r.dependsOn = append(r.dependsOn, named{n.text, n.pos})
	}
	return nil
}

func checkOutputs(outputs *value) error {
	for _, f := range outputs.fields {
		if !alphanumeric(f.name) {
			return errorAt(f.pos, "the output name %q must be letters and digits only", f.name)
		}
		if f.value.get("Value") == nil {
			return errorAt(f.pos, "output %s has no Value", f.name)
		}
		if err := onlyKeys(f.value, "output "+f.name, "Value", "Description", "Export", "Condition"); err != nil {
			return err
		}
	}
	return nil
}

// onlyKeys refuses a key of a map outside those allowed.
func onlyKeys(v *value, of string, allowed ...string) error {
	if v.kind != mapKind {
		return errorAt(v.pos, "%s must be a map, this is %s", of, v.describe())
	}
	for _, f := range v.fields {
		if !slices.Contains(allowed, f.name) {
			return errorAt(f.pos, "unknown key %s of %s; known are %s", f.name, of, strings.Join(allowed, ", "))
		}
	}
	return nil
}

func alphanumeric(s string) bool {
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return s != ""
}

// beside is the path of a file that the template names.
func (t *Template) beside(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(t.file), name)
}
