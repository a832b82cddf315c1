package protocol

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
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
		{"an empty text that is there stays", &inner{Zeta: aws.String("")}, false, `{"zeta":""}`},
		{"members are sorted", &inner{Zeta: aws.String("z"), Alpha: aws.String("a")}, false, `{"alpha":"a","zeta":"z"}`},
		{"upper case", &inner{Alpha: aws.String("a")}, true, `{"Alpha":"a"}`},
		{"a member left out leaves no comma", &outer{Inner: &inner{}}, true, `{"Count":0,"Inner":{},"Ratio":0,"Ready":false}`},
		{"everything", &outer{Name: aws.String("a \"b\" \u00fc <c>"), Status: "UP", Count: -3, Ready: true, Ratio: 0.5, At: &at, Blob: []byte{1, 2},
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
