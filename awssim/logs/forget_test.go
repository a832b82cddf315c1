package logs_test

import (
	"fmt"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

func TestGrowthOfLogs(t *testing.T) {
	w := start(t)
	if _, err := w.PutRetentionPolicy(background, &sdk.PutRetentionPolicyInput{LogGroupName: new("/ecs/web"), RetentionInDays: new(int32(3))}); err != nil {
		t.Fatal(err)
	}
	for day := range 365 {
		w.put(fmt.Sprint("task-", day), "starts", "ends")
		w.put("the same", "a day has passed")
		w.clock.RunFor(24 * time.Hour)
		w.clock.Do("forget", w.service.Forget)
	}
	streams, err := w.DescribeLogStreams(background, &sdk.DescribeLogStreamsInput{LogGroupName: new("/ecs/web")})
	if err != nil || len(streams.LogStreams) > 5 || *streams.LogStreams[len(streams.LogStreams)-1].LogStreamName != "the same" {
		t.Errorf("after a year %d streams are kept (%v), want those of three days and the one in use", len(streams.LogStreams), err)
	}
	groups, err := w.DescribeLogGroups(background, &sdk.DescribeLogGroupsInput{})
	if err != nil || *groups.LogGroups[0].StoredBytes > 500 {
		t.Errorf("after a year %d bytes are kept (%v)", *groups.LogGroups[0].StoredBytes, err)
	}
	w.put("for ever", "kept")
	if _, err := w.DeleteRetentionPolicy(background, &sdk.DeleteRetentionPolicyInput{LogGroupName: new("/ecs/web")}); err != nil {
		t.Fatal(err)
	}
	w.clock.RunFor(365 * 24 * time.Hour)
	w.clock.Do("forget", w.service.Forget)
	got, err := w.GetLogEvents(background, &sdk.GetLogEventsInput{LogGroupName: new("/ecs/web"), LogStreamName: new("for ever")})
	if err != nil || len(got.Events) != 1 {
		t.Errorf("a group without retention lost its events: %v, %v", got, err)
	}
}
