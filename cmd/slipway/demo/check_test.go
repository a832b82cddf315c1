package demo

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/internal/rollout"
)

// asSaid is a result in which all is as the scene says.
func asSaid() *result {
	return &result{
		scene: scene{short: "3. push v3, exits at start", ending: "RolledBack", runs: "v2", load: true, because: "DB_HOST is not set"},
		got:   rollout.Announcement{Kind: "RolledBack", Sentence: "web v3 rolled back", Report: []string{"x web", "why", "log  DB_HOST is not set", "log", "hint", "more"}},
		took:  65 * time.Second, sent: 139, running: []string{"v2", "v2-again"}, started: 1,
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*result)
		want   []string
	}{
		"all as said":   {func(*result) {}, nil},
		"other ending":  {func(r *result) { r.got.Kind, r.got.Sentence = "Stuck", "no way back" }, []string{"ended Stuck, not RolledBack: no way back"}},
		"other reason":  {func(r *result) { r.got.Report[2] = "log  out of memory" }, []string{`the reason does not say "DB_HOST is not set": web v3 rolled back`}},
		"other image":   {func(r *result) { r.running = []string{"v3"} }, []string{"the service runs v3, not v2"}},
		"no image":      {func(r *result) { r.running = nil }, []string{"the service runs nothing, not v2"}},
		"no users":      {func(r *result) { r.sent = 0 }, []string{"no request was sent"}},
		"lost requests": {func(r *result) { r.failed, r.failure = 3, "status 502" }, []string{"3 of 139 requests failed: status 502"}},
		"a short block": {func(r *result) { r.got.Report = []string{"x web", "DB_HOST is not set"} }, []string{"the failure block has 2 lines, not 6"}},
		"a fight":       {func(r *result) { r.silent = true }, []string{"Slipway started 1 executions and should have left the service alone"}},
		"said twice": {func(r *result) {
			r.ending, r.got.Kind, r.heard.told = "Drift", "Drift", []rollout.Announcement{{Kind: "Drift"}, {Kind: "Drift"}}
		}, []string{"the drift was told 2 times, not once"}},
		"two at once": {func(r *result) { r.sent, r.running = 0, []string{"v1"} }, []string{"the service runs v1, not v2", "no request was sent"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := asSaid()
			c.change(r)
			r.check()
			if diff := cmp.Diff(c.want, r.wrong); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConcludeListsWhatIsNotAsSaid(t *testing.T) {
	out := &bytes.Buffer{}
	s := &screen{out: out, palette: newPalette(false, false)}
	good, bad := asSaid(), asSaid()
	good.check()
	bad.short, bad.running, bad.failed, bad.failure = "   start v1", []string{"v9"}, 1, "status 502"
	bad.check()
	if err := conclude(s, []result{*good}); err != nil {
		t.Errorf("got %v, want nothing to complain about", err)
	}
	err := conclude(s, []result{*good, *bad})
	want := "not as said:\n  start v1: the service runs v9, not v2\n  start v1: 1 of 139 requests failed: status 502"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if !strings.Contains(out.String(), "3. push v3, exits at start       RolledBack    1 m 05 s      139      0  v2\n") {
		t.Errorf("got the table\n%s", out)
	}
}

// The table fits a terminal of 80 columns, with the scenes as they are.
func TestTableIsNarrow(t *testing.T) {
	var results []result
	for _, sc := range scenes() {
		results = append(results, result{scene: sc, got: rollout.Announcement{Kind: "NothingToDo"}, took: 59*time.Minute + time.Second, sent: 12345, running: []string{"v1"}})
	}
	header := ""
	for _, line := range table(results) {
		if header == "" {
			header = line
		}
		if len(line) > 79 {
			t.Errorf("%d columns: %s", len(line), line)
		}
		if strings.Contains(line, "NothingToDo") && strings.Index(line, "NothingToDo") != strings.Index(header, "ending") {
			t.Errorf("a title is too long: %s", line)
		}
	}
	for _, sc := range scenes() {
		if len(sc.title) > 79 {
			t.Errorf("%d columns: %s", len(sc.title), sc.title)
		}
	}
}
