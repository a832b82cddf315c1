package logs

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"slipway/awssim/protocol"
)

// The most events that one answer of GetLogEvents or FilterLogEvents holds.
const maxPage = 10_000

func pageSize(limit *int32) (int, error) {
	if limit == nil {
		return maxPage, nil
	}
	if *limit < 1 || *limit > maxPage {
		return 0, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and %d", *limit, maxPage)
	}
	return int(*limit), nil
}

// A token names an event and the direction to read on from it: f/ for what follows it, b/ for what goes before. It stays valid
// when events are added or dropped.
func token(direction string, e event) *string {
	return new(fmt.Sprintf("%s/%028d%028d/s", direction, e.at, e.seq))
}

func parseToken(text string) (direction string, e event, err error) {
	if len(text) != 60 || text[1] != '/' || text[0] != 'f' && text[0] != 'b' {
		return "", e, invalid("The specified nextToken is invalid.")
	}
	if _, err := fmt.Sscanf(text[2:], "%28d%28d/s", &e.at, &e.seq); err != nil {
		return "", e, invalid("The specified nextToken is invalid.")
	}
	return text[:1], e, nil
}

// getLogEvents answers events of one stream, oldest first. Without a token it gives the newest, or the oldest with
// startFromHead; at either end of the stream the token that comes back is the one that went in, as in the API reference.
func (s *Service) getLogEvents(c *protocol.Call, in *sdk.GetLogEventsInput) (*sdk.GetLogEventsOutput, error) {
	if err := protocol.Only(c, in, "EndTime", "Limit", "LogGroupIdentifier", "LogGroupName", "LogStreamName", "NextToken", "StartFromHead", "StartTime", "Unmask"); err != nil {
		return nil, err
	}
	g, err := s.find(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	st, err := g.find(in.LogStreamName)
	if err != nil {
		return nil, err
	}
	limit, err := pageSize(in.Limit)
	if err != nil {
		return nil, err
	}
	events := between(s.visible(g, st), in.StartTime, in.EndTime)
	direction, from := "b", event{at: 1<<62 - 1}
	if aws.ToBool(in.StartFromHead) {
		direction, from = "f", event{}
	}
	if in.NextToken != nil {
		if direction, from, err = parseToken(*in.NextToken); err != nil {
			return nil, err
		}
	}
	return readPage(events, direction, from, limit, in.NextToken), nil
}

// between cuts out the events from start up to but not including end; nil leaves an end open.
func between(events []event, start, end *int64) []event {
	if end != nil {
		to, _ := slices.BinarySearchFunc(events, event{at: *end}, compareEvents)
		events = events[:to]
	}
	if start != nil {
		from, _ := slices.BinarySearchFunc(events, event{at: *start}, compareEvents)
		events = events[from:]
	}
	return events
}

func readPage(events []event, direction string, from event, limit int, given *string) *sdk.GetLogEventsOutput {
	at, found := slices.BinarySearchFunc(events, from, compareEvents)
	if direction == "b" {
		events = events[max(0, at-limit):at]
	} else {
		if found {
			at++
		}
		events = events[at:min(len(events), at+limit)]
	}
	out := &sdk.GetLogEventsOutput{Events: []types.OutputLogEvent{}}
	for _, e := range events {
		out.Events = append(out.Events, types.OutputLogEvent{Timestamp: new(e.at), IngestionTime: new(e.ingested), Message: new(e.message)})
	}
	first, last := from, from
	if len(events) > 0 {
		first, last = events[0], events[len(events)-1]
	} else if given == nil {
		first, last = event{}, event{} // an empty stream: whatever comes will follow
	}
	out.NextForwardToken, out.NextBackwardToken = token("f", last), token("b", first)
	return out
}

// filterLogEvents answers the events of a group that match a pattern of terms, oldest first across its streams.
func (s *Service) filterLogEvents(c *protocol.Call, in *sdk.FilterLogEventsInput) (*sdk.FilterLogEventsOutput, error) {
	if err := protocol.Only(c, in, "EndTime", "FilterPattern", "Interleaved", "Limit", "LogGroupIdentifier", "LogGroupName", "LogStreamNamePrefix", "LogStreamNames",
		"NextToken", "StartTime", "Unmask"); err != nil {
		return nil, err
	}
	g, err := s.find(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	matches, err := parsePattern(aws.ToString(in.FilterPattern))
	if err != nil {
		return nil, err
	}
	limit, err := pageSize(in.Limit)
	if err != nil {
		return nil, err
	}
	streams, err := g.chosen(in)
	if err != nil {
		return nil, err
	}
	var after event
	if in.NextToken != nil {
		if _, after, err = parseToken(*in.NextToken); err != nil {
			return nil, err
		}
	}
	found := s.search(g, streams, in, func(e event) bool { return compareEvents(e, after) > 0 && matches(e.message) })
	out := &sdk.FilterLogEventsOutput{Events: []types.FilteredLogEvent{}, SearchedLogStreams: []types.SearchedLogStream{}}
	for _, f := range found[:min(len(found), limit)] {
		out.Events = append(out.Events, types.FilteredLogEvent{EventId: new(fmt.Sprintf("%028d%028d", f.event.at, f.event.seq)), LogStreamName: new(f.stream),
			Timestamp: new(f.event.at), IngestionTime: new(f.event.ingested), Message: new(f.event.message)})
	}
	if len(found) > limit {
		out.NextToken = token("f", found[limit-1].event)
	}
	return out, nil
}

// chosen is the streams to search, by the names or the prefix of the request.
func (g *group) chosen(in *sdk.FilterLogEventsInput) ([]*stream, error) {
	if len(in.LogStreamNames) == 0 {
		return g.withPrefix(aws.ToString(in.LogStreamNamePrefix)), nil
	}
	if in.LogStreamNamePrefix != nil {
		return nil, invalid("logStreamNames and logStreamNamePrefix exclude each other.")
	}
	var streams []*stream
	for _, name := range in.LogStreamNames {
		st, err := g.find(&name)
		if err != nil {
			return nil, err
		}
		streams = append(streams, st)
	}
	return streams, nil
}

type hit struct {
	stream string
	event  event
}

// search differs from GetLogEvents in that its end time is inclusive.
func (s *Service) search(g *group, streams []*stream, in *sdk.FilterLogEventsInput, keep func(event) bool) []hit {
	end := in.EndTime
	if end != nil {
		end = new(*end + 1)
	}
	var hits []hit
	for _, st := range streams {
		for _, e := range between(s.visible(g, st), in.StartTime, end) {
			if keep(e) {
				hits = append(hits, hit{st.name, e})
			}
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return compareEvents(a.event, b.event) })
	return hits
}
