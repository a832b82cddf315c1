package lambda

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

// API is Lambda's API.
func (s *Service) API() *protocol.API {
	api := &protocol.API{Service: "lambda", Format: protocol.REST, Pascal: true, Routes: s.routes(), Invalid: "InvalidParameterValueException"}
	protocol.Handle(api, "CreateFunction", s.createFunction)
	protocol.Handle(api, "GetFunction", s.getFunction)
	protocol.Handle(api, "GetFunctionConfiguration", s.getFunctionConfiguration)
	protocol.Handle(api, "UpdateFunctionConfiguration", s.updateFunctionConfiguration)
	protocol.Handle(api, "UpdateFunctionCode", s.updateFunctionCode)
	protocol.Handle(api, "DeleteFunction", s.deleteFunction)
	protocol.Handle(api, "ListFunctions", s.listFunctions)
	protocol.Handle(api, "PublishVersion", s.publishVersion)
	protocol.Handle(api, "ListVersionsByFunction", s.listVersionsByFunction)
	protocol.Handle(api, "CreateAlias", s.createAlias)
	protocol.Handle(api, "UpdateAlias", s.updateAlias)
	protocol.Handle(api, "GetAlias", s.getAlias)
	protocol.Handle(api, "ListAliases", s.listAliases)
	protocol.Handle(api, "PutFunctionConcurrency", s.putFunctionConcurrency)
	protocol.Handle(api, "GetFunctionConcurrency", s.getFunctionConcurrency)
	protocol.Handle(api, "PutFunctionEventInvokeConfig", s.putFunctionEventInvokeConfig)
	protocol.Handle(api, "GetFunctionEventInvokeConfig", s.getFunctionEventInvokeConfig)
	protocol.Handle(api, "AddPermission", s.addPermission)
	protocol.Handle(api, "RemovePermission", s.removePermission)
	protocol.Handle(api, "GetPolicy", s.getPolicy)
	return api
}

func (s *Service) createFunction(c *protocol.Call, in *awslambda.CreateFunctionInput) (*awslambda.CreateFunctionOutput, error) {
	if err := protocol.Only(c, in, "FunctionName", "Code", "Role", "Architectures", "Description", "Environment", "Handler", "LoggingConfig",
		"MemorySize", "PackageType", "Publish", "Runtime", "Tags", "Timeout", "TracingConfig"); err != nil {
		return nil, err
	}
	if in.PackageType != "" && in.PackageType != types.PackageTypeZip {
		return nil, protocol.Errorf("InvalidParameterValueException", "awssim runs functions of package type Zip, not %s.", in.PackageType)
	}
	f := Function{Name: aws.ToString(in.FunctionName), Tags: maps.Clone(in.Tags)}
	if len(in.Architectures) > 0 {
		f.Architecture = string(in.Architectures[0])
	}
	var err error
	if f.Code, err = codeOf(c, in.Code); err != nil {
		return nil, err
	}
	err = configure(c, &f, &awslambda.UpdateFunctionConfigurationInput{
		Role: in.Role, Description: in.Description, Environment: in.Environment, Handler: in.Handler, LoggingConfig: in.LoggingConfig,
		MemorySize: in.MemorySize, Runtime: in.Runtime, Timeout: in.Timeout, TracingConfig: in.TracingConfig,
	})
	if err != nil {
		return nil, err
	}
	if f, err = s.Create(f); err != nil {
		return nil, err
	}
	if in.Publish {
		f = s.publish(s.functions[f.Name], "")
	}
	return describe[awslambda.CreateFunctionOutput](f), nil
}

// codeOf names the code: s3://BUCKET/KEY, or KEY alone for a folder on this machine.
func codeOf(c *protocol.Call, code *types.FunctionCode) (string, error) {
	if code == nil {
		return "", protocol.Errorf("InvalidParameterValueException", "Code is missing: give S3Bucket and S3Key, or S3Key alone for a folder on this machine.")
	}
	if err := protocol.Only(c, code, "S3Bucket", "S3Key"); err != nil {
		return "", err
	}
	if code.S3Bucket == nil {
		return aws.ToString(code.S3Key), nil
	}
	return "s3://" + *code.S3Bucket + "/" + aws.ToString(code.S3Key), nil
}

func (s *Service) getFunction(c *protocol.Call, in *awslambda.GetFunctionInput) (*awslambda.GetFunctionOutput, error) {
	e, f, err := s.qualifiedBy(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	out := &awslambda.GetFunctionOutput{
		Configuration: describe[types.FunctionConfiguration](f),
		Code:          &types.FunctionCodeLocation{Location: &f.Code},
		Tags:          e.latest.Tags,
	}
	if n := e.latest.ReservedConcurrency; n != nil {
		out.Concurrency = &types.Concurrency{ReservedConcurrentExecutions: new(int32(*n))}
	}
	return out, nil
}

func (s *Service) getFunctionConfiguration(c *protocol.Call, in *awslambda.GetFunctionConfigurationInput) (*awslambda.GetFunctionConfigurationOutput, error) {
	_, f, err := s.qualifiedBy(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	return describe[awslambda.GetFunctionConfigurationOutput](f), nil
}

func (s *Service) updateFunctionConfiguration(c *protocol.Call, in *awslambda.UpdateFunctionConfigurationInput) (*awslambda.UpdateFunctionConfigurationOutput, error) {
	if err := protocol.Only(c, in, "FunctionName", "Description", "Environment", "Handler", "LoggingConfig", "MemorySize", "RevisionId", "Role",
		"Runtime", "Timeout", "TracingConfig"); err != nil {
		return nil, err
	}
	e, f, err := s.latest(in.FunctionName, in.RevisionId)
	if err != nil {
		return nil, err
	}
	if err := configure(c, &f, in); err != nil {
		return nil, err
	}
	if err := s.change(e, f); err != nil {
		return nil, err
	}
	return describe[awslambda.UpdateFunctionConfigurationOutput](e.latest), nil
}

func (s *Service) updateFunctionCode(c *protocol.Call, in *awslambda.UpdateFunctionCodeInput) (*awslambda.UpdateFunctionCodeOutput, error) {
	if err := protocol.Only(c, in, "FunctionName", "Architectures", "Publish", "RevisionId", "S3Bucket", "S3Key"); err != nil {
		return nil, err
	}
	e, f, err := s.latest(in.FunctionName, in.RevisionId)
	if err != nil {
		return nil, err
	}
	if f.Code, err = codeOf(c, &types.FunctionCode{S3Bucket: in.S3Bucket, S3Key: in.S3Key}); err != nil {
		return nil, err
	}
	if len(in.Architectures) > 0 {
		f.Architecture = string(in.Architectures[0])
	}
	if err := s.change(e, f); err != nil {
		return nil, err
	}
	f = e.latest
	if in.Publish {
		f = s.publish(e, "")
	}
	return describe[awslambda.UpdateFunctionCodeOutput](f), nil
}

func (s *Service) deleteFunction(c *protocol.Call, in *awslambda.DeleteFunctionInput) (*awslambda.DeleteFunctionOutput, error) {
	if err := protocol.Only(c, in, "FunctionName", "Qualifier"); err != nil {
		return nil, err
	}
	e, f, err := s.qualifiedBy(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	qualifier := s.qualifierOf(in.FunctionName, in.Qualifier)
	if qualifier == "" {
		delete(s.functions, e.latest.Name)
		return &awslambda.DeleteFunctionOutput{}, nil
	}
	return &awslambda.DeleteFunctionOutput{}, e.deleteVersion(f, qualifier)
}

// deleteVersion deletes one published version (DeleteFunction: "You can't delete a version that an alias references"). Its number
// is not used again.
func (e *entry) deleteVersion(f Function, qualifier string) error {
	switch {
	case qualifier == Latest:
		return protocol.Errorf("InvalidParameterValueException", "$LATEST version cannot be deleted without deleting the function.")
	case qualifier != f.Version:
		return protocol.Errorf("InvalidParameterValueException", "Deletion of aliases is not currently supported.")
	}
	var aliases []string
	for _, name := range slices.Sorted(maps.Keys(e.aliases)) {
		if e.aliases[name].version == qualifier {
			aliases = append(aliases, name)
		}
	}
	if len(aliases) > 0 {
		return conflict("Unable to delete version because the following aliases reference it: %v", aliases)
	}
	e.versions = slices.DeleteFunc(e.versions, func(v Function) bool { return v.Version == qualifier })
	delete(e.async, qualifier)
	return nil
}

func (s *Service) listFunctions(c *protocol.Call, in *awslambda.ListFunctionsInput) (*awslambda.ListFunctionsOutput, error) {
	if err := protocol.Only(c, in, "Marker", "MaxItems"); err != nil {
		return nil, err
	}
	names, next := paging.After(slices.Sorted(maps.Keys(s.functions)), in.Marker, pageSize(in.MaxItems))
	out := &awslambda.ListFunctionsOutput{Functions: []types.FunctionConfiguration{}, NextMarker: next}
	for _, name := range names {
		out.Functions = append(out.Functions, *describe[types.FunctionConfiguration](s.functions[name].latest))
	}
	return out, nil
}

func (s *Service) publishVersion(c *protocol.Call, in *awslambda.PublishVersionInput) (*awslambda.PublishVersionOutput, error) {
	if err := protocol.Only(c, in, "FunctionName", "Description", "RevisionId"); err != nil {
		return nil, err
	}
	e, _, err := s.latest(in.FunctionName, in.RevisionId)
	if err != nil {
		return nil, err
	}
	return describe[awslambda.PublishVersionOutput](s.publish(e, aws.ToString(in.Description))), nil
}

func (s *Service) listVersionsByFunction(c *protocol.Call, in *awslambda.ListVersionsByFunctionInput) (*awslambda.ListVersionsByFunctionOutput, error) {
	e, _, err := s.latest(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	versions, next := paging.By(append([]Function{e.latest}, e.versions...), func(f Function) string { return f.Version }, byNumber, in.Marker, pageSize(in.MaxItems))
	out := &awslambda.ListVersionsByFunctionOutput{Versions: []types.FunctionConfiguration{}, NextMarker: next}
	for _, f := range versions {
		out.Versions = append(out.Versions, *describe[types.FunctionConfiguration](f))
	}
	return out, nil
}

// byNumber compares two versions: $LATEST, which is no number, comes first.
func byNumber(a, b string) int {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	return cmp.Compare(x, y)
}

func pageSize(max *int32) int {
	if max == nil || *max <= 0 || *max > 50 {
		return 50
	}
	return int(*max)
}

// qualifiedBy is find for inputs that have the qualifier in a member of its own.
func (s *Service) qualifiedBy(name, qualifier *string) (*entry, Function, error) {
	ref := aws.ToString(name)
	if qualifier != nil {
		bare, _ := s.split(ref)
		ref = bare + ":" + *qualifier
	}
	e, f, _, err := s.find(ref)
	return e, f, err
}

// qualifierOf is the version or alias that a request names, "" for none: in a member of its own or else behind the name.
func (s *Service) qualifierOf(name, qualifier *string) string {
	if qualifier != nil {
		return *qualifier
	}
	_, named := s.split(aws.ToString(name))
	return named
}

// latest is what a change starts from, which cannot be a version or alias. A revision id that is not the current one is a lost race.
func (s *Service) latest(name, revision *string) (*entry, Function, error) {
	e, _, qualifier, err := s.find(aws.ToString(name))
	if err != nil {
		return nil, Function{}, err
	}
	if qualifier != "" && qualifier != Latest {
		return nil, Function{}, protocol.Errorf("InvalidParameterValueException", "This operation cannot be performed on the version or alias %s: name the function alone.", qualifier)
	}
	if revision != nil && *revision != e.latest.RevisionID {
		return nil, Function{}, &protocol.Error{Code: "PreconditionFailedException", Status: 412,
			Message: "The Revision Id provided does not match the latest Revision Id. Call the GetFunction API to retrieve the latest Revision Id"}
	}
	return e, e.latest, nil
}
