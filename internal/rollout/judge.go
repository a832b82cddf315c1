package rollout

import (
	"fmt"
	"strings"
	"time"
)

// staleFor is how long ECS may go on answering with the world before our call. ECS is eventually consistent and gives no bound;
// a minute is generous against what is reported.
const staleFor = time.Minute

// mayBeStale reports whether ECS may still answer with the world before our call. That counts from the first look, not from when
// the step began that told ECS.
func (w Watch) mayBeStale(o Observation) bool { return o.At.Sub(w.LookedAt) < staleFor }

// ecsHesitates is how long ECS may take from announcing its own rollback to showing it.
const ecsHesitates = 2 * time.Minute

// Next is the judgement: from where a deployment stands and what was seen to where it stands now. States that only an act
// can leave (Ready, Failed) and endings are returned as they are.
func Next(s State, o Observation) State {
	switch s := s.(type) {
	case Converging:
		return judgeForward(s.Plan, s.Watch, Baking{}, o)
	case Baking:
		if s.Quiet(o) {
			return s.goOn(o)
		}
		return judgeForward(s.Plan, s.Watch, s, o)
	case RollingBack:
		return judgeBack(s, o)
	}
	return s
}

// judgeForward judges a deployment towards plan.Revision. baking is the bake so far, the zero Baking before it.
func judgeForward(p Plan, w Watch, baking Baking, o Observation) State {
	if o.Gone != "" {
		return Foreign{Plan: p, Why: o.Gone}
	}
	if p.Adopting {
		o.Tasks = sinceAdoption(w, o)
	}
	w = w.look(o)
	if primary := o.Primary(); primary.Revision == p.Revision && primary.ID != w.Previous {
		w.Deployment = primary.ID // somebody forced a new deployment of the same revision: what is live counts, not who asked
	}
	if s := notOurs(p, w, o); s != nil {
		return s
	}
	if reason, failed := verdict(w, o); failed {
		return fail(p, w, reason, o)
	}
	if converged(p, o) && !(p.first() && o.Desired == 0 && w.mayBeStale(o)) {
		return bake(p, w, baking, o)
	}
	if reason, late := overdue(p, w, o); late {
		return fail(p, w, reason, o)
	}
	w = w.delayed(o)
	w.Seconds = pollSeconds(o.At.Sub(w.ToldAt))
	if !baking.Since.IsZero() && !brokeSince(baking.Since, o) {
		return Baking{Plan: p, Watch: w, Since: baking.Since, Counted: baking.Counted}
	}
	return Converging{Plan: p, Watch: w}
}

func fail(p Plan, w Watch, because Reason, o Observation) State {
	return Failed{Plan: p, Watch: w, Because: because, Evidence: evidenceOf(because, o)}
}

// brokeSince reports whether a task of ours failed for its own fault since the bake began, so that the bake begins anew. A
// task that is missing because the service was scaled or a machine went away does not end it: a service that scales every few
// minutes would be baked for ever.
func brokeSince(since time.Time, o Observation) bool {
	for _, f := range failuresOf(o.Tasks) {
		if stopping := f.of.StoppedAt.IsZero(); (stopping || f.of.StoppedAt.After(since)) && f.class != ClassInfrastructure && f.class != ClassCapacity {
			return true
		}
	}
	return false
}

// sinceAdoption leaves out the tasks that stopped before an adoption began. A crash of an hour ago does not say whether what runs stays
// healthy from now on. As long as ECS has not completed the deployment, its failures are this rollout's, and count.
func sinceAdoption(w Watch, o Observation) []Task {
	since := w.ToldAt
	if primary := o.Primary(); (primary.State == "IN_PROGRESS" || primary.State == "FAILED") && primary.CreatedAt.Before(since) {
		since = primary.CreatedAt
	}
	return notBefore(since, o.Tasks)
}

// look takes the new high-water marks; each is progress, which moves the deadline. The deadline runs from the first look.
func (w Watch) look(o Observation) Watch {
	if w.LookedAt.IsZero() {
		w.LookedAt, w.ProgressAt = o.At, o.At
	}
	healthy, running := healthyOf(o.Tasks), 0
	for _, t := range o.Tasks {
		if t.Up() {
			running++
		}
	}
	if healthy > w.Healthy || running > w.Running {
		w.ProgressAt = o.At
	}
	w.Healthy, w.Running, w.Desired, w.Checks = max(w.Healthy, healthy), max(w.Running, running), o.Desired, o.Checks
	w.Delay.Tell = false
	return w
}

// notOurs answers for a primary that is not our deployment: not visible yet, ECS's own rollback, or somebody else's.
// nil means that it is ours.
func notOurs(p Plan, w Watch, o Observation) State {
	primary := o.Primary()
	switch {
	case rolledBackByECS(o):
		return byECS(p, w, o, primary)
	case primary.ID == w.Deployment:
		return nil
	case primary.ID == w.Previous && w.mayBeStale(o):
		w.Seconds = pollSeconds(0)
		return Converging{Plan: p, Watch: w} // an answer from before our call
	case primary.Revision == p.Baseline && oursFailed(w, o):
		return byECS(p, w, o, primary)
	}
	return Foreign{Plan: p, Revision: primary.Revision,
		Why: fmt.Sprintf("somebody deployed %s to the service while %s was being deployed", ShortRevision(primary.Revision), p.Image.Name())}
}

// rolledBackByECS reports whether the deployment has one of the statuses ROLLBACK_REQUESTED, _IN_PROGRESS, _SUCCESSFUL or _FAILED.
func rolledBackByECS(o Observation) bool { return strings.HasPrefix(o.ServiceDeployment, "ROLLBACK_") }

func oursFailed(w Watch, o Observation) bool {
	ours, ok := o.Listed(w.Deployment)
	return ok && ours.State == "FAILED"
}

func byECS(p Plan, w Watch, o Observation, primary Deployment) State {
	why := o.ServiceDeploymentReason
	if why == "" {
		why = "ECS rolled the deployment back"
	}
	reason := ecsGaveUp(w, o, why)
	w.ToldAt, w.LookedAt, w.ProgressAt, w.Healthy, w.Running = o.At, o.At, o.At, 0, 0
	w.Deployment = primary.ID
	w.Seconds = pollSeconds(0)
	to := primary.Revision
	if to == p.Revision {
		to = p.Baseline // the rollback is requested but its deployment does not show yet
	}
	return RollingBack{Plan: p, Watch: w, Because: reason, Evidence: evidenceOf(reason, o), To: to, ToName: p.nameOf(to), ByECS: true}
}

// nameOf is what people call the image of a revision that ECS went back to, "" if it is not known.
func (p Plan) nameOf(revision string) string {
	if revision == p.Baseline {
		return p.Name
	}
	return ""
}

// converged: as many healthy tasks of ours as are wanted now, and none on the way.
func converged(p Plan, o Observation) bool {
	primary := o.Primary()
	if primary.Revision != p.Revision || primary.State == "FAILED" {
		return false
	}
	if o.Desired == 0 {
		return primary.Running == 0 && primary.Pending == 0
	}
	return healthyOf(o.Tasks) >= o.Desired && primary.Running >= o.Desired && primary.Pending == 0
}

func bake(p Plan, w Watch, baking Baking, o Observation) State {
	if o.Desired == 0 {
		return Succeeded{Plan: p, Proven: false}
	}
	w.ProgressAt = o.At
	if baking.Since.IsZero() || brokeSince(baking.Since, o) {
		w.Seconds, w.Delay = pollSeconds(0), w.Delay.over()
		return Baking{Plan: p, Watch: w, Since: o.At}
	}
	b := Baking{Plan: p, Watch: w, Since: baking.Since, Counted: true, Mark: o.Mark}
	if !baking.Counted {
		b.Since = o.At
	}
	if b.over(o) {
		return Succeeded{Plan: p, Proven: true, Desired: o.Desired, Guard: o.Guard, Unfinished: unfinished(p, o)}
	}
	return b.goOn(o)
}

// remaining is how long the bake has still to go.
func (b Baking) remaining(o Observation) time.Duration {
	return b.Since.Add(b.Policy.Bake.Duration()).Sub(o.At)
}

// over reports whether the bake has ended: its time is up, and ECS is done. While ECS drains old tasks or bakes by the
// service's own alarms, its deployment is IN_PROGRESS and may still be rolled back by ECS. An old task that is protected from
// scale-in may stay for ever, so that this waits for the policy's timeout at most.
func (b Baking) over(o Observation) bool {
	remaining := b.remaining(o)
	return remaining <= 0 && (o.Primary().State != "IN_PROGRESS" || -remaining > b.Policy.Timeout.Duration())
}

// goOn is the bake after a look at which every task was healthy. The last wait ends with the bake.
func (b Baking) goOn(o Observation) Baking {
	b.ProgressAt = o.At
	b.Seconds = bakeSeconds(o.At.Sub(b.ToldAt))
	if remaining := b.remaining(o); remaining > 0 {
		b.Seconds = min(b.Seconds, int((remaining+time.Second-1)/time.Second))
	}
	return b
}

// unfinished says what ECS had still to do when the wait for it was over, "" normally.
func unfinished(p Plan, o Observation) string {
	if o.Primary().State != "IN_PROGRESS" {
		return ""
	}
	words := "ECS had not finished the deployment " + Elapsed(p.Policy.Timeout.Duration()) + " after the bake"
	old := 0
	for _, d := range o.Deployments {
		if !d.Primary {
			old += d.Running
		}
	}
	if old > 0 {
		words += fmt.Sprintf(": %d old tasks still run", old)
	}
	return words
}

// first: the service was created with 0 tasks and this deployment brings its first ones, so a count of 0 is only an
// answer from before our call.
func (p Plan) first() bool { return p.Policy.InitialCount > 0 }

// pollSeconds grows with the age of a deployment: the first minutes are watched closely, and hours fit into the history of
// an execution (25,000 events).
func pollSeconds(age time.Duration) int { return longer(age, 12) }

// bakeSeconds grows faster: what fails at all mostly fails early, and each look is three state transitions, which are nearly
// all that a deployment costs.
func bakeSeconds(age time.Duration) int { return longer(age, 8) }

func longer(age time.Duration, part int) int {
	return min(max(int(age.Seconds())/part, 5), 30)
}
