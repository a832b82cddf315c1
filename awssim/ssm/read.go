package ssm

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

// The most parameters in one answer of GetParameters and GetParametersByPath.
const maxAnswer = 10

func (s *Service) show(p *parameter, v version, selector string, decrypt bool) types.Parameter {
	text := v.value
	if p.kind == types.ParameterTypeSecureString && !decrypt {
		sum := sha256.Sum256([]byte(p.name + "\x00" + v.value))
		text = "AQICAH" + base64.StdEncoding.EncodeToString(sum[:]) // looks like what KMS makes, and tells nothing
	}
	out := types.Parameter{ARN: new(s.arn(p)), Name: &p.name, Type: p.kind, Value: &text, Version: v.number, LastModifiedDate: &v.modified, DataType: new("text")}
	if selector != "" {
		out.Selector = &selector
	}
	return out
}

func (s *Service) getParameter(_ *protocol.Call, in *sdk.GetParameterInput) (*sdk.GetParameterOutput, error) {
	p, v, selector, err := s.find(aws.ToString(in.Name))
	if err != nil {
		return nil, err
	}
	out := s.show(p, v, selector, aws.ToBool(in.WithDecryption))
	return &sdk.GetParameterOutput{Parameter: &out}, nil
}

func (s *Service) getParameters(_ *protocol.Call, in *sdk.GetParametersInput) (*sdk.GetParametersOutput, error) {
	if len(in.Names) < 1 || len(in.Names) > maxAnswer {
		return nil, invalid("1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length between 1 and %d.", maxAnswer)
	}
	out := &sdk.GetParametersOutput{Parameters: []types.Parameter{}, InvalidParameters: []string{}}
	for _, name := range in.Names {
		p, v, selector, err := s.find(name)
		var missing *protocol.Error
		if errors.As(err, &missing) {
			out.InvalidParameters = append(out.InvalidParameters, name)
			continue
		}
		out.Parameters = append(out.Parameters, s.show(p, v, selector, aws.ToBool(in.WithDecryption)))
	}
	return out, nil
}

func (s *Service) getParametersByPath(c *protocol.Call, in *sdk.GetParametersByPathInput) (*sdk.GetParametersByPathOutput, error) {
	if err := protocol.Only(c, in, "Path", "MaxResults", "NextToken", "Recursive", "WithDecryption"); err != nil {
		return nil, err
	}
	path := aws.ToString(in.Path)
	if !strings.HasPrefix(path, "/") {
		return nil, invalid("The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).")
	}
	size := maxAnswer
	if in.MaxResults != nil {
		size = int(*in.MaxResults)
	}
	if size < 1 || size > maxAnswer {
		return nil, invalid("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: Member must have value between 1 and %d.", size, maxAnswer)
	}
	names, next := paging.After(s.below(strings.TrimSuffix(path, "/")+"/", aws.ToBool(in.Recursive)), in.NextToken, size)
	out := &sdk.GetParametersByPathOutput{Parameters: []types.Parameter{}, NextToken: next}
	for _, name := range names {
		p := s.parameters[name]
		out.Parameters = append(out.Parameters, s.show(p, p.newest(), "", aws.ToBool(in.WithDecryption)))
	}
	return out, nil
}

// below is the names under a path, sorted: those right under it, or with recursive all.
func (s *Service) below(path string, recursive bool) []string {
	var found []string
	for name := range s.parameters {
		rest, ok := strings.CutPrefix(name, path)
		if ok && (recursive || !strings.Contains(rest, "/")) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

func (p *parameter) tag(tags []types.Tag) {
	for _, t := range tags {
		p.tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
}

// tagged is the parameter that a request on tags names.
func (s *Service) tagged(kind types.ResourceTypeForTagging, id *string) (*parameter, error) {
	if kind != types.ResourceTypeForTaggingParameter {
		return nil, protocol.Errorf("InvalidResourceType", "awssim has tags on parameters alone, not on %s", kind)
	}
	p, ok := s.parameters[aws.ToString(id)]
	if !ok {
		return nil, protocol.Errorf("InvalidResourceId", "The resource ID %s isn't valid. Verify that you entered the correct ID and try again.", aws.ToString(id))
	}
	return p, nil
}

func (s *Service) addTagsToResource(_ *protocol.Call, in *sdk.AddTagsToResourceInput) (*sdk.AddTagsToResourceOutput, error) {
	p, err := s.tagged(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	p.tag(in.Tags)
	return &sdk.AddTagsToResourceOutput{}, nil
}

func (s *Service) listTagsForResource(_ *protocol.Call, in *sdk.ListTagsForResourceInput) (*sdk.ListTagsForResourceOutput, error) {
	p, err := s.tagged(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	out := &sdk.ListTagsForResourceOutput{TagList: []types.Tag{}}
	keys := make([]string, 0, len(p.tags))
	for key := range p.tags {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		out.TagList = append(out.TagList, types.Tag{Key: new(key), Value: new(p.tags[key])})
	}
	return out, nil
}
