package elbv2

import (
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/awssim/clock"
)

// The life of a target (Application Load Balancers guide, "Health checks for Application Load Balancer target groups"):
//
//	Register ──► initial (registering) ──► initial (checking) ──one pass──► healthy
//	                                            └─UnhealthyThresholdCount failures──► unhealthy ◄─┘ the same
//	                                                          unhealthy ──HealthyThresholdCount passes──► healthy
//	Deregister ──► draining ──deregistration delay──► gone
//	group not used by a listener: unused; it begins at initial when the group comes into use
//
// There is one timer per target: the next check, or the end of draining.

// registering is how long a target is in Elb.RegistrationInProgress. AWS names no figure; it is a matter of seconds.
const registering = 2 * time.Second

type target struct {
	id   string
	port int
	zone string

	state       types.TargetHealthStateEnum
	reason      types.TargetHealthReasonEnum
	description string
	passes      int // in a row
	failures    int // in a row

	timer    *clock.Timer
	round    int  // advanced by halt, so that an answer of an earlier life is not counted
	awaiting bool // a check is under way
}

func (t *target) set(state types.TargetHealthStateEnum, reason types.TargetHealthReasonEnum, description string) {
	t.state, t.reason, t.description = state, reason, description
}

// become moves a target of a group to a state and tells those who watch.
func (s *Service) become(g *group, t *target, state types.TargetHealthStateEnum, reason types.TargetHealthReasonEnum, description string) {
	was := t.state
	t.set(state, reason, description)
	if state != was {
		s.tell(g, t)
	}
}

// forget takes a target that has drained out of its group.
func (s *Service) forget(g *group, t *target) {
	g.remove(t)
	s.tell(g, t)
}

func (s *Service) tell(g *group, t *target) {
	for _, fn := range s.watch {
		fn(g.arn(), t.id, t.port)
	}
}

// WatchTargets calls fn each time that the state of a target has changed, in the turn in which it did, and when a target that
// drained is gone. Health tells the state.
func (s *Service) WatchTargets(fn func(targetGroupARN, id string, port int)) {
	s.watch = append(s.watch, fn)
}

func (t *target) draining() bool { return t.state == types.TargetHealthStateEnumDraining }

// halt ends checks and draining.
func (t *target) halt() {
	t.timer.Stop()
	t.round++
	t.awaiting = false
	t.passes, t.failures = 0, 0
}

// begin starts a target's life in its group, at registration and whenever the group comes into or out of use.
func (s *Service) begin(g *group, t *target) {
	t.halt()
	if !g.used() {
		s.become(g, t, types.TargetHealthStateEnumUnused, types.TargetHealthReasonEnumNotInUse, "Target group is not configured to receive traffic from the load balancer")
		return
	}
	s.become(g, t, types.TargetHealthStateEnumInitial, types.TargetHealthReasonEnumRegistrationInProgress, "Target registration is in progress")
	t.timer = s.clock.After(registering, "elbv2 registered "+t.id, func() {
		s.become(g, t, types.TargetHealthStateEnumInitial, types.TargetHealthReasonEnumInitialHealthChecking, "Initial health checks in progress")
		s.check(g, t)
	})
}

// check asks the target once and sets the timer for the next time. The interval counts from question to question, whatever
// the answer takes. While an answer is outstanding, which only a paced clock brings about, the question is left out.
func (s *Service) check(g *group, t *target) {
	interval := time.Duration(*g.shape.HealthCheckIntervalSeconds) * time.Second
	t.timer = s.clock.After(interval, "elbv2 check "+t.id, func() { s.check(g, t) })
	if t.awaiting {
		return
	}
	t.awaiting = true
	round := t.round
	address, port := s.reach(g, t.id, g.checkPort(t))
	timeout := time.Duration(*g.shape.HealthCheckTimeoutSeconds) * time.Second
	s.network.Request(address, port, "GET", *g.shape.HealthCheckPath, timeout, func(status int, err error) {
		if t.round != round {
			return
		}
		t.awaiting = false
		s.judge(g, t, status, err)
	})
}

// judge counts one answer.
func (s *Service) judge(g *group, t *target, status int, err error) {
	reason, description := verdict(&g.shape, status, err)
	if reason == "" {
		t.passes, t.failures = t.passes+1, 0
		recovered := t.passes >= int(*g.shape.HealthyThresholdCount)
		if t.state == types.TargetHealthStateEnumInitial || recovered {
			s.become(g, t, types.TargetHealthStateEnumHealthy, "", "")
		}
		return
	}
	t.passes, t.failures = 0, t.failures+1
	if t.state == types.TargetHealthStateEnumUnhealthy || t.failures >= int(*g.shape.UnhealthyThresholdCount) {
		s.become(g, t, types.TargetHealthStateEnumUnhealthy, reason, description)
	}
}

// verdict is why a check failed; without a reason it passed.
func verdict(g *types.TargetGroup, status int, err error) (types.TargetHealthReasonEnum, string) {
	accepted, _ := parseMatcher(g.Matcher) // checkHealthSettings has read it
	switch {
	case err != nil && timedOut(err):
		return types.TargetHealthReasonEnumTimeout, "Request timed out"
	case err != nil:
		return types.TargetHealthReasonEnumFailedHealthChecks, "Health checks failed"
	case !accepted.accept(status):
		return types.TargetHealthReasonEnumResponseCodeMismatch, fmt.Sprintf("Health checks failed with these codes: [%d]", status)
	}
	return "", ""
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// drain keeps a target out of new requests for the deregistration delay, then forgets it.
func (s *Service) drain(g *group, t *target) {
	t.halt()
	if t.state == types.TargetHealthStateEnumUnused {
		s.forget(g, t)
		return
	}
	s.become(g, t, types.TargetHealthStateEnumDraining, types.TargetHealthReasonEnumDeregistrationInProgress, "Target deregistration is in progress")
	delay := time.Duration(targetGroupAttributes.number(g.attributes, deregistrationDelay)) * time.Second
	t.timer = s.clock.After(delay, "elbv2 drained "+t.id, func() { s.forget(g, t) })
}

// refreshUse finds out anew which groups are used by which load balancers, after any change of listeners and rules.
func (s *Service) refreshUse() {
	users := map[string]map[string]string{} // group to the set of its load balancers
	for _, l := range s.listeners {
		for _, r := range l.ordered() {
			for _, arn := range forwardsTo(r.action) {
				if users[arn] == nil {
					users[arn] = map[string]string{}
				}
				users[arn][l.balancer.arn()] = l.balancer.arn()
			}
		}
	}
	for _, g := range sorted(s.groups) {
		before := g.used()
		g.shape.LoadBalancerArns = sorted(users[g.arn()])
		if g.used() == before {
			continue
		}
		for _, t := range g.targets {
			if !t.draining() {
				s.begin(g, t)
			}
		}
	}
}
