package lambda

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

func (s *Service) createAlias(c *protocol.Call, in *awslambda.CreateAliasInput) (*awslambda.CreateAliasOutput, error) {
	if err := protocol.Only(c, in, "FunctionName", "FunctionVersion", "Name", "Description"); err != nil {
		return nil, err
	}
	e, _, err := s.latest(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if _, ok := e.aliases[aws.ToString(in.Name)]; ok {
		return nil, conflict("Alias already exists: %s", s.qualified(e.latest, aws.ToString(in.Name)))
	}
	a := alias{aws.ToString(in.Name), aws.ToString(in.FunctionVersion), aws.ToString(in.Description)}
	if err := s.putAlias(e, a); err != nil {
		return nil, err
	}
	return &awslambda.CreateAliasOutput{AliasArn: new(s.qualified(e.latest, a.name)), Name: &a.name, FunctionVersion: &a.version, Description: &a.description}, nil
}

func (s *Service) putAlias(e *entry, a alias) error {
	if !functionName.MatchString(a.name) || strings.Trim(a.name, "0123456789") == "" {
		return protocol.Errorf("InvalidParameterValueException", "The alias name %q must be 1 to 64 of the characters A-Z a-z 0-9 _ - and not a number.", a.name)
	}
	if _, alias := e.aliases[a.version]; alias || a.version == "" {
		return s.notFound(e.latest.Name, a.version)
	}
	if _, ok := e.version(a.version); !ok {
		return s.notFound(e.latest.Name, a.version)
	}
	e.aliases[a.name] = a
	return nil
}

func (s *Service) updateAlias(c *protocol.Call, in *awslambda.UpdateAliasInput) (*awslambda.UpdateAliasOutput, error) {
	if err := protocol.Only(c, in, "FunctionName", "FunctionVersion", "Name", "Description"); err != nil {
		return nil, err
	}
	e, a, err := s.alias(in.FunctionName, in.Name)
	if err != nil {
		return nil, err
	}
	if in.FunctionVersion != nil {
		a.version = *in.FunctionVersion
	}
	if in.Description != nil {
		a.description = *in.Description
	}
	if err := s.putAlias(e, a); err != nil {
		return nil, err
	}
	return &awslambda.UpdateAliasOutput{AliasArn: new(s.qualified(e.latest, a.name)), Name: &a.name, FunctionVersion: &a.version, Description: &a.description}, nil
}

func (s *Service) getAlias(c *protocol.Call, in *awslambda.GetAliasInput) (*awslambda.GetAliasOutput, error) {
	e, a, err := s.alias(in.FunctionName, in.Name)
	if err != nil {
		return nil, err
	}
	return &awslambda.GetAliasOutput{AliasArn: new(s.qualified(e.latest, a.name)), Name: &a.name, FunctionVersion: &a.version, Description: &a.description}, nil
}

func (s *Service) listAliases(c *protocol.Call, in *awslambda.ListAliasesInput) (*awslambda.ListAliasesOutput, error) {
	if err := protocol.Only(c, in, "FunctionName", "FunctionVersion", "Marker", "MaxItems"); err != nil {
		return nil, err
	}
	e, f, err := s.latest(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	elsewhere := func(name string) bool {
		return in.FunctionVersion != nil && *in.FunctionVersion != e.aliases[name].version
	}
	names, next := paging.After(slices.DeleteFunc(slices.Sorted(maps.Keys(e.aliases)), elsewhere), in.Marker, pageSize(in.MaxItems))
	out := &awslambda.ListAliasesOutput{Aliases: []types.AliasConfiguration{}, NextMarker: next}
	for _, name := range names {
		a := e.aliases[name]
		out.Aliases = append(out.Aliases, types.AliasConfiguration{
			AliasArn: new(s.qualified(f, name)), Name: &a.name, FunctionVersion: &a.version, Description: &a.description,
		})
	}
	return out, nil
}

func (s *Service) alias(function, name *string) (*entry, alias, error) {
	e, _, err := s.latest(function, nil)
	if err != nil {
		return nil, alias{}, err
	}
	a, ok := e.aliases[aws.ToString(name)]
	if !ok {
		return nil, alias{}, s.notFound(e.latest.Name, aws.ToString(name))
	}
	return e, a, nil
}
