package rollout

import (
	"cmp"
	"strings"
	"time"
)

// Past is one entry of ECS's service-deployment history.
type Past struct {
	Status    string // IN_PROGRESS, SUCCESSFUL, STOPPED, ROLLBACK_SUCCESSFUL, ...
	Reason    string
	Revision  string // task definition ARN of its target
	CreatedAt time.Time
	Rollback  string // why it was rolled back, "" if it was not
}

// RolledBack says why ECS took a deployment back, or is about to, "" if it is not.
func (p Past) RolledBack() string {
	if !strings.HasPrefix(p.Status, "ROLLBACK_") { // REQUESTED, IN_PROGRESS, SUCCESSFUL, FAILED
		return ""
	}
	return cmp.Or(p.Rollback, "ECS says "+p.Status)
}
