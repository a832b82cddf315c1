package rollout

import (
	"reflect"
	"strings"
	"testing"

	"slipway/internal/record"
)

func everyState() []State {
	w := Watch{Deployment: "ecs-svc/2", Previous: "ecs-svc/1", ToldAt: t0, LookedAt: t0, ProgressAt: t0, Healthy: 1, Running: 2, Desired: 3, Seconds: 5,
		Delay: Delay{Class: ClassEnvironment, Words: "words", Until: t0, Before: []Class{ClassCapacity}}}
	e := Evidence{Task: "a", Container: "web", ExitCode: ptr(1), Log: []string{"x"}, SeenAt: t0}
	r := Reason{Class: ClassCrash, Words: "words", Task: "a"}
	return []State{Waiting{Plan: plan(), For: "its turn", Since: t0, Seconds: 10}, Ready{plan()}, Converging{Plan: plan(), Watch: w}, Baking{Plan: plan(), Watch: w, Since: t0, Counted: true},
		Succeeded{Plan: plan(), Proven: true, Desired: 2}, Failed{Plan: plan(), Watch: w, Because: r, Evidence: e},
		RollingBack{Plan: plan(), Watch: w, Because: r, Evidence: e, To: web43, ByECS: true}, RolledBack{Plan: plan(), Because: r, Evidence: e, To: web43, Kept: "k"},
		Stuck{Plan: plan(), Because: r, Evidence: e, Why: "w"}, Foreign{Plan: plan(), Revision: web45, Why: "w"}, Ended{Plan: plan(), Ending: record.EndingHeld, Why: "w"}}
}

func TestStatesSurviveJSON(t *testing.T) {
	for _, s := range everyState() {
		data, err := Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", s.Phase(), err)
		}
		if !reflect.DeepEqual(s, again) {
			t.Fatalf("%s: got %+v, want %+v", s.Phase(), again, s)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"version":1,"phase":"Sunny"}`: "unknown phase",
		`{"version":9,"phase":"Ready"}`: "version 9",
		`null`:                          "version 0",
		`[]`:                            "step before",
		`{"version":1,"phase":"Ready","service":"web"}`: "CLUSTER/SERVICE",
	} {
		if _, err := Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range everyState() {
		data, err := Encode(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Decode(data)
		if err != nil {
			return
		}
		once, err := Encode(s)
		if err != nil {
			return // a time outside the years that JSON can write
		}
		again, err := Decode(once)
		if err != nil {
			t.Fatalf("%s does not read back: %v", once, err)
		}
		if twice, _ := Encode(again); string(twice) != string(once) {
			t.Fatalf("got %s, want %s", twice, once)
		}
	})
}
