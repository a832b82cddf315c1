package drift

import (
	"os"
	"strings"
	"testing"
	"time"

	"slipway/internal/record"
	"slipway/internal/rollout"
)

func TestSafeguards(t *testing.T) {
	then := record.Guard{Breaker: true, Rollback: true, Alarms: true, Grace: 60, MinPercent: 100, TargetGroups: 2}
	for name, c := range map[string]struct {
		change func(*record.Guard)
		want   string
	}{
		"as it was":       {func(*record.Guard) {}, ""},
		"stronger":        {func(g *record.Guard) { g.Grace, g.TargetGroups = 30, 3 }, ""},
		"breaker":         {func(g *record.Guard) { g.Breaker, g.Rollback = false, false }, "the circuit breaker is off"},
		"rollback":        {func(g *record.Guard) { g.Rollback = false }, "rolls nothing back"},
		"alarms":          {func(g *record.Guard) { g.Alarms = false }, "alarms are off"},
		"target group":    {func(g *record.Guard) { g.TargetGroups = 1 }, "1 target groups instead of 2"},
		"grace":           {func(g *record.Guard) { g.Grace = 600 }, "ignored for 10 m"},
		"minimum":         {func(g *record.Guard) { g.MinPercent = 0 }, "0 % of the tasks must stay healthy instead of 100 %"},
		"several at once": {func(g *record.Guard) { g.Breaker, g.Alarms = false, false }, "is off, deployment alarms"},
	} {
		t.Run(name, func(t *testing.T) {
			now := then
			c.change(&now)
			got := Safeguards(record.Entry{LastGood: &record.Good{Revision: "web:1", Guard: &then}}, now)
			if c.want == "" {
				if got != nil {
					t.Fatalf("got %+v, want nothing", got)
				}
				return
			}
			if got == nil || got.Kind != Weakened || got.Severity != Warning || got.Healed || !strings.Contains(got.Words, c.want) {
				t.Fatalf("got %+v, want words with %q", got, c.want)
			}
		})
	}
	if got := Safeguards(record.Entry{LastGood: &record.Good{}}, record.Guard{}); got != nil {
		t.Errorf("without a record of what was: got %+v", got)
	}
}

func TestTooLong(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	entry := record.Entry{Intent: &record.Intent{Revision: "web:2", At: noon}, Lease: &record.Holding{}}
	policy := rollout.Policy{Timeout: 600, Bake: 300}
	if got := TooLong(entry, policy, noon.Add(15*time.Minute)); got != nil {
		t.Errorf("got %+v in time", got)
	}
	if got := TooLong(entry, policy, noon.Add(16*time.Minute)); got == nil || got.Kind != Overdue || got.Healed {
		t.Errorf("got %+v, want an overdue deployment", got)
	}
	entry.Intent = nil
	if got := TooLong(entry, policy, noon.Add(time.Hour)); got != nil {
		t.Errorf("got %+v while nothing was told to ECS", got)
	}
}

// The list of kinds is closed: what operators read is exactly this.
func TestKindsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Kinds() {
		if row := "| " + string(c.Kind) + " | " + string(c.Severity) + " | " + c.Means + " |"; !strings.Contains(string(doc), row) {
			t.Errorf("docs/operations.md has no row that begins with %s", row)
		}
		if got := New(c.Kind, false, "words"); got.Severity != c.Severity {
			t.Errorf("%s: got severity %q", c.Kind, got.Severity)
		}
	}
	if _, table, _ := strings.Cut(string(doc), "| finding | severity |"); strings.Count(strings.Split(table, "\n\n")[0], "\n|") != len(Kinds())+1 {
		t.Errorf("docs/operations.md lists other findings than the %d of this package", len(Kinds()))
	}
}
