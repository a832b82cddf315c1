package deployer

import (
	"fmt"
	"testing"
	"time"

	"slipway/internal/record"
)

// However many services there are and however often they are swept, each gets its turn, and no sweep looks at many families.
func TestEveryFamilyGetsItsTurn(t *testing.T) {
	for _, services := range []int{1, looksPerSweep, 300} {
		for _, every := range []time.Duration{5 * time.Minute, time.Hour} {
			r := &round{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), services: services}
			turns, most := map[int]int{}, 0
			sweeps := 12 * (1 + services/looksPerSweep)
			for range sweeps {
				inTurn := 0
				for i := range services {
					if r.turn(record.ServiceName{Cluster: "shop", Service: fmt.Sprintf("web-%d", i)}) {
						turns[i]++
						inTurn++
					}
				}
				most = max(most, inTurn)
				r.now = r.now.Add(every)
			}
			if len(turns) != services || most > 3*looksPerSweep {
				t.Errorf("%d services, swept every %s: %d had a turn in %d sweeps, want all; %d in one sweep", services, every, len(turns), sweeps, most)
			}
			if services <= looksPerSweep && turns[0] != sweeps {
				t.Errorf("%d services need no lots, and the first had %d turns in %d sweeps", services, turns[0], sweeps)
			}
		}
	}
}
