// Package announce tells people and machines what happened: an event on the default EventBridge bus, and, for what a person
// should read, a message to an SNS topic.
//
// The event is a contract with whoever listens: source "slipway", detail-type "Slipway Deployed" and so on, and a detail
// whose names are those of rollout.Announcement's JSON. The message is plain text, because SNS hands it to mail, chat and
// telephones alike.
package announce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bus "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"slipway/internal/arn"
	"slipway/internal/awsfault"
	"slipway/internal/fault"
	"slipway/internal/oneline"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Announcer tells over EventBridge and SNS.
type Announcer struct {
	events *eventbridge.Client
	sns    *sns.Client
	topic  string
}

// tries is how often each channel is tried: with an attempt's five seconds both are over well within a Lambda's thirty, so that
// a channel that does not answer takes nothing with it. What could not be told is told by the next check for drift.
const tries = 2

// New returns an announcer. topic is the ARN of the SNS topic; with "" nothing is sent to SNS.
func New(events *eventbridge.Client, sns *sns.Client, topic string) *Announcer {
	return &Announcer{events: events, sns: sns, topic: topic}
}

// Announce tells over the channels over which it was not told, also when one fails, and returns over which it was told then.
func (n *Announcer) Announce(ctx context.Context, a rollout.Announcement, told record.Told) (record.Told, error) {
	a = clean(a)
	var failed error
	tell := func(told bool, send func(context.Context, rollout.Announcement) error) bool {
		if told {
			return true
		}
		err := send(ctx, a)
		failed = errors.Join(failed, err)
		return err == nil || fault.IsRefusal(err)
	}
	told.Event = tell(told.Event, n.event)
	told.Mail = tell(told.Mail || a.Quiet || n.topic == "", n.message)
	return told, failed
}

func (n *Announcer) event(ctx context.Context, a rollout.Announcement) error {
	detail, err := json.Marshal(a)
	if err != nil {
		return &fault.Impossible{Words: "write event: " + err.Error()}
	}
	entry := bus.PutEventsRequestEntry{
		Source: aws.String("slipway"), DetailType: aws.String("Slipway " + a.Kind), Detail: aws.String(string(detail)), Resources: resources(a),
	}
	if !a.At.IsZero() {
		entry.Time = aws.Time(a.At)
	}
	out, err := n.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []bus.PutEventsRequestEntry{entry}}, func(o *eventbridge.Options) { o.RetryMaxAttempts = tries })
	if err != nil {
		return awsfault.Of(err, "put event %q", "Slipway "+a.Kind)
	}
	for _, e := range out.Entries { // refused entries come with HTTP 200
		if e.ErrorCode != nil {
			return &fault.Unavailable{Words: fmt.Sprintf("put event %q: %s (%s)", "Slipway "+a.Kind, aws.ToString(e.ErrorMessage), *e.ErrorCode)}
		}
	}
	return nil
}

func (n *Announcer) message(ctx context.Context, a rollout.Announcement) error {
	_, err := n.sns.Publish(ctx, &sns.PublishInput{TopicArn: &n.topic, Subject: aws.String(subject(a)), Message: aws.String(body(a))},
		func(o *sns.Options) { o.RetryMaxAttempts = tries })
	return awsfault.Of(err, "publish to %s", n.topic)
}

// longestSubject: SNS takes less than 100 characters, ASCII, on one line.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
const longestSubject = 99

// subject is the ending, the service and as much of the sentence as fits.
func subject(a rollout.Announcement) string {
	words := a.Kind
	if a.Service != (record.ServiceName{}) {
		words += " " + a.Service.String()
	}
	if a.Page {
		words = "ACT NOW: " + words
	}
	words = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, words+": "+a.Sentence)
	if len(words) > longestSubject {
		words = words[:longestSubject-3] + "..."
	}
	return words
}

// longestBody is far below the 256 KB that SNS takes, and far above what a person reads.
const longestBody = 16 << 10

// body is the sentence, the report, and where to look further.
func body(a rollout.Announcement) string {
	lines := []string{a.Sentence}
	if len(a.Report) > 0 {
		lines = append(append(lines, ""), a.Report...)
	}
	lines = append(lines, "")
	if a.Service != (record.ServiceName{}) {
		lines = append(lines, "service    "+a.Service.String())
	}
	if a.Image.Digest != "" {
		lines = append(lines, "image      "+a.Image.Pinned())
	}
	if a.Execution != "" {
		lines = append(lines, "execution  "+console(a.Execution))
	}
	if !a.At.IsZero() {
		lines = append(lines, "at         "+a.At.UTC().Format(time.RFC3339))
	}
	text := strings.Join(lines, "\n") + "\n"
	if len(text) > longestBody {
		text = strings.ToValidUTF8(text[:longestBody], "") + "...\n"
	}
	return text
}

// console is the page of an execution in the Step Functions console.
func console(execution string) string {
	region := arn.Region(execution)
	if region == "" {
		return execution
	}
	return fmt.Sprintf("https://%s.console.aws.amazon.com/states/home?region=%s#/v2/executions/details/%s", region, region, execution)
}

// resources is the service's ARN, made of the account and region in one of the ARNs that an announcement carries.
func resources(a rollout.Announcement) []string {
	for _, known := range []string{a.Execution, a.Revision} {
		if account := arn.Account(known); account != "" && a.Service != (record.ServiceName{}) {
			return []string{strings.Join([]string{"arn", arn.Partition(known), "ecs", arn.Region(known), account, "service/" + a.Service.String()}, ":")}
		}
	}
	return nil
}

// clean drops control characters: sentences quote the logs of containers.
func clean(a rollout.Announcement) rollout.Announcement {
	a.Sentence = oneline.Printable(a.Sentence)
	report := make([]string, len(a.Report))
	for i, line := range a.Report {
		report[i] = oneline.Printable(line)
	}
	a.Report = report
	return a
}
