package protocol

import (
	"encoding/json"
	"testing"
	"time"
)

func TestEncodeJSON(t *testing.T) {
	type state string
	type inner struct {
		Zeta, Alpha *string
	}
	type outer struct {
		Name           *string
		Status         state
		Count          int32
		Ready          bool
		Ratio          float64
		At             *time.Time
		Blob           []byte
		Names          []string
		Inner          *inner
		Inners         []*inner
		Tags           map[string]string
		Raw            json.RawMessage
		ResultMetadata struct{ Ignored string }
	}
	at := time.UnixMilli(1767603600250).UTC()
	for _, c := range []struct {
		name   string
		out    any
		pascal bool
		want   string
	}{
		{"nothing", (*outer)(nil), false, `{}`},
		{"zero numbers and booleans stay, all else is left out", &outer{}, false, `{"count":0,"ratio":0,"ready":false}`},
		{"an empty text that is there stays", &inner{Zeta: new("")}, false, `{"zeta":""}`},
		{"members are sorted", &inner{Zeta: new("z"), Alpha: new("a")}, false, `{"alpha":"a","zeta":"z"}`},
		{"upper case", &inner{Alpha: new("a")}, true, `{"Alpha":"a"}`},
		{"a member left out leaves no comma", &outer{Inner: &inner{}}, true, `{"Count":0,"Inner":{},"Ratio":0,"Ready":false}`},
		{"everything", &outer{Name: new("a \"b\" \u00fc <c>"), Status: "UP", Count: -3, Ready: true, Ratio: 0.5, At: &at, Blob: []byte{1, 2},
			Names: []string{"", "x"}, Inners: []*inner{nil, {}}, Tags: map[string]string{"b": "", "a": "1"}, Raw: json.RawMessage(`{"x": 1}`)}, false,
			`{"at":1767603600.25,"blob":"AQI=","count":-3,"inners":[null,{}],"name":"a \"b\" ü \u003cc\u003e","names":["","x"],"ratio":0.5,"raw":{"x":1},"ready":true,"status":"UP","tags":{"a":"1","b":""}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := EncodeJSON(c.out, c.pascal)
			if err != nil || string(got) != c.want {
				t.Errorf("got  %s (%v)\nwant %s", got, err, c.want)
			}
		})
	}
}

type unregistered interface{ isUnregistered() }

type variant struct{ Value string }

func (variant) isUnregistered() {}

// TestEncodeUnknownUnion: the SDK wraps a union's members in structs of its own, which are nothing that AWS writes.
func TestEncodeUnknownUnion(t *testing.T) {
	type answer struct{ Choice unregistered }
	if got, err := EncodeJSON(&answer{}, false); err != nil || string(got) != "{}" {
		t.Errorf("got %s, %v for a union that is not there", got, err)
	}
	got, err := EncodeJSON(&answer{variant{"x"}}, false)
	if want := "Choice: awssim cannot write the union protocol.unregistered: register it with protocol.RegisterUnion"; err == nil || err.Error() != want {
		t.Errorf("got %s, %v, want the error %s", got, err, want)
	}
}

func TestEncodeTimes(t *testing.T) {
	for at, want := range map[int64]string{0: "0", 1: "0.001", 10: "0.01", 1700: "1.7", 1767603600000: "1767603600", 1767603600999: "1767603600.999", -1500: "-1.5"} {
		got, err := EncodeJSON([]time.Time{time.UnixMilli(at)}, false)
		if err != nil || string(got) != "["+want+"]" {
			t.Errorf("%d ms: got %s (%v), want [%s]", at, got, err, want)
		}
	}
}
