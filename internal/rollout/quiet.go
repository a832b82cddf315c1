package rollout

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// Mark digests what one DescribeServices and one look at each target group show of a service. While it stays the same no task
// of the service has started, stopped or changed its target health: ECS replaces a task that is gone, and writes an event and
// other counts when it does. Listing and describing tasks is most of what a look costs, and in a quiet bake tells nothing new.
//
// The last look of a bake is never spared, so no image becomes last good on the word of a mark.
func Mark(s Service, targets map[string][]SeenTarget) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %q", s.Desired, s.LastEvent)
	for _, d := range s.Deployments {
		fmt.Fprintf(h, "\n%q %t %q %d %d %d %d %q", d.ID, d.Primary, d.Revision, d.Desired, d.Running, d.Pending, d.Failed, d.State)
	}
	for _, group := range slices.Sorted(maps.Keys(targets)) {
		lines := make([]string, 0, len(targets[group]))
		for _, t := range targets[group] {
			lines = append(lines, fmt.Sprintf("\n%q %q %d %q", group, t.ID, t.Port, t.State))
		}
		slices.Sort(lines)
		for _, line := range lines {
			h.Write([]byte(line))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Quiet reports whether the service's mark is enough to judge the bake: it is the one of a look at which every task was
// healthy, and the bake is not over.
func (b Baking) Quiet(o Observation) bool {
	return b.Counted && b.Mark != "" && b.Mark == o.Mark && !b.over(o)
}
