package deployer

import (
	"time"

	"slipway/internal/image"
)

// round is what the checks of one sweep share.
type round struct {
	now       time.Time
	images    map[image.Reference][]image.Candidate // a repository may have many followers
	artefacts map[image.Digest]bool                 // what was seen that no task can run
	services  int
	fresh     bool // look at every family, whenever it was last looked at
	patience  bool // AWS asked for patience: no more looks at families in this sweep
}
