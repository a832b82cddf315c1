package protocol

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// kinds has a member of every kind that inputs have.
type kinds struct {
	Text  *string
	Plain string
	Flag  *bool
	Count int32
	Share *float64
	At    *time.Time
	Data  []byte
	Names []string
	Tags  map[string]string
	Deep  *struct {
		List []struct{ Key, Value *string }
		Maps map[string][]int64
	}
	Raw json.RawMessage
}

// The decoders take what anybody sends: whatever it is, they answer, and never with an error of their own making.

func FuzzDecodeQuery(f *testing.F) {
	for _, form := range []string{
		"Action=Do&Version=1&Text=a&Flag=true&Count=7&Share=0.5&At=2026-01-05T09:00:00Z&Data=aGk%3D",
		"Names.member.1=a&Names.member.2=b", "Names.member.01=x", "Names.member.%2B1=x", "Names=", "Names.1.2=x",
		"Tags.entry.1.key=a&Tags.entry.1.value=b", "Tags.entry.1.Name=a&Tags.entry.1.Value=b", "Tags.entry.1.value=b",
		"Deep.List.member.1.Key=a&Deep.Maps.entry.1.key=k&Deep.Maps.entry.1.value.member.1=3", "..=&%zz",
	} {
		f.Add([]byte(form))
	}
	f.Fuzz(func(t *testing.T, form []byte) {
		mustBeOurs(t, DecodeQuery(form, &kinds{}))
	})
}

func FuzzDecodeJSON(f *testing.F) {
	for _, input := range []string{
		`{"Text":"a","plain":"\u00e9","Flag":"true","Count":"7","Share":1e-3,"At":1767603600.5,"Data":"aGk=","Raw":{"a":[1]}}`,
		`{"Names":["a",null,3],"Tags":{"a":"b"},"Deep":{"List":[{"Key":"a"},null],"Maps":{"k":[1,"2"]}}}`,
		`null`, `{"Names":null}`, `{"":1}`, `[]`, `{"At":"x"}`, `{"Count":"\""}`, ``, `{"Deep":[]}`,
	} {
		f.Add([]byte(input))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		mustBeOurs(t, DecodeJSON(input, &kinds{}))
	})
}

func FuzzRESTInput(f *testing.F) {
	f.Add("/things/a%2Fb", "ThingKind=k&count=7", []byte(`{"Note":"n"}`))
	f.Add("/things/a", "", []byte(`null`))
	f.Add("/things/", "a", []byte(` `))
	f.Add("/other", "Name=b", []byte(`[1]`))
	f.Fuzz(func(t *testing.T, path, query string, body []byte) {
		r := httptest.NewRequest("PUT", "/", nil)
		r.URL = &url.URL{Path: path, RawQuery: query}
		input, err := restAPI().RestInput(r, body)
		if err != nil {
			mustBeOurs(t, err)
			return
		}
		mustBeOurs(t, DecodeJSON(input, &thing{}))
	})
}

func mustBeOurs(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if e, ok := err.(*Error); !ok || e.Code == "" || e.Message == "" {
		t.Errorf("got %T %v, want an error in AWS's shape", err, err)
	}
}
