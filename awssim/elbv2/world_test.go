package elbv2_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/awssim/clock"
	"slipway/awssim/elbv2"
	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
)

var ctx = context.Background()

// script is a Network by script: what each address answers, and what was asked.
type script struct {
	clock   *clock.Clock
	answers map[string]func() (int, error) // by address; others refuse the connection
	asked   []string                       // address:port method path
	timeout time.Duration                  // of the last question
}

var errRefused = errors.New("connection refused")

func (n *script) Request(address string, port int, method, path string, timeout time.Duration, done func(int, error)) {
	n.timeout = timeout
	n.asked = append(n.asked, address+":"+strconv.Itoa(port)+" "+method+" "+path)
	n.clock.After(time.Millisecond, "answer", func() {
		if answer, ok := n.answers[address]; ok {
			done(answer())
			return
		}
		done(0, errRefused)
	})
}

func (n *script) status(address string, status int) {
	n.answers[address] = func() (int, error) { return status, nil }
}

func (n *script) fails(address string, err error) {
	n.answers[address] = func() (int, error) { return 0, err }
}

// world is a service on a virtual clock with a client and a scripted network.
type world struct {
	t       *testing.T
	clock   *clock.Clock
	network *script
	service *elbv2.Service
	client  *elb.Client
	lb      string
}

func newClient(c *clock.Clock, s *elbv2.Service) *elb.Client {
	return elb.NewFromConfig(protocoltest.Config(c, s.API()))
}

// newWorld has one load balancer, "shop".
func newWorld(t *testing.T) *world {
	t.Helper()
	c := clock.New(clock.Epoch, 1)
	network := &script{clock: c, answers: map[string]func() (int, error){}}
	s := elbv2.New(c, protocol.Default, network, nil)
	w := &world{t: t, clock: c, network: network, service: s, client: newClient(c, s)}
	w.lb = balancer(t, w.client, "shop")
	return w
}

func balancer(t *testing.T, client *elb.Client, name string) string {
	t.Helper()
	out, err := client.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: &name, Subnets: []string{"subnet-a", "subnet-b"}})
	if err != nil {
		t.Fatal(err)
	}
	return *out.LoadBalancers[0].LoadBalancerArn
}

// group creates a target group of type ip; change adapts its input.
func (w *world) group(name string, change func(*elb.CreateTargetGroupInput)) string {
	w.t.Helper()
	return targetGroup(w.t, w.client, name, change)
}

func targetGroup(t *testing.T, client *elb.Client, name string, change func(*elb.CreateTargetGroupInput)) string {
	t.Helper()
	in := &elb.CreateTargetGroupInput{Name: &name, Protocol: types.ProtocolEnumHttp, Port: new(int32(8080)), VpcId: new("vpc-1"), TargetType: types.TargetTypeEnumIp}
	if change != nil {
		change(in)
	}
	out, err := client.CreateTargetGroup(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return *out.TargetGroups[0].TargetGroupArn
}

func forward(arn string) []types.Action {
	return []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &arn}}
}

func (w *world) listener(port int32, actions []types.Action) string {
	w.t.Helper()
	out, err := w.client.CreateListener(ctx, &elb.CreateListenerInput{LoadBalancerArn: &w.lb, Protocol: types.ProtocolEnumHttp, Port: &port, DefaultActions: actions})
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.Listeners[0].ListenerArn
}

func (w *world) rule(listener string, priority int32, actions []types.Action, conditions ...types.RuleCondition) string {
	w.t.Helper()
	out, err := w.client.CreateRule(ctx, &elb.CreateRuleInput{ListenerArn: &listener, Priority: &priority, Actions: actions, Conditions: conditions})
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.Rules[0].RuleArn
}

// register adds a target at port 8080 as ECS does it.
func (w *world) register(group, address string) {
	w.t.Helper()
	w.clock.Do("register", func() {
		if err := w.service.Register(group, address, 8080, "eu-west-1a"); err != nil {
			w.t.Fatal(err)
		}
	})
}

func (w *world) deregister(group, address string) {
	w.t.Helper()
	w.clock.Do("deregister", func() {
		if err := w.service.Deregister(group, address, 8080); err != nil {
			w.t.Fatal(err)
		}
	})
}

// health is "state reason description" of a target, as the API tells it.
func (w *world) health(group, address string) string {
	w.t.Helper()
	out, err := w.client.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{
		TargetGroupArn: &group, Targets: []types.TargetDescription{{Id: &address, Port: new(int32(8080))}}})
	if err != nil {
		w.t.Fatal(err)
	}
	h := out.TargetHealthDescriptions[0].TargetHealth
	text := string(h.State)
	if h.Reason != "" {
		text += " " + string(h.Reason) + ": " + *h.Description
	}
	return text
}

// route is where a request goes: a target's id, or a status.
func (w *world) route(listener, method, host, path string) string {
	w.t.Helper()
	var target elbv2.Target
	var action elbv2.Action
	var err error
	w.clock.Do("route", func() { target, action, err = w.service.Route(listener, method, host, path) })
	switch {
	case err != nil:
		w.t.Fatal(err)
	case action.Location != "":
		return strconv.Itoa(action.StatusCode) + " " + action.Location
	case action.StatusCode != 0:
		return strconv.Itoa(action.StatusCode)
	}
	return target.ID
}

// wantCode fails unless err is an API error with the code.
