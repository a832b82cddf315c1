package logs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/google/go-cmp/cmp"

	"slipway/awssim/clock"
	"slipway/awssim/logs"
	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
)

var background = context.Background()

type world struct {
	*sdk.Client
	t       *testing.T
	clock   *clock.Clock
	service *logs.Service
}

func start(t *testing.T) world {
	t.Helper()
	c := clock.New(clock.Epoch, 1)
	s := logs.New(c, protocol.Default)
	w := world{sdk.NewFromConfig(protocoltest.Config(c, s.API())), t, c, s}
	if _, err := w.CreateLogGroup(background, &sdk.CreateLogGroupInput{LogGroupName: new("/ecs/web"), Tags: map[string]string{"team": "shop"}}); err != nil {
		t.Fatal(err)
	}
	return w
}

// put writes lines a second apart.
func (w world) put(stream string, lines ...string) {
	w.t.Helper()
	for _, line := range lines {
		if err := w.service.Put("/ecs/web", stream, line); err != nil {
			w.t.Fatal(err)
		}
		w.clock.RunFor(time.Second)
	}
}

func messages(events []types.OutputLogEvent) []string {
	lines := []string{}
	for _, e := range events {
		lines = append(lines, *e.Message)
	}
	return lines
}

func (w world) get(in *sdk.GetLogEventsInput) *sdk.GetLogEventsOutput {
	w.t.Helper()
	in.LogGroupName, in.LogStreamName = new("/ecs/web"), new("task/1")
	out, err := w.GetLogEvents(background, in)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func check(t *testing.T, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestGroups(t *testing.T) {
	w := start(t)
	_, err := w.CreateLogGroup(background, &sdk.CreateLogGroupInput{LogGroupName: new("/ecs/web")})
	protocoltest.Refused(t, err, "ResourceAlreadyExistsException")
	_, err = w.CreateLogGroup(background, &sdk.CreateLogGroupInput{LogGroupName: new("with space")})
	protocoltest.Refused(t, err, "InvalidParameterException")
	if _, err := w.PutRetentionPolicy(background, &sdk.PutRetentionPolicyInput{LogGroupName: new("/ecs/web"), RetentionInDays: new(int32(14))}); err != nil {
		t.Fatal(err)
	}
	_, err = w.PutRetentionPolicy(background, &sdk.PutRetentionPolicyInput{LogGroupName: new("/ecs/web"), RetentionInDays: new(int32(15))})
	protocoltest.Refused(t, err, "InvalidParameterException")

	out, err := w.DescribeLogGroups(background, &sdk.DescribeLogGroupsInput{LogGroupNamePrefix: new("/ecs/")})
	if err != nil || len(out.LogGroups) != 1 {
		t.Fatalf("got %v, %v", out, err)
	}
	g := out.LogGroups[0]
	if *g.Arn != "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/web:*" || *g.RetentionInDays != 14 || *g.CreationTime != clock.Epoch.UnixMilli() {
		t.Errorf("got %s, %d days, created %d", *g.Arn, *g.RetentionInDays, *g.CreationTime)
	}
	if _, err := w.TagResource(background, &sdk.TagResourceInput{ResourceArn: g.LogGroupArn, Tags: map[string]string{"stage": "dev"}}); err != nil {
		t.Fatal(err)
	}
	tags, err := w.ListTagsForResource(background, &sdk.ListTagsForResourceInput{ResourceArn: g.LogGroupArn})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"team": "shop", "stage": "dev"}, tags.Tags); diff != "" {
		t.Error(diff)
	}
	if _, err := w.DeleteLogGroup(background, &sdk.DeleteLogGroupInput{LogGroupName: new("/ecs/web")}); err != nil {
		t.Fatal(err)
	}
	err = w.service.Put("/ecs/web", "task/1", "too late")
	var e *protocol.Error
	if !errors.As(err, &e) || e.Code != "ResourceNotFoundException" {
		t.Errorf("got %v, want ResourceNotFoundException", err)
	}
}

func TestGroupsComeInPages(t *testing.T) {
	w := start(t)
	for i := range 4 {
		if _, err := w.CreateLogGroup(background, &sdk.CreateLogGroupInput{LogGroupName: new(fmt.Sprint("g", i))}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	pages := sdk.NewDescribeLogGroupsPaginator(w, &sdk.DescribeLogGroupsInput{Limit: new(int32(2))})
	for pages.HasMorePages() {
		out, err := pages.NextPage(background)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range out.LogGroups {
			names = append(names, *g.LogGroupName)
		}
	}
	check(t, []string{"/ecs/web", "g0", "g1", "g2", "g3"}, names)
}

func TestReadingForwardsToTheEnd(t *testing.T) {
	w := start(t)
	w.put("task/1", "1", "2", "3", "4", "5")
	first := w.get(&sdk.GetLogEventsInput{StartFromHead: new(true), Limit: new(int32(3))})
	check(t, []string{"1", "2", "3"}, messages(first.Events))
	second := w.get(&sdk.GetLogEventsInput{StartFromHead: new(true), Limit: new(int32(3)), NextToken: first.NextForwardToken})
	check(t, []string{"4", "5"}, messages(second.Events))
	third := w.get(&sdk.GetLogEventsInput{StartFromHead: new(true), NextToken: second.NextForwardToken})
	if len(third.Events) != 0 || *third.NextForwardToken != *second.NextForwardToken {
		t.Errorf("got %d events and token %s at the end, want none and the same token", len(third.Events), *third.NextForwardToken)
	}
	w.put("task/1", "6")
	check(t, []string{"6"}, messages(w.get(&sdk.GetLogEventsInput{StartFromHead: new(true), NextToken: third.NextForwardToken}).Events))
	check(t, []string{"1", "2", "3"}, messages(w.get(&sdk.GetLogEventsInput{NextToken: second.NextBackwardToken}).Events))
}

func TestReadingBackwardsFromTheNewest(t *testing.T) {
	w := start(t)
	w.put("task/1", "1", "2", "3", "4", "5")
	newest := w.get(&sdk.GetLogEventsInput{Limit: new(int32(2))})
	check(t, []string{"4", "5"}, messages(newest.Events))
	before := w.get(&sdk.GetLogEventsInput{Limit: new(int32(2)), NextToken: newest.NextBackwardToken})
	check(t, []string{"2", "3"}, messages(before.Events))
	rest := w.get(&sdk.GetLogEventsInput{Limit: new(int32(2)), NextToken: before.NextBackwardToken})
	check(t, []string{"1"}, messages(rest.Events))
	end := w.get(&sdk.GetLogEventsInput{NextToken: rest.NextBackwardToken})
	if len(end.Events) != 0 || *end.NextBackwardToken != *rest.NextBackwardToken {
		t.Errorf("got %d events and token %s at the head, want none and the same token", len(end.Events), *end.NextBackwardToken)
	}
	from := clock.Epoch.Add(time.Second).UnixMilli()
	check(t, []string{"2", "3"}, messages(w.get(&sdk.GetLogEventsInput{StartTime: &from, EndTime: new(from + 2000)}).Events))
}

func TestPutLogEvents(t *testing.T) {
	w := start(t)
	now := clock.Epoch.UnixMilli()
	in := func(offsets ...time.Duration) *sdk.PutLogEventsInput {
		in := &sdk.PutLogEventsInput{LogGroupName: new("/ecs/web"), LogStreamName: new("task/1")}
		for _, d := range offsets {
			in.LogEvents = append(in.LogEvents, types.InputLogEvent{Message: new(d.String()), Timestamp: new(now + d.Milliseconds())})
		}
		return in
	}
	_, err := w.PutLogEvents(background, in(0))
	protocoltest.Refused(t, err, "ResourceNotFoundException")
	if _, err := w.CreateLogStream(background, &sdk.CreateLogStreamInput{LogGroupName: new("/ecs/web"), LogStreamName: new("task/1")}); err != nil {
		t.Fatal(err)
	}
	_, err = w.PutLogEvents(background, in(time.Second, 0))
	protocoltest.Refused(t, err, "InvalidParameterException")
	out, err := w.PutLogEvents(background, in(-15*24*time.Hour, -time.Second, 0, 3*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if r := out.RejectedLogEventsInfo; r == nil || *r.TooOldLogEventEndIndex != 1 || *r.TooNewLogEventStartIndex != 3 {
		t.Errorf("got %+v rejected, want the first as too old and the fourth as too new", r)
	}
	if _, err := w.PutLogEvents(background, in(-time.Minute)); err != nil { // late, and sorted in
		t.Fatal(err)
	}
	check(t, []string{"-1m0s", "-1s", "0s"}, messages(w.get(&sdk.GetLogEventsInput{}).Events))
	streams, err := w.DescribeLogStreams(background, &sdk.DescribeLogStreamsInput{LogGroupName: new("/ecs/web"), OrderBy: "LastEventTime", Descending: new(true)})
	if err != nil || len(streams.LogStreams) != 1 || aws.ToString(streams.LogStreams[0].UploadSequenceToken) == "" || *streams.LogStreams[0].LastEventTimestamp != now || *streams.LogStreams[0].FirstEventTimestamp != now-60_000 {
		t.Errorf("got %+v, %v", streams, err)
	}
}

func TestFilter(t *testing.T) {
	w := start(t)
	w.put("task/1", "ERROR disk full", "INFO ready")
	w.put("task/2", "ERROR timeout of db", "warn: timeout of cache")
	for pattern, want := range map[string][]string{
		"":                  {"ERROR disk full", "INFO ready", "ERROR timeout of db", "warn: timeout of cache"},
		"ERROR":             {"ERROR disk full", "ERROR timeout of db"},
		"ERROR timeout":     {"ERROR timeout of db"},
		"error":             {},
		`"timeout of"`:      {"ERROR timeout of db", "warn: timeout of cache"},
		"?full ?ready":      {"ERROR disk full", "INFO ready"},
		"timeout -ERROR":    {"warn: timeout of cache"},
		`-"disk full" -of`:  {"INFO ready"},
		"ERROR ?disk ?none": {"ERROR disk full", "ERROR timeout of db"},
	} {
		out, err := w.FilterLogEvents(background, &sdk.FilterLogEventsInput{LogGroupName: new("/ecs/web"), FilterPattern: &pattern})
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		got := []string{}
		for _, e := range out.Events {
			got = append(got, *e.Message)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", pattern, diff)
		}
	}
	for _, pattern := range []string{`{ $.level = "x" }`, "[a, b]", "%ERR.*%", `"open`, "a=b"} {
		_, err := w.FilterLogEvents(background, &sdk.FilterLogEventsInput{LogGroupName: new("/ecs/web"), FilterPattern: &pattern})
		protocoltest.Refused(t, err, "InvalidParameterException")
	}
	in := &sdk.FilterLogEventsInput{LogGroupName: new("/ecs/web"), Limit: new(int32(1)), LogStreamNames: []string{"task/2"}}
	pages := 0
	for p := sdk.NewFilterLogEventsPaginator(w, in); p.HasMorePages(); pages++ {
		out, err := p.NextPage(background)
		if err != nil || len(out.Events) != 1 || *out.Events[0].LogStreamName != "task/2" {
			t.Fatalf("got %+v, %v", out, err)
		}
	}
	if pages != 2 {
		t.Errorf("got %d pages, want 2", pages)
	}
}

func TestStreamsKeepTheirNewestEvents(t *testing.T) {
	w := start(t)
	lines := make([]string, 10_050)
	for i := range lines {
		lines[i] = fmt.Sprint(i)
	}
	if err := w.service.Put("/ecs/web", "task/1", lines...); err != nil {
		t.Fatal(err)
	}
	check(t, []string{"50"}, messages(w.get(&sdk.GetLogEventsInput{StartFromHead: new(true), Limit: new(int32(1))}).Events))
}

func TestRetentionHidesOldEvents(t *testing.T) {
	w := start(t)
	w.put("task/1", "old")
	if _, err := w.PutRetentionPolicy(background, &sdk.PutRetentionPolicyInput{LogGroupName: new("/ecs/web"), RetentionInDays: new(int32(1))}); err != nil {
		t.Fatal(err)
	}
	w.clock.RunFor(23 * time.Hour)
	w.put("task/1", "new")
	check(t, []string{"old", "new"}, messages(w.get(&sdk.GetLogEventsInput{}).Events))
	w.clock.RunFor(2 * time.Hour)
	check(t, []string{"new"}, messages(w.get(&sdk.GetLogEventsInput{}).Events))
}
