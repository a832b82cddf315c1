package drift

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/internal/record"
)

const webFamily = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web"

func web(n int) string { return fmt.Sprintf("%s:%d", webFamily, n) }

// registered is a family of task definitions: each revision has a configuration, written as a word.
type registered struct {
	t         *testing.T
	revisions []Revision // number n at n-1; Changed is unused
	config    []string
	entry     record.Entry
	runs      int
	at        time.Time
}

func (f *registered) add(config string, own bool) int {
	n := len(f.revisions) + 1
	f.revisions = append(f.revisions, Revision{ARN: web(n), RegisteredAt: f.at, Active: true, Own: own})
	f.config = append(f.config, config)
	return n
}

// push is what Slipway does: a copy of the revision that runs, proven good.
func (f *registered) push() int {
	n := f.add(f.config[f.runs-1], false)
	f.entry.Wish = &record.Wish{Revision: web(n), Baseline: web(f.runs)}
	f.prove(n)
	return n
}

func (f *registered) prove(n int) {
	f.runs = n
	f.entry.Prove(record.Good{Revision: web(n)})
}

func (f *registered) newest() string {
	for i := len(f.revisions) - 1; i >= 0; i-- {
		if f.revisions[i].Active {
			return f.revisions[i].ARN
		}
	}
	return ""
}

// look looks if it is time, and returns the number of the edit that is found, and what was compared.
func (f *registered) look(after time.Duration) (edit int, compared []string) {
	f.at = f.at.Add(after)
	if LookDue(f.entry, web(f.runs), f.at) {
		newest := f.newest()
		compared = ToCompare(f.entry, web(f.runs), newest)
		var found []Revision
		for i, arn := range compared {
			if slices.Contains(compared[:i], arn) || arn == web(f.runs) {
				f.t.Fatalf("%v is to be compared with %s: once each, and never with itself", compared, web(f.runs))
			}
			r := f.revisions[number(arn)-1]
			if f.config[number(arn)-1] != f.config[f.runs-1] {
				r.Changed = []string{f.config[f.runs-1] + " -> " + f.config[number(arn)-1]}
			}
			found = append(found, r)
		}
		f.entry.Family = Remember(f.entry, web(f.runs), newest, found, f.at)
	}
	if got := Edited(f.entry, web(f.runs)); got != nil {
		edit = number(f.entry.Family.Edit.Revision)
	}
	return edit, compared
}

// Each story begins with web:1 running, which was looked at.
func TestFamily(t *testing.T) {
	for name, story := range map[string]func(f *registered) (want int){
		"nothing new": func(*registered) int { return 0 },
		"an edit": func(f *registered) int {
			return f.add("512", false)
		},
		"only images differ": func(f *registered) int {
			f.add("256", false)
			return 0
		},
		"Slipway's own, of another service that shares the family": func(f *registered) int {
			f.add("worker", true)
			return 0
		},
		"a push before the edit was seen": func(f *registered) int {
			defer f.push()
			return f.add("512", false)
		},
		"many pushes after it was seen": func(f *registered) int {
			edit := f.add("512", false)
			f.look(time.Hour)
			for range 2 * mostCompared {
				f.push()
			}
			return edit
		},
		"many pushes, seen by their own looks": func(f *registered) int {
			edit := f.add("512", false)
			for range 2 * mostCompared {
				f.push()
				f.look(time.Hour)
			}
			return edit
		},
		"a push that fails": func(f *registered) int {
			n := f.add("256", false)
			f.entry.Wish = &record.Wish{Revision: web(n), Baseline: web(f.runs)}
			return 0
		},
		"deployed by hand and taken back": func(f *registered) int {
			n := f.add("512", false)
			f.entry.Last = &record.Outcome{Revision: web(n), Ending: record.EndingRolledBack}
			return 0
		},
		"seen, then deployed by hand and taken back": func(f *registered) int {
			n := f.add("512", false)
			f.look(time.Hour)
			f.entry.Last = &record.Outcome{Revision: web(n), Ending: record.EndingRolledBack}
			f.look(time.Hour)
			f.entry.Last = nil
			return 0
		},
		"a revision that a person typed and that was rejected": func(f *registered) int {
			n := f.add("512", false)
			f.entry.Wish = &record.Wish{Revision: web(n)}
			return n
		},
		"two edits: the newest counts": func(f *registered) int {
			f.add("512", false)
			return f.add("1024", false)
		},
		"an edit of an edit": func(f *registered) int {
			f.add("512", false)
			f.look(time.Hour)
			return f.add("1024", false)
		},
		"a later one is deployed by hand": func(f *registered) int {
			f.add("512", false)
			f.prove(f.add("1024", false))
			return 0
		},
		"a later one is deployed by hand, after the edit was seen": func(f *registered) int {
			f.add("512", false)
			f.look(time.Hour)
			f.prove(f.add("1024", false))
			f.push()
			return 0
		},
		"an older one is deployed by hand": func(f *registered) int {
			f.prove(f.add("512", false))
			f.look(time.Hour)
			f.prove(1)
			return 0
		},
		"deregistered before it was seen": func(f *registered) int {
			f.revisions[f.add("512", false)-1].Active = false
			return 0
		},
		"deregistered after it was seen": func(f *registered) int {
			n := f.add("512", false)
			f.look(time.Hour)
			f.revisions[n-1].Active = false
			return 0
		},
		"deregistered after it was seen, and a push": func(f *registered) int {
			n := f.add("512", false)
			f.look(time.Hour)
			f.push()
			f.look(5 * time.Minute)
			f.revisions[n-1].Active = false
			return 0
		},
		"the whole family is deregistered": func(f *registered) int {
			f.add("512", false)
			f.look(time.Hour)
			for i := range f.revisions {
				f.revisions[i].Active = false
			}
			return 0
		},
		"deployed by hand for hours and put back": func(f *registered) int {
			f.runs = f.add("512", false)
			f.look(time.Hour)
			f.runs = 1
			return 0
		},
		"seen, deployed by hand for hours and put back": func(f *registered) int {
			edit := f.add("512", false)
			f.look(time.Hour)
			f.runs = edit
			f.look(time.Hour)
			f.runs = 1
			return 0
		},
		"another revision with its changes is deployed by hand, and it is still the newest": func(f *registered) int {
			other := f.add("512", false)
			f.add("512", false)
			f.look(time.Hour)
			f.prove(other)
			return 0
		},
		"its changes come with the next revision by hand": func(f *registered) int {
			f.add("512", false)
			f.push()
			f.look(time.Hour)
			f.prove(f.add("512", false))
			return 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &registered{t: t, at: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
			f.prove(f.add("256", false))
			f.look(0)
			want := story(f)
			for range 3 { // and it stays so
				if got, _ := f.look(time.Hour); got != want {
					t.Fatalf("got an edit web:%d, want web:%d (0 is none); remembered %+v", got, want, f.entry.Family)
				}
			}
		})
	}
}

// A revision that was registered before Slipway looked for the first time, on either side of a push.
func TestFirstLookAtAFamily(t *testing.T) {
	f := &registered{t: t}
	f.prove(f.add("256", false))
	edit := f.add("512", false)
	if got, _ := f.look(time.Hour); got != edit {
		t.Errorf("got an edit web:%d, want web:%d", got, edit)
	}
	f.entry.Family = nil
	f.push()
	if got, _ := f.look(time.Hour); got != edit {
		t.Errorf("after a push: got an edit web:%d, want web:%d", got, edit)
	}
	f.entry.Family = nil
	f.push()
	if got, compared := f.look(time.Hour); got != 0 || len(compared) != 0 {
		t.Errorf("nobody knows what was copied two pushes ago: got web:%d, compared %v", got, compared)
	}
	f.entry.Family = &record.Family{LookedAt: f.at, Runs: strings.ReplaceAll(web(90), "/web:", "/old:"), Judged: 90, Edit: &record.Edit{Revision: web(91)}}
	if got, _ := f.look(0); got != 0 || f.entry.Family.Runs != web(f.runs) {
		t.Errorf("of another family: got web:%d, remembered %+v", got, f.entry.Family)
	}
}

// What a look costs beside the one call for the newest revision: nothing while nothing changes.
func TestFamilyIsLookedAtOnceAnHour(t *testing.T) {
	f := &registered{t: t}
	f.prove(f.add("256", false))
	f.look(0)
	looked := func(after time.Duration) (bool, int) {
		before := f.entry.Family.LookedAt
		_, compared := f.look(after)
		return f.entry.Family.LookedAt != before, len(compared)
	}
	expect := func(what string, after time.Duration, look bool, most int) {
		t.Helper()
		if got, compared := looked(after); got != look || compared > most {
			t.Errorf("%s: looked %v and compared %d revisions, want %v and at most %d", what, got, compared, look, most)
		}
	}
	for range 11 {
		expect("quiet", 5*time.Minute, false, 0)
	}
	expect("an hour later", 5*time.Minute, true, 0)
	f.push()
	expect("after a push", 5*time.Minute, false, 0)
	expect("after a push, an hour later", time.Hour, true, 0)
	edit := f.add("512", false)
	expect("an edit", time.Hour, true, 1)
	expect("the same edit", time.Hour, true, 0)
	f.push()
	expect("a push after an edit", 5*time.Minute, true, 2)
	expect("the same edit under a push", 5*time.Minute, false, 0)
	expect("the same edit under a push, an hour later", time.Hour, true, 1)
	f.runs = edit
	expect("the edit is deployed", 5*time.Minute, false, 0)
	if got := Edited(f.entry, web(f.runs)); got != nil {
		t.Errorf("got %+v as soon as the service runs it", got)
	}
	for range 3 * mostCompared {
		f.add("512", false)
	}
	expect("many at once", time.Hour, true, mostCompared+1)
	for i := range f.revisions[edit:] {
		f.revisions[edit+i].Active = false
	}
	expect("and all are deregistered", time.Hour, true, 1)
	f.add("512", false)
	expect("one more", time.Hour, true, 1)
}

func TestEditedSaysWhatToDo(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("", 3600))
	changed := []string{"environment + FOO", "cpu 256 -> 512"}
	entry := record.Entry{Family: &record.Family{LookedAt: at, Runs: web(10), Judged: 12, Edit: &record.Edit{Revision: web(12), RegisteredAt: at, Changed: changed}}}
	got := Edited(entry, web(10))
	want := "web:12 was registered at 2026-11-20T11:00:00Z and is not deployed (environment + FOO, cpu 256 -> 512): a push copies the revision that the service runs, " +
		"without these changes; update the service once to a revision that has them and the image that runs, or deregister web:12"
	if got == nil || got.Words != want || got.Kind != FamilyEdited || got.Severity != Info || got.Healed {
		t.Fatalf("got %+v", got)
	}
	if after := Edited(entry, web(13)); after == nil || after.Words != want {
		t.Errorf("a push changes the words, and people are told again: %+v", after)
	}
	for i := range 30 {
		entry.Family.Edit.Changed = append(entry.Family.Edit.Changed, fmt.Sprintf("environment + V%d", i))
	}
	if got := Edited(entry, web(10)).Words; !strings.Contains(got, ", environment + V3 and 26 more)") {
		t.Errorf("got %s", got)
	}
	if got := Edited(record.Entry{}, web(1)); got != nil {
		t.Errorf("nothing is known: got %+v", got)
	}
}
