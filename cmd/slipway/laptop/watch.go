package laptop

import (
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"slipway/awssim"
	"slipway/awssim/clock"
	"slipway/awssim/events"
	"slipway/internal/rollout"
)

// News is one thing that happened: an execution of the workflow entered a state, or Slipway told people something.
type News struct {
	At        time.Time // the local AWS's
	Execution string    // ARN; "" for what Slipway tells without one
	Step      string    // the workflow's state; "" for what Slipway tells
	// State is what the step was given; nil where that is not a state of a deployment.
	State rollout.State
	Told  *rollout.Announcement
}

// watcher collects what a person would look at in the consoles.
type watcher struct {
	mu   sync.Mutex
	news []News
}

func (w *watcher) on(sim *awssim.Sim, c *clock.Clock) {
	sim.States.Watch(func(execution, step string) {
		w.add(News{At: c.Now(), Execution: execution, Step: step, State: stateOf(sim, execution)})
	})
	sim.Events.Watch(func(e events.Event) {
		if told, ours := announcementOf(e); ours {
			w.add(News{At: c.Now(), Execution: told.Execution, Told: &told})
		}
	})
}

func (w *watcher) add(n News) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.news = append(w.news, n)
}

// stateOf reads the newest entry of an execution's history: the state that was just entered, with its input. It is called in a turn.
func stateOf(sim *awssim.Sim, execution string) rollout.State {
	out, err := sim.States.API().Invoke("GetExecutionHistory", map[string]any{"executionArn": execution, "reverseOrder": true, "maxResults": 1})
	history, ok := out.(*sfn.GetExecutionHistoryOutput)
	if err != nil || !ok || len(history.Events) == 0 || history.Events[0].StateEnteredEventDetails == nil || history.Events[0].StateEnteredEventDetails.Input == nil {
		return nil
	}
	state, err := rollout.Decode([]byte(*history.Events[0].StateEnteredEventDetails.Input))
	if err != nil {
		return nil // the execution's own input, or an ending
	}
	return state
}

// announcementOf reads one of Slipway's own events.
func announcementOf(e events.Event) (told rollout.Announcement, ours bool) {
	kind, ours := strings.CutPrefix(e.DetailType, "Slipway ")
	if e.Source != "slipway" || !ours || json.Unmarshal(e.Detail, &told) != nil {
		return told, false
	}
	told.Kind = kind
	return told, true
}

// News returns what happened since it was last called, in order.
func (l *Laptop) News() []News {
	l.watch.mu.Lock()
	defer l.watch.mu.Unlock()
	news := l.watch.news
	l.watch.news = nil
	return news
}
