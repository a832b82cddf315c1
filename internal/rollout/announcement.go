package rollout

import (
	"time"

	"slipway/internal/image"
	"slipway/internal/record"
)

// Announcement is one thing to tell: an ending, a delay, the start of a rollback, or drift.
type Announcement struct {
	// Kind is the EventBridge detail-type after "Slipway ": "Deployed", ..., "Delayed", "Rollback Started", "Drift".
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
