// Package rollout is the core of Slipway: where a deployment stands, what was seen of it, and the judgement.
//
// A State is one of a closed set of structs, each with only what is true in it. Next takes a state and an observation to
// the next state; it is total and pure, and it never acts. States cross every step of the workflow as JSON (codec.go).
package rollout

import (
	"fmt"
	"strings"
	"time"

	"slipway/internal/image"
	"slipway/internal/record"
)

// Phase is a state's name on the wire, on which the workflow's Choice states branch.
type Phase string

const (
	PhaseWaiting     Phase = "Waiting"
	PhaseReady       Phase = "Ready"
	PhaseConverging  Phase = "Converging"
	PhaseBaking      Phase = "Baking"
	PhaseSucceeded   Phase = "Succeeded"
	PhaseFailed      Phase = "Failed"
	PhaseRollingBack Phase = "RollingBack"
	PhaseRolledBack  Phase = "RolledBack"
	PhaseStuck       Phase = "Stuck"
	PhaseForeign     Phase = "Foreign"
	PhaseEnded       Phase = "Ended"
)

// states has one of each state, in the order of the story.
var states = []State{Waiting{}, Ready{}, Converging{}, Baking{}, Succeeded{}, Failed{}, RollingBack{}, RolledBack{}, Stuck{}, Foreign{}, Ended{}}

// Phases are all phases, in the order of the story.
func Phases() []Phase {
	phases := make([]Phase, len(states))
	for i, s := range states {
		phases[i] = s.Phase()
	}
	return phases
}

// State is where a deployment stands.
type State interface {
	Phase() Phase
	plan() Plan
}

// Plan is what an execution set out to do, decided by claim and carried unchanged.
type Plan struct {
	Service   record.ServiceName `json:"service"`
	Wish      int                `json:"wish"`
	Action    record.Action      `json:"action"`
	Image     image.Reference    `json:"image"`
	Revision  string             `json:"revision,omitempty"` // task definition ARN to run
	Baseline  string             `json:"baseline,omitempty"` // the one that ran before
	Fence     int64              `json:"fence,omitempty"`
	Policy    Policy             `json:"policy"`
	Force     bool               `json:"force,omitempty"`
	Reason    string             `json:"reason,omitempty"` // as the person gave it
	StartedAt time.Time          `json:"startedAt"`
	Name      string             `json:"name,omitempty"`     // the baseline's image for people, "9ab03de"
	ProvenAt  time.Time          `json:"provenAt,omitzero"`  // when it was made sure that there is a way back
	Undoes    bool               `json:"undoes,omitempty"`   // an execution that was stopped, or died, is undone: nobody asked for the image
	Adopting  bool               `json:"adopting,omitempty"` // nothing is to be deployed: what runs is baked and adopted
}

// Policy is how patient the judgement is, from the service's tags.
type Policy struct {
	Bake         Seconds `json:"bake"`         // healthy for this long before it counts as good
	Timeout      Seconds `json:"timeout"`      // progress deadline
	InitialCount int     `json:"initialCount"` // desired count of the very first deployment, 0 = not set
}

// Seconds is a duration that crosses JSON as whole seconds.
type Seconds int

// Duration converts.
func (s Seconds) Duration() time.Duration { return time.Duration(s) * time.Second }

// The bounds of a policy and of waiting for a turn. A test adds them up against the state machine's TimeoutSeconds and its
// history limit.
const (
	DefaultBake    = 5 * time.Minute
	DefaultTimeout = 30 * time.Minute
	MaxBake        = 2 * time.Hour
	MaxTimeout     = 4 * time.Hour
	MaxTurn        = 6 * time.Hour
)

// Waiting is a claim that is not served yet.
type Waiting struct {
	Plan
	For     string    `json:"for"` // what it waits for, a sentence
	Since   time.Time `json:"since"`
	Seconds int       `json:"seconds"`
}

// Ready holds the lease; everything is there to tell ECS.
type Ready struct{ Plan }

// Watch is what every state that looks at ECS carries.
type Watch struct {
	Deployment string    `json:"deployment"` // ecs-svc/... that is ours
	Previous   string    `json:"previous"`   // the primary deployment before ours
	ToldAt     time.Time `json:"toldAt"`     // when the step began that told ECS: AWS may have refused the call for minutes
	ProgressAt time.Time `json:"progressAt"` // when the most healthy tasks so far were first seen
	Healthy    int       `json:"healthy"`    // the most healthy tasks of ours seen
	Running    int       `json:"running"`    // the most running tasks of ours seen
	Desired    int       `json:"desired"`
	Seconds    int       `json:"seconds"`            // until the next look
	LookedAt   time.Time `json:"lookedAt,omitzero"`  // the first look since ECS was told
	RenewedAt  time.Time `json:"renewedAt,omitzero"` // when the lease was last renewed
	Checks     Checks    `json:"checks,omitzero"`    // of the revision that is watched, once they had to be read
	Delay      Delay     `json:"delay,omitzero"`     // the last that people were told of, or are to be told of
}

// Converging: ECS was told; not every task is healthy yet.
type Converging struct {
	Plan
	Watch
}

// Baking: every task is healthy, since Since. A look is dated by when its step began, which may be long before it was made
// if the step was tried again; so the time counts only from the look after the first healthy one (Counted).
type Baking struct {
	Plan
	Watch
	Since   time.Time `json:"since"`
	Counted bool      `json:"counted,omitempty"`
	Mark    string    `json:"mark,omitempty"` // of the service at the last look that saw every task healthy, "" if there was a look since that did not
}

// Succeeded: healthy through the bake. Proven is false when no task was wanted, so that nothing was proven.
type Succeeded struct {
	Plan
	Proven  bool `json:"proven"`
	Desired int  `json:"desired"`
	// Unfinished says what ECS had still to do, "" normally.
	Unfinished string `json:"unfinished,omitempty"`
	// Guard is what protected the service at the last look.
	Guard record.Guard `json:"guard,omitzero"`
}

// Failed: judged, not yet acted upon.
type Failed struct {
	Plan
	Watch
	Because  Reason   `json:"because"`
	Evidence Evidence `json:"evidence"`
}

// RollingBack: ECS was told to run To again, or does it by itself (ByECS).
type RollingBack struct {
	Plan
	Watch
	Because  Reason   `json:"because"`
	Evidence Evidence `json:"evidence"`
	To       string   `json:"to"` // task definition ARN; "" when the service goes back to 0 tasks
	ToName   string   `json:"toName,omitempty"`
	ByECS    bool     `json:"byECS,omitempty"`
}

// RolledBack: the service is safe on To.
type RolledBack struct {
	Plan
	Because  Reason   `json:"because"`
	Evidence Evidence `json:"evidence"`
	To       string   `json:"to"`
	ToName   string   `json:"toName,omitempty"`
	Kept     string   `json:"kept,omitempty"` // what customers noticed, a clause
	ByECS    bool     `json:"byECS,omitempty"`
}

// Stuck: the rollback failed or there was nothing to roll back to. A person must look.
type Stuck struct {
	Plan
	Because  Reason   `json:"because"`
	Evidence Evidence `json:"evidence"`
	Why      string   `json:"why"`
}

// Foreign: somebody else's deployment is primary; it is left alone.
type Foreign struct {
	Plan
	Revision string `json:"foreign"` // the foreign revision, "" when the service is gone
	Why      string `json:"why"`
}

// Ended: nothing was touched, and nothing will be.
type Ended struct {
	Plan
	Ending record.Ending `json:"ending"`
	Why    string        `json:"why"`
}

func (Waiting) Phase() Phase     { return PhaseWaiting }
func (Ready) Phase() Phase       { return PhaseReady }
func (Converging) Phase() Phase  { return PhaseConverging }
func (Baking) Phase() Phase      { return PhaseBaking }
func (Succeeded) Phase() Phase   { return PhaseSucceeded }
func (Failed) Phase() Phase      { return PhaseFailed }
func (RollingBack) Phase() Phase { return PhaseRollingBack }
func (RolledBack) Phase() Phase  { return PhaseRolledBack }
func (Stuck) Phase() Phase       { return PhaseStuck }
func (Foreign) Phase() Phase     { return PhaseForeign }
func (Ended) Phase() Phase       { return PhaseEnded }

func (p Plan) plan() Plan { return p }

// PlanOf is the plan that a state carries.
func PlanOf(s State) Plan { return s.plan() }

// Looking reports whether a state is left by looking at ECS again.
func Looking(s State) bool {
	switch s.(type) {
	case Converging, Baking, RollingBack:
		return true
	}
	return false
}

// Class is why a deployment failed, for machines and people.
type Class string

const (
	ClassDefinitive     Class = "definitive"     // cannot ever start: image missing, secret missing, wrong architecture
	ClassCrash          Class = "crash"          // essential container exits
	ClassHealth         Class = "health"         // health checks fail
	ClassCapacity       Class = "capacity"       // cannot be placed
	ClassInfrastructure Class = "infrastructure" // Spot, host retirement, scale-in: never counted
	ClassEnvironment    Class = "environment"    // the old tasks fail in the same way
	ClassECS            Class = "ecs"            // ECS's own circuit breaker or alarm rolled back
	ClassDeadline       Class = "deadline"       // no progress
	ClassDeployer       Class = "deployer"       // Slipway could not look or act
	ClassPerson         Class = "person"         // a person stopped the execution
)

// Blames reports whether a failure of this class is the image's, so that its digest is quarantined.
func (c Class) Blames() bool {
	switch c {
	case ClassCapacity, ClassEnvironment, ClassInfrastructure, ClassDeployer, ClassPerson:
		return false
	}
	return true
}

// Reason is a verdict in words.
type Reason struct {
	Class Class  `json:"class"`
	Words string `json:"words"` // `container "web" exited 1 while starting, 3 of 3 tasks`
	Task  string `json:"task,omitempty"`
}

// ShortRevision is "web:43" of a task definition ARN.
func ShortRevision(arn string) string {
	_, short, ok := strings.Cut(arn, ":task-definition/")
	if !ok {
		return arn
	}
	return short
}

// Elapsed is a duration for people: "1 m 51 s".
func Elapsed(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d m %02d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %02d m", int(d.Hours()), int(d.Minutes())%60)
}
