package laptop

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// Decision is a line of the function push's log: what it decided about an image. Each message has some of the others with it.
type Decision struct {
	At                  time.Time `json:"-"`
	Message             string    // "push", "push ignored", "the tag has moved on", "nothing new to deploy", ...
	Image               string    // pinned by its digest
	Service, Tag, Why   string
	Pushed, Now, Wished string // short digests
	Followers, Matching int    // services of the repository, and those of them that follow the tag
}

// PushLog reads the function push's log from where it was read last. It is for one goroutine.
type PushLog struct {
	client *cloudwatchlogs.Client
	since  int64           // milliseconds: of the newest event
	read   map[string]bool // ids of the events of that moment
}

// PushLog begins at the start of the log.
func (l *Laptop) PushLog() *PushLog {
	return &PushLog{client: cloudwatchlogs.NewFromConfig(l.sim.Config("person")), read: map[string]bool{}}
}

// Next is what was decided since the call before, oldest first.
func (p *PushLog) Next(ctx context.Context) (decisions []Decision, err error) {
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/slipway-push"), StartTime: aws.Int64(p.since)}
	for pages := cloudwatchlogs.NewFilterLogEventsPaginator(p.client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the push function's log: %w", err)
		}
		for _, e := range page.Events {
			at, id := aws.ToInt64(e.Timestamp), aws.ToString(e.EventId)
			if p.read[id] {
				continue
			}
			if at > p.since {
				p.since, p.read = at, map[string]bool{}
			}
			p.read[id] = true
			d := Decision{At: time.UnixMilli(at).UTC()}
			if json.Unmarshal([]byte(aws.ToString(e.Message)), &d) == nil && d.Message != "" {
				decisions = append(decisions, d)
			}
		}
	}
	return decisions, nil
}
