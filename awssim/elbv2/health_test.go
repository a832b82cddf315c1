package elbv2_test

import (
	"context"
	"slices"
	"testing"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
)

const address = "10.0.1.5"

const (
	registering = "initial Elb.RegistrationInProgress: Target registration is in progress"
	checking    = "initial Elb.InitialHealthChecking: Initial health checks in progress"
	mismatch500 = "unhealthy Target.ResponseCodeMismatch: Health checks failed with these codes: [500]"
	timeout     = "unhealthy Target.Timeout: Request timed out"
	refused     = "unhealthy Target.FailedHealthChecks: Health checks failed"
	draining    = "draining Target.DeregistrationInProgress: Target deregistration is in progress"
	notInUse    = "unused Target.NotInUse: Target group is not configured to receive traffic from the load balancer"
	gone        = "unused Target.NotRegistered: Target is not registered to the target group"
)

// serving is a world with a used target group of the default health check: 30 s, 5 passes, 2 failures.
func serving(t *testing.T) (*world, string) {
	t.Helper()
	w := newWorld(t)
	g := w.group("web", nil)
	w.listener(80, forward(g))
	return w, g
}

func TestHealthStates(t *testing.T) {
	const interval = 30 * time.Second
	type step struct {
		answer any // int: status; error; nil: as before
		wait   time.Duration
		want   string
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"one pass makes a new target healthy", []step{
			{200, time.Second, registering}, {nil, 2 * time.Second, "healthy"}}},
		{"also after a failure", []step{
			{500, 3 * time.Second, checking}, {200, interval, "healthy"}}},
		{"two failures make a new target unhealthy", []step{
			{500, 3 * time.Second, checking}, {nil, interval, mismatch500}}},
		{"timeouts", []step{{context.DeadlineExceeded, interval + 3*time.Second, timeout}}},
		{"refused connections", []step{{errRefused, interval + 3*time.Second, refused}}},
		{"a redirect is not the expected code", []step{
			{302, interval + 3*time.Second, "unhealthy Target.ResponseCodeMismatch: Health checks failed with these codes: [302]"}}},
		{"a healthy target stays so for one failure", []step{
			{200, 3 * time.Second, "healthy"}, {500, interval, "healthy"}, {200, interval, "healthy"}, {500, interval, "healthy"}, {nil, interval, mismatch500}}},
		{"recovery takes five passes in a row", []step{
			{500, 3*time.Second + interval, mismatch500}, {200, 4 * interval, mismatch500}, {nil, interval, "healthy"}}},
		{"a failure interrupts the recovery", []step{
			{500, 3*time.Second + interval, mismatch500}, {200, 4 * interval, mismatch500}, {500, interval, mismatch500}, {200, 4 * interval, mismatch500}, {nil, interval, "healthy"}}},
		{"the reason is that of the last failure", []step{
			{500, 3*time.Second + interval, mismatch500}, {errRefused, interval, refused}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, g := serving(t)
			for i, step := range test.steps {
				switch answer := step.answer.(type) {
				case int:
					w.network.status(address, answer)
				case error:
					w.network.fails(address, answer)
				}
				if i == 0 {
					w.register(g, address)
				}
				w.clock.RunFor(step.wait)
				if got := w.health(g, address); got != step.want {
					t.Fatalf("step %d: got %q, want %q", i+1, got, step.want)
				}
			}
		})
	}
}

// Whoever watches hears of every change of a target's state, the end of draining too, and of nothing else.
func TestTargetsAreWatched(t *testing.T) {
	w := newWorld(t)
	g := w.group("web", nil)
	listener := w.listener(80, forward(g))
	var heard []string
	w.service.WatchTargets(func(group, id string, port int) {
		state, _ := w.service.Health(group, id, port)
		heard = append(heard, state)
	})
	w.network.status(address, 500)
	w.register(g, address)
	w.clock.RunFor(10 * time.Minute)
	w.network.status(address, 200)
	w.clock.RunFor(10 * time.Minute)
	w.clock.Do("deregister", func() { _ = w.service.Deregister(g, address, 8080) })
	w.clock.RunFor(10 * time.Minute)
	if want := []string{"initial", "unhealthy", "healthy", "draining", ""}; !slices.Equal(heard, want) {
		t.Errorf("got %q, want %q", heard, want)
	}
	w.register(g, address)
	heard = nil
	w.clock.Do("delete", func() { _ = w.service.Deregister(g, address, 8080) })
	if _, err := w.client.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: &listener}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: &g}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"draining", ""}; !slices.Equal(heard, want) {
		t.Errorf("with its group deleted: got %q, want %q", heard, want)
	}
}

func TestHealthCheckSettings(t *testing.T) {
	w := newWorld(t)
	g := w.group("web", func(in *elb.CreateTargetGroupInput) {
		in.HealthCheckPath, in.HealthCheckPort = new("/actuator/health"), new("8081")
		in.HealthCheckIntervalSeconds, in.HealthCheckTimeoutSeconds = new(int32(10)), new(int32(3))
		in.UnhealthyThresholdCount, in.HealthyThresholdCount = new(int32(3)), new(int32(2))
		in.Matcher = &types.Matcher{HttpCode: new("200-204,301")}
	})
	w.listener(80, forward(g))
	w.network.status(address, 404)
	w.register(g, address)
	w.clock.RunFor(13 * time.Second) // checks at 2 and 12 s
	if got := w.health(g, address); got != checking {
		t.Errorf("after 2 of 3 failures: got %q", got)
	}
	w.clock.RunFor(10 * time.Second)
	if got, want := w.health(g, address), "unhealthy Target.ResponseCodeMismatch: Health checks failed with these codes: [404]"; got != want {
		t.Errorf("after 3 failures: got %q", got)
	}
	w.network.status(address, 301)
	w.clock.RunFor(20 * time.Second)
	if got := w.health(g, address); got != "healthy" {
		t.Errorf("after 2 passes: got %q", got)
	}
	if w.network.timeout != 3*time.Second {
		t.Errorf("got a timeout of %s, want the group's 3s", w.network.timeout)
	}
	want := slices.Repeat([]string{address + ":8081 GET /actuator/health"}, 5)
	if diff := cmp.Diff(want, w.network.asked); diff != "" {
		t.Error(diff)
	}
}

func TestModifiedSettingsApplyToTheNextCheck(t *testing.T) {
	w, g := serving(t)
	w.network.status(address, 404)
	w.register(g, address)
	w.clock.RunFor(40 * time.Second)
	_, err := w.client.ModifyTargetGroup(ctx, &elb.ModifyTargetGroupInput{TargetGroupArn: &g, Matcher: &types.Matcher{HttpCode: new("404")}, HealthyThresholdCount: new(int32(2))})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.RunFor(time.Minute)
	if got := w.health(g, address); got != "healthy" {
		t.Errorf("got %q, want healthy by the new matcher and threshold", got)
	}
}

func TestDraining(t *testing.T) {
	w, g := serving(t)
	w.network.status(address, 200)
	w.register(g, address)
	w.clock.RunFor(5 * time.Second)
	w.deregister(g, address)
	asked := len(w.network.asked)
	w.clock.RunFor(299 * time.Second)
	if got := w.health(g, address); got != draining {
		t.Errorf("before the delay is over: got %q", got)
	}
	w.clock.RunFor(2 * time.Second)
	if got := w.health(g, address); got != gone {
		t.Errorf("after 300 s: got %q", got)
	}
	if len(w.network.asked) != asked {
		t.Errorf("a draining target was checked %d times", len(w.network.asked)-asked)
	}
	if err := w.clock.RunUntil(func() bool { return false }, time.Hour); err == nil || err.Error() != "clock: nothing left to do and the condition does not hold" {
		t.Errorf("timers are left without targets: %v", err)
	}
}

func TestDeregistrationDelayIsAnAttribute(t *testing.T) {
	w, g := serving(t)
	_, err := w.client.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &g,
		Attributes: []types.TargetGroupAttribute{{Key: new("deregistration_delay.timeout_seconds"), Value: new("10")}}})
	if err != nil {
		t.Fatal(err)
	}
	w.register(g, address)
	w.deregister(g, address)
	w.clock.RunFor(11 * time.Second)
	if got := w.health(g, address); got != gone {
		t.Errorf("got %q", got)
	}
}

func TestRegisteringADrainingTargetBeginsAnew(t *testing.T) {
	w, g := serving(t)
	w.network.status(address, 200)
	w.register(g, address)
	w.clock.RunFor(5 * time.Second)
	w.deregister(g, address)
	w.clock.RunFor(5 * time.Second)
	w.register(g, address)
	if got := w.health(g, address); got != registering {
		t.Errorf("got %q", got)
	}
	w.clock.RunFor(10 * time.Minute)
	if got := w.health(g, address); got != "healthy" {
		t.Errorf("the end of the old draining took the target away: got %q", got)
	}
}

func TestUnusedGroupIsNotChecked(t *testing.T) {
	w := newWorld(t)
	g := w.group("web", nil)
	w.network.status(address, 200)
	w.register(g, address)
	w.clock.RunFor(time.Hour)
	if got := w.health(g, address); got != notInUse || len(w.network.asked) > 0 {
		t.Errorf("got %q after %d checks", got, len(w.network.asked))
	}
	l := w.listener(80, forward(g))
	w.clock.RunFor(3 * time.Second)
	if got := w.health(g, address); got != "healthy" {
		t.Errorf("in use: got %q", got)
	}
	if _, err := w.client.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: &l}); err != nil {
		t.Fatal(err)
	}
	if got := w.health(g, address); got != notInUse {
		t.Errorf("out of use: got %q", got)
	}
	w.deregister(g, address)
	if got := w.health(g, address); got != gone {
		t.Errorf("an unused target does not drain: got %q", got)
	}
}

func TestDrainingGoesOnWhenTheGroupFallsOutOfUse(t *testing.T) {
	w := newWorld(t)
	g := w.group("web", nil)
	l := w.listener(80, forward(g))
	w.register(g, address)
	w.deregister(g, address)
	if _, err := w.client.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: &l}); err != nil {
		t.Fatal(err)
	}
	if got := w.health(g, address); got != draining {
		t.Errorf("got %q", got)
	}
	w.clock.RunFor(301 * time.Second)
	if got := w.health(g, address); got != gone {
		t.Errorf("after the delay: got %q", got)
	}
}

func TestAnswerAfterDeregistrationIsIgnored(t *testing.T) {
	w, g := serving(t)
	w.network.status(address, 200)
	w.register(g, address)
	w.clock.RunFor(2 * time.Second) // asked, not answered yet
	w.deregister(g, address)
	w.clock.RunFor(time.Second)
	if got := w.health(g, address); got != draining || len(w.network.asked) != 1 {
		t.Errorf("got %q after %d checks, want draining after 1", got, len(w.network.asked))
	}
}

func TestHealthForECS(t *testing.T) {
	w, g := serving(t)
	w.network.status(address, 500)
	w.register(g, address)
	w.clock.RunFor(time.Minute)
	w.clock.Do("health", func() {
		state, reason := w.service.Health(g, address, 8080)
		if state != "unhealthy" || reason != "Health checks failed with these codes: [500]" {
			t.Errorf("got %q, %q", state, reason)
		}
		if state, _ := w.service.Health(g, address, 9090); state != "" {
			t.Errorf("another port: got %q, want it not registered", state)
		}
		if kind, used, ok := w.service.TargetGroup(g); kind != "ip" || !used || !ok {
			t.Errorf("got type %q, used %v, %v", kind, used, ok)
		}
	})
}

func TestDescribeTargetHealthListsByID(t *testing.T) {
	w, g := serving(t)
	for _, id := range []string{"10.0.1.9", "10.0.1.5", "10.0.1.7"} {
		w.register(g, id)
	}
	out, err := w.client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &g})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range out.TargetHealthDescriptions {
		got = append(got, *d.Target.Id+" "+*d.Target.AvailabilityZone+" "+*d.HealthCheckPort)
	}
	want := []string{"10.0.1.5 eu-west-1a 8080", "10.0.1.7 eu-west-1a 8080", "10.0.1.9 eu-west-1a 8080"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
