package deployer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"slipway/internal/arn"
	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/oneline"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// claim is one execution's claim on its service, while it is being decided.
type claim struct {
	*Deployer
	request  Request
	input    Input
	waiting  *rollout.Waiting // the step before, if this is not the first look
	service  rollout.Service
	runs     rollout.Definition // what the service runs, the baseline
	policy   rollout.Policy
	follow   image.Follow
	entry    record.Entry
	held     string // the revision of a hold: people were told that somebody deployed it
	tookOver bool   // from an execution that ended without giving the service back
	wish     record.Wish
	plan     rollout.Plan
}

// rejection ends a claim with words for a person; nothing was touched.
type rejection struct {
	ending record.Ending
	words  string
}

func (r *rejection) Error() string { return r.words }

func reject(format string, args ...any) error {
	return &rejection{record.EndingRejected, fmt.Sprintf(format, args...)}
}

// Claim validates the wish of an execution, which may be typed by hand, takes the lease on the service or waits its turn, and
// sees to it that the revision to run exists. It returns Ready, Waiting, a state to watch (what runs is already the
// target), or Ended.
func (d *Deployer) Claim(ctx context.Context, r Request) (Step, error) {
	c := &claim{Deployer: d, request: r}
	state, err := c.decide(ctx)
	var rejected *rejection
	var lost *record.LeaseLost
	if errors.As(err, &lost) {
		err = &rejection{record.EndingSuperseded, lost.Error()}
	}
	if errors.As(err, &rejected) {
		d.Log.Info("claim", "execution", r.Execution, "ending", rejected.ending, "why", rejected.words)
		return Step{rollout.Ended{Plan: c.plan, Ending: rejected.ending, Why: rollout.Sentence(rejected.words)}}, nil
	}
	if err != nil {
		return Step{}, fault.AtTheDoor(err)
	}
	d.Log.Info("claim", "execution", r.Execution, "service", c.plan.Service.String(), "phase", state.Phase())
	return Step{state}, nil
}

func (c *claim) decide(ctx context.Context) (rollout.State, error) {
	for _, step := range []func(context.Context) error{c.readInput, c.readService, c.readWish, c.checkWish} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if state, err := c.takeTurn(ctx); state != nil || err != nil {
		return state, err
	}
	// Once more, now that nobody else can change it: the execution before may have found the service changed by hand.
	if err := c.checkWish(ctx); err != nil {
		return nil, err
	}
	if c.wish.Undoes != "" {
		if state, err := c.decideUndo(); state != nil || err != nil {
			return state, err
		}
	}
	for _, step := range []func(context.Context) error{c.checkHistory, c.readBaseline, c.seeChange, c.secureRollback} {
		err := step(ctx)
		if fault.IsThrottled(err) {
			return c.wait("AWS, which asks for patience: " + oneline.Clip(err.Error(), 200))
		}
		if err != nil {
			return nil, err
		}
	}
	return c.prepare(ctx)
}

func (c *claim) readInput(context.Context) error {
	c.plan = rollout.Plan{StartedAt: c.request.Now}
	if step, err := rollout.Decode(c.request.Step); err == nil {
		if w, ok := step.(rollout.Waiting); ok {
			c.waiting = &w
			c.plan.StartedAt = w.StartedAt
		}
	}
	in, name, err := parseInput(c.request.Input)
	c.plan.Service = name
	if err != nil {
		return reject("%s", err)
	}
	c.input, c.plan.Action, c.plan.Force, c.plan.Reason = in, record.Action(in.Action), in.Force, in.Reason
	c.plan.Undoes = in.Stopped != ""
	c.plan.Wish = in.Wish // whatever it is rejected for, drift must not ask for it again
	if ref, err := image.Parse(in.Image); err == nil {
		c.plan.Image = ref
	}
	if c.waiting != nil {
		c.plan.Wish, c.plan.Image = c.waiting.Wish, c.waiting.Image
	}
	return nil
}

func (c *claim) readService(ctx context.Context) error {
	service, err := c.Services.Describe(ctx, c.plan.Service)
	if fault.IsMissing(err) {
		return reject("there is no service %s in this account and region: check cluster and service", c.plan.Service)
	}
	if err != nil {
		return err
	}
	if words := deployable(service); words != "" {
		return reject("%s", words)
	}
	policy, err := policyOf(service.Tags)
	if err != nil && (c.input.Stopped != "" || c.plan.Action == record.Rollback) {
		policy, err = defaultPolicy(), nil // no tag may be in the way of going back
	}
	if err != nil {
		return reject("service %s: %s", service.Name, err)
	}
	c.service, c.policy, c.plan.Policy = service, policy, policy
	c.follow, _ = image.ParseFollow(service.Tags[rollout.TagFollow]) // policyOf read it
	return nil
}

// own is the registry and repository that the service follows. The account and region are those of its ARN.
func (c *claim) own() image.Reference { return ownImages(c.service) }

func ownImages(s rollout.Service) image.Reference {
	own := image.Reference{Repository: s.Tags[rollout.TagRepository]}
	if account := arn.Account(s.ARN); account != "" {
		own.Registry = image.Registry(account, arn.Region(s.ARN))
	}
	return own
}

// readWish finds the wish that the execution serves; input typed by hand makes one.
func (c *claim) readWish(ctx context.Context) error {
	entry, err := c.Ledger.Load(ctx, c.plan.Service)
	if err != nil {
		return err
	}
	entry.Meet(c.service.CreatedAt)
	c.entry = entry
	switch {
	case c.input.Wish > 0:
		err = c.recordedWish(entry)
	case entry.Wish != nil && entry.Wish.By == c.request.Execution:
		c.wish = *entry.Wish
	case c.waiting != nil && entry.Wish != nil && entry.Wish.Number > c.waiting.Wish:
		err = c.superseded(*entry.Wish)
	default:
		err = c.newWish(ctx)
	}
	if err != nil {
		return err
	}
	c.plan.Wish, c.plan.Image = c.wish.Number, c.wish.Image
	return nil
}

func (c *claim) recordedWish(entry record.Entry) error {
	switch {
	case entry.Wish == nil || entry.Wish.Number < c.input.Wish:
		c.plan.Wish = 0
		return reject("nobody asked for wish %d of service %s: leave \"wish\" out when typing by hand", c.input.Wish, c.plan.Service)
	case entry.Wish.Number > c.input.Wish:
		return c.superseded(*entry.Wish)
	case c.input.Image != "" && !strings.HasSuffix(c.input.Image, string(entry.Wish.Image.Digest)):
		c.plan.Wish = 0
		return reject("wish %d of service %s is for image %s, not for %s: leave \"wish\" out when typing by hand", c.input.Wish, c.plan.Service, entry.Wish.Image.Digest.Short(), c.input.Image)
	}
	c.wish = *entry.Wish
	return nil
}

func (c *claim) superseded(by record.Wish) error {
	return &rejection{record.EndingSuperseded, fmt.Sprintf("a newer wish took over: %s (wish %d)", by.Image.Name(), by.Number)}
}

// newWish records what a person, or settle undoing a stopped execution, asks for.
func (c *claim) newWish(ctx context.Context) error {
	wish, err := c.askedFor(ctx)
	if err != nil {
		return err
	}
	wish.Action, wish.Origin, wish.AskedAt = c.plan.Action, record.FromPerson, c.request.Now
	if !c.request.Started.IsZero() { // a claim may have waited for the end of an outage; the release before does not say
		wish.AskedAt = c.request.Started
	}
	wish.Force, wish.Reason, wish.By, wish.Undoes = c.input.Force, c.input.Reason, c.request.Execution, c.input.Stopped
	c.entry, err = c.Ledger.Update(ctx, c.plan.Service, func(e *record.Entry) error {
		e.Meet(c.service.CreatedAt)
		if e.Wish != nil && e.Wish.By == c.request.Execution {
			c.wish = *e.Wish // our own write, whose answer was lost
			return nil
		}
		if overtaken(*e, wish) {
			return c.superseded(*e.Wish)
		}
		if err := barred(*e, wish); err != nil { // before it is recorded: a push that waits must not give way to it
			return err
		}
		c.wish, _ = e.Ask(wish, c.follow)
		return nil
	})
	return err
}

// overtaken reports whether somebody asked for something else after this wish, before it could be recorded. What is undone
// gives way to any wish that is newer than the one that was stopped: its deployment replaces what was left behind.
func overtaken(e record.Entry, w record.Wish) bool {
	if w.Undoes != "" && e.Open() && e.Intent != nil && e.Wish.Number > e.Intent.Wish {
		return true
	}
	return e.Wish != nil && e.Wish.AskedAt.After(w.AskedAt)
}

func (c *claim) askedFor(ctx context.Context) (record.Wish, error) {
	switch {
	case c.input.Stopped != "" && c.entry.LastGood == nil:
		return c.leftoverWish()
	case c.plan.Action == record.Rollback && c.input.Image == "" && c.input.Revision == "":
		return c.lastGoodWish()
	case c.input.Revision != "":
		return c.revisionWish(ctx)
	case c.input.Image != "":
		ref, err := reference(c.input.Image, c.own())
		if err != nil {
			return record.Wish{}, reject("%s", err)
		}
		return c.imageWish(ctx, ref)
	}
	images, err := c.Registry.List(ctx, c.own())
	if fault.IsMissing(err) {
		return record.Wish{}, reject("repository %s does not exist: check tag %s of service %s", c.own().Repository, rollout.TagRepository, c.plan.Service)
	}
	if err != nil {
		return record.Wish{}, err
	}
	found, ok, err := c.newestRunnable(ctx, c.own(), c.follow, images, func(image.Candidate) bool { return true }, nil)
	if err != nil {
		return record.Wish{}, err
	}
	if !ok {
		return record.Wish{}, reject("repository %s has no image that service %s follows (%s) and that a task can run: push one, or name an image", c.own().Repository, c.plan.Service, c.follow)
	}
	return wishOf(found), available(found)
}

func (c *claim) imageWish(ctx context.Context, ref image.Reference) (record.Wish, error) {
	found, err := c.resolve(ctx, ref)
	if err != nil {
		return record.Wish{}, err
	}
	return wishOf(found), nil
}

func wishOf(found rollout.Found) record.Wish {
	return record.Wish{Image: found.Image, PushedAt: found.Candidate.PushedAt}
}

// resolve finds an image and rejects what cannot be deployed.
func (c *claim) resolve(ctx context.Context, ref image.Reference) (rollout.Found, error) {
	found, err := c.Registry.Resolve(ctx, ref)
	var artefact *image.NotRunnable
	switch {
	case fault.IsMissing(err):
		return found, reject("image %s does not exist in repository %s: push it again", ref.Name(), ref.Repository)
	case errors.As(err, &artefact):
		return found, reject("image %s of repository %s is %s", ref.Name(), ref.Repository, artefact)
	case err != nil:
		return found, err
	}
	return found, available(found)
}

func available(found rollout.Found) error {
	if found.Archived {
		return reject("image %s of repository %s is archived: restore it first", found.Image.Name(), found.Image.Repository)
	}
	return nil
}

// lastGoodWish answers {"action":"rollback"}: the last good revision, or the one before if that runs already. After a stopped
// execution it is the last good revision in any case.
func (c *claim) lastGoodWish() (record.Wish, error) {
	good := c.entry.LastGood
	if c.input.Stopped == "" && good.Runs(c.service.Revision) {
		good = c.entry.GoodBefore
	}
	if good == nil {
		return record.Wish{}, reject("service %s has no other good revision to roll back to: name one with \"revision\"", c.plan.Service)
	}
	return record.Wish{Image: good.Image, Revision: good.Revision}, nil
}

// leftoverWish is what a stopped execution left behind, when there is nothing good to go back to.
func (c *claim) leftoverWish() (record.Wish, error) {
	leftover := c.entry.Intent
	if leftover == nil {
		return record.Wish{}, &rejection{record.EndingNothingToDo, fmt.Sprintf("service %s has nothing that is to be undone", c.plan.Service)}
	}
	wish := record.Wish{Image: c.own(), Revision: leftover.Revision}
	wish.Image.Digest = leftover.Digest
	return wish, nil
}

// decideUndo decides what becomes of what a dead execution left behind: without a good revision it goes the way of a failed
// deployment, and what somebody else deployed since is left alone. nil: go back to last good.
func (c *claim) decideUndo() (rollout.State, error) {
	leftover, primary := c.entry.Intent, c.service.Primary()
	if leftover == nil { // the stopped execution was redriven and has settled meanwhile
		return nil, &rejection{record.EndingNothingToDo, fmt.Sprintf("service %s has nothing that is to be undone any more", c.plan.Service)}
	}
	if leftover.Action == record.Deploy && primary.Revision == leftover.Baseline && primary.Revision != leftover.Abandons && !c.entry.LastGood.Runs(primary.Revision) {
		return nil, &rejection{record.EndingNothingToDo, fmt.Sprintf("ECS was not told to leave %s, which somebody deployed to service %s before: it is left alone", rollout.ShortRevision(primary.Revision), c.plan.Service)}
	}
	if primary.Revision != leftover.Revision && primary.Revision != leftover.Baseline && !c.entry.LastGood.Runs(primary.Revision) {
		return nil, &rejection{record.EndingHeld, fmt.Sprintf("somebody deployed %s to service %s since the execution was stopped: it is left alone", rollout.ShortRevision(primary.Revision), c.plan.Service)}
	}
	if c.entry.LastGood != nil {
		return nil, nil
	}
	c.plan.Revision, c.plan.Baseline = leftover.Revision, leftover.Baseline
	return rollout.Failed{Plan: c.plan, Because: rollout.Reason{Class: rollout.ClassPerson, Words: c.plan.Reason}}, nil
}

func (c *claim) revisionWish(ctx context.Context) (record.Wish, error) {
	definition, err := c.Definitions.Describe(ctx, c.input.Revision)
	if fault.IsMissing(err) {
		return record.Wish{}, reject("there is no task definition %s", c.input.Revision)
	}
	if err != nil {
		return record.Wish{}, err
	}
	family, _, _ := strings.Cut(rollout.ShortRevision(c.service.Revision), ":")
	if definition.Family != family || !definition.Active {
		return record.Wish{}, reject("revision %s is not an ACTIVE revision of family %s, which service %s runs", c.input.Revision, family, c.plan.Service)
	}
	wish := record.Wish{Revision: definition.ARN}
	for _, container := range definition.Containers {
		if ref, err := parseOwn(container.Image, c.own()); err == nil && ref.Digest != "" {
			wish.Image = ref
		}
	}
	if wish.Image.Digest == "" {
		return wish, reject("revision %s pins no image of repository %s by digest, so what it would run is not certain", c.input.Revision, c.own().Repository)
	}
	return wish, nil
}

// checkWish compares the wish with what is quarantined, and with a hold.
func (c *claim) checkWish(context.Context) error { return barred(c.entry, c.wish) }

// barred rejects a wish for what is quarantined, or for a service that is held.
func barred(e record.Entry, w record.Wish) error {
	if f := e.Failed(w.Image.Digest); f != nil && !w.Force && w.Undoes == "" {
		return reject("image %s (%s) is quarantined: it failed on %s - %s; push another image, or start with \"force\":true",
			w.Image.Name(), w.Image.Digest.Short(), f.At.UTC().Format(time.RFC3339), f.Reason)
	}
	if e.Hold.Bars(w) {
		return &rejection{record.EndingHeld, fmt.Sprintf("service %s is held: %s; push another image, start with an image and \"force\":true, or go back with %s", e.Service, e.Hold.Reason, goingBack(e.Service))}
	}
	return nil
}

// goingBack is what to type to run last good in place of what somebody deployed.
func goingBack(name record.ServiceName) string {
	return fmt.Sprintf(`{"service":%q,"action":"rollback","force":true}`, name.String())
}
