package states

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/awssim/protocol"
)

// Logs takes the lines of execution logs. The error says that the group does not exist.
type Logs interface {
	Put(group, stream string, lines ...string) error
}

// LogTo sets where execution logs go. Without it a state machine that asks for logs is refused.
func (s *Service) LogTo(logs Logs) { s.logs = logs }

// checkLogging holds a logging configuration to AWS's rules (API reference, LoggingConfiguration).
func (s *Service) checkLogging(c *types.LoggingConfiguration) error {
	if !logs(c) {
		return nil
	}
	invalid := func(format string, args ...any) error {
		return protocol.Errorf("InvalidLoggingConfiguration", "Invalid Logging Configuration: "+format, args...)
	}
	if s.logs == nil {
		return invalid("this awssim runs without CloudWatch Logs: leave LoggingConfiguration out, or set its level to OFF")
	}
	if len(c.Destinations) != 1 || c.Destinations[0].CloudWatchLogsLogGroup == nil {
		return invalid("level %s needs exactly one destination, a CloudWatchLogsLogGroup", c.Level)
	}
	if arn := aws.ToString(c.Destinations[0].CloudWatchLogsLogGroup.LogGroupArn); logGroup(c) == "" || !strings.HasSuffix(arn, ":*") {
		return invalid("'%s' is not a log group's ARN that ends with :*", arn)
	}
	return nil
}

func logs(c *types.LoggingConfiguration) bool {
	return c != nil && c.Level != "" && c.Level != types.LogLevelOff
}

// logGroup is the name in arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*.
func logGroup(c *types.LoggingConfiguration) string {
	_, name, _ := strings.Cut(aws.ToString(c.Destinations[0].CloudWatchLogsLogGroup.LogGroupArn), ":log-group:")
	return strings.TrimSuffix(name, ":*")
}

// logged reports whether a level takes an event.
// https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-log-level
func logged(level types.LogLevel, kind types.HistoryEventType) bool {
	switch kind {
	case types.HistoryEventTypeExecutionAborted, types.HistoryEventTypeExecutionFailed, types.HistoryEventTypeExecutionTimedOut:
		return true
	}
	if level == types.LogLevelFatal {
		return false
	}
	name := string(kind)
	bad := strings.HasSuffix(name, "Failed") || strings.HasSuffix(name, "TimedOut") || strings.HasSuffix(name, "Aborted")
	return level == types.LogLevelAll || bad || kind == types.HistoryEventTypeFailStateEntered
}

// logLine is one event as CloudWatch Logs shows it; numbers are text.
type logLine struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Details   json.RawMessage `json:"details"`
	Redrives  string          `json:"redrive_count"`
	Previous  string          `json:"previous_event_id"`
	Timestamp string          `json:"event_timestamp"`
	Execution string          `json:"execution_arn"`
}

// log writes an event to the execution's log, if it has one. Delivery is best effort, as in AWS: a group that was deleted
// takes nothing and stops nothing.
func (x *execution) log(e types.HistoryEvent) {
	c := x.logging
	if !logs(c) || !logged(c.Level, e.Type) {
		return
	}
	if !c.IncludeExecutionData {
		e = withoutData(e)
	}
	line, err := json.Marshal(logLine{
		ID: strconv.FormatInt(e.Id, 10), Type: string(e.Type), Details: eventDetails(e), Redrives: strconv.Itoa(x.redrives),
		Previous: strconv.FormatInt(e.PreviousEventId, 10), Timestamp: strconv.FormatInt(e.Timestamp.UnixMilli(), 10), Execution: x.arn,
	})
	if err == nil {
		_ = x.service.logs.Put(logGroup(c), x.logStream(), string(line))
	}
}

// eventDetails is the one member of an event that holds its details, {} when it has none.
func eventDetails(e types.HistoryEvent) json.RawMessage {
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() && strings.HasSuffix(v.Type().Field(i).Name, "EventDetails") {
			if details, err := protocol.EncodeJSON(f.Interface(), false); err == nil {
				return details
			}
		}
	}
	return json.RawMessage(`{}`)
}

// logStream is a stream for the execution alone, named as Step Functions names its streams.
func (x *execution) logStream() string {
	if x.stream == "" {
		h := fnv.New32a()
		_, _ = h.Write([]byte(x.arn))
		x.stream = fmt.Sprintf("states/%s/%s/%08x", x.machine.name, x.start.UTC().Format("2006-01-02-15-04"), h.Sum32())
	}
	return x.stream
}
