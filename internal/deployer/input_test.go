package deployer

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"slipway/internal/image"
)

const registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

var digest = image.Digest("sha256:" + strings.Repeat("a", 64))

func TestParseInput(t *testing.T) {
	for text, want := range map[string]string{ // "" = accepted
		`{"service":"shop/web"}`: "",
		`{"service":"shop/web","image":"v1","force":true,"reason":"r"}`:     "",
		`{"service":"shop/web","action":"rollback"}`:                        "",
		`{"service":"arn:aws:ecs:eu-west-1:123456789012:service/shop/web"}`: "",
		`{}`:                                     `"service" is missing; type for example`,
		`[]`:                                     "must be a JSON object",
		`"shop/web"`:                             "must be a JSON object",
		`{"service":"web"}`:                      "write CLUSTER/SERVICE",
		`{"service":7}`:                          `"service" must be text`,
		`{"service":"shop/web","force":"yes"}`:   `"force" must be true or false`,
		`{"service":"shop/web","tag":"v1"}`:      `unknown key "tag"`,
		`{"service":"shop/web","imgae":"v1"}`:    `did you mean "image"?`,
		`{"service":"shop/web","action":"undo"}`: `it can be "deploy" or "rollback"`,
		`{"service":"shop/web","image":"v1","revision":"web:1"}`: "not both",
		`{"service":"shop/web","image":"","force":true}`:         `"image" is empty: leave it out`,
		`{"service":"shop/web","revision":""}`:                   `"revision" is empty`,
		`{"service":"shop/web","reason":""}`:                     "",
	} {
		_, _, err := parseInput([]byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzParseInput(f *testing.F) {
	f.Add([]byte(`{"service":"shop/web","image":"v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, name, err := parseInput(data)
		if err == nil && (name.Cluster == "" || name.Service == "" || in.Action == "") {
			t.Fatalf("%q was accepted as %+v for %+v", data, in, name)
		}
	})
}

func TestReference(t *testing.T) {
	own := image.Reference{Registry: registry, Repository: "shop/web"}
	for text, want := range map[string]string{
		"v1":                      registry + "/shop/web:v1",
		string(digest):            registry + "/shop/web@" + string(digest),
		registry + "/shop/web:v1": registry + "/shop/web:v1",
		registry + "/shop/web:v1@" + string(digest): registry + "/shop/web:v1@" + string(digest),
	} {
		got, err := reference(text, own)
		if err != nil || uri(got) != want {
			t.Errorf("%s: got %s, %v, want %s", text, uri(got), err, want)
		}
	}
	for _, text := range []string{"a b", "sha256:x", registry + "/shop/api:v1", registry + "/shop/web", "docker.io/library/nginx:1", "999999999999.dkr.ecr.eu-west-1.amazonaws.com/shop/web:v1"} {
		if got, err := reference(text, own); err == nil {
			t.Errorf("%s was accepted as %s", text, uri(got))
		}
	}
}

// Every input that the documentation tells people to type is accepted.
func TestDocumentedInputs(t *testing.T) {
	inputs := 0
	for _, file := range []string{"../../docs/operations.md", "../../docs/buttons.md", "../../README.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile("`(\\{\"service\"[^`]*\\})`").FindAllStringSubmatch(string(text), -1) {
			inputs++
			if _, _, err := parseInput([]byte(match[1])); err != nil {
				t.Errorf("%s says to type %s: %v", file, match[1], err)
			}
		}
	}
	if inputs < 5 {
		t.Fatalf("found only %d inputs: the documents are written in another way now", inputs)
	}
}
