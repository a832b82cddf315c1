package rollout

import (
	"fmt"
	"slices"
	"time"
)

// retellFor is how long after a failure was seen ECS is told anew of a rollback that does not arrive.
const retellFor = 30 * time.Minute

// judgeBack judges the way back. Never roll back a rollback: it ends RolledBack or Stuck.
func judgeBack(s RollingBack, o Observation) State {
	if o.Gone != "" {
		return Foreign{Plan: s.Plan, Why: o.Gone}
	}
	s.Watch = s.Watch.look(o)
	s.Seconds = pollSeconds(o.At.Sub(s.ToldAt))
	primary := o.Primary()
	if s.ByECS {
		return judgeECSBack(s, o, primary)
	}
	switch {
	case s.To == "":
		return judgeEmptied(s, o)
	case primary.Revision == s.To:
		return judgeSafe(s, o, primary)
	}
	if why, ok := takenBack(s, o, primary); ok {
		return s.stuck(o, fmt.Sprintf("ECS gave up the rollback to %s and went back to %s: %s", ShortRevision(s.To), ShortRevision(primary.Revision), why))
	}
	failed := primary.Revision == s.Plan.Revision && (primary.ID == s.Previous || s.Previous == "")
	switch {
	case (failed || primary.ID == s.Previous) && s.mayBeStale(o):
		return s
	case failed:
		return judgeLost(s, o)
	}
	return Foreign{Plan: s.Plan, Revision: primary.Revision,
		Why: fmt.Sprintf("somebody deployed %s to the service while it was being rolled back to %s", ShortRevision(primary.Revision), ShortRevision(s.To))}
}

// takenBack reports whether ECS gave our rollback up and went back to what had run before, and why. It returns to the deployment
// that it had completed, under the id of old.
func takenBack(s RollingBack, o Observation, primary Deployment) (why string, ok bool) {
	if rolledBackByECS(o) {
		return o.ServiceDeploymentReason, true
	}
	ours, listed := o.Listed(s.Deployment)
	return ours.Reason, listed && ours.State == "FAILED" && primary.Revision == s.Plan.Revision
}

// judgeLost: what was told never arrived, or was never told, because ECS had answered with the world before our deployment. ECS is
// told again, but not for ever.
func judgeLost(s RollingBack, o Observation) State {
	if s.Evidence.SeenAt.IsZero() {
		s.Evidence.SeenAt = o.At
	}
	if o.At.Sub(s.Evidence.SeenAt) > retellFor {
		return s.stuck(o, fmt.Sprintf("ECS was told to roll back to %s and still shows no sign of it, %s after the failure", ShortRevision(s.To), Elapsed(o.At.Sub(s.Evidence.SeenAt))))
	}
	return s.again()
}

// again leaves it to an act to go back.
func (s RollingBack) again() State {
	return Failed{Plan: s.Plan, Watch: s.Watch, Because: s.Because, Evidence: s.Evidence}
}

// stuck is the end of a rollback that failed, with what is wrong with its tasks where that is seen.
func (s RollingBack) stuck(o Observation, why string) State {
	if r, failed := tasksFail(s.Watch, o); failed {
		why += ": " + r.Words
	} else if f, ok := last(failuresOf(o.Tasks), func(f failure) bool { return f.key != scheduled }); ok {
		why += ": " + f.words
	}
	return Stuck{Plan: s.Plan, Because: s.Because, Evidence: s.Evidence, Why: why}
}

// judgeSafe: is the revision that the service goes back to there and healthy?
func judgeSafe(s RollingBack, o Observation, primary Deployment) State {
	healthy := healthyOf(o.Tasks)
	arrived := healthy >= o.Desired && primary.Running >= o.Desired && primary.Pending == 0
	// ECS may still replace old tasks of last good by new ones, or have no room to: the service is safe on either.
	stayed := healthy+o.Kept >= o.Desired && !failedRuns(o)
	if (arrived || stayed) && primary.State != "FAILED" {
		return RolledBack{Plan: s.Plan, Because: s.Because, Evidence: s.Evidence, To: s.To, ToName: s.ToName, Kept: kept(s.Evidence), ByECS: s.ByECS}
	}
	why := ""
	switch timeout := s.Policy.Timeout.Duration(); {
	case primary.State == "FAILED" && !goingOn(s, o, primary):
		why = "ECS gave up the rollback to " + ShortRevision(s.To) + ": " + primary.Reason
	case o.At.Sub(s.ProgressAt) > timeout:
		why = "the rollback to " + ShortRevision(s.To) + " made no progress for " + Elapsed(timeout)
	default:
		return s
	}
	return s.stuck(o, why)
}

// goingOn reports whether ECS has given our rollback up but says that it goes back itself. What it goes back to does not show yet:
// it may be last good's own deployment of old.
func goingOn(s RollingBack, o Observation, primary Deployment) bool {
	return !s.ByECS && primary.ID == s.Deployment && rolledBackByECS(o) && o.ServiceDeployment != "ROLLBACK_FAILED"
}

// failedRuns reports whether a task of the revision that the service leaves is still up, or a healthy one of a third revision.
func failedRuns(o Observation) bool {
	return o.OldHealthy > 0 || slices.ContainsFunc(o.OldTasks, Task.Up)
}

func judgeECSBack(s RollingBack, o Observation, primary Deployment) State {
	if primary.Revision != s.Plan.Revision && primary.ID != "" {
		s.To, s.ToName, s.Deployment = primary.Revision, s.Plan.nameOf(primary.Revision), primary.ID
	}
	switch {
	case o.Quarantined[primary.Revision] && primary.Revision != s.Plan.Revision:
		return s.stuck(o, "ECS went back to "+ShortRevision(primary.Revision)+", whose image had failed before")
	case primary.Revision == s.Plan.Revision && (o.ServiceDeployment == "ROLLBACK_FAILED" || o.At.Sub(s.ToldAt) > ecsHesitates):
		// ECS gave the deployment up but has nothing to go back to. There may be a last good of which ECS knows nothing any
		// more, and a first deployment goes back to no tasks.
		return s.again()
	case o.ServiceDeployment == "ROLLBACK_FAILED":
		return s.stuck(o, "ECS's own rollback failed")
	case primary.Revision == s.Plan.Revision:
		return s
	}
	return judgeSafe(s, o, primary)
}

// judgeEmptied: a first deployment failed; its service goes back to no tasks.
func judgeEmptied(s RollingBack, o Observation) State {
	running := 0
	for _, d := range o.Deployments {
		running += d.Running + d.Pending
	}
	if o.Desired == 0 && running == 0 {
		return RolledBack{Plan: s.Plan, Because: s.Because, Evidence: s.Evidence, Kept: "the service is back at 0 tasks, as it was created"}
	}
	if o.Desired > 0 && !s.mayBeStale(o) {
		return Foreign{Plan: s.Plan, Revision: o.Primary().Revision, Why: fmt.Sprintf("somebody set the service to %d tasks while it went back to 0", o.Desired)}
	}
	if o.At.Sub(s.LookedAt) > s.Policy.Timeout.Duration() {
		return s.stuck(o, "the service did not go back to 0 tasks")
	}
	return s
}

func kept(e Evidence) string {
	if e.Wanted > 0 && e.OldUp >= e.Wanted {
		return fmt.Sprintf("customers saw no change (%d/%d old tasks kept)", e.Wanted, e.Wanted) // there may be more, of two revisions
	}
	if e.OldUp > 0 {
		return fmt.Sprintf("%d of %d old tasks were kept", e.OldUp, e.Wanted)
	}
	return "no old task was running"
}
