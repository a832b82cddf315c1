package cloudformation

import (
	"slices"
	"strconv"
	"strings"
)

// The SAM transform: AWS::Serverless::Function and AWS::Serverless::StateMachine become the plain resources that AWS makes of
// them (serverless-application-model, versions/2016-10-31.md; names and shapes as samtranslator 1.110.0 writes them). One
// deviation: a version is named Push + "Version", without the hash of the code that makes a new one at every release.

const (
	samFunction      = "AWS::Serverless::Function"
	samStateMachine  = "AWS::Serverless::StateMachine"
	stateMachineType = "AWS::StepFunctions::StateMachine"
)

// transform returns the plain resources of the template, SAM resources taken apart, and records the names that SAM lets a
// template use for what it generates.
func (t *Template) transform(s *scope) ([]*resource, error) {
	globals, err := t.functionGlobals()
	if err != nil {
		return nil, err
	}
	var out []*resource
	for _, r := range t.resources {
		if !strings.HasPrefix(r.typ, "AWS::Serverless::") {
			out = append(out, r)
			continue
		}
		if !t.sam {
			return nil, errorAt(r.pos, "%s needs Transform: %s", r.typ, samTransform)
		}
		e := &expansion{template: t, scope: s, source: r, plain: plain{r.pos}, properties: r.properties}
		switch r.typ {
		case samFunction:
			e.properties = merge(globals, r.properties)
			err = e.function()
		case samStateMachine:
			err = e.stateMachine()
		default:
			err = errorAt(r.pos, "awssim has no SAM resource %s; it has %s and %s", r.typ, samFunction, samStateMachine)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, e.made...)
	}
	return out, nil
}

// functionGlobals is Globals.Function. SAM takes no names, roles, policies and events there.
func (t *Template) functionGlobals() (*value, error) {
	if t.globals == nil {
		return nil, nil
	}
	if err := onlyKeys(t.globals, "Globals", "Function"); err != nil {
		return nil, err
	}
	function := t.globals.get("Function")
	if function == nil {
		return nil, nil
	}
	for _, f := range function.fields {
		if slices.Contains([]string{"FunctionName", "Role", "Policies", "Events", "AssumeRolePolicyDocument"}, f.name) {
			return nil, errorAt(f.pos, "Globals.Function cannot have %s; it belongs to each function", f.name)
		}
	}
	return function, nil
}

// merge lays own over global as SAM does: maps are merged, lists appended to the global list, everything else replaced.
func merge(global, own *value) *value {
	switch {
	case global == nil:
		return own
	case own == nil:
		return global
	case global.kind == listKind && own.kind == listKind:
		return plain{own.pos}.list(append(append([]*value{}, global.items...), own.items...)...)
	case global.kind != mapKind || own.kind != mapKind:
		return own
	}
	out := &value{pos: own.pos, kind: mapKind}
	for _, f := range global.fields {
		f.value = merge(f.value, own.get(f.name))
		out.fields = append(out.fields, f)
	}
	for _, f := range own.fields {
		if global.get(f.name) == nil {
			out.fields = append(out.fields, f)
		}
	}
	return out
}

// expansion takes one SAM resource apart.
type expansion struct {
	plain
	template   *Template
	scope      *scope
	source     *resource
	properties *value
	made       []*resource
}

// add makes a resource with the condition of the SAM resource that it comes from.
func (e *expansion) add(id, typ string, properties *value) *resource {
	r := &resource{id: id, pos: e.source.pos, typ: typ, properties: properties, condition: e.source.condition, madeBy: e.source.id}
	e.made = append(e.made, r)
	return r
}

// main is add for the resource that keeps the SAM resource's own id, policies and dependencies.
func (e *expansion) main(typ string, properties *value) {
	r := e.add(e.source.id, typ, properties)
	r.dependsOn, r.deletion = e.source.dependsOn, e.source.deletion
}

func (e *expansion) get(name string) *value { return e.properties.get(name) }

// only refuses properties that the expansion would drop. Reasons say why a property of SAM is refused here.
func (e *expansion) only(known []string, reasons map[string]string) error {
	for _, f := range e.properties.fields {
		if why, ok := reasons[f.name]; ok {
			return errorAt(f.pos, "%s of %s is refused: %s", f.name, e.source.id, why)
		}
		if !slices.Contains(known, f.name) {
			return errorAt(f.pos, "awssim knows no property %s of %s%s", f.name, e.source.typ, meant(f.name, known))
		}
	}
	return nil
}

// literal evaluates a property whose value decides the shape of the expansion, with parameters only.
func (e *expansion) literal(v *value) (string, error) {
	if v == nil {
		return "", nil
	}
	return e.scope.text(v)
}

// tags turns SAM's map of tags into CloudFormation's list, with SAM's own tag first.
func (e *expansion) tags(createdBy string) *value {
	tag := func(key string, v *value) *value { return e.mapping().with("Key", e.text(key)).with("Value", v) }
	list := e.list(tag(createdBy, e.text("SAM")))
	if given := e.get("Tags"); given != nil {
		for _, f := range given.fields {
			list.items = append(list.items, tag(f.name, f.value))
		}
	}
	return list
}

// assumedBy is the trust policy of a generated role.
func (e *expansion) assumedBy(principal string) *value {
	statement := e.mapping().
		with("Action", e.list(e.text("sts:AssumeRole"))).
		with("Effect", e.text("Allow")).
		with("Principal", e.mapping().with("Service", e.list(e.text(principal))))
	return e.mapping().with("Version", e.text("2012-10-17")).with("Statement", e.list(statement))
}

// allow is an inline policy with one statement.
func (e *expansion) allow(name, action string, resource *value) *value {
	statement := e.mapping().with("Action", e.text(action)).with("Effect", e.text("Allow")).with("Resource", resource)
	document := e.mapping().with("Statement", e.list(statement))
	return e.mapping().with("PolicyName", e.text(name)).with("PolicyDocument", document)
}

// role makes the role that SAM generates for a function or a state machine: the managed policies and inline ones first, then what
// Policies says.
func (e *expansion) role(principal string, managed []string, inline []*value, tags *value) error {
	id := e.source.id + "Role"
	properties := e.mapping()
	if trust := e.get("AssumeRolePolicyDocument"); trust != nil {
		properties.with("AssumeRolePolicyDocument", trust)
	} else {
		properties.with("AssumeRolePolicyDocument", e.assumedBy(principal))
	}
	arns := e.list()
	for _, name := range managed {
		arns.items = append(arns.items, e.text("arn:aws:iam::aws:policy/"+name))
	}
	documents := e.list(inline...)
	if err := e.policies(id, arns, documents); err != nil {
		return err
	}
	if len(arns.items) > 0 {
		properties.with("ManagedPolicyArns", arns)
	}
	if len(documents.items) > 0 {
		properties.with("Policies", documents)
	}
	properties.with("PermissionsBoundary", e.get("PermissionsBoundary")).with("Path", e.get("RolePath")).with("Tags", tags)
	e.add(id, "AWS::IAM::Role", properties)
	return nil
}

// policies reads Policies: statements in place, or ARNs and names of managed policies.
func (e *expansion) policies(role string, arns, documents *value) error {
	given := e.get("Policies")
	if given == nil {
		return nil
	}
	items := given.items
	if given.kind != listKind {
		items = []*value{given}
	}
	for i, item := range items {
		switch {
		case item.kind == mapKind && item.get("Statement") != nil:
			name := e.text(role + "Policy" + strconv.Itoa(i))
			documents.items = append(documents.items, e.mapping().with("PolicyName", name).with("PolicyDocument", item))
		case item.kind == mapKind:
			return errorAt(item.pos, "awssim knows no policy templates; write the statements of %s out", firstKey(item))
		case item.kind == textKind && !strings.HasPrefix(item.text, "arn:"):
			arns.items = append(arns.items, plain{item.pos}.text("arn:aws:iam::aws:policy/"+item.text))
		default:
			arns.items = append(arns.items, item)
		}
	}
	return nil
}

func firstKey(v *value) string {
	if len(v.fields) == 0 {
		return "an empty map"
	}
	return v.fields[0].name
}
