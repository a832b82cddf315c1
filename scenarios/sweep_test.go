package scenarios

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"slipway/awssim"
	"slipway/awssim/lambda"
	"slipway/awssim/protocol"
	"slipway/internal/ledger"
	"slipway/internal/record"
)

var sweepAll = flag.Bool("sweep", false, "let every fault befall every call, not one of them")

// sample is how many calls are left out between two that a fault befalls in the tests of every day.
const sample = 7

// afflictions are what may befall a single call of a function.
var afflictions = []struct {
	name  string
	fault func(awssim.Call) *awssim.Fault
}{
	{"unavailable", func(awssim.Call) *awssim.Fault {
		return &awssim.Fault{Error: &protocol.Error{Code: "ServiceUnavailable", Message: "try again", Status: 503}}
	}},
	{"answer lost", func(awssim.Call) *awssim.Fault { return &awssim.Fault{Broken: true, After: true} }},
	{"killed", func(awssim.Call) *awssim.Fault { panic(lambda.Crash{}) }},
	{"too slow", func(awssim.Call) *awssim.Fault { return &awssim.Fault{Delay: time.Minute} }},
}

// Whatever befalls any one call of a deployment, before or after its effect, the service ends where it would have without:
// a healthy image deployed, a bad one rolled back, and the service free for the next one.
func TestOneFaultAnywhere(t *testing.T) {
	for _, image := range []struct {
		name   string
		labels map[string]string
		runs   string
	}{{"good", nil, "v2"}, {"bad", map[string]string{"exit": "1", "after": "1s"}, "v1"}} {
		calls := sweep(t, image.labels, image.runs, 0, nil)
		for n := 1; n <= calls; n++ {
			for i, a := range afflictions {
				if !*sweepAll && (n%len(afflictions) != i || n%sample != 0) {
					continue
				}
				t.Run(fmt.Sprintf("%s, call %d %s", image.name, n, a.name), func(t *testing.T) {
					t.Parallel()
					sweep(t, image.labels, image.runs, n, a.fault)
				})
			}
		}
	}
}

// sweep deploys v1, lets the fault befall the n-th call that a function makes for v2, and checks the end. It returns how many
// calls there were.
func sweep(t *testing.T, labels map[string]string, runs string, n int, fault func(awssim.Call) *awssim.Fault) (calls int) {
	w := newWorld(t, setting{seed: 1})
	s := &script{world: w, digests: map[string]string{}}
	s.pushed("v1", map[string]string{})
	if err := s.ends("Deployed"); err != nil {
		t.Fatal(err)
	}
	w.sim.Clock.RunFor(time.Minute)
	hit := ""
	w.sim.Fault = func(c awssim.Call) *awssim.Fault {
		if _, function := w.sim.RoleOf(c.Principal); !function || len(s.digests) < 2 {
			return nil
		}
		if calls++; calls != n {
			return nil
		}
		hit = c.Service + " " + c.Operation
		return fault(c)
	}
	copied := map[string]string{}
	for k, v := range labels {
		copied[k] = v
	}
	s.digests["v2"] = "soon"
	s.pushed("v2", copied)
	w.sim.Clock.RunFor(time.Hour)
	w.sim.Fault = nil
	if n > 0 && hit == "" {
		t.Errorf("nothing befell this deployment: it made %d calls, and the fault was for call %d", calls, n)
	}
	if got := w.running(); got != s.digests[runs] {
		t.Errorf("%s: runs %s, want %s\n%s", hit, got, runs, w.story())
	}
	e := w.entry()
	if !e.Free(w.sim.Clock.Now()) || e.Intent != nil || e.Open() {
		t.Errorf("%s: lease %+v, intent %+v, wish %+v, handled %d\n%s", hit, e.Lease, e.Intent, e.Wish, e.Handled, w.story())
	}
	if e.LastGood == nil || string(e.LastGood.Image.Digest) != s.digests[runs] {
		t.Errorf("%s: last good is %+v, want %s\n%s", hit, e.LastGood, runs, w.story())
	}
	if n := w.revisions(); n > 3+1 {
		t.Errorf("%s: %d revisions were registered\n%s", hit, n, w.story())
	}
	if labels == nil {
		for _, told := range w.told {
			if strings.HasSuffix(told.DetailType, "RolledBack") || strings.HasSuffix(told.DetailType, "Stuck") {
				t.Errorf("%s: a good image was not deployed\n%s", hit, w.story())
			}
		}
	}
	w.close()
	return calls
}

func (w *world) entry() record.Entry {
	w.t.Helper()
	e, err := ledger.New(dynamodb.NewFromConfig(w.sim.Config("person")), "slipway").Load(context.Background(), record.ServiceName{Cluster: "shop", Service: "web"})
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}
