package scenarios

import (
	"strings"
	"testing"
	"time"

	"slipway/awssim"
	"slipway/awssim/events"
	"slipway/awssim/protocol"
)

// A late event of an image that the followed tag pointed at before: while ECR cannot say what it points at now, the event is not served,
// and the older image does not win.
func TestLateTagWhileECRFails(t *testing.T) {
	w := newWorld(t, setting{seed: 1})
	r := recovery{newScript(w, nil)}
	for _, line := range [][]string{{"tag", "slipway:follow", "tag:production"}, {"push", "v1"}, {"retag", "v1", "production"}, {"ends", "Deployed"}, {"push", "v2"}, {"push", "v3"}} {
		w.do(line[0], r.command(line[0], line[1:]))
	}
	late := 0
	w.sim.Events.Fault = func(e events.Event) events.Delivery {
		if e.Source == "aws.ecr" {
			if late++; late == 1 {
				return events.Delivery{Delay: 8 * time.Minute}
			}
		}
		return events.Delivery{}
	}
	w.do("retag", r.command("retag", []string{"v2", "production"}))
	w.sim.Clock.RunFor(time.Second)
	w.do("retag", r.command("retag", []string{"v3", "production"}))
	w.do("ends", r.command("ends", []string{"Deployed"}))
	failed := 0
	w.sim.Fault = func(c awssim.Call) *awssim.Fault {
		if role, _ := w.sim.RoleOf(c.Principal); c.Operation != "DescribeImages" || failed > 0 || !strings.Contains(role, "-PushRole-") {
			return nil
		}
		failed++
		return &awssim.Fault{Error: &protocol.Error{Code: "AccessDeniedException", Message: "not now", Status: 400}}
	}
	w.sim.Clock.RunFor(30 * time.Minute)
	if failed != 1 || w.running() != r.digests["v3"] || len(w.started) != 2 {
		t.Errorf("%d calls failed, %d executions, runs %s of %v\n%s", failed, len(w.started), w.running(), r.digests, w.story())
	}
}
