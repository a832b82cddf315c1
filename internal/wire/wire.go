// Package wire puts a deployer together for each verb: environment in, deployer out. It is the only place that knows which
// adapter stands behind which interface, and nothing in it asks where it runs.
//
// There is one package per verb below this one, because a function's imports decide its start time and its size: every SDK client
// that is anywhere in a binary's imports builds its tables when the process starts, whether it is used or not, and the linker has to
// keep them (docs/performance.md has the figures). A test compares each package with what the verb's code uses.
//
// The files: wire.go reads Slipway's own settings and has what all verbs share, account.go reads the AWS settings.
package wire

import (
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"slipway/internal/deployer"
	"slipway/internal/ledger"
)

// Config is Slipway's own settings.
type Config struct {
	Table           string // name of the ledger's table, SLIPWAY_TABLE
	StateMachineARN string // the workflow, SLIPWAY_STATE_MACHINE_ARN; only for verbs that start executions
	TopicARN        string // SNS topic for people, SLIPWAY_TOPIC_ARN; "" tells nobody
	Log             *slog.Logger
}

// Lookup reads an environment variable: os.LookupEnv, or a test's.
type Lookup func(name string) (value string, ok bool)

// Maker is a verb's constructor.
type Maker func(aws.Config, Config) *deployer.Deployer

// Observing reads the environment of a verb that starts no execution, and makes its deployer. The error names the variable that
// is missing and what to set it to.
func Observing(lookup Lookup, verb Maker) (*deployer.Deployer, error) {
	c, err := settings(lookup)
	if err != nil {
		return nil, err
	}
	a, err := account(lookup)
	if err != nil {
		return nil, err
	}
	return verb(a, c), nil
}

// Starting reads the environment of a verb that starts executions, and so must know the workflow.
func Starting(lookup Lookup, verb Maker) (*deployer.Deployer, error) {
	if _, err := required(lookup, "SLIPWAY_STATE_MACHINE_ARN", "the ARN of the stack's state machine"); err != nil {
		return nil, err
	}
	return Observing(lookup, verb)
}

// Remembering is a deployer with what every verb has.
func Remembering(a aws.Config, c Config) *deployer.Deployer {
	return &deployer.Deployer{Ledger: ledger.New(dynamodb.NewFromConfig(a), c.Table), Log: c.Log}
}

func settings(lookup Lookup) (Config, error) {
	table, err := required(lookup, "SLIPWAY_TABLE", "the name of the DynamoDB table that the stack created, such as slipway")
	if err != nil {
		return Config{}, err
	}
	machine, _ := lookup("SLIPWAY_STATE_MACHINE_ARN")
	topic, _ := lookup("SLIPWAY_TOPIC_ARN")
	return Config{Table: table, StateMachineARN: machine, TopicARN: topic, Log: slog.New(lambdacontext.NewLogHandler())}, nil
}

func required(lookup Lookup, name, what string) (string, error) {
	value, ok := lookup(name)
	if !ok || value == "" {
		return "", fmt.Errorf("environment variable %s is not set: set it to %s", name, what)
	}
	return value, nil
}
