package states

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/awssim/ids"
	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

// stateMachine is one state machine with what its executions start from now, and its published versions.
type stateMachine struct {
	service   *Service
	arn, name string
	created   time.Time
	revision  revision
	logging   *types.LoggingConfiguration
	tracing   *types.TracingConfiguration // kept and described; there is no X-Ray here
	versions  []version
	published int
	tags      map[string]string
	running   int
	deleting  bool
}

// revision is what an execution runs: it keeps the one it started with.
type revision struct {
	id, definition, role string
	parsed               *machine
}

type version struct {
	revision
	number      int
	arn         string
	description string
	created     time.Time
}

// checkName holds a name of a state machine or an execution to AWS's rule (API reference, StartExecution).
func checkName(name string) error {
	bad := name == "" || utf8.RuneCountInString(name) > 80 || strings.ContainsAny(name, "<>{}[]?*\"#%\\^|~`$&,;:/")
	for _, c := range name {
		bad = bad || unicode.IsSpace(c) || c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xfffe || c == 0xffff
	}
	if bad {
		return protocol.Errorf("InvalidName", "Invalid Name: '%s' (1 to 80 characters, no spaces and none of < > { } [ ] ? * \" # %% \\ ^ | ~ ` $ & , ; : /)", name)
	}
	return nil
}

func (s *Service) createStateMachine(c *protocol.Call, in *sfn.CreateStateMachineInput) (*sfn.CreateStateMachineOutput, error) {
	if err := protocol.Only(c, in, "Name", "Definition", "RoleArn", "Type", "Tags", "Publish", "VersionDescription", "LoggingConfiguration", "TracingConfiguration"); err != nil {
		return nil, err
	}
	name := aws.ToString(in.Name)
	if err := checkName(name); err != nil {
		return nil, err
	}
	if in.Type != "" && in.Type != types.StateMachineTypeStandard {
		return nil, protocol.Errorf("StateMachineTypeNotSupported", "awssim runs STANDARD state machines only, not %s", in.Type)
	}
	if err := s.checkLogging(in.LoggingConfiguration); err != nil {
		return nil, err
	}
	r, err := s.newRevision(aws.ToString(in.Definition), aws.ToString(in.RoleArn))
	if err != nil {
		return nil, err
	}
	arn := s.id.ARN("states", "stateMachine:"+name)
	m := s.byARN[arn]
	if m != nil {
		return s.createAgain(m, r)
	}
	r.id = initial
	m = &stateMachine{service: s, arn: arn, name: name, created: s.clock.Now(), revision: r, tags: map[string]string{}}
	m.observe(in.LoggingConfiguration, in.TracingConfiguration)
	for _, tag := range in.Tags {
		m.tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	s.byARN[arn] = m
	out := &sfn.CreateStateMachineOutput{StateMachineArn: &m.arn, CreationDate: &m.created}
	if in.Publish {
		out.StateMachineVersionArn = &m.publish(aws.ToString(in.VersionDescription)).arn
	}
	return out, nil
}

// createAgain is idempotent for the same definition and role (API reference, CreateStateMachine).
func (s *Service) createAgain(m *stateMachine, r revision) (*sfn.CreateStateMachineOutput, error) {
	if m.deleting {
		return nil, protocol.Errorf("StateMachineDeleting", "State Machine is being deleted: '%s'", m.arn)
	}
	if m.revision.definition != r.definition || m.revision.role != r.role {
		return nil, protocol.Errorf("StateMachineAlreadyExists", "State Machine Already Exists: '%s'", m.arn)
	}
	return &sfn.CreateStateMachineOutput{StateMachineArn: &m.arn, CreationDate: &m.created}, nil
}

// observe sets logging and tracing where they are given; a new machine has neither on.
func (m *stateMachine) observe(logging *types.LoggingConfiguration, tracing *types.TracingConfiguration) {
	if logging != nil {
		m.logging = logging
	} else if m.logging == nil {
		m.logging = &types.LoggingConfiguration{Level: types.LogLevelOff}
	}
	if tracing != nil {
		m.tracing = tracing
	} else if m.tracing == nil {
		m.tracing = &types.TracingConfiguration{}
	}
}

func (s *Service) newRevision(definition, role string) (revision, error) {
	parsed, err := parseMachine(definition)
	if err != nil {
		return revision{}, err
	}
	if !strings.HasPrefix(role, "arn:") || !strings.Contains(role, ":role/") {
		return revision{}, protocol.Errorf("InvalidArn", "Invalid Role Arn: '%s'", role)
	}
	return revision{id: ids.UUID(s.clock.Rand()), definition: definition, role: role, parsed: parsed}, nil
}

// initial stands for the id of the revision that CreateStateMachine makes: it has none, and PublishStateMachineVersion calls it so
// (API reference, PublishStateMachineVersion, revisionId).
const initial = "INITIAL"

func (r revision) shownID() *string {
	if r.id == initial {
		return nil
	}
	return &r.id
}

// machine finds a state machine by its ARN, which may name a version.
func (s *Service) machine(arn string) (*stateMachine, *version, error) {
	if !strings.Contains(arn, ":stateMachine:") {
		return nil, nil, protocol.Errorf("InvalidArn", "Invalid Arn: '%s'", arn)
	}
	base, number := arn, ""
	if parts := strings.Split(arn, ":"); len(parts) > 7 {
		base, number = strings.Join(parts[:7], ":"), parts[7]
	}
	m := s.byARN[base]
	if m == nil {
		return nil, nil, protocol.Errorf("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", arn)
	}
	if number == "" {
		return m, nil, nil
	}
	for i := range m.versions {
		if strconv.Itoa(m.versions[i].number) == number {
			return m, &m.versions[i], nil
		}
	}
	return nil, nil, protocol.Errorf("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s' (awssim has versions, not aliases)", arn)
}

// unversioned finds a state machine for an operation that takes no version.
func (s *Service) unversioned(arn *string) (*stateMachine, error) {
	m, v, err := s.machine(aws.ToString(arn))
	if err == nil && v != nil {
		err = protocol.Errorf("ValidationException", "The ARN of a version cannot be used here: '%s'", aws.ToString(arn))
	}
	return m, err
}

func (s *Service) updateStateMachine(c *protocol.Call, in *sfn.UpdateStateMachineInput) (*sfn.UpdateStateMachineOutput, error) {
	if err := protocol.Only(c, in, "StateMachineArn", "Definition", "RoleArn", "Publish", "VersionDescription", "LoggingConfiguration", "TracingConfiguration"); err != nil {
		return nil, err
	}
	m, err := s.unversioned(in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	if m.deleting {
		return nil, protocol.Errorf("StateMachineDeleting", "State Machine is being deleted: '%s'", m.arn)
	}
	if in.Definition == nil && in.RoleArn == nil && in.LoggingConfiguration == nil && in.TracingConfiguration == nil {
		return nil, protocol.Errorf("MissingRequiredParameter", "Either the definition, the role ARN, the logging configuration or the tracing configuration must be specified")
	}
	if err := s.checkLogging(in.LoggingConfiguration); err != nil {
		return nil, err
	}
	definition, role := m.revision.definition, m.revision.role
	if in.Definition != nil {
		definition = *in.Definition
	}
	if in.RoleArn != nil {
		role = *in.RoleArn
	}
	if definition != m.revision.definition || role != m.revision.role {
		r, err := s.newRevision(definition, role)
		if err != nil {
			return nil, err
		}
		m.revision = r
	} else {
		m.revision.id = ids.UUID(s.clock.Rand()) // logging and tracing are part of a revision too
	}
	m.observe(in.LoggingConfiguration, in.TracingConfiguration)
	out := &sfn.UpdateStateMachineOutput{UpdateDate: new(s.clock.Now()), RevisionId: &m.revision.id}
	if in.Publish {
		out.StateMachineVersionArn = &m.publish(aws.ToString(in.VersionDescription)).arn
	}
	return out, nil
}

func (s *Service) describeStateMachine(c *protocol.Call, in *sfn.DescribeStateMachineInput) (*sfn.DescribeStateMachineOutput, error) {
	m, v, err := s.machine(aws.ToString(in.StateMachineArn))
	if err != nil {
		return nil, err
	}
	r, out := m.revision, &sfn.DescribeStateMachineOutput{
		StateMachineArn: &m.arn, Name: &m.name, CreationDate: &m.created,
		Type: types.StateMachineTypeStandard, Status: types.StateMachineStatusActive,
		LoggingConfiguration: m.logging, TracingConfiguration: m.tracing,
	}
	if v != nil {
		r = v.revision
		out.StateMachineArn, out.CreationDate, out.Description = &v.arn, &v.created, optional(v.description)
	}
	if m.deleting {
		out.Status = types.StateMachineStatusDeleting
	}
	out.RoleArn, out.RevisionId, out.Definition = new(r.role), r.shownID(), new(r.definition)
	if in.IncludedData == types.IncludedDataMetadataOnly {
		out.Definition = nil
	}
	return out, nil
}

func (s *Service) describeStateMachineForExecution(c *protocol.Call, in *sfn.DescribeStateMachineForExecutionInput) (*sfn.DescribeStateMachineForExecutionOutput, error) {
	x, err := s.execution(in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	return &sfn.DescribeStateMachineForExecutionOutput{
		StateMachineArn: &x.machine.arn, Name: &x.machine.name, UpdateDate: &x.machine.created,
		Definition: &x.definition, RoleArn: &x.role, RevisionId: x.shownID(),
		LoggingConfiguration: x.machine.logging, TracingConfiguration: x.machine.tracing,
	}, nil
}

func (s *Service) listStateMachines(c *protocol.Call, in *sfn.ListStateMachinesInput) (*sfn.ListStateMachinesOutput, error) {
	arns, token, err := page(sortedKeys(s.byARN), func(arn string) string { return arn }, strings.Compare, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sfn.ListStateMachinesOutput{StateMachines: []types.StateMachineListItem{}, NextToken: token}
	for _, arn := range arns {
		m := s.byARN[arn]
		out.StateMachines = append(out.StateMachines, types.StateMachineListItem{
			StateMachineArn: &m.arn, Name: &m.name, CreationDate: &m.created, Type: types.StateMachineTypeStandard,
		})
	}
	return out, nil
}

// deleteStateMachine stops nothing: the machine goes when its last execution has ended.
func (s *Service) deleteStateMachine(c *protocol.Call, in *sfn.DeleteStateMachineInput) (*sfn.DeleteStateMachineOutput, error) {
	m, err := s.unversioned(in.StateMachineArn)
	var e *protocol.Error
	if err != nil {
		if asError(err, &e) && e.Code == "StateMachineDoesNotExist" {
			return &sfn.DeleteStateMachineOutput{}, nil // as AWS: deleting twice is fine
		}
		return nil, err
	}
	m.deleting = true
	m.sweep()
	return &sfn.DeleteStateMachineOutput{}, nil
}

// ended is told of every execution that ends.
func (m *stateMachine) ended(*execution) {
	m.running--
	m.sweep()
}

// sweep removes a deleted machine and its executions once none runs.
func (m *stateMachine) sweep() {
	if !m.deleting || m.running > 0 {
		return
	}
	s := m.service
	delete(s.byARN, m.arn)
	kept := s.started[:0]
	for _, x := range s.started {
		if x.machine != m {
			kept = append(kept, x)
			continue
		}
		delete(s.runs, x.arn)
	}
	s.started = kept
}

func (s *Service) validateDefinition(c *protocol.Call, in *sfn.ValidateStateMachineDefinitionInput) (*sfn.ValidateStateMachineDefinitionOutput, error) {
	if err := protocol.Only(c, in, "Definition", "Type", "Severity", "MaxResults"); err != nil {
		return nil, err
	}
	out := &sfn.ValidateStateMachineDefinitionOutput{
		Result: types.ValidateStateMachineDefinitionResultCodeOk, Diagnostics: []types.ValidateStateMachineDefinitionDiagnostic{},
	}
	if err := Validate(aws.ToString(in.Definition)); err != nil {
		out.Result = types.ValidateStateMachineDefinitionResultCodeFail
		out.Diagnostics = append(out.Diagnostics, types.ValidateStateMachineDefinitionDiagnostic{
			Code: new("SCHEMA_VALIDATION_FAILED"), Message: new(err.Error()),
			Severity: types.ValidateStateMachineDefinitionSeverityError,
		})
	}
	return out, nil
}

// publish makes a version of the current revision; publishing it again is the same version.
func (m *stateMachine) publish(description string) *version {
	if n := len(m.versions); n > 0 && m.versions[n-1].id == m.revision.id {
		return &m.versions[n-1]
	}
	m.published++
	m.versions = append(m.versions, version{
		revision: m.revision, number: m.published, arn: fmt.Sprintf("%s:%d", m.arn, m.published),
		description: description, created: m.service.clock.Now(),
	})
	return &m.versions[len(m.versions)-1]
}

func (s *Service) publishVersion(c *protocol.Call, in *sfn.PublishStateMachineVersionInput) (*sfn.PublishStateMachineVersionOutput, error) {
	m, err := s.unversioned(in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	if in.RevisionId != nil && *in.RevisionId != m.revision.id {
		return nil, protocol.Errorf("ConflictException", "The revision is now %s, not %s: read it again and decide", m.revision.id, *in.RevisionId)
	}
	v := m.publish(aws.ToString(in.Description))
	return &sfn.PublishStateMachineVersionOutput{StateMachineVersionArn: &v.arn, CreationDate: &v.created}, nil
}

func (s *Service) listVersions(c *protocol.Call, in *sfn.ListStateMachineVersionsInput) (*sfn.ListStateMachineVersionsOutput, error) {
	m, err := s.unversioned(in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	versions := slices.Clone(m.versions)
	slices.Reverse(versions) // newest first
	versions, token, err := page(versions, func(v version) string { return numbered(v.number) }, paging.Descending, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &sfn.ListStateMachineVersionsOutput{StateMachineVersions: []types.StateMachineVersionListItem{}, NextToken: token}
	for _, v := range versions {
		out.StateMachineVersions = append(out.StateMachineVersions, types.StateMachineVersionListItem{StateMachineVersionArn: &v.arn, CreationDate: &v.created})
	}
	return out, nil
}
