package rollout

import (
	"strings"
	"testing"
	"time"

	"slipway/internal/record"
)

func TestBlockHasSixLines(t *testing.T) {
	s := RolledBack{Plan: plan(), To: web43, ToName: "9ab03de", Kept: "customers saw no change (4/4 old tasks kept)",
		Because: Reason{Class: ClassCrash, Words: `container "web" exited 1 while starting, 3 of 3 tasks`, Task: "4be1c0aa"},
		Evidence: Evidence{Container: "web", Stream: "web/web/4be1c0aa11", Log: []string{"Traceback", "KeyError: 'DB_HOST'"}, Stopped: "Essential container in task exited",
			Changed: []string{"environment - DB_HOST", "image web 9ab03de -> 7c11d0f"}}}
	got := strings.Join(Block(s, t0.Add(111*time.Second)), "\n")
	want := `x web  7c11d0f  ROLLED BACK to web:43 (9ab03de) in 1 m 51 s - customers saw no change (4/4 old tasks kept)
  why    container "web" exited 1 while starting, 3 of 3 tasks        stopped: Essential container in task exited
  log    web/web/4be1c0  Traceback
         web/web/4be1c0  KeyError: 'DB_HOST'
  hint   DB_HOST is in web:43 but not in web:44
  more   again: start an execution with {"service":"shop/web","image":"` + string(plan().Image.Digest) + `","force":true}`
	if got != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
	ending, cause, _ := Conclude(s, t0.Add(111*time.Second))
	if wantCause := `web 7c11d0f rolled back to web:43 (9ab03de) in 1 m 51 s - container "web" exited 1 while starting, 3 of 3 tasks: KeyError: 'DB_HOST'`; ending != record.EndingRolledBack || cause != wantCause {
		t.Fatalf("got %s: %s", ending, cause)
	}
}
