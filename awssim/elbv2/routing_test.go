package elbv2_test

import (
	"context"
	"testing"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
)

func path(values ...string) types.RuleCondition {
	return types.RuleCondition{Field: new("path-pattern"), Values: values}
}

func fixed(status, body string) []types.Action {
	return []types.Action{{Type: types.ActionTypeEnumFixedResponse, FixedResponseConfig: &types.FixedResponseActionConfig{StatusCode: &status, MessageBody: &body}}}
}

func TestRules(t *testing.T) {
	method := types.RuleCondition{Field: new("http-request-method"), HttpRequestMethodConfig: &types.HttpRequestMethodConditionConfig{Values: []string{"POST", "PUT"}}}
	host := types.RuleCondition{Field: new("host-header"), HostHeaderConfig: &types.HostHeaderConditionConfig{Values: []string{"*.Example.com"}}}
	query := types.RuleCondition{Field: new("query-string"), QueryStringConfig: &types.QueryStringConditionConfig{
		Values: []types.QueryStringKeyValuePair{{Key: new("version"), Value: new("v?")}, {Value: new("literal\\*")}}}}
	w := newWorld(t)
	l := w.listener(80, fixed("404", ""))
	// The lowest number is tried first, whatever the order of creation.
	w.rule(l, 50, fixed("250", ""), path("/img/*/pics"))
	w.rule(l, 10, fixed("210", ""), path("/ping", "/start"))
	w.rule(l, 20, fixed("220", ""), path("/img/*"), method)
	w.rule(l, 30, fixed("230", ""), host)
	w.rule(l, 40, fixed("240", ""), query)
	tests := []struct{ method, host, path, want string }{
		{"GET", "shop", "/", "404"},
		{"GET", "shop", "/ping", "210"},
		{"GET", "shop", "/start", "210"},
		{"GET", "shop", "/Ping", "404"},
		{"GET", "shop", "/ping/", "404"},
		{"GET", "api.example.com:8080", "/ping", "210"},
		{"POST", "shop", "/img/a", "220"},
		{"post", "shop", "/img/a", "404"},
		{"GET", "shop", "/img/a/pics", "250"},
		{"GET", "shop", "/img/a/b/pics", "250"},
		{"PUT", "shop", "/img/a/pics", "220"},
		{"GET", "API.EXAMPLE.COM", "/x", "230"},
		{"GET", "example.com", "/x", "404"},
		{"GET", "shop", "/x?version=V1", "240"},
		{"GET", "shop", "/x?a=b&version=v2", "240"},
		{"GET", "shop", "/x?version=v10", "404"},
		{"GET", "shop", "/x?any=literal%2A", "240"},
		{"GET", "shop", "/x?any=literally", "404"},
	}
	for _, test := range tests {
		if got := w.route(l, test.method, test.host, test.path); got != test.want {
			t.Errorf("%s http://%s%s: got %s, want %s", test.method, test.host, test.path, got, test.want)
		}
	}
}

func TestRedirect(t *testing.T) {
	w := newWorld(t)
	l := w.listener(80, []types.Action{{Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{
		StatusCode: types.RedirectActionStatusCodeEnumHttp301, Protocol: new("HTTPS"), Port: new("443")}}})
	if got, want := w.route(l, "GET", "shop.example.com:80", "/a/b?c=d"), "301 https://shop.example.com:443/a/b?c=d"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	moved := []types.Action{{Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{
		StatusCode: types.RedirectActionStatusCodeEnumHttp302, Path: new("/new/#{path}"), Query: new("")}}}
	w.rule(l, 1, moved, path("/old"))
	if got, want := w.route(l, "GET", "shop.example.com", "/old?c=d"), "302 http://shop.example.com:80/new/old"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRoundRobinOverHealthyTargets(t *testing.T) {
	w := newWorld(t)
	g := w.group("web", nil)
	l := w.listener(80, forward(g))
	if got := w.route(l, "GET", "shop", "/"); got != "503" {
		t.Errorf("without targets: got %s", got)
	}
	for _, id := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"} {
		w.network.status(id, 200)
		w.register(g, id)
	}
	w.network.status("10.0.0.2", 500)
	w.clock.RunFor(time.Minute)
	got := []string{}
	for range 4 {
		got = append(got, w.route(l, "GET", "shop", "/"))
	}
	if diff := cmp.Diff([]string{"10.0.0.1", "10.0.0.3", "10.0.0.1", "10.0.0.3"}, got); diff != "" {
		t.Error(diff)
	}
	w.deregister(g, "10.0.0.1")
	for range 2 {
		if got := w.route(l, "GET", "shop", "/"); got != "10.0.0.3" {
			t.Errorf("a draining target took a request: got %s", got)
		}
	}
}

func TestFailOpen(t *testing.T) {
	w := newWorld(t)
	g := w.group("web", nil)
	l := w.listener(80, forward(g))
	for _, id := range []string{"10.0.0.1", "10.0.0.2"} {
		w.network.status(id, 500)
		w.register(g, id)
	}
	w.clock.RunFor(time.Minute)
	seen := map[string]bool{}
	for range 4 {
		seen[w.route(l, "GET", "shop", "/")] = true
	}
	if !seen["10.0.0.1"] || !seen["10.0.0.2"] {
		t.Errorf("with every target unhealthy all take requests; only %v did", seen)
	}
	w.deregister(g, "10.0.0.1")
	w.deregister(g, "10.0.0.2")
	if got := w.route(l, "GET", "shop", "/"); got != "503" {
		t.Errorf("with draining targets only: got %s, want 503", got)
	}
}

func TestWeightedForward(t *testing.T) {
	w := newWorld(t)
	blue, green, idle := w.group("blue", nil), w.group("green", nil), w.group("idle", nil)
	weighted := func(b, g int32) []types.Action {
		return []types.Action{{Type: types.ActionTypeEnumForward, ForwardConfig: &types.ForwardActionConfig{TargetGroups: []types.TargetGroupTuple{
			{TargetGroupArn: &blue, Weight: &b}, {TargetGroupArn: &green, Weight: &g}, {TargetGroupArn: &idle, Weight: new(int32(0))}}}}}
	}
	l := w.listener(80, weighted(90, 10))
	w.register(blue, "10.0.0.1")
	w.register(green, "10.0.0.2")
	w.register(idle, "10.0.0.3")
	share := func() map[string]int {
		got := map[string]int{}
		for range 100 {
			got[w.route(l, "GET", "shop", "/")]++
		}
		return got
	}
	if diff := cmp.Diff(map[string]int{"10.0.0.1": 90, "10.0.0.2": 10}, share()); diff != "" {
		t.Error(diff)
	}
	if _, err := w.client.ModifyListener(ctx, &elb.ModifyListenerInput{ListenerArn: &l, DefaultActions: weighted(0, 1)}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"10.0.0.2": 100}, share()); diff != "" {
		t.Error(diff)
	}
}

func TestRequestInVirtualTime(t *testing.T) {
	w := newWorld(t)
	g := w.group("web", nil)
	l := w.listener(80, forward(g))
	w.rule(l, 1, fixed("204", ""), path("/fixed"))
	request := func(listener, path string) (got int, err error) {
		done := false
		w.clock.Do("load", func() {
			w.service.Request(listener, "GET", path, func(status int, e error) { got, err, done = status, e, true })
		})
		if e := w.clock.RunUntil(func() bool { return done }, time.Hour); e != nil {
			t.Fatal(e)
		}
		return got, err
	}
	expect := func(what, path string, want int) {
		t.Helper()
		if got, err := request(l, path); got != want || err != nil {
			t.Errorf("%s: got %d, %v; want %d", what, got, err, want)
		}
	}
	expect("no target", "/", 503)
	expect("fixed response", "/fixed", 204)
	w.register(g, address)
	expect("refused connection", "/", 502)
	w.network.fails(address, context.DeadlineExceeded)
	expect("no answer", "/", 504)
	w.network.status(address, 418)
	expect("the target's own status", "/tea?milk=no", 418)
	if last := w.network.asked[len(w.network.asked)-1]; last != address+":8080 GET /tea?milk=no" {
		t.Errorf("the target was asked for %q", last)
	}
	_, err := request("arn:none", "/")
	if err == nil {
		t.Error("an unknown listener must be an error")
	}
}
