package marked_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/marked"
)

const page = "before\n<!-- size -->\nold\n<!-- end -->\nbetween\n<!-- speed -->\nfast\n<!-- end -->\n"

func TestReplace(t *testing.T) {
	got, err := marked.Replace(page, "size", "new $1\nlines\n")
	if want := strings.Replace(page, "old\n", "new $1\nlines\n", 1); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if again, err := marked.Replace(got, "size", "new $1\nlines\n"); err != nil || again != got {
		t.Errorf("the second time it is %q, %v", again, err)
	}
	for document, want := range map[string]string{
		"":                          `add the lines "<!-- size -->" and "<!-- end -->"`,
		"<!-- size -->\nno end\n":   "no place",
		"<!-- end -->\nno begin\n":  "no place",
		page + "<!-- size -->\nold": "two places",
	} {
		if got, err := marked.Replace(document, "size", "new\n"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v, want an error with %s", document, got, err, want)
		}
	}
}

func TestHold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := marked.Compare(file, "size", "old\n", false); err != nil {
		t.Errorf("it is what it must be: %v", err)
	}
	for part, want := range map[string]string{"new\n": "line 3:\n- old\n+ new", "old\nolder\n": "line 4:\n- <!-- end -->\n+ older"} {
		if err := marked.Compare(file, "size", part, false); err == nil || !strings.HasSuffix(err.Error(), `part "size", `+want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := marked.Compare(file, "weight", "", true); err == nil {
		t.Error("there is no such part to write")
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != page {
		t.Errorf("nothing was to be written: %s, %v", text, err)
	}
	if err := marked.Compare(file, "size", "new\n", true); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != strings.Replace(page, "old", "new", 1) {
		t.Errorf("got %s, %v", text, err)
	}
}
