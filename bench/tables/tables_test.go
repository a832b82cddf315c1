package tables

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteReplacesWhatStandsBetweenTheMarks(t *testing.T) {
	document := filepath.Join(t.TempDir(), "page.md")
	const page = "before\n<!-- bench: size -->\nold\n<!-- end -->\nafter\n"
	if err := os.WriteFile(document, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	table := &Table{Name: "size", Columns: []string{"function", "MB"}}
	table.Add("push", "1")
	table.Note("A note of %d.", 2)
	for range 2 { // the second time gives the same
		if err := Write(document, []*Table{table}); err != nil {
			t.Fatal(err)
		}
	}
	const want = "before\n<!-- bench: size -->\n| function | MB |\n| -------- | -- |\n| push     | 1  |\n\nA note of 2.\n<!-- end -->\nafter\n"
	if got, _ := os.ReadFile(document); string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := Write(document, []*Table{{Name: "speed"}}); err == nil || !strings.Contains(err.Error(), "speed") {
		t.Errorf("a table without a place: got error %v", err)
	}
}

func TestSample(t *testing.T) {
	for _, c := range []struct {
		sample Sample
		want   string
	}{
		{nil, "-"},
		{Sample{3, 1, 2}, "2.0 (1.0-3.0)"},
		{Sample{4, 1, 2, 3}, "2.5 (1.0-4.0)"},
	} {
		if got := c.sample.Spread("%.1f"); got != c.want {
			t.Errorf("%v: got %s, want %s", c.sample, got, c.want)
		}
	}
}
