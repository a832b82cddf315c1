package deployer

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"slipway/internal/drift"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// A check that looked before another one, or a claim, wrote what it found does not put its older view over that.
func TestReportIsOfWhatItSaw(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	name := record.ServiceName{Cluster: "shop", Service: "web"}
	ledger := &memory{entry: record.Entry{Service: name}}
	told := &people{}
	d := &Deployer{Ledger: ledger, Announcer: told, Log: slog.New(slog.DiscardHandler)}
	seen := sight{entry: ledger.entry}
	seen.add(drift.New(drift.ForeignImage, false, "somebody was here"))
	for range 2 {
		if err := d.report(context.Background(), rollout.Service{Name: name}, seen, noon); err != nil {
			t.Fatal(err)
		}
	}
	if len(told.heard) != 1 || ledger.entry.FoundTold != nil {
		t.Fatalf("told %d times, want once; what is missing: %+v", len(told.heard), ledger.entry.FoundTold)
	}
	if err := d.report(context.Background(), rollout.Service{Name: name}, sight{entry: record.Entry{Service: name, Findings: []string{"older"}}}, noon); err != nil {
		t.Fatal(err)
	}
	if len(told.heard) != 1 || len(ledger.entry.Findings) != 1 {
		t.Errorf("what was seen before the finding was written took its place: told %d times, findings %q", len(told.heard), ledger.entry.Findings)
	}
}
