package deployer

import (
	"context"
	"fmt"
	"strings"

	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// secureRollback proves that there is a way back while the service still runs the old revision: last good is ACTIVE, else a
// copy of it is registered now, and its image can be pulled. A service that Slipway never deployed to has what it runs,
// if healthy, adopted as last good.
func (c *claim) secureRollback(ctx context.Context) error {
	good, err := c.lastGood(ctx)
	if err == nil && good == nil {
		good, err = c.adopt(ctx)
	}
	if err != nil {
		return err
	}
	before := c.entry.LastGood
	if good == nil {
		if before == nil || c.wish.Force {
			return nil
		}
		return reject("the last good revision %s was deleted and what runs is not healthy, so there would be no way back: start with \"force\":true to deploy all the same", rollout.ShortRevision(before.Revision))
	}
	if err := c.checkGoodImage(ctx, good.Image); err != nil {
		return err
	}
	if before != nil && *good == *before {
		return nil
	}
	return c.write(ctx, func(e *record.Entry) { e.LastGood = good })
}

// lastGood is what was recorded as last good, or an ACTIVE copy of it. It is nil if there was nothing, or it was deleted for good.
func (c *claim) lastGood(ctx context.Context) (*record.Good, error) {
	if c.entry.LastGood == nil {
		return nil, nil
	}
	good := *c.entry.LastGood
	definition, err := c.describe(ctx, good.Revision)
	if fault.IsMissing(err) {
		return nil, nil
	}
	if err != nil || definition.Active {
		return &good, err
	}
	good.Of = good.Revision
	if good.Revision, err = c.copyOf(ctx, good.Of, nil); err != nil {
		return nil, fmt.Errorf("register the last good revision again: %w", err)
	}
	return &good, nil
}

// describe describes a revision; that of what runs is known already.
func (c *claim) describe(ctx context.Context, arn string) (rollout.Definition, error) {
	if arn == c.runs.ARN {
		return c.runs, nil
	}
	return c.Definitions.Describe(ctx, arn)
}

// checkGoodImage proves that the last good image can still be pulled.
func (c *claim) checkGoodImage(ctx context.Context, good image.Reference) error {
	if good.Digest == "" || c.wish.Force || good.Digest == c.wish.Image.Digest {
		return nil
	}
	found, err := c.Registry.Resolve(ctx, good)
	if fault.IsMissing(err) || err == nil && found.Archived {
		return reject("the last good image %s cannot be pulled any more, so there would be no way back: start with \"force\":true to deploy all the same", good.Name())
	}
	return err
}

// adopt is what runs as last good, nil if it cannot be. A tag may point at another image by the time that there is something to
// go back from, so what runs a tag is adopted as a copy that names the digest which ECS resolved.
func (c *claim) adopt(ctx context.Context) (*record.Good, error) {
	if !adoptable(c.service, c.entry, c.wish) {
		return nil, nil
	}
	good := record.Good{Revision: c.runs.ARN, At: c.request.Now, Adopted: true, Guard: &c.service.Guard}
	var images map[string]string
	var tagged string
	if good.Image, images, tagged = pin(c.service, c.runs, nil); tagged != "" {
		digests, err := c.Services.Images(ctx, c.service)
		if err != nil {
			return nil, err
		}
		good.Image, images, tagged = pin(c.service, c.runs, digests)
	}
	if tagged != "" && !c.wish.Force {
		return nil, reject("service %s runs %s by its tag, and ECS does not say which image that is, so a rollback might run another one: deploy it by its digest first, "+
			"or start with \"force\":true to deploy all the same", c.plan.Service, tagged)
	}
	if len(images) == 0 || tagged != "" {
		return &good, nil
	}
	var err error
	good.Of = c.runs.ARN
	if good.Revision, err = c.copyOf(ctx, good.Of, images); err != nil {
		return nil, fmt.Errorf("register what the service runs with its images pinned: %w", err)
	}
	return &good, nil
}

// adoptable reports whether what a service runs may count as last good though nobody saw it through a bake: it is healthy, nothing
// else is under way or was left behind, and it is not what is wished for.
func adoptable(s rollout.Service, e record.Entry, w record.Wish) bool {
	primary := s.Primary()
	healthy := s.Desired > 0 && primary.Running >= s.Desired && primary.State == "COMPLETED" && len(s.Deployments) == 1
	return healthy && primary.Revision == s.Revision && primary.Revision != w.Revision && e.Intent == nil
}

// pin is what the containers that Slipway deploys to run in a definition: the image of the service's own repository, and the pinned
// images of those that name a tag. tagged is an image whose digest is not among digests, "" if all are known.
func pin(s rollout.Service, d rollout.Definition, digests map[string]image.Digest) (good image.Reference, images map[string]string, tagged string) {
	images = map[string]string{}
	for _, container := range d.Containers {
		ref, err := parseOwn(container.Image, ownImages(s))
		if want := s.Tags[rollout.TagContainer]; want != "" && container.Name != want || want == "" && err != nil {
			continue
		}
		name, _, pinned := strings.Cut(container.Image, "@")
		if digest := digests[container.Name]; !pinned && digest == "" {
			tagged = container.Image
		} else if !pinned {
			images[container.Name] = untagged(name) + "@" + string(digest)
			ref.Digest = digest
		}
		if err == nil {
			good = ref
		}
	}
	return good, images, tagged
}

// untagged is an image's name without its tag. A colon before the last slash is a registry's port.
func untagged(name string) string {
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		return name[:i]
	}
	return name
}
