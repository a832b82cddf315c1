package drift

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway/internal/record"
	"slipway/internal/rollout"
)

// LookEvery is how long what was found of a service's family is taken as it is. A look is a call to an API whose limit all
// deployments of the account share, for something that can wait.
const LookEvery = time.Hour

// mostCompared bounds how many revisions of a family one look compares; the newest come first.
const mostCompared = 10

// mostNamed is how many differences a sentence names.
const mostNamed = 6

// Revision is a revision of a service's family beside the one that the service runs.
type Revision struct {
	ARN          string
	RegisteredAt time.Time
	Active       bool
	Own          bool     // Slipway registered it
	Changed      []string // what differs from the revision that runs: names of things, images of containers left out
}

// Edited finds that the family was edited and the service does not run the edit, as far as is remembered. The words stay the same
// from push to push, so they name neither the revision that runs nor images: people are told once.
func Edited(entry record.Entry, runs string) *Finding {
	f := remembered(entry, runs)
	if f.Edit == nil || f.Edit.Revision == runs {
		return nil
	}
	named, more := f.Edit.Changed, ""
	if n := len(named) - mostNamed; n > 0 {
		named, more = named[:mostNamed], fmt.Sprintf(" and %d more", n)
	}
	short := rollout.ShortRevision(f.Edit.Revision)
	return New(FamilyEdited, false, "%s was registered at %s and is not deployed (%s%s): a push copies the revision that the service runs, without these changes; "+
		"update the service once to a revision that has them and the image that runs, or deregister %s",
		short, f.Edit.RegisteredAt.UTC().Format(time.RFC3339), strings.Join(named, ", "), more, short)
}

// LookDue reports whether the family is to be looked at again: an hour is over, or the service that does not run an edit runs
// something else now, which may have the same changes.
func LookDue(entry record.Entry, runs string, now time.Time) bool {
	f := remembered(entry, runs)
	if f.Runs == "" || !now.Before(f.LookedAt.Add(LookEvery)) {
		return true
	}
	return f.Edit != nil && f.Runs != runs && f.Edit.Revision != runs
}

// ToCompare names what a look has to compare with the revision that runs, given the newest ACTIVE one: what was registered
// since the last look and never deployed, as far as is known. In most looks that is nothing. The edit that is remembered is
// compared again when it is not certain to be ACTIVE, or something else runs; and if something else runs, so is what ran
// before, for Remember to see whether that was a push.
func ToCompare(entry record.Entry, runs, newest string) []string {
	f := remembered(entry, runs)
	tried := deployed(entry)
	var list []string
	for n := number(newest); n > f.Judged && len(list) < mostCompared; n-- {
		if arn := sibling(runs, n); arn != runs && !slices.Contains(tried, arn) {
			list = append(list, arn)
		}
	}
	if e := f.Edit; e != nil && e.Revision != runs && (e.Revision != newest || f.Runs != runs) && !slices.Contains(list, e.Revision) {
		list = append(list, e.Revision)
	}
	if f.Runs != "" && f.Runs != runs && !slices.Contains(list, f.Runs) && slices.ContainsFunc(list, func(arn string) bool { return number(arn) < number(runs) }) {
		list = append(list, f.Runs)
	}
	return list
}

// Remember judges a look: compared are those of ToCompare that still exist. The newest edit counts. What is older than a
// configuration that somebody deployed by hand does not count, because whoever did that decided against it or has it in
// there; a push changes no configuration, and settles nothing.
func Remember(entry record.Entry, runs, newest string, compared []Revision, now time.Time) *record.Family {
	f := remembered(entry, runs)
	of := func(arn string) (Revision, bool) {
		i := slices.IndexFunc(compared, func(r Revision) bool { return r.ARN == arn })
		if i < 0 {
			return Revision{}, false
		}
		return compared[i], true
	}
	decided := 0
	if before, known := of(f.Runs); f.Runs != "" && f.Runs != runs && (!known || len(before.Changed) > 0) {
		decided = number(runs)
	}
	next := &record.Family{LookedAt: now, Runs: runs, Judged: max(f.Judged, number(newest))}
	asked := ToCompare(entry, runs, newest)
	for _, arn := range asked {
		r, exists := of(arn)
		edit := exists && r.Active && !r.Own && len(r.Changed) > 0 && number(arn) > decided
		if edit && (next.Edit == nil || number(arn) > number(next.Edit.Revision)) {
			next.Edit = &record.Edit{Revision: arn, RegisteredAt: r.RegisteredAt, Changed: r.Changed}
		}
	}
	if e := f.Edit; next.Edit == nil && e != nil && e.Revision != runs && !slices.Contains(asked, e.Revision) {
		next.Edit = e
	}
	return next
}

// remembered is what is remembered of the family of the revision that runs. Nothing yet: revisions count that are newer than
// it, or than the one that it is Slipway's copy of.
func remembered(entry record.Entry, runs string) record.Family {
	if f := entry.Family; f != nil && sibling(f.Runs, 0) == sibling(runs, 0) {
		known := *f
		if e := f.Edit; e != nil && e.Revision != runs && slices.Contains(deployed(entry), e.Revision) {
			known.Edit = nil // taken back, or a push has copied it since
		}
		return known
	}
	from := runs
	if w := entry.Wish; w != nil && w.Revision == runs && sibling(w.Baseline, 0) == sibling(runs, 0) {
		from = w.Baseline
	}
	return record.Family{Judged: number(from)}
}

// deployed are the revisions that the service ran once, or Slipway made to.
func deployed(entry record.Entry) []string {
	var list []string
	for _, g := range []*record.Good{entry.LastGood, entry.GoodBefore} {
		if g != nil {
			list = append(list, g.Revision)
		}
	}
	if w := entry.Wish; w != nil && w.Baseline != "" { // else a person typed a revision, which may have been rejected
		list = append(list, w.Revision, w.Baseline)
	}
	if i := entry.Intent; i != nil {
		list = append(list, i.Revision, i.Baseline)
	}
	if h := entry.Hold; h != nil {
		list = append(list, h.Revision)
	}
	if o := entry.Last; o != nil && (o.Ending == record.EndingRolledBack || o.Ending == record.EndingStuck) {
		list = append(list, o.Revision)
	}
	for _, q := range entry.Quarantine {
		list = append(list, q.Revision)
	}
	return list
}

// number is that of a revision in its family, 0 if the ARN has none.
func number(arn string) int {
	n, err := strconv.Atoi(arn[strings.LastIndex(arn, ":")+1:])
	if err != nil {
		return 0
	}
	return n
}

// sibling is the ARN of another revision of the same family.
func sibling(arn string, n int) string {
	return fmt.Sprintf("%s:%d", arn[:max(0, strings.LastIndex(arn, ":"))], n)
}
