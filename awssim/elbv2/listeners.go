package elbv2

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"slipway/awssim/protocol"
)

// defaultPolicy is the security policy of an HTTPS listener that names none.
const defaultPolicy = "ELBSecurityPolicy-2016-08"

type listener struct {
	shape    types.Listener
	balancer *balancer
	rules    []*rule // by priority
	fallback *rule   // the default rule
	tags     map[string]string
}

func (l *listener) arn() string { return *l.shape.ListenerArn }
func (l *listener) port() int   { return int(*l.shape.Port) }

// ordered lists the rules as they are tried.
func (l *listener) ordered() []*rule { return append(slices.Clone(l.rules), l.fallback) }

// describe is the listener as the API answers it. Its default actions are those of the default rule.
func (l *listener) describe() types.Listener {
	shape := l.shape
	shape.DefaultActions = []types.Action{l.fallback.action}
	return shape
}

func (s *Service) createListener(c *protocol.Call, in *elb.CreateListenerInput) (*elb.CreateListenerOutput, error) {
	if err := protocol.Only(c, in, "DefaultActions", "LoadBalancerArn", "Certificates", "Port", "Protocol", "SslPolicy", "Tags"); err != nil {
		return nil, err
	}
	b, err := s.balancer(in.LoadBalancerArn)
	if err != nil {
		return nil, err
	}
	tags, err := tagMap(in.Tags)
	if err != nil {
		return nil, err
	}
	shape := types.Listener{LoadBalancerArn: in.LoadBalancerArn, Port: in.Port, Protocol: in.Protocol, Certificates: in.Certificates, SslPolicy: in.SslPolicy}
	if err := s.checkListener(&shape); err != nil {
		return nil, err
	}
	action, err := s.action(b, in.DefaultActions)
	if err != nil {
		return nil, err
	}
	_, path, _ := strings.Cut(b.arn(), ":loadbalancer/")
	id := path + "/" + s.newID()
	shape.ListenerArn = new(s.arn("listener/" + id))
	l := &listener{shape: shape, balancer: b, tags: tags}
	l.fallback = &rule{listener: l, arn: s.arn("listener-rule/" + id + "/" + s.newID()), action: action, tags: map[string]string{}}
	s.listeners[l.arn()] = l
	s.rules[l.fallback.arn] = l.fallback
	s.refreshUse()
	s.front.serve(s, l)
	return &elb.CreateListenerOutput{Listeners: []types.Listener{l.describe()}}, nil
}

// checkListener refuses what an application load balancer refuses and completes an HTTPS listener.
func (s *Service) checkListener(shape *types.Listener) error {
	if shape.Port == nil {
		return invalid("A listener port must be specified")
	}
	if err := within("Listener port", shape.Port, 1, 65535); err != nil {
		return err
	}
	for _, other := range s.listenersOf(*shape.LoadBalancerArn) {
		if *other.shape.Port == *shape.Port && other.arn() != aws.ToString(shape.ListenerArn) {
			return protocol.Errorf("DuplicateListener", "A listener already exists on port %d for the load balancer '%s'", *shape.Port, *shape.LoadBalancerArn)
		}
	}
	switch shape.Protocol {
	case "":
		return invalid("A listener protocol must be specified")
	case types.ProtocolEnumHttp:
		if len(shape.Certificates) > 0 {
			return invalid("Certificates cannot be specified for HTTP listeners")
		}
		if shape.SslPolicy != nil {
			return invalid("An SSL policy cannot be specified for HTTP listeners")
		}
		return nil
	case types.ProtocolEnumHttps:
		if len(shape.Certificates) != 1 || aws.ToString(shape.Certificates[0].CertificateArn) == "" {
			return invalid("A certificate must be specified for HTTPS listeners, exactly one")
		}
		shape.SslPolicy = cmp.Or(shape.SslPolicy, new(defaultPolicy))
		return nil
	}
	return invalid("Listener protocol '%s' is not supported with a load balancer of type 'application'", shape.Protocol)
}

func (s *Service) describeListeners(_ *protocol.Call, in *elb.DescribeListenersInput) (*elb.DescribeListenersOutput, error) {
	if in.LoadBalancerArn == nil && len(in.ListenerArns) == 0 {
		return nil, invalid("You must specify either listener ARNs or a load balancer ARN")
	}
	if in.LoadBalancerArn != nil {
		if _, err := s.balancer(in.LoadBalancerArn); err != nil {
			return nil, err
		}
	}
	var found []types.Listener
	for _, l := range sorted(s.listeners) {
		if aws.ToString(in.LoadBalancerArn) == l.balancer.arn() || slices.Contains(in.ListenerArns, l.arn()) {
			found = append(found, l.describe())
		}
	}
	if len(found) < len(in.ListenerArns) {
		return nil, protocol.Errorf("ListenerNotFound", "One or more listeners not found")
	}
	items, next, err := page(found, func(l types.Listener) string { return *l.ListenerArn }, in.Marker, in.PageSize)
	if err != nil {
		return nil, err
	}
	return &elb.DescribeListenersOutput{Listeners: items, NextMarker: next}, nil
}

func (s *Service) modifyListener(c *protocol.Call, in *elb.ModifyListenerInput) (*elb.ModifyListenerOutput, error) {
	if err := protocol.Only(c, in, "ListenerArn", "Certificates", "DefaultActions", "Port", "Protocol", "SslPolicy"); err != nil {
		return nil, err
	}
	l, err := s.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	shape := l.shape
	replace(&shape.Port, in.Port)
	replace(&shape.SslPolicy, in.SslPolicy)
	if in.Certificates != nil {
		shape.Certificates = in.Certificates
	}
	if in.Protocol != "" && in.Protocol != shape.Protocol {
		// The certificate and policy of the old protocol go with it.
		shape.Protocol, shape.Certificates, shape.SslPolicy = in.Protocol, in.Certificates, in.SslPolicy
	}
	if err := s.checkListener(&shape); err != nil {
		return nil, err
	}
	action := l.fallback.action
	if in.DefaultActions != nil {
		if action, err = s.action(l.balancer, in.DefaultActions); err != nil {
			return nil, err
		}
	}
	moved := *shape.Port != *l.shape.Port || shape.Protocol != l.shape.Protocol
	l.shape = shape
	l.fallback.act(action)
	s.refreshUse()
	if moved {
		s.front.close(l)
		s.front.serve(s, l)
	}
	return &elb.ModifyListenerOutput{Listeners: []types.Listener{l.describe()}}, nil
}

func (s *Service) deleteListener(_ *protocol.Call, in *elb.DeleteListenerInput) (*elb.DeleteListenerOutput, error) {
	l, err := s.listener(in.ListenerArn)
	if err != nil {
		return nil, err
	}
	s.removeListener(l)
	s.refreshUse()
	return &elb.DeleteListenerOutput{}, nil
}

func (s *Service) removeListener(l *listener) {
	for _, r := range l.ordered() {
		delete(s.rules, r.arn)
	}
	delete(s.listeners, l.arn())
	s.front.close(l)
}

func (s *Service) listenersOf(balancerARN string) []*listener {
	var list []*listener
	for _, l := range sorted(s.listeners) {
		if l.balancer.arn() == balancerARN {
			list = append(list, l)
		}
	}
	return list
}

func (s *Service) listener(arn *string) (*listener, error) {
	text, err := required("listenerArn", arn)
	if err != nil {
		return nil, err
	}
	if l, ok := s.listeners[text]; ok {
		return l, nil
	}
	return nil, protocol.Errorf("ListenerNotFound", "The specified listener does not exist: '%s'", text)
}
