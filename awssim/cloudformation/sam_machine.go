package cloudformation

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

var machineKnown = []string{"Name", "Type", "DefinitionUri", "DefinitionSubstitutions", "Role", "RolePath", "PermissionsBoundary",
	"Policies", "Logging", "Tracing", "Tags"}

var machineRefused = map[string]string{
	"Definition":           "put it into a file and name it with DefinitionUri, so that editors and tests can read it",
	"Events":               "awssim has events on functions only; start the machine from one",
	"AutoPublishAlias":     "machines have no versions here",
	"DeploymentPreference": "machines have no versions here",
}

// stateMachine makes what SAM makes of AWS::Serverless::StateMachine: the machine, with its definition read from disk, and a role.
func (e *expansion) stateMachine() error {
	if err := e.only(machineKnown, machineRefused); err != nil {
		return err
	}
	definition, err := e.definition()
	if err != nil {
		return err
	}
	properties := e.mapping().with("DefinitionString", definition).
		with("DefinitionSubstitutions", e.get("DefinitionSubstitutions")).
		with("LoggingConfiguration", e.get("Logging"))
	if role := e.get("Role"); role != nil {
		properties.with("RoleArn", role)
	} else {
		properties.with("RoleArn", e.getAtt(e.source.id+"Role", "Arn"))
	}
	kind := e.get("Type")
	if kind == nil {
		kind = e.text("STANDARD")
	}
	tags := e.tags("stateMachine:createdBy")
	properties.with("StateMachineName", e.get("Name")).with("StateMachineType", kind).with("Tags", tags).
		with("TracingConfiguration", e.get("Tracing"))
	e.main(stateMachineType, properties)
	if e.get("Role") != nil {
		return nil
	}
	var managed []string
	if tracing := e.get("Tracing").get("Enabled"); tracing != nil && tracing.text == "true" {
		managed = append(managed, "AWSXrayWriteOnlyAccess")
	}
	return e.role("states.amazonaws.com", managed, nil, tags)
}

// definition reads the file and checks that every ${...} in it has a substitution: CloudFormation would leave it standing, and
// the machine would fail on its first run.
func (e *expansion) definition() (*value, error) {
	uri := e.get("DefinitionUri")
	if uri == nil || uri.kind != textKind || strings.HasPrefix(uri.text, "s3://") {
		return nil, errorAt(e.source.pos, "DefinitionUri of %s must be a file, relative to the template", e.source.id)
	}
	file := e.template.beside(uri.text)
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, errorAt(uri.pos, "read the definition: %v", err)
	}
	if !json.Valid(text) {
		return nil, errorAt(uri.pos, "%s is not JSON", file)
	}
	given := e.get("DefinitionSubstitutions")
	for line, rest := range strings.Split(string(text), "\n") {
		offset := 0
		for {
			start := strings.Index(rest[offset:], "${")
			if start < 0 {
				break
			}
			at := offset + start
			name, _, closed := strings.Cut(rest[at+2:], "}")
			if !closed || given.get(name) == nil {
				return nil, errorAt(Position{file, line + 1, at + 1}, "${%s} is not among the DefinitionSubstitutions of %s", name, e.source.id)
			}
			offset = at + 2 + len(name)
		}
	}
	return plain{uri.pos}.text(string(text)), nil
}

// substituteDefinition puts the evaluated DefinitionSubstitutions into the DefinitionString.
func substituteDefinition(r *resource, properties map[string]any) (map[string]any, error) {
	text, ok := properties["DefinitionString"].(string)
	if !ok {
		return nil, errorAt(r.pos, "%s needs a DefinitionString", r.id)
	}
	given, _ := properties["DefinitionSubstitutions"].(map[string]any)
	delete(properties, "DefinitionSubstitutions")
	var pairs []string
	for name, to := range given {
		pairs = append(pairs, "${"+name+"}", fmt.Sprint(to))
	}
	text = strings.NewReplacer(pairs...).Replace(text)
	if _, rest, open := strings.Cut(text, "${"); open {
		name, _, _ := strings.Cut(rest, "}")
		return nil, errorAt(r.pos, "${%s} in the definition of %s has no substitution", name, r.id)
	}
	properties["DefinitionString"] = text
	return properties, nil
}
