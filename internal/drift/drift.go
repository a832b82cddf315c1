// Package drift compares what a service should run with what it runs, and says in words what differs. It is pure and never
// acts; package deployer looks, and decides what is healed.
//
// The files: drift.go has the closed list of kinds, running.go compares revisions and images, guard.go what protects the service,
// missing.go tasks that are wanted and do not run, family.go finds revisions that somebody registered and nobody deployed.
//
// The number of tasks that a service wants is compared with nothing: within the band of auto scaling, or set by hand, it is no
// drift.
package drift

import (
	"fmt"
	"sort"
	"time"

	"slipway/internal/record"
)

// State is how a service stands after a check.
type State string

const (
	InSync     State = "IN_SYNC"
	Drifted    State = "DRIFTED"
	Deploying  State = "DEPLOYING"   // a deployment is under way, so there is nothing to compare yet
	NotChecked State = "NOT_CHECKED" // Slipway cannot deploy to it, or sees it for the first time
)

// Severity is how soon a person should look.
type Severity string

const (
	Info     Severity = "info"     // nothing is wrong
	Warning  Severity = "warning"  // it is not as somebody wanted it
	Critical Severity = "critical" // customers may notice
)

// Kind is a class of finding. Kinds lists all.
type Kind string

const (
	BadTag              Kind = "tag not understood"
	LostPush            Kind = "lost push"
	TagMoved            Kind = "tag moved"
	DeadLease           Kind = "dead lease"
	Overdue             Kind = "deployment overdue"
	GivenUp             Kind = "rollback given up"
	Unproven            Kind = "unproven"
	ConfigurationChange Kind = "configuration change"
	ForeignImage        Kind = "foreign image"
	Quarantined         Kind = "quarantined image runs"
	TasksMissing        Kind = "tasks missing"
	Weakened            Kind = "safeguard weakened"
	FamilyEdited        Kind = "family edited"
)

// Class is what is the same of all findings of a kind.
type Class struct {
	Kind     Kind
	Severity Severity
	Means    string
}

var classes = []Class{
	{BadTag, Warning, "a slipway: tag of the service is misspelt or has a value that cannot be followed, so that no push is deployed"},
	{LostPush, Warning, "an image was pushed and nobody deployed it"},
	{TagMoved, Warning, "the tag that the service follows points at another image and nobody deployed it"},
	{DeadLease, Warning, "an execution ended without giving the service back"},
	{Overdue, Warning, "a deployment goes on for longer than its timeout and bake"},
	{GivenUp, Critical, "what an execution that ended Stuck could not take back"},
	{Unproven, Info, "Slipway deployed it and nobody recorded it as good (the service wanted 0 tasks, say)"},
	{ConfigurationChange, Info, "another task definition with the last good image"},
	{ForeignImage, Warning, "an image that Slipway did not deploy"},
	{Quarantined, Critical, "an image that failed before"},
	{TasksMissing, Critical, "fewer tasks run than the service wants, at two checks in a row, and nothing is being deployed"},
	{Weakened, Warning, "less protects the service than when its last good image was proven: circuit breaker, alarms, health checks, minimum of healthy tasks"},
	{FamilyEdited, Info, "a newer revision of the task definition, with more changed than images, that nobody deployed"},
}

// Kinds are all kinds, in the order in which they are looked for.
func Kinds() []Class { return classes }

// Finding is one difference. Healed says that Slipway mends it by itself; else it is reported.
type Finding struct {
	Kind     Kind     `json:"kind"`
	Severity Severity `json:"severity"`
	Words    string   `json:"words"`
	Healed   bool     `json:"healed"`
}

// New is a finding with the severity of its kind.
func New(kind Kind, healed bool, words string, args ...any) *Finding {
	f := &Finding{Kind: kind, Words: fmt.Sprintf(words, args...), Healed: healed}
	for _, c := range classes {
		if c.Kind == kind {
			f.Severity = c.Severity
		}
	}
	return f
}

// Words are those of findings, as they are told and remembered.
func Words(findings []Finding) []string {
	words := make([]string, len(findings))
	for i, f := range findings {
		words[i] = f.Words
	}
	return words
}

// Service is what a check found of one service.
type Service struct {
	Name     record.ServiceName `json:"service"`
	State    State              `json:"state"`
	Why      string             `json:"why,omitempty"`  // of NOT_CHECKED, a sentence
	Since    time.Time          `json:"since,omitzero"` // when the scheduled check first found the same
	Findings []Finding          `json:"findings,omitempty"`
}

// Report is one check of every service that opted in, sorted by name. Checked counts those in sync or drifted.
type Report struct {
	Checked    int       `json:"checked"`
	Drifted    int       `json:"drifted"`
	Deploying  int       `json:"deploying"`
	NotChecked int       `json:"notChecked"`
	Services   []Service `json:"services"`
}

// Sort brings the services into the order of their names.
func (r *Report) Sort() {
	sort.SliceStable(r.Services, func(i, j int) bool { return r.Services[i].Name.String() < r.Services[j].Name.String() })
}

// Add counts a service in.
func (r *Report) Add(s Service) {
	r.Services = append(r.Services, s)
	switch s.State {
	case Drifted:
		r.Checked++
		r.Drifted++
	case InSync:
		r.Checked++
	case Deploying:
		r.Deploying++
	case NotChecked:
		r.NotChecked++
	}
}
