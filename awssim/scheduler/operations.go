package scheduler

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"slipway/awssim/events/delivery"
	"slipway/awssim/paging"
	"slipway/awssim/protocol"
	"slipway/awssim/scheduler/expression"
)

// API is EventBridge Scheduler's API.
func (s *Service) API() *protocol.API {
	api := &protocol.API{Service: "scheduler", Format: protocol.REST, Pascal: true, Routes: routes()}
	protocol.Handle(api, "CreateSchedule", s.createSchedule)
	protocol.Handle(api, "GetSchedule", s.getSchedule)
	protocol.Handle(api, "UpdateSchedule", s.updateSchedule)
	protocol.Handle(api, "DeleteSchedule", s.deleteSchedule)
	protocol.Handle(api, "ListSchedules", s.listSchedules)
	return api
}

var scheduleName = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,64}$`)

func (s *Service) createSchedule(c *protocol.Call, in *scheduler.CreateScheduleInput) (*scheduler.CreateScheduleOutput, error) {
	if s.schedules[aws.ToString(in.Name)] != nil {
		return nil, &protocol.Error{Code: "ConflictException", Status: 409, Message: "Schedule " + aws.ToString(in.Name) + " already exists."}
	}
	now := s.clock.Now()
	d, err := s.read(c, in, now, now)
	if err != nil {
		return nil, err
	}
	s.schedules[d.name] = d
	s.arm(d, now.Add(-time.Nanosecond))
	return &scheduler.CreateScheduleOutput{ScheduleArn: &d.arn}, nil
}

// updateSchedule replaces every setting: what the input leaves out goes back to its default, as in AWS.
func (s *Service) updateSchedule(c *protocol.Call, in *scheduler.UpdateScheduleInput) (*scheduler.UpdateScheduleOutput, error) {
	old, err := s.find(in.Name, in.GroupName)
	if err != nil {
		return nil, err
	}
	d, err := s.read(c, &scheduler.CreateScheduleInput{
		Name: in.Name, GroupName: in.GroupName, Description: in.Description, ScheduleExpression: in.ScheduleExpression,
		ScheduleExpressionTimezone: in.ScheduleExpressionTimezone, StartDate: in.StartDate, EndDate: in.EndDate, State: in.State,
		FlexibleTimeWindow: in.FlexibleTimeWindow, Target: in.Target, ActionAfterCompletion: in.ActionAfterCompletion,
		ClientToken: in.ClientToken, KmsKeyArn: in.KmsKeyArn,
	}, old.created, s.clock.Now())
	if err != nil {
		return nil, err
	}
	old.timer.Stop()
	s.schedules[d.name] = d
	s.arm(d, s.clock.Now())
	return &scheduler.UpdateScheduleOutput{ScheduleArn: &d.arn}, nil
}

func (s *Service) read(c *protocol.Call, in *scheduler.CreateScheduleInput, created, modified time.Time) (*schedule, error) {
	if err := protocol.Only(c, in, "Name", "GroupName", "Description", "ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "EndDate",
		"State", "FlexibleTimeWindow", "Target", "ActionAfterCompletion", "ClientToken"); err != nil {
		return nil, err
	}
	if err := group(in.GroupName); err != nil {
		return nil, err
	}
	parsed, err := expression.Parse(aws.ToString(in.ScheduleExpression))
	switch {
	case err != nil:
		return nil, invalid("Invalid Schedule Expression: %v.", err)
	case !scheduleName.MatchString(aws.ToString(in.Name)):
		return nil, invalid("The schedule name %q must be 1 to 64 of the characters 0-9 A-Z a-z _ . -.", aws.ToString(in.Name))
	case !slices.Contains([]string{"", "UTC", "Etc/UTC"}, aws.ToString(in.ScheduleExpressionTimezone)):
		return nil, invalid("awssim runs schedules in UTC only, not in %s; write the expression in UTC.", *in.ScheduleExpressionTimezone)
	case in.FlexibleTimeWindow == nil || in.FlexibleTimeWindow.Mode != types.FlexibleTimeWindowModeOff:
		return nil, invalid("awssim runs schedules with a FlexibleTimeWindow of Mode OFF only.")
	}
	policy, err := target(c, in.Target)
	if err != nil {
		return nil, err
	}
	d := &schedule{
		name: *in.Name, arn: s.id.ARN("scheduler", "schedule/default/"+*in.Name), description: aws.ToString(in.Description),
		text: *in.ScheduleExpression, expression: parsed, enabled: in.State != types.ScheduleStateDisabled,
		deleteAfter: in.ActionAfterCompletion == types.ActionAfterCompletionDelete,
		target:      *in.Target, policy: policy, created: created, modified: modified,
	}
	if in.StartDate != nil {
		d.start = in.StartDate.UTC()
	}
	if in.EndDate != nil {
		d.end = in.EndDate.UTC()
	}
	return d, nil
}

func target(c *protocol.Call, t *types.Target) (delivery.Policy, error) {
	p := delivery.DefaultPolicy
	if t == nil {
		return p, invalid("Target is missing.")
	}
	if err := protocol.Only(c, t, "Arn", "RoleArn", "DeadLetterConfig", "Input", "RetryPolicy"); err != nil {
		return p, err
	}
	if err := delivery.Supports(aws.ToString(t.Arn)); err != nil {
		return p, invalid("Target: %v.", err)
	}
	if aws.ToString(t.RoleArn) == "" {
		return p, invalid("Target: RoleArn is missing; Scheduler calls every target with a role.")
	}
	if t.DeadLetterConfig != nil {
		if err := delivery.CheckDeadLetterQueue(t.DeadLetterConfig.Arn); err != nil {
			return p, invalid("Target: %v.", err)
		}
	}
	if t.RetryPolicy == nil {
		return p, nil
	}
	p, err := delivery.NewPolicy(t.RetryPolicy.MaximumEventAgeInSeconds, t.RetryPolicy.MaximumRetryAttempts)
	if err != nil {
		return p, invalid("Target: %v.", err)
	}
	return p, nil
}

func (s *Service) getSchedule(c *protocol.Call, in *scheduler.GetScheduleInput) (*scheduler.GetScheduleOutput, error) {
	d, err := s.find(in.Name, in.GroupName)
	if err != nil {
		return nil, err
	}
	out := &scheduler.GetScheduleOutput{
		Arn: &d.arn, Name: &d.name, GroupName: new("default"), Description: &d.description, State: d.state(),
		ScheduleExpression: &d.text, ScheduleExpressionTimezone: new("UTC"), CreationDate: &d.created, LastModificationDate: &d.modified,
		FlexibleTimeWindow:    &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		ActionAfterCompletion: types.ActionAfterCompletionNone, Target: &d.target,
	}
	if d.deleteAfter {
		out.ActionAfterCompletion = types.ActionAfterCompletionDelete
	}
	if !d.start.IsZero() {
		out.StartDate = &d.start
	}
	if !d.end.IsZero() {
		out.EndDate = &d.end
	}
	return out, nil
}

func (s *Service) deleteSchedule(c *protocol.Call, in *scheduler.DeleteScheduleInput) (*scheduler.DeleteScheduleOutput, error) {
	d, err := s.find(in.Name, in.GroupName)
	if err != nil {
		return nil, err
	}
	d.timer.Stop()
	delete(s.schedules, d.name)
	return &scheduler.DeleteScheduleOutput{}, nil
}

func (s *Service) listSchedules(c *protocol.Call, in *scheduler.ListSchedulesInput) (*scheduler.ListSchedulesOutput, error) {
	if err := group(in.GroupName); err != nil {
		return nil, err
	}
	size := 100
	if in.MaxResults != nil && *in.MaxResults > 0 {
		size = min(size, int(*in.MaxResults))
	}
	unwanted := func(name string) bool {
		return !strings.HasPrefix(name, aws.ToString(in.NamePrefix)) || in.State != "" && in.State != s.schedules[name].state()
	}
	names, next := paging.After(slices.DeleteFunc(slices.Sorted(maps.Keys(s.schedules)), unwanted), in.NextToken, size)
	out := &scheduler.ListSchedulesOutput{Schedules: []types.ScheduleSummary{}, NextToken: next}
	for _, name := range names {
		d := s.schedules[name]
		out.Schedules = append(out.Schedules, types.ScheduleSummary{
			Arn: &d.arn, Name: &d.name, GroupName: new("default"), State: d.state(), CreationDate: &d.created, LastModificationDate: &d.modified,
			Target: &types.TargetSummary{Arn: d.target.Arn},
		})
	}
	return out, nil
}

func (s *Service) find(name, groupName *string) (*schedule, error) {
	if err := group(groupName); err != nil {
		return nil, err
	}
	d := s.schedules[aws.ToString(name)]
	if d == nil {
		return nil, &protocol.Error{Code: "ResourceNotFoundException", Status: 404, Message: "Schedule " + aws.ToString(name) + " does not exist."}
	}
	return d, nil
}

func (d *schedule) state() types.ScheduleState {
	if d.enabled {
		return types.ScheduleStateEnabled
	}
	return types.ScheduleStateDisabled
}

func group(name *string) error {
	if n := aws.ToString(name); n != "" && n != "default" {
		return &protocol.Error{Code: "ResourceNotFoundException", Status: 404, Message: "Schedule group " + n + " does not exist; awssim has the group default only."}
	}
	return nil
}

func invalid(format string, args ...any) *protocol.Error {
	return protocol.Errorf("ValidationException", format, args...)
}
