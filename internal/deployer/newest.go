package deployer

import (
	"context"
	"errors"

	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/rollout"
)

// passOver is how many artefacts are passed over in search of the newest image: buildx pushes its cache after the image, under a tag
// of its own, and a repository may hold charts as well.
const passOver = 10

// newestRunnable is the newest image that a service follows and a task can run, if wanted wants it; the search ends at the first
// one that is not wanted. artefacts, if given, remembers what no task can run.
func (d *Deployer) newestRunnable(ctx context.Context, own image.Reference, rule image.Follow, candidates []image.Candidate, wanted func(image.Candidate) bool, artefacts map[image.Digest]bool) (found rollout.Found, ok bool, err error) {
	for i, c := range rule.Ranked(candidates) {
		if i > passOver || !wanted(c) {
			break
		}
		if artefacts[c.Digest] {
			continue
		}
		own.Tag, own.Digest = rule.Tag(c), c.Digest
		found, err := d.Registry.Resolve(ctx, own)
		var artefact *image.NotRunnable
		switch {
		case errors.As(err, &artefact) && artefacts != nil:
			artefacts[c.Digest] = true
		case errors.As(err, &artefact), fault.IsMissing(err): // deleted since it was listed
		default:
			return found, err == nil, err
		}
	}
	return rollout.Found{}, false, nil
}
