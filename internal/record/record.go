// Package record is what Slipway remembers of a service, and the rules by which that memory changes: who holds the lease,
// which image is wished for, what was begun, what was last good, which digests failed, why deployments are held.
//
// It is pure. An Entry is loaded, changed by one of the methods here and stored by one conditional write (package ledger), so
// every decision is taken on one consistent view and loses against a rival's. Only ARNs, digests and sentences are kept,
// never the content of a task definition.
package record

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"slipway/internal/image"
	"slipway/internal/oneline"
)

// Lease is how long a holder may be silent before another may take over. ECS has no compare-and-swap, so the lease must
// outlast any call that a killed Lambda may still have in flight: Lambda timeout (30 s), a request's validity, and at
// least three poll intervals; and a holder whose step is tried again for as long as the workflow does. Tests check both
// against template.yaml and the state machine.
const Lease = 20 * time.Minute

// RenewEvery is how often a holder that waits renews its lease.
const RenewEvery = Lease / 4

// LambdaTimeout is the longest that a function of an ended execution can still be running.
const LambdaTimeout = 30 * time.Second

// MaxQuarantine bounds the list of failed digests, so that the item cannot outgrow DynamoDB's 400 KB.
const MaxQuarantine = 50

// ServiceName is the cluster and name of an ECS service, written "shop/web".
type ServiceName struct {
	Cluster string
	Service string
}

// isName reports whether s can name a cluster or a service: 1 to 255 letters, digits, '-' and '_'. It is no regular expression,
// because {1,255} takes half a millisecond to compile, at every start of every function.
func isName(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 255
}

// ParseServiceName reads "cluster/service" or a service's long ARN.
func ParseServiceName(s string) (ServiceName, error) {
	if strings.HasPrefix(s, "arn:") {
		_, rest, ok := strings.Cut(s, ":service/")
		if !ok {
			return ServiceName{}, fmt.Errorf("%q is not the ARN of an ECS service", oneline.Clip(s, 120))
		}
		s = rest
	}
	cluster, service, ok := strings.Cut(s, "/")
	if !ok || !isName(cluster) || !isName(service) {
		return ServiceName{}, fmt.Errorf("%q is not a service: write CLUSTER/SERVICE, such as shop/web", oneline.Clip(s, 120))
	}
	return ServiceName{Cluster: cluster, Service: service}, nil
}

// String is CLUSTER/SERVICE, and "" of the zero name: that of an execution whose input names no service.
func (n ServiceName) String() string {
	if n == (ServiceName{}) {
		return ""
	}
	return n.Cluster + "/" + n.Service
}

func (n ServiceName) MarshalJSON() ([]byte, error) { return json.Marshal(n.String()) }

func (n *ServiceName) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("a service is text such as \"shop/web\"")
	}
	if s == "" {
		*n = ServiceName{}
		return nil
	}
	parsed, err := ParseServiceName(s)
	*n = parsed
	return err
}

// Action is what a wish asks for.
type Action string

const (
	Deploy   Action = "deploy"
	Rollback Action = "rollback"
)

// Origin is who asked.
type Origin string

const (
	FromPush   Origin = "push"
	FromDrift  Origin = "drift"
	FromPerson Origin = "person"
)

// Wish is what somebody wants a service to run. Wishes of a service are numbered from 1; a higher number supersedes.
type Wish struct {
	Number   int             `json:"number"`
	Action   Action          `json:"action"`
	Origin   Origin          `json:"origin"`
	Image    image.Reference `json:"image"` // always with a digest
	PushedAt time.Time       `json:"pushedAt"`
	AskedAt  time.Time       `json:"askedAt"`
	Revision string          `json:"revision,omitempty"` // task definition ARN registered or chosen for it
	Baseline string          `json:"baseline,omitempty"` // the revision Revision was copied from
	Force    bool            `json:"force,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	By       string          `json:"by,omitempty"`     // the execution that a person started, which must ask only once
	Undoes   string          `json:"undoes,omitempty"` // the dead execution whose open deployment this wish takes back
}

// candidate is the wish's image as the follow rules compare it.
func (w Wish) candidate() image.Candidate {
	return image.Candidate{Digest: w.Image.Digest, Tags: []string{w.Image.Tag}, PushedAt: w.PushedAt}
}

// Holding is a lease on a service: the right to change it.
type Holding struct {
	Owner string    `json:"owner"` // execution ARN
	Wish  int       `json:"wish"`  // which the owner serves; there may be newer ones that wait
	Fence int64     `json:"fence"` // grows with every taking
	Until time.Time `json:"until"`
	// Over: the owner has ended and has its outcome. The lease only keeps others away until its last calls are over.
	Over bool `json:"over,omitempty"`
}

// Intent is what was decided and is about to be, or was, told to ECS. It is stored before the call.
type Intent struct {
	Action   Action       `json:"action"`
	Wish     int          `json:"wish"`
	Digest   image.Digest `json:"digest"`
	Revision string       `json:"revision"`         // what ECS is told to run
	Baseline string       `json:"baseline"`         // what it ran before
	Abandons string       `json:"leaves,omitempty"` // what an execution of another wish told ECS to run before it died: it is to be left, whatever becomes of this one
	Count    int          `json:"count,omitempty"`  // the desired count that was sent: the first deployment of a service created with 0 tasks
	At       time.Time    `json:"at"`
	By       string       `json:"by"` // the execution that told ECS
}

// Good is a revision that stayed healthy through its bake.
type Good struct {
	Revision string          `json:"revision"`
	Image    image.Reference `json:"image"`
	At       time.Time       `json:"at"`
	Of       string          `json:"of,omitempty"`      // the revision that Revision is a copy of, which runs the same image: by its tag, or no longer ACTIVE
	Adopted  bool            `json:"adopted,omitempty"` // it ran before Slipway knew the service, or nobody recorded it
	Guard    *Guard          `json:"guard,omitempty"`   // nil: proven by a release that did not record it
}

// Guard is what protects a service from a bad deployment, as ECS has it: settings of the service, not of its task definition.
type Guard struct {
	Breaker      bool `json:"breaker,omitempty"`      // the deployment circuit breaker is on
	Rollback     bool `json:"rollback,omitempty"`     // and rolls back
	Alarms       bool `json:"alarms,omitempty"`       // deployment alarms are on
	Grace        int  `json:"grace,omitempty"`        // seconds for which failed health checks of a new task are ignored
	MinPercent   int  `json:"minPercent,omitempty"`   // minimumHealthyPercent
	TargetGroups int  `json:"targetGroups,omitempty"` // whose health checks count
}

// Excused says that a revision was rolled back for trouble that was not its image's: ECS's history, which does not know why, is no
// reason to refuse it.
type Excused struct {
	Revision string    `json:"revision"`
	At       time.Time `json:"at"` // when that ended
}

// Failure quarantines a digest until a person forces it or another replaces it.
type Failure struct {
	Digest   image.Digest `json:"digest"`
	Name     string       `json:"name"` // tag for people
	Revision string       `json:"revision"`
	Reason   string       `json:"reason"`
	At       time.Time    `json:"at"`
}

// Hold stops deployments of a service that a person changed by hand.
type Hold struct {
	Reason   string    `json:"reason"`
	Revision string    `json:"revision"` // the foreign revision
	Wish     int       `json:"wish"`     // the newest wish at the time; a newer one, or force, ends the hold
	At       time.Time `json:"at"`
}

// Family is what the last look at the task-definition family of a service found (package drift). Between looks it is what is
// known.
type Family struct {
	LookedAt time.Time `json:"lookedAt"`
	Runs     string    `json:"runs"`           // the revision that the service ran then
	Judged   int       `json:"judged"`         // the newest number of which it is known whether it is an edit
	Edit     *Edit     `json:"edit,omitempty"` // nil: nobody edited the family
}

// Edit is a revision that somebody registered and nobody deployed.
type Edit struct {
	Revision     string    `json:"revision"`
	RegisteredAt time.Time `json:"registeredAt"`
	Changed      []string  `json:"changed"` // what differs from the revision that the service runs: names, and sizes
}

// Afterwards, as Outcome.Redrive, is an outcome that was found out after all runs of an execution had theirs: that nobody can undo
// what it left behind.
const Afterwards = -1

// Outcome is how a wish ended. Outcomes are only ever added.
type Outcome struct {
	Execution string          `json:"execution"`         // execution ARN
	Redrive   int             `json:"redrive,omitempty"` // how often it had been redriven: each run has an outcome of its own
	Service   ServiceName     `json:"service"`
	Wish      int             `json:"wish"`
	Ending    Ending          `json:"ending"`
	Cause     string          `json:"cause"` // one sentence
	Image     image.Reference `json:"image"`
	Revision  string          `json:"revision,omitempty"`
	Report    []string        `json:"report,omitempty"` // the failure block, line by line
	StartedAt time.Time       `json:"startedAt"`
	EndedAt   time.Time       `json:"endedAt"`
}

// Told is over which channels something was told, or refused, which is as final.
type Told struct {
	Event bool `json:"event,omitempty"` // to machines: EventBridge
	Mail  bool `json:"mail,omitempty"`  // to people: SNS
}

// Everywhere reports whether nothing is left to be told.
func (t Told) Everywhere() bool { return t.Event && t.Mail }

// Entry is everything remembered of one service. The zero Entry with a Service is a service never seen.
type Entry struct {
	Service ServiceName `json:"service"`
	Created time.Time   `json:"created,omitzero"` // when ECS created the service
	Version int64       `json:"version"`          // grows with every write; the condition of the next one
	Fence   int64       `json:"fence"`            // the highest fence handed out
	Wish    *Wish       `json:"wish,omitempty"`
	// Followed is the newest pushed image that was wished for, with every tag under which it was pushed. Wishes of people may
	// be for older ones; that makes no push newer than it was.
	Followed *image.Candidate `json:"followed,omitempty"`
	// Passed is a push that a person's wish superseded while it waited. It is wished for again if that is rejected.
	Passed     *Wish     `json:"passed,omitempty"`
	Handled    int       `json:"handled"` // the highest wish number that has an outcome
	Lease      *Holding  `json:"lease,omitempty"`
	Intent     *Intent   `json:"intent,omitempty"`
	Deployed   string    `json:"deployed,omitempty"` // the revision that Slipway last set out to deploy, until it is rolled back
	LastGood   *Good     `json:"lastGood,omitempty"`
	GoodBefore *Good     `json:"goodBefore,omitempty"` // the last good before LastGood, for a rollback by hand
	SeenAt     time.Time `json:"seenAt,omitzero"`      // when Slipway first knew of the service: older pushes are not lost
	Quarantine []Failure `json:"quarantine,omitempty"`
	Hold       *Hold     `json:"hold,omitempty"`
	Findings   []string  `json:"findings,omitempty"`  // drift as last reported
	FoundAt    time.Time `json:"foundAt,omitzero"`    // and when
	FoundTold  *Told     `json:"foundTold,omitempty"` // where that was told so far, nil: everywhere
	ShortAt    time.Time `json:"shortAt,omitzero"`    // when a check first found fewer tasks than the service wants, zero if the last one did not
	Family     *Family   `json:"family,omitempty"`
	Last       *Outcome  `json:"last,omitempty"`
	Told       bool      `json:"told,omitempty"`     // Last was told everywhere
	LastTold   Told      `json:"lastTold,omitzero"`  // where Last was told so far; beside Told, which functions of the release before read as well
	TellingAt  time.Time `json:"tellingAt,omitzero"` // when a check for drift last began to tell what could not be told
	// Excused is the newest deployment that ended RolledBack or Stuck for no fault of its image.
	Excused *Excused `json:"excused,omitempty"`
	// GivenUp is a revision on which an execution ended Stuck, so that the service may still run it: a person decides.
	GivenUp string `json:"givenUp,omitempty"`
}
