package lambda

import (
	"maps"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"slipway/awssim/protocol"
)

// configure sets what in has on f.
func configure(c *protocol.Call, f *Function, in *awslambda.UpdateFunctionConfigurationInput) error {
	for into, from := range map[*string]*string{&f.Role: in.Role, &f.Description: in.Description, &f.Handler: in.Handler} {
		if from != nil {
			*into = *from
		}
	}
	if in.Runtime != "" {
		f.Runtime = string(in.Runtime)
	}
	if in.Timeout != nil {
		f.Timeout = time.Duration(*in.Timeout) * time.Second
	}
	if in.MemorySize != nil {
		f.MemoryMB = int(*in.MemorySize)
	}
	if in.Environment != nil {
		f.Environment = in.Environment.Variables
	}
	if in.TracingConfig != nil {
		f.Tracing = string(in.TracingConfig.Mode)
	}
	if in.LoggingConfig != nil {
		if err := protocol.Only(c, in.LoggingConfig, "LogFormat", "LogGroup"); err != nil {
			return err
		}
		f.LogFormat, f.LogGroup = string(in.LoggingConfig.LogFormat), aws.ToString(in.LoggingConfig.LogGroup)
	}
	return nil
}

// describe is the configuration of f as T, which is types.FunctionConfiguration or one of the outputs with the same fields.
func describe[T any](f Function) *T {
	config := types.FunctionConfiguration{
		FunctionName: &f.Name, FunctionArn: &f.ARN, Version: &f.Version, Description: &f.Description, Role: &f.Role,
		Handler: &f.Handler, Runtime: types.Runtime(f.Runtime), PackageType: types.PackageTypeZip,
		Architectures: []types.Architecture{types.Architecture(f.Architecture)},
		Timeout:       new(int32(f.Timeout / time.Second)), MemorySize: new(int32(f.MemoryMB)),
		RevisionId: &f.RevisionID, CodeSha256: new(f.codeSHA256()), LastModified: new(f.Modified.UTC().Format("2006-01-02T15:04:05.000-0700")),
		State: types.StateActive, LastUpdateStatus: types.LastUpdateStatusSuccessful,
		LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormat(f.LogFormat), LogGroup: &f.LogGroup},
		TracingConfig: &types.TracingConfigResponse{Mode: types.TracingMode(f.Tracing)},
	}
	if f.Environment != nil {
		config.Environment = &types.EnvironmentResponse{Variables: maps.Clone(f.Environment)}
	}
	out := new(T)
	from, to := reflect.ValueOf(config), reflect.ValueOf(out).Elem()
	for i := range from.NumField() {
		if field := from.Type().Field(i); field.IsExported() {
			to.FieldByName(field.Name).Set(from.Field(i))
		}
	}
	return out
}

func (s *Service) putFunctionConcurrency(c *protocol.Call, in *awslambda.PutFunctionConcurrencyInput) (*awslambda.PutFunctionConcurrencyOutput, error) {
	e, _, err := s.latest(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if in.ReservedConcurrentExecutions == nil || *in.ReservedConcurrentExecutions < 0 {
		return nil, protocol.Errorf("InvalidParameterValueException", "ReservedConcurrentExecutions must be a number of at least 0.")
	}
	e.latest.ReservedConcurrency = new(int(*in.ReservedConcurrentExecutions))
	return &awslambda.PutFunctionConcurrencyOutput{ReservedConcurrentExecutions: in.ReservedConcurrentExecutions}, nil
}

func (s *Service) getFunctionConcurrency(c *protocol.Call, in *awslambda.GetFunctionConcurrencyInput) (*awslambda.GetFunctionConcurrencyOutput, error) {
	_, f, err := s.latest(in.FunctionName, nil)
	if err != nil || f.ReservedConcurrency == nil {
		return &awslambda.GetFunctionConcurrencyOutput{}, err
	}
	return &awslambda.GetFunctionConcurrencyOutput{ReservedConcurrentExecutions: new(int32(*f.ReservedConcurrency))}, nil
}
