package protocol

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQueryMapsInBothSpellings(t *testing.T) {
	for name, form := range map[string]string{
		"lower": "Tags.entry.1.key=a&Tags.entry.1.value=1&Tags.entry.2.key=b&Tags.entry.2.value=2",
		"upper": "Tags.entry.1.Name=a&Tags.entry.1.Value=1&Tags.entry.2.Name=b&Tags.entry.2.Value=2",
	} {
		var in struct{ Tags map[string]string }
		if err := DecodeQuery([]byte(form), &in); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(map[string]string{"a": "1", "b": "2"}, in.Tags); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestQueryBlobs(t *testing.T) {
	type message struct{ Data []byte }
	var in message
	if err := DecodeQuery([]byte("Data=aGk%3D"), &in); err != nil || string(in.Data) != "hi" {
		t.Errorf("got %q, %v", in.Data, err)
	}
	if err := DecodeQuery([]byte("Data=%21"), &in); err == nil || !strings.Contains(err.Error(), "Data must be base64 text") {
		t.Errorf("got %v for what is not base64", err)
	}
	if out := string(EncodeQuery("s", "v", "Op", "id", &message{Data: []byte("hi")})); !strings.Contains(out, "<Data>aGk=</Data>") {
		t.Errorf("got %s", out)
	}
}

func TestQueryListsAreNumberedFromOne(t *testing.T) {
	var in struct {
		Names []string
		Tags  map[string]string
	}
	for _, form := range []string{
		"Names.member.01=x", "Names.member.%2B1=x", "Names.member.0=x", "Names.member.-1=x", "Names.x=y", "Names.member.1=x&Names.member.01=y",
		"Tags.entry.01.key=a&Tags.entry.01.value=b", "Names" + strings.Repeat(".1", 1000) + "=x",
	} {
		var refused *Error
		if err := DecodeQuery([]byte(form), &in); !errors.As(err, &refused) || refused.Code != "MalformedInput" {
			t.Errorf("%.40s: got %v, want MalformedInput", form, err)
		}
	}
	if err := DecodeQuery([]byte("Names.member.10=j&Names.member.2=b&Names.member.1=a"), &in); err != nil || strings.Join(in.Names, "") != "abj" {
		t.Errorf("got %v, %v, want a b j", in.Names, err)
	}
	if err := DecodeQuery([]byte("Names="), &in); err != nil || len(in.Names) != 0 {
		t.Errorf("got %v, %v for an empty list", in.Names, err)
	}
}

type shape interface{ isShape() }

func TestUnionKeepsTheServicesError(t *testing.T) {
	RegisterUnion[shape](Union{Decode: func(json.RawMessage) (any, error) {
		return nil, Errorf("ValidationException", "no such shape")
	}})
	var in struct{ Shape shape }
	err := DecodeJSON([]byte(`{"Shape":{}}`), &in)
	var e *Error
	if !errors.As(err, &e) || e.Code != "ValidationException" || e.Message != "no such shape" {
		t.Fatalf("got %v, want the union's own ValidationException", err)
	}
}
