package scenarios

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"slipway/awssim"
	"slipway/awssim/cloudformation"
	"slipway/awssim/events"
	"slipway/awssim/lambda"
	"slipway/internal/ledger"
	"slipway/internal/record"
	"slipway/internal/rollout"
	"slipway/internal/wire/simulated"
)

// world is one account with Slipway and the sample service in it, in virtual time.
type world struct {
	t        testing.TB
	sim      *awssim.Sim
	listener string
	endings  []ending            // Slipway's own events, in order
	told     []events.Event      // all of Slipway's events
	path     map[string][]string // states entered, by execution ARN
	started  []string            // execution ARNs, in order
	trace    *trace
	sent     int // requests of load
	failed   int
}

type ending struct {
	Kind string
	rollout.Announcement
}

// setting is what a world is made of: its seed, Slipway's template, the template of the service in it, and that one's parameters.
type setting struct {
	seed       uint64
	slipway    string // "" is the real one
	template   string // "" is the sample service
	parameters map[string]string
	trace      *trace      // nil: one of its own
	logs       []io.Writer // for what the functions log
}

const template, sampleService = "../template.yaml", "../examples/pingpong/service.yaml"

// newWorld deploys Slipway and a service named web in the cluster shop, which follows the repository shop/web.
func newWorld(t testing.TB, of setting) *world {
	t.Helper()
	handlers := lambda.Handlers{}
	sim, err := awssim.New(awssim.Options{Seed: of.seed, Functions: handlers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() }) // or earlier: close
	w := &world{t: t, sim: sim, path: map[string][]string{}, trace: of.trace}
	if w.trace == nil {
		w.trace = newTrace()
	}
	w.trace.follow(sim)
	w.watch()
	for verb, handler := range simulated.Handlers(sim, slog.New(slog.NewJSONHandler(io.MultiWriter(of.logs...), nil))) {
		handlers["slipway-"+verb] = handler
	}
	if _, err := w.deploy("slipway", cmp.Or(of.slipway, template), nil); err != nil {
		t.Fatal(err)
	}
	w.deployService(of)
	return w
}

// read are the templates of every world, which are read once: that was a quarter of making one.
var read = map[string]func() (*cloudformation.Template, error){
	template:      sync.OnceValues(func() (*cloudformation.Template, error) { return cloudformation.Load(template) }),
	sampleService: sync.OnceValues(func() (*cloudformation.Template, error) { return cloudformation.Load(sampleService) }),
}

func (w *world) deploy(stack, file string, parameters map[string]string) (*cloudformation.Stack, error) {
	load, ok := read[file]
	if !ok {
		return w.sim.Deploy(stack, file, parameters)
	}
	t, err := load()
	if err != nil {
		return nil, err
	}
	return w.sim.DeployTemplate(stack, t, parameters)
}

// close ends what still waits in the world. Its state can still be looked at.
func (w *world) close() { w.do("close", w.sim.Close()) }

func (w *world) deployService(of setting) {
	w.t.Helper()
	file, parameters := of.template, map[string]string{}
	if file == "" {
		subnets := awssim.DefaultSubnet("a") + "," + awssim.DefaultSubnet("b")
		file, parameters = sampleService, map[string]string{"VpcId": "vpc-test", "PublicSubnetIds": subnets, "PrivateSubnetIds": subnets, "CpuArchitecture": "X86_64"}
	}
	maps.Copy(parameters, of.parameters)
	stack, err := w.deploy("shop", file, parameters)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range stack.Outputs {
		if o.Name == "ListenerArn" {
			w.listener = o.Value
		}
	}
}

func (w *world) watch() {
	w.sim.States.Watch(func(execution, state string) {
		if w.path[execution] == nil {
			w.started = append(w.started, execution)
		}
		w.path[execution] = append(w.path[execution], state)
	})
	w.sim.Events.Watch(func(e events.Event) {
		kind, ours := strings.CutPrefix(e.DetailType, "Slipway ")
		if e.Source != "slipway" || !ours {
			return
		}
		w.told = append(w.told, e)
		for _, known := range record.Endings() {
			if kind == string(known) {
				end := ending{Kind: kind}
				if err := json.Unmarshal(e.Detail, &end.Announcement); err != nil {
					w.t.Fatalf("event %s: %v", e.DetailType, err)
				}
				w.endings = append(w.endings, end)
			}
		}
	})
}

// push pushes an image whose behaviour its labels script.
func (w *world) push(repository, tag, arch string, labels map[string]string) string {
	w.t.Helper()
	digest, err := simulated.Push(w.sim, repository, tag, arch, labels)
	if err != nil {
		w.t.Fatal(err)
	}
	return digest
}

// load asks the service for its page ten times a second, for good.
func (w *world) load() {
	w.sim.Clock.Do("load", func() {
		w.sim.Clock.Every(100*time.Millisecond, "request", func() {
			w.sent++
			w.sim.ELB.Request(w.listener, "GET", "/", func(status int, err error) {
				if err != nil || status != 200 {
					w.failed++
				}
			})
		})
	})
}

// until runs the world until cond holds, at most limit.
func (w *world) until(limit time.Duration, what string, cond func() bool) {
	w.t.Helper()
	if err := w.sim.Clock.RunUntil(cond, limit); err != nil {
		w.t.Fatalf("waiting for %s: %v\n%s", what, err, w.story())
	}
}

// do runs a step that must not fail.
func (w *world) do(what string, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", what, err, w.story())
	}
}

// untilEnded waits until n deployments have ended since the world began, and a minute longer.
func (w *world) untilEnded(n int) {
	w.t.Helper()
	w.until(8*time.Hour, fmt.Sprintf("ending %d", n), func() bool { return len(w.endings) >= n })
	w.sim.Clock.RunFor(time.Minute)
}

// invoke hands a function an event, as EventBridge and every hostile caller can. What becomes of it takes time.
func (w *world) invoke(verb string, event []byte) (err error) {
	w.sim.Clock.Do("event", func() {
		err = w.sim.Lambda.InvokeAsync(w.sim.ID.ARN("lambda", "function:slipway-"+verb+":live"), event)
	})
	return err
}

// deliver hands a function an event and lets it work.
func (w *world) deliver(verb string, event []byte) {
	w.t.Helper()
	w.do("event for "+verb, w.invoke(verb, event))
	w.sim.Clock.RunFor(5 * time.Second)
}

// entry is what the ledger has of the service.
func (w *world) entry() record.Entry {
	w.t.Helper()
	e, err := ledger.New(dynamodb.NewFromConfig(w.sim.Config("person")), "slipway").Load(context.Background(), record.ServiceName{Cluster: "shop", Service: "web"})
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// counted is how often each operation was called, by "service Operation".
func (w *world) counted() map[string]int {
	calls := map[string]int{}
	for _, c := range w.sim.Calls() {
		calls[c.Service+" "+c.Operation] += c.Calls
	}
	return calls
}

// story is what happened so far, for failing tests.
func (w *world) story() string {
	var b strings.Builder
	for _, execution := range w.started {
		fmt.Fprintf(&b, "%s\n  %s\n", execution[strings.LastIndex(execution, ":")+1:], strings.ReplaceAll(loops(w.path[execution]), "\n", " > "))
	}
	for _, e := range w.told {
		fmt.Fprintf(&b, "%s %s %s\n", e.Time.Format(time.TimeOnly), e.DetailType, e.Detail)
	}
	return b.String()
}
