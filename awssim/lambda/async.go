package lambda

import (
	"cmp"
	"net/http"
	"time"

	"slipway/awssim/ids"
)

// queued is an event on its way to a function.
type queued struct {
	functionARN string // as invoked
	payload     []byte
	requestID   string
	accepted    time.Time
	config      asyncConfig
	invocations int // approximateInvokeCount
}

// InvokeAsync queues an event for a function and returns. Its error is the one of the API call: an unknown function, or a
// payload that is too large or not JSON.
func (s *Service) InvokeAsync(functionARN string, payload []byte) error {
	return s.enqueue(functionARN, payload, ids.UUID(s.clock.Rand()))
}

func (s *Service) enqueue(functionARN string, payload []byte, requestID string) error {
	e, f, qualifier, err := s.find(functionARN)
	if err != nil {
		return err
	}
	if err := checkPayload(payload, maxAsyncPayload); err != nil {
		return err
	}
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	copies := 1
	if s.Copies != nil {
		copies = s.Copies(f, payload)
	}
	for range copies {
		q := &queued{functionARN: s.qualified(f, qualifier), payload: payload, requestID: requestID, accepted: s.clock.Now(), config: e.asyncConfig(qualifier)}
		s.counts.AsyncQueued++
		s.clock.Go("lambda async "+f.Name, func() {
			s.clock.Sleep(time.Duration(5+s.clock.Rand().IntN(45)) * time.Millisecond)
			s.process(q)
		})
	}
	return nil
}

// qualified is the function's ARN with the qualifier of the call, $LATEST where there was none, as records show it.
func (s *Service) qualified(f Function, qualifier string) string {
	return s.id.ARN("lambda", "function:"+f.Name+":"+cmp.Or(qualifier, Latest))
}

// process runs an event until it succeeds or is given up. An error of the function is retried after one minute, then after
// two. Throttling and service errors go back to the queue, 1 s and doubling to 5 minutes, until the event is too old.
func (s *Service) process(q *queued) {
	var last Outcome
	var ran run
	throttled := time.Second
	for errors := 0; ; {
		if s.clock.Now().Sub(q.accepted) > q.config.maxAge {
			s.finish(q, "EventAgeExceeded", last, ran)
			return
		}
		last, ran = s.invoke(q.functionARN, q.payload, q.requestID, maxAsyncPayload)
		switch {
		case last.Unavailable == "" && !last.Failed():
			q.invocations++
			s.finish(q, "Success", last, ran)
			return
		case last.Failed():
			q.invocations++
			if errors++; errors > q.config.maxRetries {
				s.finish(q, "RetriesExhausted", last, ran)
				return
			}
			s.counts.AsyncRetries++
			s.clock.Sleep(time.Duration(errors) * time.Minute)
		case s.stopped(q):
			s.finish(q, "ZeroReservedConcurrency", last, ran)
			return
		case last.StatusCode == http.StatusNotFound: // deleted while its event waited
			s.finish(q, "RetriesExhausted", last, ran)
			return
		default:
			s.counts.AsyncRetries++
			s.clock.Sleep(throttled)
			throttled = min(2*throttled, 5*time.Minute)
		}
	}
}

// stopped reports a reserved concurrency of 0, with which AWS gives events up at once.
func (s *Service) stopped(q *queued) bool {
	e, _, _, err := s.find(q.functionARN)
	return err == nil && e.latest.ReservedConcurrency != nil && *e.latest.ReservedConcurrency == 0
}
