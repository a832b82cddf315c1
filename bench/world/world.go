// Package world is an account with Slipway and the sample service in it, in virtual time: the real template, the real state machine
// and the real verbs over awssim. It counts what they do.
//
// What is not here: checks of behaviour, which are in scenarios.
package world

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	awslambda "github.com/aws/aws-lambda-go/lambda"

	"slipway/awssim"
	"slipway/awssim/events"
	"slipway/awssim/lambda"
	"slipway/internal/record"
	"slipway/internal/wire/simulated"
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
		w.used.call(simulated.VerbOf(sim, c.Principal), c)
		return nil
	}
	for verb, handler := range simulated.Handlers(sim, slog.New(slog.DiscardHandler)) {
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
	for _, known := range record.Endings() {
		if kind == string(known) {
			w.ending, w.ended = kind, w.ended+1
		}
	}
}

// Deploy pushes an image and returns how its deployment ended, such as "Deployed". An image that exits starts and ends with a
// message, again and again.
func (w *World) Deploy(tag string, exits bool) (ending string, err error) {
	labels := map[string]string{}
	if exits {
		labels = map[string]string{"awssim.exit": "1", "awssim.after": "1s", "awssim.log": "settings: DB_HOST is not set"}
	}
	before := w.ended
	if _, err := simulated.Push(w.sim, "shop/web", tag, "amd64", labels); err != nil {
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
