// Package every has the seven verbs in one table, for what runs or looks at all of Slipway in one process: tests and benchmarks.
//
// No function and no command may import it: whoever does has every SDK client in its binary. A test of the module's imports says so.
package every

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/internal/deployer"
	"slipway/internal/wire"
	"slipway/internal/wire/claim"
	"slipway/internal/wire/drift"
	"slipway/internal/wire/probe"
	"slipway/internal/wire/push"
	"slipway/internal/wire/rollback"
	"slipway/internal/wire/settle"
	"slipway/internal/wire/update"
)

// Verb is one function: what its main has.
type Verb struct {
	Name    string // "push"; the function is slipway-push
	New     func(*wire.Config) *deployer.Deployer
	Handler func(*deployer.Deployer) any // for lambda.Start
}

// Verbs are all of them, in the order of a deployment.
var Verbs = []Verb{
	{"push", push.New, func(d *deployer.Deployer) any { return d.Push }},
	{"claim", claim.New, func(d *deployer.Deployer) any { return d.Claim }},
	{"update", update.New, func(d *deployer.Deployer) any { return d.Update }},
	{"probe", probe.New, func(d *deployer.Deployer) any { return d.Probe }},
	{"rollback", rollback.New, func(d *deployer.Deployer) any { return d.Rollback }},
	{"settle", settle.New, func(d *deployer.Deployer) any { return d.Settle }},
	{"drift", drift.New, func(d *deployer.Deployer) any { return d.Drift }},
}

// Names are the names of all verbs, in that order.
func Names() []string {
	names := make([]string, len(Verbs))
	for i, v := range Verbs {
		names[i] = v.Name
	}
	return names
}

// Handlers are the functions' handlers by the names of their verbs. Each verb calls AWS with an account of its own, whatever c has.
func Handlers(c wire.Config, account func(verb string) aws.Config) map[string]lambda.Handler {
	handlers := map[string]lambda.Handler{}
	for _, v := range Verbs {
		c.AWS = account(v.Name)
		handlers[v.Name] = lambda.NewHandler(v.Handler(v.New(&c)))
	}
	return handlers
}
