package deployer

import (
	"context"
	"fmt"

	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// readBaseline reads the revision that the service runs, of which the new one will be a copy.
func (c *claim) readBaseline(ctx context.Context) (err error) {
	if c.runs, err = c.Definitions.Describe(ctx, c.service.Revision); err != nil {
		return fmt.Errorf("describe the revision that the service runs: %w", err)
	}
	return nil
}

// prepare, holding the lease, finds out whether there is anything to do and sees to the revision.
func (c *claim) prepare(ctx context.Context) (rollout.State, error) {
	baseline := c.runs
	c.plan.Baseline, c.plan.Name = baseline.ARN, c.nameOf(baseline)
	if c.entry.LastGood != nil || c.service.Desired > 0 {
		c.plan.Policy.InitialCount = 0 // not the first deployment any more
	}
	if c.input.Revision != "" {
		return c.ready(c.wish.Revision)
	}
	if c.wish.Action == record.Rollback && c.wish.Revision != "" {
		return c.back(ctx, c.wish.Revision)
	}
	found, err := c.resolve(ctx, image.Reference{Registry: c.wish.Image.Registry, Repository: c.wish.Image.Repository, Digest: c.wish.Image.Digest})
	if err != nil {
		return nil, err
	}
	found.Image.Tag = c.wish.Image.Tag
	images, rejected := imagesFor(c.service, baseline, found)
	if rejected != "" {
		return nil, reject("%s", rejected)
	}
	if runs(baseline, images) {
		return c.ready(baseline.ARN)
	}
	if c.wish.Revision != "" && c.wish.Baseline == baseline.ARN {
		return c.ready(c.wish.Revision)
	}
	return c.register(ctx, baseline, images)
}

// ready returns what to do about a revision that exists: deploy it, watch it if it is already the primary, or nothing.
func (c *claim) ready(revision string) (rollout.State, error) {
	c.plan.Revision, c.plan.ProvenAt = revision, c.request.Now
	primary := c.service.Primary()
	if primary.Revision != revision || c.plan.Policy.InitialCount > 0 {
		return rollout.Ready{Plan: c.plan}, nil
	}
	good := c.entry.LastGood
	if good.Runs(revision) && !good.Adopted && primary.State == "COMPLETED" && primary.Running >= c.service.Desired {
		return nil, &rejection{record.EndingNothingToDo, fmt.Sprintf("%s %s already runs and is good", c.plan.Service.Service, c.plan.Image.Name())}
	}
	// It runs and nobody recorded that it is good: bake it and adopt it. Telling ECS again would deploy nothing.
	c.plan.Adopting = true
	watch := rollout.Watch{Deployment: primary.ID, ToldAt: c.request.Now, ProgressAt: c.request.Now, Desired: c.service.Desired, Seconds: 5}
	return rollout.Converging{Plan: c.plan, Watch: watch}, nil
}

// back goes to a good revision that was recorded. One that was deregistered meanwhile is registered again as it was.
func (c *claim) back(ctx context.Context, revision string) (rollout.State, error) {
	definition, err := c.Definitions.Describe(ctx, revision)
	if fault.IsMissing(err) {
		return nil, reject("revision %s was deleted: name another one with \"revision\"", rollout.ShortRevision(revision))
	}
	if err == nil && !definition.Active {
		revision, err = c.copyOf(ctx, revision, nil)
	}
	if err != nil {
		return nil, err
	}
	return c.ready(revision)
}

// copyOf is a revision that equals base but for the images. It looks first, because a run before this one may have registered
// it and died.
func (c *claim) copyOf(ctx context.Context, base string, images map[string]string) (string, error) {
	arn, found, err := c.Definitions.Find(ctx, base, images)
	if err == nil && !found {
		arn, err = c.Definitions.Copy(ctx, base, images)
	}
	return arn, err
}

// register makes the revision that push could not make, or makes it anew because the service's baseline has changed.
func (c *claim) register(ctx context.Context, baseline rollout.Definition, images map[string]string) (rollout.State, error) {
	arn, err := c.copyOf(ctx, baseline.ARN, images)
	if fault.IsThrottled(err) {
		return c.wait("AWS's limit on registering task definitions")
	}
	if err != nil {
		return nil, err
	}
	c.wish.Revision, c.wish.Baseline = arn, baseline.ARN
	if err := c.remember(ctx, c.plan.Service, c.wish); err != nil {
		return nil, err
	}
	return c.ready(arn)
}

// nameOf is what people call the revision's image: a tag that Slipway remembers for the digest, else what the definition
// says.
func (c *claim) nameOf(definition rollout.Definition) string {
	for _, container := range definition.Containers {
		ref, err := parseOwn(container.Image, c.own())
		if err != nil {
			continue
		}
		for _, good := range []*record.Good{c.entry.LastGood, c.entry.GoodBefore} {
			if good != nil && good.Image.Digest == ref.Digest && ref.Digest != "" {
				return good.Image.Name()
			}
		}
		return ref.Name()
	}
	return ""
}

// parseOwn parses an image URI of the service's own repository.
func parseOwn(uri string, own image.Reference) (image.Reference, error) {
	ref, err := image.Parse(uri)
	if err == nil && (ref.Registry != own.Registry || ref.Repository != own.Repository) {
		err = fmt.Errorf("%s is not from %s", uri, own.Repository)
	}
	return ref, err
}
