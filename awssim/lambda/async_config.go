package lambda

import (
	"cmp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"slipway/awssim/events/delivery"
	"slipway/awssim/protocol"
)

// asyncConfig is how the queue treats a function's events.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
type asyncConfig struct {
	maxRetries int
	maxAge     time.Duration
	onSuccess  string // ARN, "" for none
	onFailure  string
	modified   time.Time
}

var defaultAsync = asyncConfig{maxRetries: 2, maxAge: 6 * time.Hour}

func (e *entry) asyncConfig(qualifier string) asyncConfig {
	if config, ok := e.async[cmp.Or(qualifier, Latest)]; ok {
		return config
	}
	return defaultAsync
}

func (s *Service) putFunctionEventInvokeConfig(c *protocol.Call, in *awslambda.PutFunctionEventInvokeConfigInput) (*awslambda.PutFunctionEventInvokeConfigOutput, error) {
	e, f, err := s.qualifiedBy(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	config, err := s.asyncConfigOf(in)
	if err != nil {
		return nil, err
	}
	qualifier := cmp.Or(s.qualifierOf(in.FunctionName, in.Qualifier), Latest)
	e.async[qualifier] = config
	return &awslambda.PutFunctionEventInvokeConfigOutput{
		FunctionArn: new(s.qualified(f, qualifier)), LastModified: &config.modified, DestinationConfig: in.DestinationConfig,
		MaximumRetryAttempts: new(int32(config.maxRetries)), MaximumEventAgeInSeconds: new(int32(config.maxAge / time.Second)),
	}, nil
}

func (s *Service) getFunctionEventInvokeConfig(c *protocol.Call, in *awslambda.GetFunctionEventInvokeConfigInput) (*awslambda.GetFunctionEventInvokeConfigOutput, error) {
	e, f, err := s.qualifiedBy(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	qualifier := cmp.Or(s.qualifierOf(in.FunctionName, in.Qualifier), Latest)
	config, ok := e.async[qualifier]
	if !ok {
		return nil, &protocol.Error{Code: "ResourceNotFoundException", Status: 404, Message: "The function " + s.qualified(f, qualifier) + " doesn't have an EventInvokeConfig"}
	}
	return &awslambda.GetFunctionEventInvokeConfigOutput{
		FunctionArn: new(s.qualified(f, qualifier)), LastModified: &config.modified, DestinationConfig: config.destinations(),
		MaximumRetryAttempts: new(int32(config.maxRetries)), MaximumEventAgeInSeconds: new(int32(config.maxAge / time.Second)),
	}, nil
}

func (config asyncConfig) destinations() *types.DestinationConfig {
	d := &types.DestinationConfig{OnSuccess: &types.OnSuccess{}, OnFailure: &types.OnFailure{}}
	if config.onSuccess != "" {
		d.OnSuccess.Destination = &config.onSuccess
	}
	if config.onFailure != "" {
		d.OnFailure.Destination = &config.onFailure
	}
	return d
}

func (s *Service) asyncConfigOf(in *awslambda.PutFunctionEventInvokeConfigInput) (asyncConfig, error) {
	config := defaultAsync
	config.modified = s.clock.Now()
	if n := in.MaximumRetryAttempts; n != nil {
		if *n < 0 || *n > 2 {
			return config, protocol.Errorf("InvalidParameterValueException", "MaximumRetryAttempts must be 0 to 2, not %d.", *n)
		}
		config.maxRetries = int(*n)
	}
	if n := in.MaximumEventAgeInSeconds; n != nil {
		if *n < 60 || *n > 21600 {
			return config, protocol.Errorf("InvalidParameterValueException", "MaximumEventAgeInSeconds must be 60 to 21600, not %d.", *n)
		}
		config.maxAge = time.Duration(*n) * time.Second
	}
	if d := in.DestinationConfig; d != nil && d.OnSuccess != nil {
		config.onSuccess = aws.ToString(d.OnSuccess.Destination)
	}
	if d := in.DestinationConfig; d != nil && d.OnFailure != nil {
		config.onFailure = aws.ToString(d.OnFailure.Destination)
	}
	if err := s.checkDestination(config.onSuccess); err != nil {
		return config, err
	}
	return config, s.checkDestination(config.onFailure)
}

func (s *Service) checkDestination(arn string) error {
	service := delivery.Service(arn)
	switch {
	case arn == "", service == "lambda", service == "sns":
		return nil
	case service == "sqs" && !strings.HasSuffix(arn, ".fifo"):
		return nil
	case arn == s.id.ARN("events", "event-bus/default"):
		return nil
	}
	return protocol.Errorf("InvalidParameterValueException", "The destination %s is none of a standard SQS queue, an SNS topic, a Lambda function and the default event bus.", arn)
}
