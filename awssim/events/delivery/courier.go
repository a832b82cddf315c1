package delivery

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// Policy bounds the retries of a delivery.
type Policy struct {
	MaxAge     time.Duration // since the event was accepted
	MaxRetries int           // attempts after the first
}

// DefaultPolicy is EventBridge's and Scheduler's: 24 hours and 185 retries.
var DefaultPolicy = Policy{MaxAge: 24 * time.Hour, MaxRetries: 185}

// NewPolicy reads the members of a RetryPolicy, nil for what it leaves out.
func NewPolicy(maxAgeInSeconds, maxRetryAttempts *int32) (Policy, error) {
	p := DefaultPolicy
	if n := maxRetryAttempts; n != nil {
		if *n < 0 || *n > 185 {
			return p, fmt.Errorf("MaximumRetryAttempts must be 0 to 185, not %d", *n)
		}
		p.MaxRetries = int(*n)
	}
	if n := maxAgeInSeconds; n != nil {
		if *n < 60 || *n > 86400 {
			return p, fmt.Errorf("MaximumEventAgeInSeconds must be 60 to 86400, not %d", *n)
		}
		p.MaxAge = time.Duration(*n) * time.Second
	}
	return p, nil
}

// CheckDeadLetterQueue says in words why arn cannot be a dead-letter queue, nil where it can.
func CheckDeadLetterQueue(arn *string) error {
	if arn == nil || Service(*arn) != "sqs" || strings.HasSuffix(*arn, ".fifo") {
		return fmt.Errorf("the dead-letter queue must be the ARN of a standard SQS queue")
	}
	return nil
}

// Parcel is one payload on its way to one target.
type Parcel struct {
	Target  string // ARN
	Role    string // ARN of the role that the delivery takes, "" for none
	Name    string // of the execution or log stream that the delivery makes
	Policy  Policy
	Payload func(attempt int) []byte // attempts count from 1

	DeadLetter string // ARN of a queue, "" for none
	// Letter is the body and the message attributes of the dead letter.
	Letter func(f Failure) (body string, attributes map[string]string)
}

// Failure says why a delivery was given up.
type Failure struct {
	Code      string // of EventBridge's dead letters: NO_PERMISSIONS, NO_RESOURCE, THROTTLING, ...
	Err       *protocol.Error
	Retries   int
	Exhausted string // MaximumRetryAttempts or MaximumEventAgeInSeconds, "" where a retry would not have helped
}

// Counts is what became of the deliveries so far.
type Counts struct {
	Delivered, Retried  int
	DeadLettered        int
	Dropped, LostLetter int // given up without a dead-letter queue; given up and the queue refused the letter
}

// Courier delivers parcels in turns of its own.
type Courier struct {
	clock   *clock.Clock
	targets *Targets
	counts  Counts
}

// NewCourier returns a courier for targets, which may be wired later.
func NewCourier(c *clock.Clock, targets *Targets) *Courier {
	return &Courier{clock: c, targets: targets}
}

// Counts is what became of the parcels so far. Parcels that are still retried are in none but Retried.
func (c *Courier) Counts() Counts { return c.counts }

// Send delivers p after a latency of 50 to 300 ms and delay, at least once or not at all.
func (c *Courier) Send(p Parcel, delay time.Duration) {
	accepted := c.clock.Now()
	latency := time.Duration(50+c.clock.Rand().IntN(250)) * time.Millisecond
	c.clock.After(delay+latency, "deliver "+p.Target, func() { c.attempt(p, accepted, 1) })
}

func (c *Courier) attempt(p Parcel, accepted time.Time, attempt int) {
	err := c.targets.Deliver(p.Target, p.Role, p.Name, p.Payload(attempt))
	if err == nil {
		c.counts.Delivered++
		return
	}
	f := failure(err)
	f.Retries = attempt - 1
	wait := c.backoff(attempt)
	switch {
	case !retriable(f.Code):
	case attempt > p.Policy.MaxRetries:
		f.Exhausted = "MaximumRetryAttempts"
	case c.clock.Now().Add(wait).Sub(accepted) > p.Policy.MaxAge:
		f.Exhausted = "MaximumEventAgeInSeconds"
	default:
		c.counts.Retried++
		c.clock.After(wait, "retry "+p.Target, func() { c.attempt(p, accepted, attempt+1) })
		return
	}
	c.giveUp(p, f)
}

// backoff is 1 s after the first attempt, doubled up to 8 minutes, give or take a quarter. AWS documents "exponential backoff
// and jitter" and 185 retries in 24 hours; these numbers reach both limits at about the same time.
func (c *Courier) backoff(attempt int) time.Duration {
	d := 8 * time.Minute
	if attempt < 10 {
		d = min(d, time.Second<<(attempt-1))
	}
	return time.Duration(float64(d) * (0.75 + c.clock.Rand().Float64()/2))
}

func (c *Courier) giveUp(p Parcel, f Failure) {
	if p.DeadLetter == "" {
		c.counts.Dropped++
		return
	}
	body, attributes := p.Letter(f)
	if c.targets.Queues == nil || c.targets.Queues.Send(p.DeadLetter, body, attributes) != nil {
		c.counts.LostLetter++
		return
	}
	c.counts.DeadLettered++
}

// Attributes are the message attributes that every dead letter of EventBridge carries beside its own.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html
func (f Failure) Attributes(code string, own map[string]string) map[string]string {
	all := map[string]string{
		"ERROR_CODE":     code,
		"ERROR_MESSAGE":  f.Err.Message,
		"RETRY_ATTEMPTS": strconv.Itoa(f.Retries),
	}
	if f.Exhausted != "" {
		all["EXHAUSTED_RETRY_CONDITION"] = f.Exhausted
	}
	for k, v := range own {
		all[k] = v
	}
	return all
}

func failure(err error) Failure {
	var e *protocol.Error
	if !errors.As(err, &e) {
		e = &protocol.Error{Code: "InternalFailure", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	return Failure{Code: classify(e), Err: e}
}

func classify(e *protocol.Error) string {
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(e.Code, part) {
				return true
			}
		}
		return false
	}
	switch {
	case has("AccessDenied", "NotAuthorized", "AuthorizationError"):
		return "NO_PERMISSIONS"
	case has("Throttl", "TooManyRequests", "RequestLimitExceeded"):
		return "THROTTLING"
	case has("LimitExceeded"):
		return "RESOURCE_LIMIT_EXCEEDED"
	case has("AlreadyExists"):
		return "RESOURCE_ALREADY_EXISTS"
	case has("NotFound", "DoesNotExist", "NonExistent"):
		return "NO_RESOURCE"
	case e.Status >= http.StatusInternalServerError || has("Internal", "ServiceException"):
		return "INTERNAL_ERROR"
	case has("Invalid", "Validation"):
		return "INVALID_PARAMETER"
	}
	return "ERROR_FROM_TARGET"
}

// retriable is false for what only a change by a person can cure; AWS sends these to the dead-letter queue at once.
func retriable(code string) bool {
	switch code {
	case "NO_PERMISSIONS", "NO_RESOURCE", "INVALID_PARAMETER", "RESOURCE_ALREADY_EXISTS":
		return false
	}
	return true
}
