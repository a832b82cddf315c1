package states

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// vector is one recording of AWS: a definition, an input and the history that came of it.
type vector struct {
	ID         string           `json:"id"`
	Definition string           `json:"definition"`
	Input      string           `json:"input"`
	Events     []map[string]any `json:"events"`
}

// TestRecordedHistories compares histories with those recorded from AWS for the same definitions and inputs (docs/awssim.md), in
// every member of every event but those that the recordings replaced by placeholders. The recordings are not part of the
// repository: SLIPWAY_VECTORS names the folder that holds asl-jsonata.json.
func TestRecordedHistories(t *testing.T) {
	dir := os.Getenv("SLIPWAY_VECTORS")
	if dir == "" {
		t.Skip("SLIPWAY_VECTORS is not set: histories are not compared with those recorded from AWS")
	}
	text, err := os.ReadFile(filepath.Join(dir, "asl-jsonata.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	var refused, missed []string
	for _, v := range vectors {
		if err := Validate(v.Definition); err != nil {
			refused = append(refused, v.ID+": "+err.Error())
			continue
		}
		if diff := v.compare(t); diff != "" {
			missed = append(missed, v.ID+": "+diff)
		}
	}
	ran := len(vectors) - len(refused)
	t.Logf("%d of %d recorded histories are the same, %d were refused:\n%s", ran-len(missed), ran, len(refused), strings.Join(refused, "\n"))
	if len(missed) > 0 {
		t.Logf("not the same:\n%s", strings.Join(missed, "\n"))
	}
	if ran == 0 || (ran-len(missed))*100 < ran*95 {
		t.Fatalf("fewer than 95 %% of %d recorded histories are the same", ran)
	}
	for _, line := range refused {
		if !strings.Contains(line, "JSONPath") {
			t.Errorf("refused for another reason than JSONPath: %s", line)
		}
	}
}

// compare is empty when the history of the vector's execution is the recorded one, else the first difference.
func (v vector) compare(t *testing.T) string {
	t.Helper()
	c := clock.New(clock.Epoch, 1)
	s := New(c, protocol.Default, answers{}, nil)
	arn := deploy(t, c, s, "vector", v.Definition)
	execution := finish(t, c, s, arn, v.Input)
	got := s.runs[execution].history
	for i := range max(len(got), len(v.Events)) {
		if i >= len(got) || i >= len(v.Events) {
			return fmt.Sprintf("got %d events, want %d", len(got), len(v.Events))
		}
		wire, err := protocol.EncodeJSON(got[i], false)
		if err != nil {
			t.Fatal(err)
		}
		var event map[string]any
		if err := json.Unmarshal(wire, &event); err != nil {
			t.Fatal(err)
		}
		if !same(event, v.Events[i]) {
			want, _ := json.Marshal(v.Events[i])
			return fmt.Sprintf("event %d:\n got %s\nwant %s", i+1, wire, want)
		}
	}
	return ""
}

// placeholder reports that a recorded value stands for any.
func placeholder(want any) bool {
	text, ok := want.(string)
	return ok && (text == "timestamp" || text == "date" || text == "snf_role_arn" || (strings.HasPrefix(text, "<") && strings.HasSuffix(text, ">")))
}

// same compares a value with a recorded one. The recordings hold objects where AWS answers the JSON text of one.
func same(got, want any) bool {
	if placeholder(want) {
		return true
	}
	if text, ok := got.(string); ok {
		if _, isText := want.(string); !isText {
			var parsed any
			return json.Unmarshal([]byte(text), &parsed) == nil && same(parsed, want)
		}
	}
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok || len(got) != len(want) {
			return false
		}
		for name := range want {
			if !same(got[name], want[name]) {
				return false
			}
		}
		return true
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			return false
		}
		for i := range want {
			if !same(got[i], want[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(got, want)
}
