package events

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVectors compares the matcher with recorded answers of AWS (docs/awssim.md). They are not part of the repository:
// SLIPWAY_VECTORS names the folder that holds eventbridge-patterns.json. TestMatch covers the matcher without them.
func TestVectors(t *testing.T) {
	dir := os.Getenv("SLIPWAY_VECTORS")
	if dir == "" {
		t.Skip("SLIPWAY_VECTORS is not set: the matcher is not compared with recorded answers of AWS")
	}
	text, err := os.ReadFile(filepath.Join(dir, "eventbridge-patterns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name                string
		Event, EventPattern json.RawMessage
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	var missed []string
	for _, v := range vectors {
		want := "match"
		switch {
		case strings.HasSuffix(v.Name, "_EXC"):
			want = "invalid"
		case strings.HasSuffix(v.Name, "_NEG"):
			want = "no match"
		}
		if got := verdict(t, string(v.EventPattern), string(v.Event)); got != want {
			missed = append(missed, v.Name+" ("+got+")")
		}
	}
	right := len(vectors) - len(missed)
	t.Logf("%d of %d recorded answers agree; missed: %v", right, len(vectors), missed)
	if len(vectors) == 0 || right*100 < 95*len(vectors) {
		t.Fatalf("got %d of %d right, want 95 %%; missed: %v", right, len(vectors), missed)
	}
}

func verdict(t *testing.T, pattern, event string) string {
	t.Helper()
	p, err := ParsePattern(pattern)
	if err != nil {
		return "invalid"
	}
	ok, err := p.Matches([]byte(event))
	if err != nil {
		t.Fatalf("event %s: %v", event, err)
	}
	if ok {
		return "match"
	}
	return "no match"
}

func TestMatch(t *testing.T) {
	for _, c := range []struct{ name, pattern, event, want string }{
		{"string", `{"a":["x","y"]}`, `{"a":"y"}`, "match"},
		{"key case", `{"A":["x"]}`, `{"a":"x"}`, "no match"},
		{"string is not a number", `{"a":["1"]}`, `{"a":1}`, "no match"},
		{"number by value", `{"a":[300]}`, `{"a":3.0e2}`, "match"},
		{"null", `{"a":[null]}`, `{"a":null}`, "match"},
		{"null is not absent", `{"a":[null]}`, `{}`, "no match"},
		{"false", `{"a":[false]}`, `{"a":false}`, "match"},
		{"address forms", `{"a":["::1"]}`, `{"a":"0:0:0:0:0:0:0:1"}`, "match"},
		{"and", `{"a":["x"],"b":["y"]}`, `{"a":"x","b":"z"}`, "no match"},
		{"array in the event", `{"a":["x"]}`, `{"a":["z","x"]}`, "match"},
		{"nested", `{"d":{"a":["x"]}}`, `{"d":{"a":"x"}}`, "match"},
		{"dotted", `{"d":{"a.b":["x"]}}`, `{"d":{"a":{"b":"x"}}}`, "match"},
		{"one array element", `{"l":{"a":["1"],"b":["1"]}}`, `{"l":[{"a":"1","b":"1"}]}`, "match"},
		{"two array elements", `{"l":{"a":["1"],"b":["2"]}}`, `{"l":[{"a":"1","b":"1"},{"a":"2","b":"2"}]}`, "no match"},
		{"two arrays", `{"l":{"a":["1"]},"m":{"b":["2"]}}`, `{"l":[{"a":"0"},{"a":"1"}],"m":[{"b":"2"}]}`, "match"},
		{"absent in the element", `{"l":{"a":["1"],"b":[{"exists":false}]}}`, `{"l":[{"a":"1"},{"b":"2"}]}`, "match"},
		{"prefix", `{"a":[{"prefix":"eu-"}]}`, `{"a":"eu-west-1"}`, "match"},
		{"prefix of a number", `{"a":[{"prefix":"1"}]}`, `{"a":12}`, "no match"},
		{"prefix ignoring case", `{"a":[{"prefix":{"equals-ignore-case":"EU-"}}]}`, `{"a":"eu-west-1"}`, "match"},
		{"prefix list", `{"a":[{"prefix":["a"]}]}`, `{"a":"a"}`, "invalid"},
		{"suffix", `{"a":[{"suffix":".png"}]}`, `{"a":"b.png"}`, "match"},
		{"suffix ignoring case", `{"a":[{"suffix":{"equals-ignore-case":".png"}}]}`, `{"a":"B.PNG"}`, "match"},
		{"equals ignoring case", `{"a":[{"equals-ignore-case":"Alice"}]}`, `{"a":"aLICE"}`, "match"},
		{"anything-but", `{"a":[{"anything-but":"x"}]}`, `{"a":"y"}`, "match"},
		{"anything-but the empty tag of a child manifest", `{"image-tag":[{"anything-but":""}]}`, `{"image-tag":""}`, "no match"},
		{"anything-but leaves null", `{"a":[{"anything-but":["x"]}]}`, `{"a":null}`, "match"},
		{"anything-but needs the field", `{"a":[{"anything-but":["x"]}]}`, `{}`, "no match"},
		{"anything-but of two elements", `{"a":[{"anything-but":["x"]}]}`, `{"a":["x","y"]}`, "match"},
		{"anything-but numbers", `{"a":[{"anything-but":[1,2]}]}`, `{"a":2.0}`, "no match"},
		{"anything-but mixed", `{"a":[{"anything-but":[1,"2"]}]}`, `{"a":3}`, "invalid"},
		{"anything-but true", `{"a":[{"anything-but":true}]}`, `{"a":3}`, "invalid"},
		{"anything-but nothing", `{"a":[{"anything-but":[]}]}`, `{"a":3}`, "invalid"},
		{"anything-but prefixes", `{"a":[{"anything-but":{"prefix":["x","y"]}}]}`, `{"a":"yes"}`, "no match"},
		{"anything-but suffix", `{"a":[{"anything-but":{"suffix":"s"}}]}`, `{"a":"no"}`, "match"},
		{"anything-but empty suffix", `{"a":[{"anything-but":{"suffix":""}}]}`, `{"a":"no"}`, "invalid"},
		{"anything-but ignoring case", `{"a":[{"anything-but":{"equals-ignore-case":["x","y"]}}]}`, `{"a":"Y"}`, "no match"},
		{"anything-but wildcard", `{"a":[{"anything-but":{"wildcard":"*/lib/*"}}]}`, `{"a":"/usr/lib/x"}`, "no match"},
		{"anything-but numeric", `{"a":[{"anything-but":{"numeric":["=",1]}}]}`, `{"a":2}`, "invalid"},
		{"numeric range", `{"a":[{"numeric":[">",0,"<=",5]}]}`, `{"a":5}`, "match"},
		{"numeric range open", `{"a":[{"numeric":[">",0,"<",5]}]}`, `{"a":5}`, "no match"},
		{"numeric equals", `{"a":[{"numeric":["=",3.018e2]}]}`, `{"a":301.8}`, "match"},
		{"numeric of a string", `{"a":[{"numeric":[">",0]}]}`, `{"a":"5"}`, "no match"},
		{"numeric upside down", `{"a":[{"numeric":["<",5,">",0]}]}`, `{"a":3}`, "invalid"},
		{"numeric empty range", `{"a":[{"numeric":[">",5,"<",5]}]}`, `{"a":5}`, "invalid"},
		{"numeric unknown", `{"a":[{"numeric":["~",5]}]}`, `{"a":5}`, "invalid"},
		{"exists", `{"a":[{"exists":true}]}`, `{"a":null}`, "match"},
		{"exists is about leaves", `{"a":[{"exists":true}]}`, `{"a":{"b":1}}`, "no match"},
		{"empty array does not exist", `{"a":[{"exists":true}]}`, `{"a":[]}`, "no match"},
		{"absent", `{"d":{"a":[{"exists":false}]}}`, `{"d":{}}`, "match"},
		{"absent or a value", `{"a":["x",{"exists":false}]}`, `{"a":"y"}`, "no match"},
		{"exists no", `{"a":[{"exists":"no"}]}`, `{"a":"y"}`, "invalid"},
		{"cidr", `{"a":[{"cidr":"10.0.0.0/24"}]}`, `{"a":"10.0.0.255"}`, "match"},
		{"cidr outside", `{"a":[{"cidr":"10.0.0.0/24"}]}`, `{"a":"10.0.1.0"}`, "no match"},
		{"cidr without mask", `{"a":[{"cidr":"10.0.0.0"}]}`, `{"a":"10.0.0.0"}`, "invalid"},
		{"wildcard", `{"a":[{"wildcard":"arn:*:bus/*"}]}`, `{"a":"arn:aws:events:bus/x"}`, "match"},
		{"wildcard is anchored", `{"a":[{"wildcard":"b*"}]}`, `{"a":"ab"}`, "no match"},
		{"wildcard escape", `{"a":[{"wildcard":"a\\*b"}]}`, `{"a":"axb"}`, "no match"},
		{"wildcard escaped star", `{"a":[{"wildcard":"a\\**"}]}`, `{"a":"a*b"}`, "match"},
		{"wildcard bad escape", `{"a":[{"wildcard":"a\\b"}]}`, `{"a":"ab"}`, "invalid"},
		{"wildcard twice", `{"a":[{"wildcard":"a**b"}]}`, `{"a":"ab"}`, "invalid"},
		{"many wildcards", `{"a":[{"wildcard":"*-a-*"},{"wildcard":"*-b-*"},{"wildcard":"*-c-*"},{"wildcard":"*-d-*"}]}`, `{"a":"x-d-"}`, "match"},
		{"wildcard too complex", `{"a":[{"wildcard":"*a*a*a*a*a*a*a*a*"}]}`, `{"a":"a"}`, "invalid"},
		{"or", `{"s":["x"],"$or":[{"a":["1"]},{"b":["2"],"c":["3"]}]}`, `{"s":"x","b":"2","c":"3"}`, "match"},
		{"or keeps the and", `{"s":["x"],"$or":[{"a":["1"]},{"b":["2"]}]}`, `{"s":"y","b":"2"}`, "no match"},
		{"or inside", `{"d":{"$or":[{"a":["1"]},{"$or":[{"b":["2"]},{"c":["3"]}]}]}}`, `{"d":{"c":"3"}}`, "match"},
		{"or of neither", `{"d":{"$or":[{"a":["1"]},{"b":["2"]}]}}`, `{"d":{"a":"2"}}`, "no match"},
		{"or of one", `{"$or":[{"a":["1"]}]}`, `{"a":"1"}`, "invalid"},
		{"or of operators is a field", `{"$or":[{"prefix":"a"},{"prefix":"b"}]}`, `{"$or":"bc"}`, "match"},
		{"operator inside or", `{"$or":[{"a":{"prefix":["1"]}},{"b":["2"]}]}`, `{"a":"1"}`, "invalid"},
		{"unknown operator", `{"a":[{"EXISTS":true}]}`, `{"a":1}`, "invalid"},
		{"two operators", `{"a":[{"prefix":"a","suffix":"b"}]}`, `{"a":"ab"}`, "invalid"},
		{"no list", `{"a":"x"}`, `{"a":"x"}`, "invalid"},
		{"empty list", `{"a":[]}`, `{"a":[]}`, "invalid"},
		{"empty object", `{"a":{}}`, `{"a":{}}`, "invalid"},
		{"empty pattern", `{}`, `{"a":1}`, "invalid"},
		{"list in a list", `{"a":[["x"]]}`, `{"a":"x"}`, "invalid"},
		{"not an object", `["x"]`, `{"a":"x"}`, "invalid"},
		{"text after the pattern", `{"a":["x"]} {}`, `{"a":"x"}`, "invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := verdict(t, c.pattern, c.event); got != c.want {
				t.Fatalf("%s on %s: got %s, want %s", c.pattern, c.event, got, c.want)
			}
		})
	}
}

func TestOrIsBounded(t *testing.T) {
	fork := `"$or":[{"a":["1"]},{"b":["2"]}]`
	pattern := strings.Repeat(`{"x":{`+fork+`},"y":`, 10) + `{"z":["1"]}` + strings.Repeat(`}`, 10)
	if _, err := ParsePattern(pattern); err == nil || !strings.Contains(err.Error(), "1000") {
		t.Fatalf("got %v, want 1024 combinations refused", err)
	}
}
