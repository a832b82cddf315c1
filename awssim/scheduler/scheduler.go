// Package scheduler is EventBridge Scheduler: schedules of the default group that call a Lambda function, a state machine, a queue,
// a topic or a log group, with retries and a dead-letter queue.
//
// What is not here: schedule groups, time zones other than UTC, flexible time windows, universal targets. All are refused. The
// expressions themselves are in scheduler/expression.
package scheduler

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"slipway/awssim/clock"
	"slipway/awssim/events/delivery"
	"slipway/awssim/ids"
	"slipway/awssim/protocol"
	"slipway/awssim/scheduler/expression"
)

// Service is EventBridge Scheduler of one account and region.
type Service struct {
	clock     *clock.Clock
	id        protocol.Identity
	courier   *delivery.Courier
	schedules map[string]*schedule
}

// New returns a scheduler without schedules. The targets may be wired later, before the first schedule is due.
func New(c *clock.Clock, id protocol.Identity, targets *delivery.Targets) *Service {
	return &Service{clock: c, id: id, courier: delivery.NewCourier(c, targets), schedules: map[string]*schedule{}}
}

// Counts is what became of the invocations of targets.
func (s *Service) Counts() delivery.Counts { return s.courier.Counts() }

type schedule struct {
	name, arn   string
	description string
	text        string
	expression  *expression.Expression
	start, end  time.Time // zero for none
	enabled     bool
	deleteAfter bool // ActionAfterCompletion DELETE
	target      types.Target
	policy      delivery.Policy

	created, modified time.Time
	timer             *clock.Timer
}

// anchor is what a rate counts from. AWS: without a start date the target is invoked at once.
func (d *schedule) anchor() time.Time {
	if d.start.IsZero() {
		return d.created
	}
	return d.start
}

// arm sets the timer for the first time after after.
func (s *Service) arm(d *schedule, after time.Time) {
	d.timer.Stop()
	if !d.start.IsZero() && after.Before(d.start) {
		after = d.start.Add(-time.Nanosecond)
	}
	next, ok := d.expression.Next(d.anchor(), after)
	if ok && !d.end.IsZero() && next.After(d.end) {
		ok = false
	}
	if !ok {
		s.complete(d)
		return
	}
	d.timer = s.clock.After(next.Sub(s.clock.Now()), "schedule "+d.name, func() {
		if d.enabled {
			s.fire(d, next)
		}
		s.arm(d, s.clock.Now())
	})
}

// complete is called when no time is left.
func (s *Service) complete(d *schedule) {
	if d.deleteAfter && s.schedules[d.name] == d {
		delete(s.schedules, d.name)
	}
}

func (s *Service) fire(d *schedule, at time.Time) {
	executionID := fmt.Sprintf("%016x", s.clock.Rand().Uint64())
	p := delivery.Parcel{
		Target: *d.target.Arn, Role: *d.target.RoleArn, Name: ids.UUID(s.clock.Rand()), Policy: d.policy,
		Payload: func(attempt int) []byte { return s.payload(d, at, executionID, attempt) },
	}
	if d.target.DeadLetterConfig != nil {
		p.DeadLetter = *d.target.DeadLetterConfig.Arn
	}
	p.Letter = func(f delivery.Failure) (string, map[string]string) {
		return string(p.Payload(f.Retries + 1)), f.Attributes(f.Err.Code, map[string]string{
			"EXECUTION_ID": executionID, "SCHEDULE_ARN": d.arn, "SCHEDULED_TIME": instant(at), "TARGET_ARN": p.Target, "IS_PAYLOAD_TRUNCATED": "false",
		})
	}
	s.courier.Send(p, 0)
}

// payload is the schedule's Input with its context attributes in place.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
func (s *Service) payload(d *schedule, at time.Time, executionID string, attempt int) []byte {
	if d.target.Input == nil {
		return s.defaultPayload(d, at, executionID)
	}
	return []byte(strings.NewReplacer(
		"<aws.scheduler.schedule-arn>", d.arn,
		"<aws.scheduler.scheduled-time>", instant(at),
		"<aws.scheduler.execution-id>", executionID,
		"<aws.scheduler.attempt-number>", strconv.Itoa(attempt),
	).Replace(*d.target.Input))
}

// defaultPayload is what a target without Input gets. Its detail is a string that holds an empty object.
func (s *Service) defaultPayload(d *schedule, at time.Time, executionID string) []byte {
	body, err := json.Marshal(map[string]any{
		"version": "0", "id": executionID, "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": s.id.Account,
		"time": instant(at), "region": s.id.Region, "resources": []string{d.arn}, "detail": "{}",
	})
	if err != nil { // strings always marshal
		panic(err)
	}
	return body
}

func instant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }
