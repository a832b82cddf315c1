package events

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"slipway/awssim/protocol"
)

const (
	maxEntries   = 10
	maxTotalSize = 1 << 20 // bytes of all entries of a call
)

func (s *Service) putEvents(c *protocol.Call, in *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error) {
	if err := protocol.Only(c, in, "Entries"); err != nil {
		return nil, err
	}
	if len(in.Entries) == 0 || len(in.Entries) > maxEntries {
		return nil, protocol.Errorf("ValidationException", "A call puts 1 to %d entries, this one has %d.", maxEntries, len(in.Entries))
	}
	total := 0
	for _, e := range in.Entries {
		total += size(e)
	}
	if total >= maxTotalSize {
		return nil, protocol.Errorf("ValidationException", "Total size of the entries in the request is over the limit: %d bytes, allowed are less than %d.", total, maxTotalSize)
	}
	out := &eventbridge.PutEventsOutput{}
	for _, e := range in.Entries {
		result := s.putEvent(e)
		if result.ErrorCode != nil {
			out.FailedEntryCount++
		}
		out.Entries = append(out.Entries, result)
	}
	return out, nil
}

// size counts as https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html does.
func size(e types.PutEventsRequestEntry) int {
	n := len(aws.ToString(e.Source)) + len(aws.ToString(e.DetailType)) + len(aws.ToString(e.Detail))
	if e.Time != nil {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// putEvent answers for one entry: an id, or a code and a sentence.
func (s *Service) putEvent(e types.PutEventsRequestEntry) types.PutEventsResultEntry {
	if err := s.checkEntry(e); err != nil {
		return types.PutEventsResultEntry{ErrorCode: &err.Code, ErrorMessage: &err.Message}
	}
	event := s.envelope(*e.Source, *e.DetailType, e.Resources, json.RawMessage(*e.Detail))
	if e.Time != nil {
		event.Time = e.Time.UTC().Truncate(time.Second)
	}
	s.accept(event, s.arrive)
	return types.PutEventsResultEntry{EventId: &event.ID}
}

func (s *Service) checkEntry(e types.PutEventsRequestEntry) *protocol.Error {
	for _, required := range []struct {
		name  string
		value *string
	}{{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", e.Detail}} {
		if aws.ToString(required.value) == "" {
			return protocol.Errorf("InvalidArgument", "Parameter %s is not valid. Reason: %s is a required argument.", required.name, required.name)
		}
	}
	if strings.HasPrefix(*e.Source, "aws.") {
		return protocol.Errorf("NotAuthorizedForSourceException", "Not authorized for the source.")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(*e.Detail), &object); err != nil || object == nil {
		return protocol.Errorf("MalformedDetail", "Detail is malformed.")
	}
	if err := s.bus(e.EventBusName); err != nil {
		return protocol.Errorf("InvalidArgument", "Parameter EventBusName is not valid. Reason: %v", err)
	}
	return nil
}

func (s *Service) testEventPattern(c *protocol.Call, in *eventbridge.TestEventPatternInput) (*eventbridge.TestEventPatternOutput, error) {
	p, err := parsePattern(aws.ToString(in.EventPattern))
	if err != nil {
		return nil, err
	}
	ok, err := p.Matches([]byte(aws.ToString(in.Event)))
	if err != nil {
		return nil, protocol.Errorf("ValidationException", "Parameter Event is not valid. Reason: %v.", err)
	}
	return &eventbridge.TestEventPatternOutput{Result: ok}, nil
}
