// Package drift compares what a service should run with what it runs, and says in words what differs. It is pure and never
// acts; package deployer decides what is healed.
package drift

import (
	"fmt"

	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Kind is a class of finding.
type Kind string

const (
	ForeignImage    Kind = "foreign image"           // runs an image that Slipway did not deploy
	ForeignRevision Kind = "foreign task definition" // another revision with the good image: a configuration change
	Unproven        Kind = "unproven"                // deployed by Slipway, but nobody recorded that it is good
	LostPush        Kind = "lost push"               // an image was pushed and nobody deployed it
	DeadLease       Kind = "dead lease"              // an execution died holding the service
)

// Finding is one difference. Healed says that Slipway mends it by itself.
type Finding struct {
	Kind   Kind   `json:"kind"`
	Words  string `json:"words"`
	Healed bool   `json:"healed"`
}

// Running compares the definition that a service runs with what is remembered. It returns nil when the service runs what it
// should, or when there is nothing to compare with yet.
func Running(entry record.Entry, primary rollout.Definition, repair bool) *Finding {
	good := entry.LastGood
	switch {
	case good != nil && primary.ARN == good.Revision:
		return nil
	case entry.Wish != nil && primary.ARN == entry.Wish.Revision:
		return unproven(entry, primary)
	case good == nil:
		return nil
	}
	for _, c := range primary.Containers {
		if good.Image.Digest != "" && c.Image == good.Image.Pinned() {
			return &Finding{Kind: ForeignRevision, Healed: true, Words: fmt.Sprintf("the service runs %s, which Slipway did not register, with the last good image %s: a configuration change, to be baked and adopted",
				rollout.ShortRevision(primary.ARN), good.Image.Name())}
		}
	}
	return &Finding{Kind: ForeignImage, Healed: repair, Words: fmt.Sprintf("the service runs %s; last good is %s (%s), and Slipway did not deploy the change",
		rollout.ShortRevision(primary.ARN), rollout.ShortRevision(good.Revision), good.Image.Name())}
}

// unproven: the execution died between the bake and the record of it, or the service wanted no tasks when it was deployed.
func unproven(entry record.Entry, primary rollout.Definition) *Finding {
	if entry.Failed(entry.Wish.Image.Digest) != nil {
		return nil // a rollback that did not arrive: the ending said so
	}
	return &Finding{Kind: Unproven, Healed: true, Words: fmt.Sprintf("the service runs %s (%s), which Slipway deployed and nobody recorded as good: to be baked and adopted",
		rollout.ShortRevision(primary.ARN), entry.Wish.Image.Name())}
}
