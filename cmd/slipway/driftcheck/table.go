package driftcheck

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"slipway/internal/drift"
	"slipway/internal/rollout"
)

// table is the report for people: a line per service and finding, and what it comes to.
func table(r drift.Report, now time.Time) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	if len(r.Services) > 0 {
		fmt.Fprintln(w, "SERVICE\tSTATE\tSINCE\tSEVERITY\tWHAT")
	}
	for _, s := range r.Services {
		name, state, since := s.Name.String(), string(s.State), ""
		if !s.Since.IsZero() {
			since = rollout.Elapsed(max(0, now.Sub(s.Since))) // AWS tells its time in whole seconds
		}
		if len(s.Findings) == 0 {
			fmt.Fprintf(w, "%s\t%s\t\t\t%s\n", name, state, remark(s))
		}
		for _, f := range s.Findings {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s: %s (%s)\n", name, state, since, f.Severity, f.Kind, f.Words, mends(f))
			name, state, since = "", "", ""
		}
	}
	w.Flush() // into memory: it cannot fail
	var lines strings.Builder
	for line := range strings.Lines(b.String()) {
		lines.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return lines.String() + summary(r)
}

func remark(s drift.Service) string {
	if s.State == drift.Deploying {
		return "a deployment is under way"
	}
	return s.Why
}

func mends(f drift.Finding) string {
	if f.Healed {
		return "healed by the next check"
	}
	return "reported"
}

func summary(r drift.Report) string {
	if len(r.Services) == 0 {
		return "no service has opted in: tag one slipway:repository=REPOSITORY\n"
	}
	words := fmt.Sprintf("%d checked, all in sync", r.Checked)
	if r.Drifted > 0 {
		words = fmt.Sprintf("%d checked, %d drifted", r.Checked, r.Drifted)
	} else if r.Checked == 0 {
		words = "0 checked"
	}
	if r.Deploying > 0 {
		words += fmt.Sprintf(", %d being deployed", r.Deploying)
	}
	if r.NotChecked > 0 {
		words += fmt.Sprintf(", %d not checked", r.NotChecked)
	}
	return words + "\n"
}
