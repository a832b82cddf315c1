package deployer

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

// memory is a ledger of one service that keeps the contract of Ledger as package ledger does: a change runs more than once, nothing
// is stored of one that fails, and the first outcome of a run stays.
type memory struct {
	Ledger
	entry    record.Entry
	outcomes map[string]record.Outcome
}

func (m *memory) Update(_ context.Context, _ record.ServiceName, change func(*record.Entry) error) (record.Entry, error) {
	var next record.Entry
	for range 2 { // the first run lost a race
		next = copied(m.entry)
		if err := change(&next); err != nil {
			return m.entry, err
		}
	}
	m.entry = next
	return copied(next), nil
}

// copied is a deep copy, by the way of JSON that an entry takes through the table.
func copied(e record.Entry) record.Entry {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	var twin record.Entry
	if err := json.Unmarshal(text, &twin); err != nil {
		panic(err)
	}
	return twin
}

func (m *memory) Conclude(_ context.Context, o record.Outcome) (record.Outcome, error) {
	run := o.Execution + "#" + string(rune('a'+o.Redrive+1))
	if first, ok := m.outcomes[run]; ok {
		return first, nil
	}
	m.outcomes[run] = o
	return o, nil
}

// over is a Step Functions in which every execution has ended, and none of these names can be started again.
type over struct{ Executions }

func (over) Ended(context.Context, string) (time.Time, bool, error) { return time.Time{}, true, nil }

func (over) Start(context.Context, string, []byte) (string, error) {
	return "", &fault.Impossible{Words: "there was one of that name and it ended FAILED"}
}

// people hear what is announced.
type people struct{ heard []rollout.Announcement }

func (p *people) Announce(_ context.Context, a rollout.Announcement, _ record.Told) (record.Told, error) {
	p.heard = append(p.heard, a)
	return record.Told{Event: true, Mail: true}, nil
}

// What an execution left behind and nobody can undo pages a person, also when the execution's own, quiet outcome was told long ago.
func TestWhatNobodyCanUndoIsStuck(t *testing.T) {
	const a = "arn:aws:states:eu-west-1:123456789012:execution:slipway:a"
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	quiet := record.Outcome{Execution: a, Wish: 1, Ending: record.EndingRejected, Cause: "it was taken over", EndedAt: noon.Add(-time.Hour)}
	name := record.ServiceName{Cluster: "shop", Service: "web"}
	ledger := &memory{outcomes: map[string]record.Outcome{}, entry: record.Entry{Service: name, Handled: 2, Last: &quiet, Told: true,
		Wish:   &record.Wish{Number: 2},
		Intent: &record.Intent{Wish: 1, Revision: "web:7", By: a, Digest: image.Digest("sha256:" + strings.Repeat("7", 64))}}}
	if _, err := ledger.Conclude(context.Background(), quiet); err != nil {
		t.Fatal(err)
	}
	told := &people{}
	d := &Deployer{Ledger: ledger, Executions: over{}, Announcer: told, Log: slog.New(slog.DiscardHandler)}
	v := &sight{entry: ledger.entry}
	if busy, err := d.leftoverIntent(context.Background(), v, noon); busy || err != nil || len(v.Findings) != 1 {
		t.Fatalf("busy %t, %v, %+v", busy, err, v.Findings)
	}
	if err := v.act(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(told.heard) != 1 || told.heard[0].Kind != string(record.EndingStuck) || !told.heard[0].Page || !strings.Contains(told.heard[0].Sentence, "cannot be rolled back") {
		t.Fatalf("people heard %+v, want to be paged once", told.heard)
	}
	if ledger.entry.Intent != nil {
		t.Error("it would be tried again at every check")
	}
}
