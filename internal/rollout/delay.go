package rollout

import (
	"fmt"
	"slices"
	"time"
)

// roomPatience is how long a deployment may lack room, or a network, registry or machine be in trouble, before people are told:
// most of it passes, and a cluster that grows takes a few minutes. That the old tasks fail as well is told at once.
const roomPatience = 5 * time.Minute

// echo is how long the checks of tasks may still fail after what they all need is back.
const echo = time.Minute

// Delay is what keeps a deployment from going on that is not the image's fault. It may pass until the deadline, so it is no
// verdict; but a person may have to make room, or mend what the tasks depend on.
type Delay struct {
	Class Class  `json:"class,omitempty"`
	Words string `json:"words,omitempty"`
	Tell  bool   `json:"tell,omitempty"` // people are to be told now: the workflow branches on it
	// Until is the last look at which the environment was to blame: what failed by then says nothing of the image.
	Until time.Time `json:"until,omitzero"`
	// Before are the other classes that people were told of since ours were last all healthy: two may take turns.
	Before []Class `json:"before,omitempty"`
}

// told reports whether people were told of a class of delay, or are to be told now.
func (d Delay) told(c Class) bool { return d.Class == c || slices.Contains(d.Before, c) }

// over is a delay after every task was healthy: should it come again, people are told again.
func (d Delay) over() Delay { return Delay{Until: d.Until} }

// delayed notes what is in the way of a deployment that is not healthy. Each class of delay is told of once before
// a bake begins.
func (w Watch) delayed(o Observation) Watch {
	r, blameless := hindrance(w, o)
	if blameless && r.Class == ClassEnvironment {
		w.Delay.Until = o.At
	}
	switch {
	case !blameless, w.Delay.told(r.Class):
	case r.Class != ClassEnvironment && o.At.Sub(w.ProgressAt) < roomPatience:
	default:
		before := w.Delay.Before
		if w.Delay.Class != "" {
			before = append(slices.Clip(before), w.Delay.Class)
		}
		w.Delay = Delay{Class: r.Class, Words: r.Words, Tell: true, Until: w.Delay.Until, Before: before}
	}
	return w
}

// excuses reports whether a failure at some time is none of the image's: the environment was to blame then.
func (d Delay) excuses(at time.Time) bool { return !d.Until.IsZero() && !at.After(d.Until.Add(echo)) }

// Delayed says why a deployment does not go on, and until when it may; ok is false if there is nothing to tell.
func Delayed(s State) (sentence string, ok bool) {
	var w Watch
	switch s := s.(type) {
	case Converging:
		w = s.Watch
	case Baking:
		w = s.Watch
	}
	p := s.plan()
	until := w.ProgressAt.Add(p.Policy.Timeout.Duration()).UTC().Format(time.RFC3339)
	return Sentence(fmt.Sprintf("%s %s is delayed: %s; without progress it is given up at %s", p.Service.Service, p.Image.Name(), w.Delay.Words, until)), w.Delay.Tell
}
