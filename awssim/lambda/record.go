package lambda

import (
	"bytes"
	"encoding/json"

	"slipway/awssim/events/delivery"
)

// record is what a destination gets.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
type record struct {
	Version         string           `json:"version"`
	Timestamp       string           `json:"timestamp"`
	RequestContext  requestContext   `json:"requestContext"`
	RequestPayload  json.RawMessage  `json:"requestPayload"`
	ResponseContext *responseContext `json:"responseContext,omitempty"`
	ResponsePayload json.RawMessage  `json:"responsePayload,omitempty"`
}

type requestContext struct {
	RequestID   string `json:"requestId"`
	FunctionARN string `json:"functionArn"`
	Condition   string `json:"condition"`
	Invocations int    `json:"approximateInvokeCount"`
}

type responseContext struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion"`
	FunctionError   string `json:"functionError,omitempty"`
}

// finish sends the record of an event to its destination, if it has one.
func (s *Service) finish(q *queued, condition string, last Outcome, ran run) {
	destination, result := q.config.onSuccess, "Success"
	if condition != "Success" {
		destination, result = q.config.onFailure, "Failure"
		s.counts.AsyncGivenUp++
	}
	if destination == "" {
		return
	}
	r := s.record(q, condition, last, ran)
	if delivery.Service(destination) == "events" {
		if s.wiring.Bus == nil {
			s.counts.DestinationFailures++
			return
		}
		s.wiring.Bus.Emit("lambda", "Lambda Function Invocation Result - "+result, []string{destination, q.functionARN}, r)
		return
	}
	if s.wiring.Targets == nil || s.wiring.Targets.Deliver(destination, s.role(q), "", encode(r)) != nil {
		s.counts.DestinationFailures++
	}
}

// role is the function's own, with which AWS delivers its records.
func (s *Service) role(q *queued) string {
	_, f, _, err := s.find(q.functionARN)
	if err != nil {
		return ""
	}
	return f.Role
}

func (s *Service) record(q *queued, condition string, last Outcome, ran run) record {
	r := record{
		Version:        "1.0",
		Timestamp:      s.clock.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		RequestContext: requestContext{q.requestID, q.functionARN, condition, q.invocations},
		RequestPayload: q.payload,
	}
	if last.Unavailable == "" && last.StatusCode != 0 {
		r.ResponseContext = &responseContext{StatusCode: last.StatusCode, ExecutedVersion: ran.version}
		if last.Failed() {
			r.ResponseContext.FunctionError = "Unhandled"
		}
		if json.Valid(last.Payload) {
			r.ResponsePayload = last.Payload
		}
	}
	return r
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // payloads were checked to be JSON
		panic(err)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
