package deployer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// eventGrace is how old a push must be before its event counts as lost: EventBridge and Lambda may take a while.
const eventGrace = 2 * time.Minute

// Push serves one ECR push event: every service that follows the repository gets the image as its newest wish, a task
// definition revision if that can be had in one try, and an execution of the workflow. It is idempotent: events come twice.
//
// An event that cannot be read is *fault.BadEvent and ends in the dead-letter queue.
func (d *Deployer) Push(ctx context.Context, event json.RawMessage) error {
	push, err := image.ParsePush(event)
	var ignored *image.Ignored
	if errors.As(err, &ignored) {
		d.Log.Info("push ignored", "why", ignored.Why)
		return nil
	}
	if err != nil {
		return &fault.BadEvent{Words: "ECR event: " + err.Error()}
	}
	return fault.AtTheDoor(d.push(ctx, push))
}

func (d *Deployer) push(ctx context.Context, push image.Push) error {
	matching, err := d.matching(ctx, push)
	if err != nil || len(matching) == 0 {
		return err
	}
	found, err := d.Registry.Resolve(ctx, push.Reference())
	var artefact *image.NotRunnable
	if errors.As(err, &artefact) {
		d.Log.Info("push ignored", "image", push.Reference().Pinned(), "why", artefact.Why)
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up pushed image: %w", err)
	}
	names := make([]record.ServiceName, len(matching))
	for i, f := range matching {
		names[i] = f.Name
	}
	services, err := d.Services.DescribeAll(ctx, names)
	if err != nil {
		return err
	}
	var failed error
	for _, f := range matching {
		service, ok := services[f.Name]
		if !ok {
			d.Log.Warn("a tagged service does not exist any more", "service", f.Name.String())
			continue
		}
		if service.Status != "ACTIVE" { // the tagging index and DescribeServices know a deleted service for a while
			d.Log.Warn("a tagged service was deleted", "service", f.Name.String(), "status", service.Status)
			continue
		}
		if err := d.wishFor(ctx, service, push, found); err != nil {
			failed = errors.Join(failed, fmt.Errorf("service %s: %w", f.Name, err)) // the others must not wait for it
		}
	}
	return failed
}

// matching are the services whose rule follows the pushed tag. A rule that cannot be read counts as a match: claim rejects
// it in words that somebody sees.
func (d *Deployer) matching(ctx context.Context, push image.Push) ([]rollout.Follower, error) {
	followers, err := d.Followers.Following(ctx, push.Repository)
	if err != nil {
		return nil, err
	}
	var matching []rollout.Follower
	for _, f := range followers {
		rule, err := image.ParseFollow(f.Tags[rollout.TagFollow])
		if err == nil && !rule.Matches(push.Tag) {
			continue
		}
		if tag, pointer := rule.Pointer(); pointer {
			now, err := d.Registry.Resolve(ctx, image.Reference{Registry: push.Reference().Registry, Repository: push.Repository, Tag: tag})
			var artefact *image.NotRunnable
			if err != nil && !fault.IsMissing(err) && !errors.As(err, &artefact) {
				return nil, fmt.Errorf("look up tag %s: %w", tag, err) // not knowing, an older push would win; the event comes again
			}
			if err != nil || now.Image.Digest != push.Digest {
				d.Log.Info("the tag has moved on", "service", f.Name.String(), "tag", tag, "pushed", push.Digest.Short(), "now", now.Image.Digest.Short())
				continue
			}
		}
		matching = append(matching, f)
	}
	d.Log.Info("push", "image", push.Reference().Pinned(), "tag", push.Tag, "followers", len(followers), "matching", len(matching))
	return matching, nil
}

func (d *Deployer) wishFor(ctx context.Context, s rollout.Service, push image.Push, found rollout.Found) error {
	if own := ownImages(s); own.Registry != push.Reference().Registry {
		d.Log.Warn("push ignored", "service", s.Name.String(), "image", push.Reference().Pinned(), "why", "it is of another account or region than the service")
		return nil
	}
	rule, _ := image.ParseFollow(s.Tags[rollout.TagFollow]) // claim says what is wrong with it
	if older, err := d.olderVersion(ctx, s, rule, found.Candidate); older || err != nil {
		return err
	}
	wish := record.Wish{Action: record.Deploy, Origin: record.FromPush, Image: push.Reference(), PushedAt: found.Candidate.PushedAt, AskedAt: push.At}
	wish, entry, asked, err := d.ask(ctx, s, wish, rule)
	if err != nil {
		return err
	}
	if !asked && (wish.Image.Digest != push.Digest || entry.Handled >= wish.Number) {
		d.Log.Info("nothing new to deploy", "service", s.Name.String(), "pushed", push.Digest.Short(), "wished", wish.Image.Digest.Short())
		return nil
	}
	// Nobody can have registered a revision for an image that is only just there. Of an older one, whose tag moved or whose
	// event is late, there may be one: claim looks before it registers.
	fresh := asked && found.Candidate.PushedAt.After(push.At.Add(-eventGrace))
	if fresh && entry.Free(push.At) && entry.Failed(wish.Image.Digest) == nil {
		wish = d.registerEarly(ctx, s, wish, found)
	}
	return d.start(ctx, s.Name, wish)
}

// olderVersion reports whether the first image that is pushed to a service that follows versions is older than one that is there: the
// service may run that one, or one in between, and never goes down.
func (d *Deployer) olderVersion(ctx context.Context, s rollout.Service, rule image.Follow, pushed image.Candidate) (bool, error) {
	if !rule.Versions() {
		return false, nil
	}
	entry, err := d.Ledger.Load(ctx, s.Name)
	if entry.Meet(s.CreatedAt); err != nil || entry.Followed != nil {
		return false, err // there is something to compare with
	}
	images, err := d.Registry.List(ctx, ownImages(s))
	if err != nil {
		return false, err
	}
	_, older, err := d.newestRunnable(ctx, ownImages(s), rule, images, func(c image.Candidate) bool { return rule.Newer(c, pushed) }, nil)
	if older {
		d.Log.Info("nothing new to deploy", "service", s.Name.String(), "pushed", pushed.Digest.Short(), "why", "a higher version is there")
	}
	return older, err
}

// ask records a wish. It returns the newest wish, which is another one if asked is false.
func (d *Deployer) ask(ctx context.Context, s rollout.Service, wish record.Wish, rule image.Follow) (newest record.Wish, entry record.Entry, asked bool, err error) {
	entry, err = d.Ledger.Update(ctx, s.Name, func(e *record.Entry) error {
		e.Meet(s.CreatedAt)
		newest, asked = e.Ask(wish, rule)
		return nil
	})
	return newest, entry, asked, err
}

// registerEarly tries once to register the wish's revision, so that the workflow finds it ready. Whatever goes wrong is left
// to claim, which tries again and says so.
func (d *Deployer) registerEarly(ctx context.Context, s rollout.Service, wish record.Wish, found rollout.Found) record.Wish {
	base, err := d.Definitions.Describe(ctx, s.Revision)
	if err != nil {
		d.Log.Info("left to claim", "service", s.Name.String(), "why", err.Error())
		return wish
	}
	images, rejected := imagesFor(s, base, found)
	if rejected != "" || deployable(s) != "" {
		d.Log.Info("left to claim", "service", s.Name.String(), "why", rejected+deployable(s))
		return wish
	}
	arn, err := d.Definitions.Copy(ctx, base.ARN, images)
	if err != nil {
		d.Log.Info("left to claim", "service", s.Name.String(), "why", err.Error())
		return wish
	}
	wish.Revision, wish.Baseline = arn, base.ARN
	if err := d.remember(ctx, s.Name, wish); err != nil {
		d.Log.Warn("left to claim, which will find the revision", "service", s.Name.String(), "revision", arn, "why", err.Error())
	}
	return wish
}

// remember stores the revision of a wish, unless a newer wish came.
func (d *Deployer) remember(ctx context.Context, name record.ServiceName, wish record.Wish) error {
	_, err := d.Ledger.Update(ctx, name, func(e *record.Entry) error {
		if e.Wish != nil && e.Wish.Number == wish.Number {
			e.Wish.Revision, e.Wish.Baseline = wish.Revision, wish.Baseline
		}
		return nil
	})
	return err
}

// start starts the workflow for a wish. Name and input follow from the wish alone, so that a second start is the same one.
func (d *Deployer) start(ctx context.Context, name record.ServiceName, wish record.Wish) error {
	input, err := json.Marshal(Input{Service: name.String(), Image: uri(wish.Image), Wish: wish.Number})
	if err != nil {
		return err
	}
	arn, err := d.Executions.Start(ctx, ExecutionName(name, wish), input)
	if err != nil {
		return err
	}
	d.Log.Info("execution started", "service", name.String(), "execution", arn, "wish", wish.Number)
	return nil
}

// uri is an image with its tag and digest, as people read it and claim parses it.
func uri(r image.Reference) string {
	s := r.Registry + "/" + r.Repository
	if r.Tag != "" {
		s += ":" + r.Tag
	}
	if r.Digest != "" {
		s += "@" + string(r.Digest)
	}
	return s
}

// ExecutionName is legible and unique per wish: service (24), tag (24), digest (12), hash of cluster/service (8), number.
// Step Functions allows 80 characters; only 0-9A-Za-z-_ can be logged.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func ExecutionName(name record.ServiceName, wish record.Wish) string {
	sum := sha256.Sum256([]byte(name.String()))
	parts := []string{legible(name.Service, 24)}
	if tag := legible(wish.Image.Tag, 24); tag != "" {
		parts = append(parts, tag)
	}
	return strings.Join(append(parts, wish.Image.Digest.Short(), hex.EncodeToString(sum[:4]), strconv.Itoa(wish.Number)), "-")
}

func legible(s string, most int) string {
	clean := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, s)
	return clean[:min(most, len(clean))]
}
