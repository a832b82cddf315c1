package scenarios

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"slipway/awssim"
	"slipway/awssim/lambda"
	"slipway/awssim/protocol"
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
		name string
		good bool
	}{{"good", true}, {"bad", false}} {
		calls := sweep(t, image.good, 0, nil)
		for n := 1; n <= calls; n++ {
			for i, a := range afflictions {
				if !*sweepAll && (n%len(afflictions) != i || n%sample != 0) {
					continue
				}
				t.Run(fmt.Sprintf("%s, call %d %s", image.name, n, a.name), func(t *testing.T) {
					t.Parallel()
					sweep(t, image.good, n, a.fault)
				})
			}
		}
	}
}

// sweep deploys v1, lets the fault befall the n-th call that a function makes for v2, and checks the end. It returns how many
// calls there were.
func sweep(t *testing.T, good bool, n int, fault func(awssim.Call) *awssim.Fault) (calls int) {
	s := newScript(newWorld(t, setting{seed: 1}), nil)
	s.pushed("v1", nil)
	s.do("v1", s.ends("Deployed"))
	s.sim.Clock.RunFor(time.Minute)
	hit := ""
	s.sim.Fault = func(c awssim.Call) *awssim.Fault {
		if _, function := s.sim.RoleOf(c.Principal); !function {
			return nil
		}
		if calls++; calls != n {
			return nil
		}
		hit = c.Service + " " + c.Operation
		return fault(c)
	}
	if good {
		s.pushed("v2", nil)
	} else {
		s.pushed("v2", map[string]string{"exit": "1", "after": "1s"})
	}
	s.sim.Clock.RunFor(time.Hour)
	s.sim.Fault = nil
	if n > 0 && hit == "" {
		t.Errorf("nothing befell this deployment: it made %d calls, and the fault was for call %d", calls, n)
	}
	s.cameThrough(t, hit, good)
	s.close()
	return calls
}

// cameThrough checks the end of the deployment of v2, good or not, whatever was hit on the way.
func (s *script) cameThrough(t *testing.T, hit string, good bool) {
	runs := s.digests["v1"]
	if good {
		runs = s.digests["v2"]
	}
	if got := s.running(); got != runs {
		t.Errorf("%s: runs %s, want %s\n%s", hit, got, runs, s.story())
	}
	e := s.entry()
	if !e.Free(s.sim.Clock.Now()) || e.Intent != nil || e.Open() {
		t.Errorf("%s: lease %+v, intent %+v, wish %+v, handled %d\n%s", hit, e.Lease, e.Intent, e.Wish, e.Handled, s.story())
	}
	if e.LastGood == nil || string(e.LastGood.Image.Digest) != runs {
		t.Errorf("%s: last good is %+v, want %s\n%s", hit, e.LastGood, runs, s.story())
	}
	if n := s.revisions(); n > 3+1 {
		t.Errorf("%s: %d revisions were registered\n%s", hit, n, s.story())
	}
	for _, told := range s.told {
		if good && (strings.HasSuffix(told.DetailType, "RolledBack") || strings.HasSuffix(told.DetailType, "Stuck")) {
			t.Errorf("%s: a good image was not deployed\n%s", hit, s.story())
		}
	}
}
