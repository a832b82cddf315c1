// Package world is an account with Slipway and the sample service in it, in virtual time: the real template, the real state machine
// and the real verbs over awssim. It counts what they do.
//
// What is not here: checks of behaviour, which are in scenarios.
package world

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	awslambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"slipway/awssim"
	"slipway/awssim/events"
	"slipway/awssim/lambda"
	"slipway/internal/deployer"
	"slipway/internal/rollout"
	"slipway/internal/wire"
	"slipway/internal/wire/claim"
	"slipway/internal/wire/drift"
	"slipway/internal/wire/probe"
	"slipway/internal/wire/push"
	"slipway/internal/wire/rollback"
	"slipway/internal/wire/settle"
	"slipway/internal/wire/update"
)

// World is the account. It is used by one goroutine.
type World struct {
	sim    *awssim.Sim
	ending string // kind of the newest
	ended  int
	used   Usage
}

// New creates both stacks from the templates of the module.
func New(module string, seed uint64) (*World, error) {
	handlers := lambda.Handlers{}
	sim, err := awssim.New(awssim.Options{Seed: seed, Functions: handlers})
	if err != nil {
		return nil, err
	}
	w := &World{sim: sim, used: newUsage()}
	sim.States.Watch(w.entered)
	sim.Events.Watch(w.told)
	sim.Fault = func(c awssim.Call) *awssim.Fault {
		w.used.call(c)
		return nil
	}
	for verb, handler := range w.verbs() {
		handlers["slipway-"+verb] = &counted{handler, verb, w}
	}
	if _, err := sim.Deploy("slipway", filepath.Join(module, "template.yaml"), nil); err != nil {
		return nil, err
	}
	subnets := awssim.DefaultSubnet("a") + "," + awssim.DefaultSubnet("b")
	_, err = sim.Deploy("shop", filepath.Join(module, "examples", "pingpong", "service.yaml"),
		map[string]string{"VpcId": "vpc-bench", "PublicSubnetIds": subnets, "PrivateSubnetIds": subnets, "CpuArchitecture": "X86_64"})
	return w, err
}

// verbs are the handlers as the functions have them, each with the credentials of its role.
func (w *World) verbs() map[string]awslambda.Handler {
	c := wire.Config{Table: "slipway", StateMachineARN: w.sim.ID.ARN("states", "stateMachine:slipway"), TopicARN: w.sim.ID.ARN("sns", "slipway"), Log: slog.New(slog.DiscardHandler)}
	made := func(verb string, make wire.Maker) *deployer.Deployer { return make(w.as(verb), c) }
	return map[string]awslambda.Handler{
		"push":     awslambda.NewHandler(made("push", push.FromConfig).Push),
		"claim":    awslambda.NewHandler(made("claim", claim.FromConfig).Claim),
		"update":   awslambda.NewHandler(made("update", update.FromConfig).Update),
		"probe":    awslambda.NewHandler(made("probe", probe.FromConfig).Probe),
		"rollback": awslambda.NewHandler(made("rollback", rollback.FromConfig).Rollback),
		"settle":   awslambda.NewHandler(made("settle", settle.FromConfig).Settle),
		"drift":    awslambda.NewHandler(made("drift", drift.FromConfig).Drift),
	}
}

// as is the configuration of a verb: it calls as its function's role, which exists once the stack does.
func (w *World) as(verb string) aws.Config {
	cfg := w.sim.Config("")
	resource, key := strings.ToUpper(verb[:1])+verb[1:]+"Role", ""
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		for _, stack := range w.sim.Stacks() {
			if role, ok := stack.Resource(resource); key == "" && ok && stack.Name == "slipway" {
				key = awssim.AccessKey(fmt.Sprint(role.Attributes["Arn"]))
				w.used.verbOf[key] = verb
			}
		}
		if key == "" {
			return aws.Credentials{}, fmt.Errorf("the stack has no role %s", resource)
		}
		return aws.Credentials{AccessKeyID: key, SecretAccessKey: "secret"}, nil
	})
	return cfg
}

// counted is a handler whose calls are counted, with the virtual time they take.
type counted struct {
	awslambda.Handler
	verb  string
	world *World
}

func (c *counted) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	begin := c.world.sim.Clock.Now()
	out, err := c.Handler.Invoke(ctx, payload)
	c.world.used.invocation(c.verb, c.world.sim.Clock.Now().Sub(begin))
	return out, err
}

func (w *World) entered(string, string) { w.used.Entered++ }

func (w *World) told(e events.Event) {
	kind, ours := strings.CutPrefix(e.DetailType, "Slipway ")
	if e.Source != "slipway" || !ours {
		return
	}
	for _, known := range rollout.Endings() {
		if kind == string(known) {
			w.ending, w.ended = kind, w.ended+1
		}
	}
}

// Image is an image of one small layer, for linux/amd64. Its labels script what awssim's tasks do.
func Image(tag string, labels map[string]string) (v1.Image, error) {
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{Entrypoint: []string{"/app/web"}, Labels: labels, Env: []string{"VERSION=" + tag}}})
	if err != nil {
		return nil, err
	}
	img, err = mutate.AppendLayers(img, static.NewLayer([]byte("layer of "+tag), types.OCILayer))
	if err != nil {
		return nil, err
	}
	return mutate.ConfigMediaType(mutate.MediaType(img, types.OCIManifestSchema1), types.OCIConfigJSON), nil
}

// Deploy pushes an image and returns how its deployment ended, such as "Deployed". An image that exits starts and ends with a
// message, again and again.
func (w *World) Deploy(tag string, exits bool) (ending string, err error) {
	labels := map[string]string{}
	if exits {
		labels = map[string]string{"awssim.exit": "1", "awssim.after": "1s", "awssim.log": "settings: DB_HOST is not set"}
	}
	img, err := Image(tag, labels)
	if err != nil {
		return "", err
	}
	before := w.ended
	w.sim.Clock.Do("docker push "+tag, func() { _, err = w.sim.ECR.Push("shop/web", tag, img) })
	if err != nil {
		return "", err
	}
	err = w.sim.Clock.RunUntil(func() bool { return w.ended > before }, 2*time.Hour)
	return w.ending, err
}

// Rest lets time pass, so that what an ending leaves to do is done.
func (w *World) Rest(d time.Duration) { w.sim.Clock.RunFor(d) }

// Now is virtual time.
func (w *World) Now() time.Time { return w.sim.Clock.Now() }

// Used is what was used since the last call of Used.
func (w *World) Used() Usage {
	used := w.used
	w.used = newUsage()
	w.used.verbOf = used.verbOf
	return used
}

// itemSize is about what DynamoDB counts of an item in a request.
func itemSize(input []byte) int {
	var in struct{ Item json.RawMessage }
	if json.Unmarshal(input, &in) != nil {
		return len(input)
	}
	return len(in.Item)
}
