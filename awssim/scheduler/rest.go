package scheduler

import (
	"net/http"

	"slipway/awssim/protocol"
)

// routes are the paths of the API.
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html
func routes() []protocol.Route {
	const one = "/schedules/{Name}"
	return []protocol.Route{
		{Operation: "ListSchedules", Method: http.MethodGet, Path: "/schedules", Query: map[string]string{"ScheduleGroup": "GroupName"}},
		{Operation: "GetSchedule", Method: http.MethodGet, Path: one},
		{Operation: "CreateSchedule", Method: http.MethodPost, Path: one},
		{Operation: "UpdateSchedule", Method: http.MethodPut, Path: one},
		{Operation: "DeleteSchedule", Method: http.MethodDelete, Path: one},
	}
}
