package deployer

import (
	"context"
	"fmt"
	"time"

	"slipway/internal/arn"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// evidenceTime bounds what is spent on evidence; the verdict does not wait longer for it.
const evidenceTime = 5 * time.Second

// maxChanged is how many differences between two revisions are kept: the state of a workflow has 256 KiB.
const maxChanged = 50

// logLines is how much of the failing container's log is kept.
const logLines = 20

// Probe looks and judges; it never touches ECS. It takes Converging, Baking or RollingBack and returns where the deployment
// stands now. Of a failure it keeps the evidence while it can still be had.
func (d *Deployer) Probe(ctx context.Context, r Request) (Step, error) {
	return door(r, func(before rollout.State) (rollout.State, error) {
		return d.probe(ctx, r, before)
	}, func(before, after rollout.State) { d.logVerdict(r, before, after) })
}

func (d *Deployer) probe(ctx context.Context, r Request, s rollout.State) (rollout.State, error) {
	v, err := viewOf(s)
	if err != nil {
		return nil, err
	}
	observation, err := d.look(ctx, v, r.Now)
	if err != nil {
		return nil, err
	}
	if back, ok := s.(rollout.RollingBack); ok && back.ByECS {
		if err := d.markQuarantined(ctx, v.plan, &observation); err != nil {
			return nil, err
		}
	}
	after, err := d.renew(ctx, r, v.watch, rollout.Next(s, observation))
	if err != nil {
		return nil, err
	}
	return d.keepEvidence(ctx, v.revision, after), nil
}

// renew keeps the lease. Most looks need no write; a verdict does, because an execution that was stopped and redriven may have
// lost the service meanwhile, and would take what its successor does for somebody else's doing.
func (d *Deployer) renew(ctx context.Context, r Request, w rollout.Watch, s rollout.State) (rollout.State, error) {
	at := w.RenewedAt
	if at.IsZero() {
		at = w.ToldAt
	}
	if r.Now.Sub(at) < record.RenewEvery && rollout.Looking(s) {
		return withRenewal(s, at), nil
	}
	if _, err := d.writeHeld(ctx, r, rollout.PlanOf(s), func(*record.Entry) {}); err != nil {
		return nil, err
	}
	return withRenewal(s, r.Now), nil
}

func withRenewal(s rollout.State, at time.Time) rollout.State {
	return watched(s, func(w *rollout.Watch) { w.RenewedAt = at })
}

// watched is a state that looks, with another watch.
func watched(s rollout.State, change func(*rollout.Watch)) rollout.State {
	switch s := s.(type) {
	case rollout.Converging:
		change(&s.Watch)
		return s
	case rollout.Baking:
		change(&s.Watch)
		return s
	case rollout.RollingBack:
		change(&s.Watch)
		return s
	}
	return s
}

// markQuarantined tells the judgement whether ECS went back to something that had failed before.
func (d *Deployer) markQuarantined(ctx context.Context, p rollout.Plan, o *rollout.Observation) error {
	entry, err := d.Ledger.Load(ctx, p.Service)
	if err != nil {
		return err
	}
	o.Quarantined = map[string]bool{}
	for _, f := range entry.Quarantine {
		o.Quarantined[f.Revision] = true
	}
	return nil
}

// keepEvidence adds to a fresh verdict what can be read only now: the log of the failing container and what the new revision
// changed. Whatever cannot be had is said, and changes no verdict. What containers of the revision that is judged said is in the words
// of verdicts and delays too, and leaves masked.
func (d *Deployer) keepEvidence(ctx context.Context, judged string, s rollout.State) rollout.State {
	switch s := s.(type) {
	case rollout.Failed:
		s.Because, s.Evidence = d.evidence(ctx, s.Plan, s.Because, s.Evidence)
		return s
	case rollout.RollingBack:
		if s.ByECS && len(s.Evidence.Log) == 0 && s.Evidence.Missing == "" {
			s.Because, s.Evidence = d.evidence(ctx, s.Plan, s.Because, s.Evidence)
		}
		return s
	case rollout.Stuck:
		d.mask(ctx, judged, &s.Why)
		return s
	}
	return watched(s, func(w *rollout.Watch) {
		if w.Delay.Tell { // it is new
			d.mask(ctx, judged, &w.Delay.Words)
		}
	})
}

// mask masks what containers of a revision said, as well as it can be done: that a definition cannot be read stops no verdict.
func (d *Deployer) mask(ctx context.Context, revision string, words *string) {
	_, mask, _ := d.Definitions.Guarded(ctx, revision)
	*words = mask(*words)
}

func (d *Deployer) evidence(ctx context.Context, p rollout.Plan, why rollout.Reason, e rollout.Evidence) (rollout.Reason, rollout.Evidence) {
	ctx, cancel := context.WithTimeout(ctx, evidenceTime)
	defer cancel()
	definition, mask, err := d.Definitions.Guarded(ctx, p.Revision)
	why.Words, e.Stopped = mask(why.Words), mask(e.Stopped)
	e.Missing = "it is not known which container failed"
	switch {
	case e.Task == "":
		e.Missing = "no task of the new revision was seen"
	case err != nil:
		e.Missing = err.Error()
	}
	for _, c := range definition.Containers {
		if c.Name == e.Container && e.Task != "" {
			e.Stream = c.LogStream(e.Task)
			e.Log, e.Missing = d.lastLines(ctx, c, e.Stream, arn.Region(p.Revision), mask)
		}
	}
	changed, err := d.Definitions.Changed(ctx, p.Baseline, p.Revision)
	if err != nil {
		d.Log.Warn("evidence: differences", "why", err.Error())
	}
	e.Changed = changed[:min(len(changed), maxChanged)]
	return why, e
}

// lastLines are the last lines that a container wrote, or why there are none.
func (d *Deployer) lastLines(ctx context.Context, c rollout.ContainerDefinition, stream, region string, mask func(string) string) (lines []string, missing string) {
	switch {
	case c.LogGroup == "" || stream == "":
		return nil, fmt.Sprintf("container %q does not log to CloudWatch Logs with a stream prefix", c.Name)
	case c.LogRegion != "" && c.LogRegion != region:
		return nil, fmt.Sprintf("container %q logs in region %s: stream %s of group %s", c.Name, c.LogRegion, stream, c.LogGroup)
	}
	lines, err := d.Logs.Last(ctx, c.LogGroup, stream, logLines, mask)
	switch {
	case err != nil: // also that there is no such group or stream: then the container was never started, or ECS could not make it
		return nil, rollout.Sentence(err.Error())
	case len(lines) == 0:
		return nil, "the container wrote nothing"
	}
	return lines, ""
}

func (d *Deployer) logVerdict(r Request, before, after rollout.State) {
	args := []any{"execution", r.Execution, "service", rollout.PlanOf(after).Service.String(), "from", before.Phase(), "phase", after.Phase()}
	switch s := after.(type) {
	case rollout.Converging:
		args = append(args, "healthy", s.Healthy, "desired", s.Desired)
	case rollout.Failed:
		args = append(args, "class", s.Because.Class, "why", s.Because.Words)
	case rollout.Stuck:
		args = append(args, "why", s.Why)
	case rollout.Foreign:
		args = append(args, "why", s.Why)
	}
	d.Log.Info("probe", args...)
}
