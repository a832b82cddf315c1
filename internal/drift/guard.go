package drift

import (
	"fmt"
	"strings"
	"time"

	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Safeguards compares what protects a service now with what did when last good was proven. More protection is no finding. A
// container's own health check is part of its task definition: without it, that is another revision, which Running finds.
func Safeguards(entry record.Entry, now record.Guard) *Finding {
	if entry.LastGood == nil || entry.LastGood.Guard == nil {
		return nil
	}
	then := *entry.LastGood.Guard
	var weaker []string
	lost := func(is bool, words string, args ...any) {
		if is {
			weaker = append(weaker, fmt.Sprintf(words, args...))
		}
	}
	lost(then.Breaker && !now.Breaker, "the circuit breaker is off")
	lost(then.Rollback && now.Breaker && !now.Rollback, "the circuit breaker rolls nothing back")
	lost(then.Alarms && !now.Alarms, "deployment alarms are off")
	lost(now.TargetGroups < then.TargetGroups, "load balancers check %d target groups instead of %d", now.TargetGroups, then.TargetGroups)
	lost(now.Grace > then.Grace, "failed health checks are ignored for %s instead of %s", seconds(now.Grace), seconds(then.Grace))
	lost(now.MinPercent < then.MinPercent, "%d %% of the tasks must stay healthy instead of %d %%", now.MinPercent, then.MinPercent)
	if len(weaker) == 0 {
		return nil
	}
	return New(Weakened, false, "less protects the service than when %s was proven: %s", rollout.ShortRevision(entry.LastGood.Revision), strings.Join(weaker, ", "))
}

func seconds(n int) string { return rollout.Elapsed(time.Duration(n) * time.Second) }
