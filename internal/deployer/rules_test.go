package deployer

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
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

// Tasks without IPv4 reach the registry through its dual-stack endpoint alone: what they pull stays there.
func TestImagesForKeepsTheEndpoint(t *testing.T) {
	const dual = "123456789012.dkr-ecr.eu-west-1.on.aws/shop/web"
	base := rollout.Definition{Containers: []rollout.ContainerDefinition{{Name: "web", Image: dual + ":v1"}, {Name: "job", Image: registry + "/shop/web:v1"}, {Name: "proxy", Image: "nginx"}}}
	found := rollout.Found{Image: image.Reference{Registry: registry, Repository: "shop/web", Tag: "v2", Digest: digest}}
	images, rejected := imagesFor(rollout.Service{}, base, found)
	if rejected != "" || len(images) != 2 || images["web"] != dual+"@"+string(digest) || images["job"] != registry+"/shop/web@"+string(digest) {
		t.Errorf("got %v, %s", images, rejected)
	}
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html allows 80 characters.
func TestExecutionNames(t *testing.T) {
	form := regexp.MustCompile(`^[0-9A-Za-z_-]{1,80}$`)
	rapid.Check(t, func(t *rapid.T) {
		name := record.ServiceName{Cluster: rapid.StringMatching(`[A-Za-z0-9_-]{1,255}`).Draw(t, "cluster"), Service: rapid.StringMatching(`[A-Za-z0-9_-]{1,255}`).Draw(t, "service")}
		wish := record.Wish{Number: rapid.IntRange(1, 1e6).Draw(t, "n"), Image: image.Reference{Tag: rapid.StringMatching(`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`).Draw(t, "tag"), Digest: digest}}
		got := ExecutionName(name, wish)
		if !form.MatchString(got) {
			t.Fatalf("%q is not an execution name", got)
		}
		wish.Number++
		if ExecutionName(name, wish) == got {
			t.Fatalf("two wishes share the name %q", got)
		}
	})
}

func TestPolicyOf(t *testing.T) {
	p, err := policyOf(map[string]string{})
	if err != nil || p.Bake.Duration() != rollout.DefaultBake || p.Timeout.Duration() != rollout.DefaultTimeout || p.InitialCount != 0 {
		t.Fatalf("got %+v, %v", p, err)
	}
	p, err = policyOf(map[string]string{rollout.TagBake: "90s", rollout.TagTimeout: "1h", rollout.TagInitialCount: "3", rollout.TagFollow: "semver:1", rollout.TagDrift: "repair"})
	if err != nil || p.Bake != 90 || p.Timeout.Duration() != time.Hour || p.InitialCount != 3 {
		t.Fatalf("got %+v, %v", p, err)
	}
	for tag, value := range map[string]string{rollout.TagBake: "3h", rollout.TagTimeout: "5h", rollout.TagInitialCount: "0", rollout.TagFollow: "newest", rollout.TagDrift: "fix"} {
		if _, err := policyOf(map[string]string{tag: value}); err == nil || !strings.Contains(err.Error(), tag) || !strings.Contains(err.Error(), "write") {
			t.Errorf("%s=%s: got %v, want an error that names the tag and says what to write", tag, value, err)
		}
	}
}

func TestMisspeltTags(t *testing.T) {
	for tag, want := range map[string]string{
		"slipway:folow":        "write slipway:follow",
		"Slipway:Bake":         "write slipway:bake",
		"slipway:initialcount": "write slipway:initial-count",
		"slipway:owner":        "write one of slipway:repository, ",
	} {
		if _, err := policyOf(map[string]string{tag: "any"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", tag, err, want)
		}
	}
	if _, err := policyOf(map[string]string{"owner": "shop", "team:slipway": "x"}); err != nil {
		t.Errorf("tags of others: %v", err)
	}
}

func TestImagesFor(t *testing.T) {
	found := rollout.Found{Image: image.Reference{Registry: registry, Repository: "shop/web", Tag: "v2", Digest: digest}, Platforms: []image.Platform{{OS: "linux", Architecture: "arm64"}}}
	base := rollout.Definition{ARN: "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7", Platform: image.Platform{OS: "linux", Architecture: "arm64"}, Containers: []rollout.ContainerDefinition{
		{Name: "web", Image: registry + "/shop/web:v1"}, {Name: "sidecar", Image: registry + "/shop/web-sidecar:v1"}, {Name: "worker", Image: registry + "/shop/web@" + string(digest)}, {Name: "log", Image: "public.ecr.aws/x/fluent:1"}}}
	images, rejected := imagesFor(rollout.Service{}, base, found)
	if rejected != "" || len(images) != 2 || images["web"] == "" || images["worker"] == "" {
		t.Fatalf("got %v, %q: want the two containers of the repository, and not its namesake", images, rejected)
	}
	only := rollout.Service{Tags: map[string]string{rollout.TagContainer: "log"}}
	if images, _ := imagesFor(only, base, found); len(images) != 1 || images["log"] != found.Image.Pinned() {
		t.Fatalf("got %v, want the container that the tag names", images)
	}
	only.Tags[rollout.TagContainer] = "nope"
	if _, rejected := imagesFor(only, base, found); !strings.Contains(rejected, "web, sidecar, worker, log") {
		t.Fatalf("got %q, want the containers there are", rejected)
	}
	base.Platform.Architecture = "amd64"
	if _, rejected := imagesFor(rollout.Service{}, base, found); !strings.Contains(rejected, "linux/arm64") || !strings.Contains(rejected, "linux/amd64") {
		t.Fatalf("got %q, want both platforms", rejected)
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
