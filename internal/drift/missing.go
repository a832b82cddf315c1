package drift

import (
	"time"

	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Short reports whether fewer tasks run than a service wants, while ECS is not deploying: that is nothing for a moment, when the
// service grows or a machine was lost, and an image that dies again and again if it lasts.
func Short(s rollout.Service) bool {
	primary := s.Primary()
	return s.Desired > 0 && primary.Running < s.Desired && len(s.Deployments) == 1 && primary.State != "IN_PROGRESS"
}

// Missing finds a service that has been short since a check before. The words stay the same from check to check, so that people are told
// once.
func Missing(entry record.Entry) *Finding {
	if entry.ShortAt.IsZero() {
		return nil
	}
	return New(TasksMissing, false, "fewer tasks run than the service wants, since %s at least: if the image is to blame, go back with %s",
		entry.ShortAt.UTC().Format(time.RFC3339), `{"service":"`+entry.Service.String()+`","action":"rollback"}`)
}
