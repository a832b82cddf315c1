// Package events is EventBridge: the default bus, its rules with patterns and schedules, their targets, and delivery with
// retries and dead-letter queues.
//
//   - pattern.go, match.go, operators.go, wildcard.go: event patterns
//   - rules.go, targets.go, put.go: the API
//   - input.go: what a target is sent
//   - deliver.go: from an event to its targets
//
// What is not here: further buses, archives, replays, pipes, connections and the schedules of EventBridge Scheduler, which
// are in awssim/scheduler.
package events

import (
	"encoding/json"
	"fmt"
	"time"

	"slipway/awssim/clock"
	"slipway/awssim/events/delivery"
	"slipway/awssim/ids"
	"slipway/awssim/protocol"
)

// Event is what rules match and targets get. As JSON it is EventBridge's envelope.
type Event struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       time.Time       `json:"time"` // UTC, whole seconds
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// Delivery is what befalls an event on its way to the bus; the zero value is nothing. AWS delivers most of its own events "on a
// best effort basis", may deliver any twice, and orders none.
type Delivery struct {
	Lost   bool
	Copies int           // further deliveries of the same event
	Delay  time.Duration // before each delivery
}

// Service is EventBridge of one account and region.
type Service struct {
	clock   *clock.Clock
	id      protocol.Identity
	courier *delivery.Courier
	rules   map[string]*rule
	watch   []func(Event)

	// Fault decides what befalls each event; nil spares them all.
	Fault func(Event) Delivery
}

// New returns EventBridge with an empty default bus. The targets may be wired later, before the first event.
func New(c *clock.Clock, id protocol.Identity, targets *delivery.Targets) *Service {
	return &Service{clock: c, id: id, courier: delivery.NewCourier(c, targets), rules: map[string]*rule{}}
}

// API is the service in JSON 1.1, target AWSEvents.
func (s *Service) API() *protocol.API {
	api := &protocol.API{Service: "events", Target: "AWSEvents", Format: protocol.JSON11, Pascal: true}
	protocol.Handle(api, "PutEvents", s.putEvents)
	protocol.Handle(api, "TestEventPattern", s.testEventPattern)
	protocol.Handle(api, "PutRule", s.putRule)
	protocol.Handle(api, "DeleteRule", s.deleteRule)
	protocol.Handle(api, "DescribeRule", s.describeRule)
	protocol.Handle(api, "ListRules", s.listRules)
	protocol.Handle(api, "EnableRule", s.enableRule)
	protocol.Handle(api, "DisableRule", s.disableRule)
	protocol.Handle(api, "PutTargets", s.putTargets)
	protocol.Handle(api, "RemoveTargets", s.removeTargets)
	protocol.Handle(api, "ListTargetsByRule", s.listTargetsByRule)
	return api
}

// Watch calls fn with every event that reaches the bus, whether a rule matches it or not.
func (s *Service) Watch(fn func(Event)) { s.watch = append(s.watch, fn) }

// Counts is what became of the deliveries to targets.
func (s *Service) Counts() delivery.Counts { return s.courier.Counts() }

// Emit puts an event of an AWS service on the default bus. detail is anything that marshals to a JSON object.
func (s *Service) Emit(source, detailType string, resources []string, detail any) {
	body, err := marshal(detail)
	if err != nil {
		panic(fmt.Sprintf("events: detail of %s %s: %v", source, detailType, err))
	}
	if detail == nil {
		body = []byte("{}")
	}
	s.accept(s.envelope(source, detailType, resources, body), s.arrive)
}

func (s *Service) envelope(source, detailType string, resources []string, detail json.RawMessage) Event {
	return Event{
		Version:    "0",
		ID:         ids.UUID(s.clock.Rand()),
		DetailType: detailType,
		Source:     source,
		Account:    s.id.Account,
		Time:       s.clock.Now().UTC().Truncate(time.Second),
		Region:     s.id.Region,
		Resources:  append([]string{}, resources...),
		Detail:     detail,
	}
}
