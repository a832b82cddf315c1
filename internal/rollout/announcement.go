package rollout

import (
	"time"

	"slipway/internal/image"
	"slipway/internal/record"
)

// Follower is a service that opted in, with its tags.
type Follower struct {
	Name record.ServiceName
	Tags map[string]string
}

// Found is an image in the registry.
type Found struct {
	Image     image.Reference // with digest
	Candidate image.Candidate
	Platforms []image.Platform
	Archived  bool // must be restored before it can be pulled
}

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
