package scheduler

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"slipway/awssim/protocol/protocoltest"
)

func TestSchedulesOverREST(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	client := scheduler.NewFromConfig(protocoltest.Config(b.clock, b.service.API()))
	name, off := new("s"), &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff}
	target := &types.Target{Arn: new(driftARN), RoleArn: new("arn:aws:iam::123456789012:role/r")}
	start := b.clock.Now().Add(time.Hour)

	created, err := client.CreateSchedule(ctx, &scheduler.CreateScheduleInput{Name: name, ScheduleExpression: new("rate(5 minutes)"), StartDate: &start, FlexibleTimeWindow: off, Target: target})
	if err != nil || *created.ScheduleArn != "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/s" {
		t.Fatalf("created %+v, %v", created, err)
	}
	var conflict *types.ConflictException
	if _, err := client.CreateSchedule(ctx, &scheduler.CreateScheduleInput{Name: name, ScheduleExpression: new("rate(5 minutes)"), FlexibleTimeWindow: off, Target: target}); !errors.As(err, &conflict) {
		t.Errorf("created twice: %v", err)
	}
	if _, err := client.UpdateSchedule(ctx, &scheduler.UpdateScheduleInput{Name: name, ScheduleExpression: new("rate(7 minutes)"), StartDate: &start, FlexibleTimeWindow: off, Target: target, State: types.ScheduleStateDisabled}); err != nil {
		t.Error(err)
	}
	got, err := client.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: name, GroupName: new("default")})
	if err != nil || *got.ScheduleExpression != "rate(7 minutes)" || !got.StartDate.Equal(start) || got.State != types.ScheduleStateDisabled {
		t.Errorf("got %+v, %v", got, err)
	}
	for state, want := range map[types.ScheduleState]int{types.ScheduleStateDisabled: 1, types.ScheduleStateEnabled: 0} {
		list, err := client.ListSchedules(ctx, &scheduler.ListSchedulesInput{State: state, GroupName: new("default"), NamePrefix: new("s"), MaxResults: new(int32(10))})
		if err != nil || len(list.Schedules) != want {
			t.Errorf("%s: %+v, %v", state, list, err)
		}
	}
	if _, err := client.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: name}); err != nil {
		t.Error(err)
	}
	var gone *types.ResourceNotFoundException
	if _, err := client.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: name}); !errors.As(err, &gone) {
		t.Errorf("a deleted schedule: %v", err)
	}
}
