// Package deployer holds the verbs of Slipway, one file each in the order of the story: push, claim, update, probe, rollback,
// settle, drift. A verb looks at the world through the small interfaces below, asks the core (rollout, record, image, drift)
// what that means, and acts.
//
// It knows no SDK and no clock: time comes with the request. The errors that leave it are those of package fault.
package deployer

import (
	"context"
	"log/slog"
	"time"

	"slipway/internal/drift"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// Deployer is the verbs and what they need. Functions that do not use an interface leave it nil.
type Deployer struct {
	Ledger      Ledger
	Followers   Followers
	Services    Services
	Definitions Definitions
	Registry    Registry
	Executions  Executions
	Targets     Targets
	Logs        Logs
	Parameters  Parameters
	Announcer   Announcer
	Log         *slog.Logger
}

// Ledger remembers services. Implementations: package ledger.
type Ledger interface {
	// Load returns the entry of a service, with nothing but its name if it was never seen. Consistent read.
	Load(ctx context.Context, name record.ServiceName) (record.Entry, error)
	// Update loads the entry, lets change change it and stores it, on condition that nobody stored it meanwhile; then it
	// starts over, so change may run several times. If change returns an error, or changes nothing, nothing is stored.
	Update(ctx context.Context, name record.ServiceName, change func(*record.Entry) error) (record.Entry, error)
	// Conclude stores an outcome. A run of an execution has one: if it has one already, that one is returned and nothing is stored.
	Conclude(ctx context.Context, o record.Outcome) (record.Outcome, error)
}

// Followers finds the services that opted in, through the Resource Groups Tagging API.
type Followers interface {
	// Following returns the services whose slipway:repository tag is repository, or all opted-in services if it is "",
	// sorted by name.
	Following(ctx context.Context, repository string) ([]rollout.Follower, error)
}

// Services is ECS. Missing services and clusters are *fault.Missing.
type Services interface {
	Describe(ctx context.Context, name record.ServiceName) (rollout.Service, error)
	// DescribeAll describes services in batches of ten; those that do not exist are left out of the result.
	DescribeAll(ctx context.Context, names []record.ServiceName) (map[record.ServiceName]rollout.Service, error)
	// Tasks are the tasks of a service that was described, running and recently stopped (ECS forgets them after about an
	// hour), sorted by id.
	Tasks(ctx context.Context, service rollout.Service) ([]rollout.SeenTask, error)
	// History is the service-deployment history, newest first, at most twenty.
	History(ctx context.Context, name record.ServiceName) ([]rollout.Past, error)
	// Images are the digests that ECS resolved for the containers of what a service runs, by container. Those that it does not
	// know are left out.
	Images(ctx context.Context, service rollout.Service) (map[string]image.Digest, error)
	// Update tells ECS to run revision, and nothing else; with desired also how many. It returns the id of the primary
	// deployment that ECS answered with.
	Update(ctx context.Context, name record.ServiceName, revision string, desired *int) (deployment string, err error)
}

// Definitions is ECS's task definitions. Unknown ones are *fault.Missing.
type Definitions interface {
	Describe(ctx context.Context, arn string) (rollout.Definition, error)
	// Guarded is Describe, and what masks the secrets in one line that the revision's containers wrote or that ECS wrote of them. There
	// is a mask even if there is an error.
	Guarded(ctx context.Context, arn string) (definition rollout.Definition, mask func(line string) string, err error)
	// Find looks for an ACTIVE revision of base's family that equals base but for the images of the named containers.
	Find(ctx context.Context, base string, images map[string]string) (arn string, found bool, err error)
	// Copy registers base with other images in the named containers and no other difference, in one try (*fault.Throttled).
	Copy(ctx context.Context, base string, images map[string]string) (arn string, err error)
	// Changed says in words what differs between two revisions: names, never values.
	Changed(ctx context.Context, from, to string) ([]string, error)
	// Newest is the newest ACTIVE revision of the family that a revision is of. *fault.Missing: there is none.
	Newest(ctx context.Context, revision string) (drift.Revision, error)
	// Compare compares revisions with the one that a service runs. Those that were deleted are left out.
	Compare(ctx context.Context, runs string, revisions []string) ([]drift.Revision, error)
}

// Registry is ECR. Unknown repositories, tags and digests are *fault.Missing.
type Registry interface {
	// Resolve finds an image by digest, else by tag. The error is *image.NotRunnable for what no task can run.
	Resolve(ctx context.Context, ref image.Reference) (rollout.Found, error)
	// List returns the tagged images of a repository.
	List(ctx context.Context, ref image.Reference) ([]image.Candidate, error)
}

// Executions is the workflow.
type Executions interface {
	// Start starts an execution. One of that name and input that runs already, or has succeeded, is a success.
	Start(ctx context.Context, name string, input []byte) (arn string, err error)
	// Ended reports whether an execution, given by its ARN or its name, has ended, and when. *fault.Missing: there is none.
	Ended(ctx context.Context, execution string) (at time.Time, ended bool, err error)
}

// Targets is the load balancers: the registrations of target groups, by target group ARN.
type Targets interface {
	Health(ctx context.Context, groups []string) (map[string][]rollout.SeenTarget, error)
}

// Logs is CloudWatch Logs: the last lines of a stream, oldest first, masked.
type Logs interface {
	Last(ctx context.Context, group, stream string, lines int, mask func(line string) string) ([]string, error)
}

// Parameters is SSM Parameter Store.
type Parameters interface {
	Put(ctx context.Context, name, value string) error
}

// Announcer tells people and machines: an EventBridge event, and SNS for what a person should read. No verdict ever depends on it.
type Announcer interface {
	// Announce tells over the channels over which it was not told, each of them whatever becomes of the other, and returns over
	// which it was told then. A channel that has nothing to tell, or refuses it, and would the next time too, counts as told. The
	// error is that of every channel that failed or refused.
	Announce(ctx context.Context, a rollout.Announcement, told record.Told) (record.Told, error)
}
