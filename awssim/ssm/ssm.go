// Package ssm is the Parameter Store of Systems Manager for one account and region: parameters of the standard tier with
// their versions, read by name, by ARN and by path.
//
// A SecureString is not encrypted; it only comes back unreadable unless decryption is asked for. Labels, policies, the advanced
// tier, and everything else of Systems Manager are not here.
package ssm

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// Limits of a parameter of the standard tier ("Parameter Store" quotas): bytes of its value, versions kept, levels of its name.
const (
	maxValue    = 4096
	maxVersions = 100
	maxLevels   = 15
	maxName     = 2048
)

// Service holds the parameters of an account and region. Its methods are called inside turns.
type Service struct {
	clock      *clock.Clock
	id         protocol.Identity
	parameters map[string]*parameter
	api        *protocol.API
}

type parameter struct {
	name        string
	kind        types.ParameterType
	description string
	tags        map[string]string
	versions    []version // the newest last, at most maxVersions
}

type version struct {
	number   int64
	value    string
	modified time.Time
}

func (p *parameter) newest() version { return p.versions[len(p.versions)-1] }

// New returns a service without parameters.
func New(c *clock.Clock, id protocol.Identity) *Service {
	s := &Service{clock: c, id: id, parameters: map[string]*parameter{}}
	s.api = &protocol.API{Service: "ssm", Target: "AmazonSSM", Format: protocol.JSON11, Pascal: true}
	protocol.Handle(s.api, "PutParameter", s.putParameter)
	protocol.Handle(s.api, "GetParameter", s.getParameter)
	protocol.Handle(s.api, "GetParameters", s.getParameters)
	protocol.Handle(s.api, "GetParametersByPath", s.getParametersByPath)
	protocol.Handle(s.api, "DeleteParameter", s.deleteParameter)
	protocol.Handle(s.api, "AddTagsToResource", s.addTagsToResource)
	protocol.Handle(s.api, "ListTagsForResource", s.listTagsForResource)
	return s
}

// API is the service on the wire.
func (s *Service) API() *protocol.API { return s.api }

// Value is the value of a parameter, decrypted. It is named as GetParameter names it: by name or ARN, with a version behind a
// colon or without for the newest. ok is false when there is none.
func (s *Service) Value(name string) (text string, ok bool) {
	_, v, _, err := s.find(name)
	return v.value, err == nil
}

func (s *Service) putParameter(c *protocol.Call, in *sdk.PutParameterInput) (*sdk.PutParameterOutput, error) {
	if err := checkPut(c, in); err != nil {
		return nil, err
	}
	name := *in.Name
	p, exists := s.parameters[name]
	switch {
	case exists && !aws.ToBool(in.Overwrite):
		return nil, protocol.Errorf("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case exists && len(in.Tags) > 0:
		return nil, invalid("Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	case !exists && in.Type == "":
		return nil, invalid("A parameter type is required when you create a parameter.")
	case !exists:
		p = &parameter{name: name, tags: map[string]string{}}
		s.parameters[name] = p
	}
	if in.Type != "" {
		p.kind = in.Type
	}
	if in.Description != nil {
		p.description = *in.Description
	}
	p.tag(in.Tags)
	next := int64(1)
	if len(p.versions) > 0 {
		next = p.newest().number + 1
	}
	p.versions = append(p.versions, version{next, *in.Value, s.clock.Now()})
	if len(p.versions) > maxVersions {
		p.versions = p.versions[1:]
	}
	return &sdk.PutParameterOutput{Version: next, Tier: types.ParameterTierStandard}, nil
}

var names = regexp.MustCompile(`^[a-zA-Z0-9_./-]+$`)

func checkPut(c *protocol.Call, in *sdk.PutParameterInput) error {
	if err := protocol.Only(c, in, "Name", "Value", "DataType", "Description", "KeyId", "Overwrite", "Tags", "Tier", "Type"); err != nil {
		return err
	}
	if in.Tier != "" && in.Tier != types.ParameterTierStandard && in.Tier != types.ParameterTierIntelligentTiering {
		return invalid("awssim has the standard tier alone; leave Tier out")
	}
	if in.DataType != nil && *in.DataType != "text" {
		return invalid("awssim has parameters of data type text alone")
	}
	switch size := len(aws.ToString(in.Value)); {
	case size == 0:
		return invalid("1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1.")
	case size > maxValue:
		return invalid("Standard tier parameters support a maximum parameter value of %d characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.", maxValue)
	}
	return checkName(aws.ToString(in.Name))
}

func checkName(name string) error {
	first := strings.ToLower(strings.TrimPrefix(name, "/"))
	switch {
	case name == "" || len(name) > maxName || !names.MatchString(name) || strings.Contains(name, "//") || strings.HasSuffix(name, "/"):
		return invalid("Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_")
	case strings.HasPrefix(first, "aws") || strings.HasPrefix(first, "ssm"):
		return protocol.Errorf("AccessDeniedException", "No access to reserved parameter name: %s.", name)
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		return invalid("Parameter name must be a fully qualified name.")
	case strings.Count(name, "/") > maxLevels:
		return protocol.Errorf("HierarchyLevelLimitExceededException", "Hierarchy level limit exceeded: a parameter name can have at most %d levels.", maxLevels)
	}
	return nil
}

// find is the parameter that a request names, by name or ARN, and the version that a selector behind it (":3") picks.
func (s *Service) find(reference string) (*parameter, version, string, error) {
	name, selector := s.split(reference)
	p, ok := s.parameters[name]
	if !ok {
		return nil, version{}, "", protocol.Errorf("ParameterNotFound", "Parameter %s not found.", reference)
	}
	if selector == "" {
		return p, p.newest(), "", nil
	}
	number, err := strconv.ParseInt(selector[1:], 10, 64)
	for _, v := range p.versions {
		if err == nil && v.number == number {
			return p, v, selector, nil
		}
	}
	return nil, version{}, "", protocol.Errorf("ParameterVersionNotFound", "Systems Manager could not find version %s of %s. Verify the version and try again.", selector[1:], name)
}

// split cuts "name:selector"; an ARN may stand for the name. The ARN of "name" and of "/name" is the same, as in AWS.
func (s *Service) split(reference string) (name, selector string) {
	prefix := s.id.ARN("ssm", "parameter")
	name = strings.TrimPrefix(reference, prefix)
	if at := strings.LastIndex(name, ":"); at >= 0 {
		name, selector = name[:at], name[at:]
	}
	if _, ok := s.parameters[name]; !ok && strings.HasPrefix(reference, prefix) {
		name = strings.TrimPrefix(name, "/")
	}
	return name, selector
}

func (s *Service) arn(p *parameter) string {
	return s.id.ARN("ssm", "parameter/"+strings.TrimPrefix(p.name, "/"))
}

func (s *Service) deleteParameter(_ *protocol.Call, in *sdk.DeleteParameterInput) (*sdk.DeleteParameterOutput, error) {
	p, _, _, err := s.find(aws.ToString(in.Name))
	if err != nil {
		return nil, err
	}
	delete(s.parameters, p.name)
	return &sdk.DeleteParameterOutput{}, nil
}

func invalid(format string, args ...any) error {
	return protocol.Errorf("ValidationException", format, args...)
}
