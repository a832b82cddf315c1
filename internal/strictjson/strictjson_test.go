package strictjson

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestCheckRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"same key twice":         {`{"a":1,"a":2}`, `"a" and "a"`},
		"same key in other case": {`{"account":1,"ACCOUNT":2}`, `"account" and "ACCOUNT"`},
		"nested":                 {`{"d":{"x":1,"X":2}}`, `d has "x" and "X"`},
		"text after":             {`{} {}`, "text after"},
		"not JSON":               {`{"a":`, "not JSON"},
		"not UTF-8":              {"{\"a\":\"\xff\"}", "UTF-8"},
		"too deep":               {strings.Repeat("[", 100) + strings.Repeat("]", 100), "deeper"},
		"empty":                  {``, "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	if err := Check([]byte(`{"a":[1,{"b":null}],"c":"x"}`)); err != nil {
		t.Fatal(err)
	}
}

func TestExactlyHints(t *testing.T) {
	_, err := Exactly([]byte(`{"servce":"shop/web"}`), "service", "image")
	if err == nil || !strings.Contains(err.Error(), `did you mean "service"?`) {
		t.Fatalf("got %v, want a hint", err)
	}
	if _, err := Exactly([]byte(`{"Service":"shop/web"}`), "service"); err == nil || !strings.Contains(err.Error(), `must be written "service"`) {
		t.Fatalf("got %v, want the spelling", err)
	}
	if _, err := Exactly([]byte(`[1]`), "service"); err == nil {
		t.Fatal("a list was taken for an object")
	}
	if _, err := Exactly([]byte(`null`), "service"); err == nil {
		t.Fatal("null was taken for an object")
	}
}

// What Check accepts, encoding/json reads the same way whatever the case of its field names.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":[true,null,{"c":"d"}]}`))
	f.Add([]byte(`{"account":"A","ACCOUNT":"B"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if Check(data) != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("accepted %q, which is not JSON", data)
		}
	})
}
