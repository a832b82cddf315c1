package cut

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzCut compares what is cut out of any valid text with what encoding/json finds in it.
func FuzzCut(f *testing.F) {
	for _, text := range []string{
		`{}`, `{ }`, `[]`, `[ 1 , "a" ,{"b":[true,null]}, -1.5e3]`, `{"a":"}","b":[1,[2]],"a":{"c":"\"]\\"}}`, `"\u00e9"`, `"é"`, `7`, "{\n\t\"a\" :\r1 }",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var whole json.RawMessage
		if json.Unmarshal(text, &whole) != nil {
			return
		}
		check(t, whole)
	})
}

func check(t *testing.T, value []byte) {
	switch value[0] {
	case '{':
		var want map[string]json.RawMessage
		must(t, json.Unmarshal(value, &want))
		got := map[string]json.RawMessage{}
		for _, m := range Sorted(value) {
			got[m.Name] = m.Value
			check(t, m.Value)
		}
		same(t, want, got)
	case '[':
		var want []json.RawMessage
		must(t, json.Unmarshal(value, &want))
		got := []json.RawMessage{}
		for _, item := range Items(value) {
			got = append(got, item)
			check(t, item)
		}
		same(t, want, got)
	case '"':
		var want string
		must(t, json.Unmarshal(value, &want))
		same(t, want, Text(value))
	}
}

func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
