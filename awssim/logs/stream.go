package logs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"slipway/awssim/protocol"
)

// maxEvents is how many events a stream keeps; older ones are dropped.
const maxEvents = 10_000

// Limits of PutLogEvents (API reference), in bytes, events and time.
const (
	eventOverhead = 26
	maxBatchBytes = 1 << 20
	maxBatch      = 10_000
	maxAge        = 14 * 24 * time.Hour
	maxAhead      = 2 * time.Hour
)

type stream struct {
	name         string
	created      time.Time
	events       []event // in order of their keys
	lastIngested int64
	asked        bool // made by CreateLogStream: who made it will write to it, so it is not forgotten
}

// event times are milliseconds since 1970.
type event struct {
	at, ingested int64
	seq          uint64 // orders events of one millisecond, unique in the service
	message      string
}

func compareEvents(a, b event) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq))
}

func (s *Service) add(st *stream, at int64, message string) {
	s.seq++
	e := event{at: at, ingested: s.clock.Now().UnixMilli(), seq: s.seq, message: message}
	place, _ := slices.BinarySearchFunc(st.events, e, compareEvents)
	st.events = slices.Insert(st.events, place, e)
	if over := len(st.events) - maxEvents; over > 0 {
		st.events = slices.Delete(st.events, 0, over)
	}
	st.lastIngested = e.ingested
}

// visible is the events of a stream that the group's retention still shows.
func (s *Service) visible(g *group, st *stream) []event {
	if g.retention == 0 {
		return st.events
	}
	oldest := s.clock.Now().AddDate(0, 0, -int(g.retention)).UnixMilli()
	from, _ := slices.BinarySearchFunc(st.events, event{at: oldest}, compareEvents)
	return st.events[from:]
}

func (g *group) find(name *string) (*stream, error) {
	st, ok := g.streams[aws.ToString(name)]
	if !ok {
		return nil, protocol.Errorf("ResourceNotFoundException", "The specified log stream does not exist.")
	}
	return st, nil
}

func (s *Service) createLogStream(_ *protocol.Call, in *sdk.CreateLogStreamInput) (*sdk.CreateLogStreamOutput, error) {
	g, err := s.find(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.LogStreamName)
	if name == "" || len(name) > 512 || strings.ContainsAny(name, ":*") {
		return nil, invalid("1 validation error detected: Value '%s' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*", name)
	}
	if _, ok := g.streams[name]; ok {
		return nil, protocol.Errorf("ResourceAlreadyExistsException", "The specified log stream already exists")
	}
	g.streams[name] = &stream{name: name, created: s.clock.Now(), asked: true}
	return &sdk.CreateLogStreamOutput{}, nil
}

func (s *Service) deleteLogStream(_ *protocol.Call, in *sdk.DeleteLogStreamInput) (*sdk.DeleteLogStreamOutput, error) {
	g, err := s.find(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	if _, err := g.find(in.LogStreamName); err != nil {
		return nil, err
	}
	delete(g.streams, *in.LogStreamName)
	return &sdk.DeleteLogStreamOutput{}, nil
}

func (s *Service) describeLogStreams(_ *protocol.Call, in *sdk.DescribeLogStreamsInput) (*sdk.DescribeLogStreamsOutput, error) {
	g, err := s.find(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if in.OrderBy == types.OrderByLastEventTime && in.LogStreamNamePrefix != nil {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	streams := g.withPrefix(aws.ToString(in.LogStreamNamePrefix))
	if in.OrderBy == types.OrderByLastEventTime {
		slices.SortStableFunc(streams, func(a, b *stream) int { return cmp.Compare(a.lastEvent(), b.lastEvent()) })
	}
	if aws.ToBool(in.Descending) {
		slices.Reverse(streams)
	}
	from := slices.IndexFunc(streams, func(st *stream) bool { return st.name == aws.ToString(in.NextToken) }) + 1
	if in.NextToken != nil && from == 0 {
		return nil, invalid("The specified nextToken is invalid.")
	}
	limit, err := listSize(in.Limit)
	if err != nil {
		return nil, err
	}
	out := &sdk.DescribeLogStreamsOutput{LogStreams: []types.LogStream{}}
	for _, st := range streams[from:] {
		if len(out.LogStreams) == limit {
			out.NextToken = out.LogStreams[limit-1].LogStreamName
			break
		}
		out.LogStreams = append(out.LogStreams, s.describeStream(g, st))
	}
	return out, nil
}

// withPrefix is the streams whose names begin so, in order of name.
func (g *group) withPrefix(prefix string) []*stream {
	var streams []*stream
	for name, st := range g.streams {
		if strings.HasPrefix(name, prefix) {
			streams = append(streams, st)
		}
	}
	slices.SortFunc(streams, func(a, b *stream) int { return strings.Compare(a.name, b.name) })
	return streams
}

func (st *stream) lastEvent() int64 {
	if len(st.events) == 0 {
		return 0
	}
	return st.events[len(st.events)-1].at
}

func (s *Service) describeStream(g *group, st *stream) types.LogStream {
	d := types.LogStream{LogStreamName: &st.name, Arn: new(s.arn(g) + ":log-stream:" + st.name), CreationTime: new(st.created.UnixMilli()), UploadSequenceToken: st.token()}
	if len(st.events) > 0 {
		d.FirstEventTimestamp, d.LastEventTimestamp, d.LastIngestionTime = &st.events[0].at, new(st.lastEvent()), &st.lastIngested
	}
	return d
}

// token is the sequence token after the stream's last event: nobody needs it any more, and it is still answered.
func (st *stream) token() *string {
	if len(st.events) == 0 {
		return nil
	}
	return new(fmt.Sprintf("%056d", st.events[len(st.events)-1].seq))
}

func (s *Service) putLogEvents(c *protocol.Call, in *sdk.PutLogEventsInput) (*sdk.PutLogEventsOutput, error) {
	if err := protocol.Only(c, in, "LogEvents", "LogGroupName", "LogStreamName", "SequenceToken"); err != nil {
		return nil, err
	}
	g, err := s.find(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	st, err := g.find(in.LogStreamName)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(in.LogEvents); err != nil {
		return nil, err
	}
	out := &sdk.PutLogEventsOutput{RejectedLogEventsInfo: s.rejected(g, in.LogEvents)}
	from, to := 0, len(in.LogEvents)
	if r := out.RejectedLogEventsInfo; r != nil {
		from = max(int(aws.ToInt32(r.TooOldLogEventEndIndex)), int(aws.ToInt32(r.ExpiredLogEventEndIndex)))
		if r.TooNewLogEventStartIndex != nil {
			to = int(*r.TooNewLogEventStartIndex)
		}
	}
	for _, e := range in.LogEvents[from:to] {
		s.add(st, *e.Timestamp, *e.Message)
	}
	out.NextSequenceToken = st.token()
	return out, nil
}

func checkBatch(events []types.InputLogEvent) error {
	size := 0
	if len(events) < 1 || len(events) > maxBatch {
		return invalid("1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length between 1 and %d", maxBatch)
	}
	for i, e := range events {
		if e.Timestamp == nil || aws.ToString(e.Message) == "" {
			return invalid("1 validation error detected: Value at 'logEvents.%d' failed to satisfy constraint: a log event needs a timestamp and a message", i+1)
		}
		if i > 0 && *e.Timestamp < *events[i-1].Timestamp {
			return invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
		size += len(*e.Message) + eventOverhead
	}
	if size > maxBatchBytes {
		return invalid("Upload too large: %d bytes exceeds limit of %d", size, maxBatchBytes)
	}
	return nil
}

// rejected says which events of a batch are too old, beyond retention or in the future; nil for none.
func (s *Service) rejected(g *group, events []types.InputLogEvent) *types.RejectedLogEventsInfo {
	now := s.clock.Now()
	before := func(limit time.Time) *int32 {
		n := int32(0)
		for _, e := range events {
			if *e.Timestamp < limit.UnixMilli() {
				n++
			}
		}
		if n == 0 {
			return nil
		}
		return &n
	}
	r := &types.RejectedLogEventsInfo{TooOldLogEventEndIndex: before(now.Add(-maxAge))}
	if g.retention > 0 {
		r.ExpiredLogEventEndIndex = before(now.AddDate(0, 0, -int(g.retention)))
	}
	ahead := slices.IndexFunc(events, func(e types.InputLogEvent) bool { return *e.Timestamp > now.Add(maxAhead).UnixMilli() })
	if ahead >= 0 {
		r.TooNewLogEventStartIndex = new(int32(ahead))
	}
	if r.TooOldLogEventEndIndex == nil && r.ExpiredLogEventEndIndex == nil && r.TooNewLogEventStartIndex == nil {
		return nil
	}
	return r
}
