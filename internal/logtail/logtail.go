// Package logtail adapts Amazon CloudWatch Logs: the last lines of a log stream.
package logtail

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"slipway/internal/awsfault"
	"slipway/internal/oneline"
)

// Logs is the log groups of one account and region.
type Logs struct{ logs *logs.Client }

// New returns the log groups that client sees.
func New(client *logs.Client) *Logs { return &Logs{logs: client} }

const (
	// longest is how much of a line is kept, in bytes. An event may have 1 MB, a workflow's state 256 KiB in all.
	longest = 500
	// pages is how many pages are read backwards: CloudWatch Logs may answer with an empty page before the end.
	pages = 3
)

// Last returns the last lines of a stream, oldest first, without control characters, masked, and then cut to 500 bytes each: of a secret
// that was cut no mask would know the rest. Empty lines are left out. An unknown group or stream is *fault.Missing.
func (l *Logs) Last(ctx context.Context, group, stream string, lines int, mask func(line string) string) ([]string, error) {
	in := &logs.GetLogEventsInput{LogGroupName: &group, LogStreamName: &stream, StartFromHead: aws.Bool(false), Limit: aws.Int32(int32(lines))}
	var last []string
	for range pages {
		out, err := l.logs.GetLogEvents(ctx, in)
		if err != nil {
			return nil, awsfault.Of(err, "read log stream %s of %s", stream, group)
		}
		var page []string
		for _, event := range out.Events {
			page = append(page, split(aws.ToString(event.Message), mask)...)
		}
		last = slices.Concat(page, last)
		// The same token again means that this was the beginning of the stream.
		if len(last) >= lines || aws.ToString(out.NextBackwardToken) == "" || aws.ToString(out.NextBackwardToken) == aws.ToString(in.NextToken) {
			break
		}
		in.NextToken = out.NextBackwardToken
	}
	return last[max(0, len(last)-lines):], nil
}

// split makes lines of an event's message, which may have several.
func split(message string, mask func(line string) string) []string {
	var lines []string
	for line := range strings.Lines(message) {
		if line = strings.TrimSpace(clean(line)); line != "" {
			lines = append(lines, oneline.Cut(mask(line), longest))
		}
	}
	return lines
}

// clean drops control characters and terminal colours: what is shown to people must not be able to move their cursor.
func clean(line string) string {
	var b strings.Builder
	for {
		text, rest, more := strings.Cut(line, "\x1b[")
		b.WriteString(text)
		if !more {
			return oneline.Printable(b.String())
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' && r <= '~' })
		line = rest[end+1:] // an unfinished sequence loses its introducer only
	}
}
