package elbv2

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// Target is where a request goes.
type Target struct {
	TargetGroupARN string
	ID             string // as registered
	Address        string // where it is reached, with Port
	Port           int
}

// Action is what becomes of a request. Without a StatusCode it goes to the Target; with one the load balancer answers
// itself: a fixed response, a redirect (Location), or 503 when the chosen target group has no target.
type Action struct {
	Type           string // forward, redirect or fixed-response
	TargetGroupARN string
	StatusCode     int
	ContentType    string
	Body           string
	Location       string
}

// Route decides on a request to a listener: the first rule whose conditions it meets, then, for a forward, the target group by
// weight and its next healthy target. When fewer targets are healthy than the group's minimum (1), all registered ones take
// requests, as AWS fails open. path may carry a query. The error is ListenerNotFound.
func (s *Service) Route(listenerARN, method, host, path string) (Target, Action, error) {
	l, err := s.listener(&listenerARN)
	if err != nil {
		return Target{}, Action{}, err
	}
	path, query, _ := strings.Cut(path, "?")
	t, a, _ := s.route(l, &inbound{method: method, host: host, path: path, query: query})
	return t, a, nil
}

// route also returns the parts of a redirect's location.
func (s *Service) route(l *listener, in *inbound) (Target, Action, location) {
	if in.path == "" {
		in.path = "/"
	}
	r := l.fallback
	for _, candidate := range l.rules {
		if matches(candidate.conditions, in) {
			r = candidate
			break
		}
	}
	switch r.action.Type {
	case types.ActionTypeEnumFixedResponse:
		f := r.action.FixedResponseConfig
		status, _ := strconv.Atoi(*f.StatusCode) // checkFixedResponse has read it
		return Target{}, Action{Type: "fixed-response", StatusCode: status, ContentType: *cmp.Or(f.ContentType, new("text/plain")), Body: aws.ToString(f.MessageBody)}, location{}
	case types.ActionTypeEnumRedirect:
		to := l.redirect(r.action.RedirectConfig, in)
		status := 302
		if r.action.RedirectConfig.StatusCode == types.RedirectActionStatusCodeEnumHttp301 {
			status = 301
		}
		return Target{}, Action{Type: "redirect", StatusCode: status, Location: to.String()}, to
	}
	t, a := s.forwardTo(r.choose())
	return t, a, location{}
}

// choose picks a target group of a forward action by smooth weighted round robin: in every run of as many requests as the
// weights add up to, each group gets its share. "" when every weight is 0.
func (r *rule) choose() string {
	groups := r.action.ForwardConfig.TargetGroups
	if len(groups) == 1 {
		if *groups[0].Weight == 0 {
			return ""
		}
		return *groups[0].TargetGroupArn
	}
	if r.credit == nil {
		r.credit = map[string]int{}
	}
	total, best := 0, ""
	for _, tuple := range groups {
		arn, weight := *tuple.TargetGroupArn, int(*tuple.Weight)
		total += weight
		r.credit[arn] += weight
		if weight > 0 && (best == "" || r.credit[arn] > r.credit[best]) {
			best = arn
		}
	}
	if best != "" {
		r.credit[best] -= total
	}
	return best
}

func (s *Service) forwardTo(groupARN string) (Target, Action) {
	unavailable := Action{Type: "forward", TargetGroupARN: groupARN, StatusCode: 503, ContentType: "text/html", Body: page5xx(503)}
	g, ok := s.groups[groupARN]
	if !ok {
		return Target{}, unavailable
	}
	t := g.next()
	if t == nil {
		return Target{}, unavailable
	}
	address, port := s.reach(g, t.id, t.port)
	return Target{TargetGroupARN: groupARN, ID: t.id, Address: address, Port: port}, Action{Type: "forward", TargetGroupARN: groupARN}
}

// next is the group's round robin.
func (g *group) next() *target {
	var healthy, registered []*target
	for _, t := range g.targets {
		if t.draining() {
			continue
		}
		registered = append(registered, t)
		if t.state == types.TargetHealthStateEnumHealthy {
			healthy = append(healthy, t)
		}
	}
	if len(healthy) < targetGroupAttributes.number(g.attributes, minimumHealthy) {
		healthy = registered
	}
	if len(healthy) == 0 {
		return nil
	}
	t := healthy[g.turn%len(healthy)]
	g.turn++
	return t
}

// location is where a redirect leads.
type location struct{ protocol, host, port, path, query string }

func (l location) String() string {
	text := fmt.Sprintf("%s://%s:%s%s", l.protocol, l.host, l.port, l.path)
	if l.query != "" {
		text += "?" + l.query
	}
	return text
}

// redirect fills in the keywords of a redirect action from the request.
func (l *listener) redirect(c *types.RedirectActionConfig, in *inbound) location {
	words := strings.NewReplacer(
		"#{protocol}", strings.ToLower(string(l.shape.Protocol)), "#{host}", in.hostname(), "#{port}", strconv.Itoa(l.port()),
		"#{path}", strings.TrimPrefix(in.path, "/"), "#{query}", in.query)
	return location{
		protocol: strings.ToLower(words.Replace(*c.Protocol)), host: words.Replace(*c.Host), port: words.Replace(*c.Port),
		path: words.Replace(*c.Path), query: words.Replace(*c.Query),
	}
}

// idle is how long the load balancer waits for a target's answer.
func (l *listener) idle() time.Duration {
	return time.Duration(balancerAttributes.number(l.balancer.attributes, idleTimeout)) * time.Second
}

// Request sends a request to a listener in virtual time, by the load balancer's own DNS name, and calls done in a later turn
// with the status that the client sees: 502 when the target cannot be reached, 504 when it does not answer within the idle
// timeout, 503 when there is no target. The error is ListenerNotFound: there was nobody to answer.
func (s *Service) Request(listenerARN, method, path string, done func(status int, err error)) {
	answer := func(status int, err error) {
		s.clock.After(0, "elbv2 answer", func() { done(status, err) })
	}
	l, err := s.listener(&listenerARN)
	if err != nil {
		answer(0, err)
		return
	}
	t, a, err := s.Route(listenerARN, method, *l.balancer.shape.DNSName, path)
	if err != nil || a.StatusCode != 0 {
		answer(a.StatusCode, err)
		return
	}
	s.network.Request(t.Address, t.Port, method, path, l.idle(), func(status int, err error) {
		if err != nil {
			status = gatewayStatus(err)
		}
		done(status, nil)
	})
}

// gatewayStatus is what a client gets when the target gave no answer.
func gatewayStatus(err error) int {
	if timedOut(err) {
		return 504
	}
	return 502
}
