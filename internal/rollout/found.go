package rollout

import "slipway/internal/image"

// Found is an image in the registry.
type Found struct {
	Image     image.Reference // with digest
	Candidate image.Candidate
	Platforms []image.Platform
	Archived  bool // must be restored before it can be pulled
}
