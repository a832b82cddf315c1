package delivery

import (
	"errors"
	"testing"
	"time"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

const (
	queueARN = "arn:aws:sqs:eu-west-1:123456789012:work"
	topicARN = "arn:aws:sns:eu-west-1:123456789012:people"
	roleARN  = "arn:aws:iam::123456789012:role/r"
)

type queue struct {
	err  error
	sent int
}

func (q *queue) Send(string, string, map[string]string) error {
	q.sent++
	return q.err
}

func code(err error) string {
	var e *protocol.Error
	errors.As(err, &e)
	if e == nil {
		return ""
	}
	return e.Code
}

func TestDeliverRefuses(t *testing.T) {
	q := &queue{}
	targets := &Targets{Queues: q}
	if err := targets.Deliver(queueARN, "", "", nil); err != nil || q.sent != 1 {
		t.Fatalf("got %v after %d messages", err, q.sent)
	}
	if got := code(targets.Deliver(topicARN, "", "", nil)); got != "ResourceNotFoundException" {
		t.Errorf("a service that is not wired: got %q", got)
	}
	for _, arn := range []string{"work", "arn:aws:s3:::bucket"} {
		if got := code(targets.Deliver(arn, "", "", nil)); got != "InvalidParameterException" || Supports(arn) == nil {
			t.Errorf("%s: got %q", arn, got)
		}
	}
	targets.Authorize = func(role, action, resource string) error {
		if role == roleARN && action == "sqs:SendMessage" && resource == queueARN {
			return nil
		}
		return protocol.Errorf("AccessDeniedException", "no")
	}
	if err := targets.Deliver(queueARN, roleARN, "", nil); err != nil {
		t.Errorf("allowed: got %v", err)
	}
	if got := code(targets.Deliver(queueARN, "", "", nil)); got != "AccessDeniedException" || q.sent != 2 {
		t.Errorf("without the role: got %q after %d messages", got, q.sent)
	}
}

func TestClassify(t *testing.T) {
	for code, want := range map[string]string{
		"AccessDeniedException": "NO_PERMISSIONS", "ThrottlingException": "THROTTLING", "TooManyRequestsException": "THROTTLING",
		"LimitExceededException": "RESOURCE_LIMIT_EXCEEDED", "ExecutionAlreadyExists": "RESOURCE_ALREADY_EXISTS",
		"StateMachineDoesNotExist": "NO_RESOURCE", "AWS.SimpleQueueService.NonExistentQueue": "NO_RESOURCE", "NotFoundException": "NO_RESOURCE",
		"InvalidRequestContentException": "INVALID_PARAMETER", "ServiceException": "INTERNAL_ERROR", "Odd": "ERROR_FROM_TARGET",
	} {
		if got := failure(protocol.Errorf(code, "x")).Code; got != want {
			t.Errorf("%s: got %s, want %s", code, got, want)
		}
	}
}

func TestALetterThatTheQueueRefusesIsCounted(t *testing.T) {
	c := clock.New(clock.Epoch, 1)
	courier := NewCourier(c, &Targets{Queues: &queue{err: protocol.Errorf("QueueDoesNotExist", "gone")}})
	courier.Send(Parcel{Target: queueARN, DeadLetter: queueARN, Policy: DefaultPolicy, Payload: func(int) []byte { return nil },
		Letter: func(f Failure) (string, map[string]string) { return "", f.Attributes(f.Code, nil) }}, 0)
	c.RunFor(time.Minute)
	if got := courier.Counts(); got.LostLetter != 1 || got.DeadLettered != 0 {
		t.Fatalf("got %+v", got)
	}
}
