package rollout

import (
	"time"

	"slipway/internal/image"
	"slipway/internal/record"
)

// The kinds of announcement that are no ending; of an ending the kind is its name.
const (
	KindDelayed         = "Delayed"
	KindRollbackStarted = "Rollback Started"
	KindDrift           = "Drift"
)

// Announcement is one thing to tell: an ending, a delay, the start of a rollback, or drift.
type Announcement struct {
	// Kind is the EventBridge detail-type after "Slipway ": a record.Ending, or one of the kinds above.
	Kind      string             `json:"-"`
	Service   record.ServiceName `json:"service"`
	Execution string             `json:"execution,omitempty"`
	Image     image.Reference    `json:"image,omitzero"`
	Revision  string             `json:"revision,omitempty"`
	Sentence  string             `json:"sentence"`
	Report    []string           `json:"report,omitempty"`
	At        time.Time          `json:"at"`
	// Page says that a person must act.
	Page bool `json:"page"`
	// Quiet keeps it from SNS: an event for machines only.
	Quiet bool `json:"-"`
}

// DriftOf tells what differs from what a service should run, the first of the words in the sentence; without words, that nothing
// does any more.
func DriftOf(name record.ServiceName, words []string, at time.Time) Announcement {
	a := Announcement{Kind: KindDrift, Service: name, Sentence: name.String() + " is in sync again", Report: words, At: at}
	if len(words) > 0 {
		a.Sentence = name.String() + " drifted: " + words[0]
	}
	return a
}
