package events

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"slipway/awssim/events/delivery"
	"slipway/awssim/ids"
)

// accept lets an event arrive, with what befalls it on the way.
func (s *Service) accept(e Event, arrive func(Event)) {
	var d Delivery
	if s.Fault != nil {
		d = s.Fault(e)
	}
	if d.Lost {
		return
	}
	for range 1 + d.Copies {
		if d.Delay > 0 {
			s.clock.After(d.Delay, "event "+e.DetailType, func() { arrive(e) })
			continue
		}
		arrive(e)
	}
}

func (s *Service) show(e Event) {
	for _, fn := range s.watch {
		fn(e)
	}
}

// arrive shows an event to the watchers and sends it to the targets of every rule that matches.
func (s *Service) arrive(e Event) {
	s.show(e)
	var f fields
	for _, name := range s.ruleNames() {
		r := s.rules[name]
		if !r.enabled || r.pattern == nil {
			continue
		}
		if f == nil {
			var err error
			if f, err = fieldsOf(e.body()); err != nil {
				return
			}
		}
		if r.pattern.matches(f) {
			s.send(r, e)
		}
	}
}

func (e Event) body() []byte {
	body, err := marshal(e)
	if err != nil { // putEvents and Emit have checked the detail
		panic(fmt.Sprintf("events: event %s: %v", e.ID, err))
	}
	return body
}

func (s *Service) send(r *rule, e Event) {
	for _, id := range r.targetIDs() {
		s.courier.Send(s.parcel(r, r.targets[id], e), 0)
	}
}

func (s *Service) parcel(r *rule, t types.Target, e Event) delivery.Parcel {
	p := delivery.Parcel{Target: *t.Arn, Role: aws.ToString(t.RoleArn), Name: e.ID + "_" + ids.UUID(s.clock.Rand())}
	p.Policy, _ = policy(t.RetryPolicy) // checked by putTargets
	payload := targetInput(t, r, e, s.clock.Now())
	p.Payload = func(int) []byte { return payload }
	if t.DeadLetterConfig != nil {
		p.DeadLetter = *t.DeadLetterConfig.Arn
	}
	// The letter is the event itself, not what the target would have got.
	p.Letter = func(f delivery.Failure) (string, map[string]string) {
		return string(e.body()), f.Attributes(f.Code, map[string]string{"RULE_ARN": r.arn, "TARGET_ARN": p.Target})
	}
	return p
}

// arm sets the timer of a rule with a schedule. A rate counts from here on, as it does in AWS when a rule is put or enabled.
func (s *Service) arm(r *rule) {
	if r.schedule == nil || !r.enabled {
		return
	}
	r.anchor = s.clock.Now()
	s.next(r)
}

func (s *Service) next(r *rule) {
	at, ok := r.schedule.Next(r.anchor, s.clock.Now())
	if !ok {
		return
	}
	r.timer = s.clock.After(at.Sub(s.clock.Now()), "schedule "+r.name, func() {
		s.fire(r, at)
		s.next(r)
	})
}

// fire sends a Scheduled Event to the targets of its rule. No other rule sees it.
func (s *Service) fire(r *rule, at time.Time) {
	e := s.envelope("aws.events", "Scheduled Event", []string{r.arn}, []byte("{}"))
	e.Time = at.UTC().Truncate(time.Second)
	s.accept(e, func(e Event) {
		s.show(e)
		s.send(r, e)
	})
}
