package wire

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"slipway/internal/announce"
	"slipway/internal/deployer"
	"slipway/internal/ecsservice"
	"slipway/internal/executions"
	"slipway/internal/followers"
	"slipway/internal/ledger"
	"slipway/internal/logtail"
	"slipway/internal/parameter"
	"slipway/internal/registry"
	"slipway/internal/targethealth"
	"slipway/internal/taskdef"
)

// Push makes the deployer of the function push from its environment.
func Push(lookup Lookup) (*deployer.Deployer, error) { return starting(lookup, PushFromConfig) }

// PushFromConfig makes it from an AWS configuration.
func PushFromConfig(a aws.Config, c Config) *deployer.Deployer {
	d := remembering(a, c)
	d.Followers = followers.New(resourcegroupstaggingapi.NewFromConfig(a), c.Log)
	d.Services, d.Definitions = services(a), definitions(a)
	d.Registry, d.Executions = images(a), workflow(a, c)
	return d
}

// Claim makes the deployer of the function claim from its environment.
func Claim(lookup Lookup) (*deployer.Deployer, error) { return observing(lookup, ClaimFromConfig) }

// ClaimFromConfig makes it from an AWS configuration.
func ClaimFromConfig(a aws.Config, c Config) *deployer.Deployer {
	d := remembering(a, c)
	d.Services, d.Definitions = services(a), definitions(a)
	d.Registry, d.Executions = images(a), workflow(a, c)
	return d
}

// Update makes the deployer of the function update from its environment.
func Update(lookup Lookup) (*deployer.Deployer, error) { return observing(lookup, UpdateFromConfig) }

// UpdateFromConfig makes it from an AWS configuration.
func UpdateFromConfig(a aws.Config, c Config) *deployer.Deployer {
	d := remembering(a, c)
	d.Services = services(a)
	return d
}

// Probe makes the deployer of the function probe from its environment.
func Probe(lookup Lookup) (*deployer.Deployer, error) { return observing(lookup, ProbeFromConfig) }

// ProbeFromConfig makes it from an AWS configuration.
func ProbeFromConfig(a aws.Config, c Config) *deployer.Deployer {
	d := remembering(a, c)
	d.Services, d.Definitions = services(a), definitions(a)
	d.Targets = targethealth.New(elasticloadbalancingv2.NewFromConfig(a))
	d.Logs = logtail.New(cloudwatchlogs.NewFromConfig(a))
	return d
}

// Rollback makes the deployer of the function rollback from its environment.
func Rollback(lookup Lookup) (*deployer.Deployer, error) {
	return observing(lookup, RollbackFromConfig)
}

// RollbackFromConfig makes it from an AWS configuration.
func RollbackFromConfig(a aws.Config, c Config) *deployer.Deployer {
	d := remembering(a, c)
	d.Services, d.Announcer = services(a), people(a, c)
	return d
}

// Settle makes the deployer of the function settle from its environment.
func Settle(lookup Lookup) (*deployer.Deployer, error) { return starting(lookup, SettleFromConfig) }

// SettleFromConfig makes it from an AWS configuration.
func SettleFromConfig(a aws.Config, c Config) *deployer.Deployer {
	d := remembering(a, c)
	d.Executions, d.Announcer = workflow(a, c), people(a, c)
	d.Parameters = parameter.New(ssm.NewFromConfig(a))
	return d
}

// Drift makes the deployer of the function drift from its environment.
func Drift(lookup Lookup) (*deployer.Deployer, error) { return starting(lookup, DriftFromConfig) }

// DriftFromConfig makes it from an AWS configuration.
func DriftFromConfig(a aws.Config, c Config) *deployer.Deployer {
	d := remembering(a, c)
	d.Followers = followers.New(resourcegroupstaggingapi.NewFromConfig(a), c.Log)
	d.Services, d.Definitions = services(a), definitions(a)
	d.Registry, d.Executions, d.Announcer = images(a), workflow(a, c), people(a, c)
	return d
}

// observing reads the environment of a verb that starts no execution.
func observing(lookup Lookup, make func(aws.Config, Config) *deployer.Deployer) (*deployer.Deployer, error) {
	c, err := FromEnvironment(lookup)
	if err != nil {
		return nil, err
	}
	a, err := account(lookup)
	if err != nil {
		return nil, err
	}
	return make(a, c), nil
}

// starting reads the environment of a verb that starts executions, and so must know the workflow.
func starting(lookup Lookup, make func(aws.Config, Config) *deployer.Deployer) (*deployer.Deployer, error) {
	if _, err := required(lookup, "SLIPWAY_STATE_MACHINE_ARN", "the ARN of the stack's state machine"); err != nil {
		return nil, err
	}
	return observing(lookup, make)
}

// remembering is a deployer with what every verb has.
func remembering(a aws.Config, c Config) *deployer.Deployer {
	return &deployer.Deployer{Ledger: ledger.New(dynamodb.NewFromConfig(a), c.Table), Log: c.Log}
}

func services(a aws.Config) *ecsservice.Services { return ecsservice.New(ecs.NewFromConfig(a)) }

func definitions(a aws.Config) *taskdef.Definitions { return taskdef.New(ecs.NewFromConfig(a)) }

func images(a aws.Config) *registry.Registry {
	return registry.New(ecr.NewFromConfig(a), a.HTTPClient)
}

func workflow(a aws.Config, c Config) *executions.Executions {
	return executions.New(sfn.NewFromConfig(a), c.StateMachineARN)
}

func people(a aws.Config, c Config) *announce.Announcer {
	return announce.New(eventbridge.NewFromConfig(a), sns.NewFromConfig(a), c.TopicARN)
}
