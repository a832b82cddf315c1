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

// Config is what a deployer is made of.
type Config struct {
	AWS             aws.Config
	Table           string // name of the ledger's table, SLIPWAY_TABLE
	StateMachineARN string // the workflow, SLIPWAY_STATE_MACHINE_ARN; "" if nobody named it
	TopicARN        string // SNS topic for people, SLIPWAY_TOPIC_ARN; "" tells nobody
	Log             *slog.Logger
}

// Lookup reads an environment variable: os.LookupEnv, or a test's.
type Lookup func(name string) (value string, ok bool)

// Deployer makes a verb's deployer from the environment of its function. The template names the workflow to all of them: push, settle
// and drift start executions, and claim asks what became of one.
func Deployer(lookup Lookup, verb func(*Config) *deployer.Deployer) (*deployer.Deployer, error) {
	c, err := Settings(lookup)
	if err != nil {
		return nil, err
	}
	if _, err := required(lookup, "SLIPWAY_STATE_MACHINE_ARN", "the ARN of the stack's state machine"); err != nil {
		return nil, err
	}
	return verb(c), nil
}

// Settings reads the environment of a function, or of a person, to whom the workflow need not be named. The error names the variable
// that is missing and what to set it to.
func Settings(lookup Lookup) (*Config, error) {
	c := &Config{Log: slog.New(lambdacontext.NewLogHandler())}
	var err error
	if c.Table, err = required(lookup, "SLIPWAY_TABLE", "the name of the DynamoDB table that the stack created, such as slipway"); err != nil {
		return nil, err
	}
	if c.AWS, err = account(lookup); err != nil {
		return nil, err
	}
	c.StateMachineARN, _ = lookup("SLIPWAY_STATE_MACHINE_ARN")
	c.TopicARN, _ = lookup("SLIPWAY_TOPIC_ARN")
	return c, nil
}

// Remembering is a deployer with what every verb has.
func Remembering(c *Config) *deployer.Deployer {
	return &deployer.Deployer{Ledger: ledger.New(dynamodb.NewFromConfig(c.AWS), c.Table), Log: c.Log}
}

func required(lookup Lookup, name, what string) (string, error) {
	value, ok := lookup(name)
	if !ok || value == "" {
		return "", fmt.Errorf("environment variable %s is not set: set it to %s", name, what)
	}
	return value, nil
}
