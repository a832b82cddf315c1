package protocol

import "testing"

type pascalTag struct{ Key, Value string }

var _ = RegisterPascal[pascalTag]()

func TestPascalStructInsideALowerCaseAPI(t *testing.T) {
	out := struct {
		Name string
		Tags []pascalTag
	}{"web", []pascalTag{{"team", "shop"}}}
	got, err := EncodeJSON(out, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"name":"web","tags":[{"Key":"team","Value":"shop"}]}`; string(got) != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}
