// Package wire puts a deployer together for each verb: environment in, deployer out. It is the only place that knows which
// adapter stands behind which interface, and nothing in it asks where it runs.
//
// There is one constructor per verb, because a function's start and size are what it links: the linker drops every SDK client
// that a binary's own constructor does not mention. A test holds each constructor against what the verb's code uses.
//
// The files: wire.go reads Slipway's own settings, account.go the AWS ones, verbs.go has the constructors.
package wire

import (
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"
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

// FromEnvironment reads the settings. The error names the variable that is missing and what to set it to.
func FromEnvironment(lookup Lookup) (Config, error) {
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
