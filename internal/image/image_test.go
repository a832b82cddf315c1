package image

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func event(change func(map[string]string)) []byte {
	f := map[string]string{"source": "aws.ecr", "detail-type": "ECR Image Action", "account": "123456789012", "region": "eu-west-1",
		"time": "2026-01-05T09:00:00Z", "result": "SUCCESS", "repository-name": "shop/web", "image-digest": digestA, "action-type": "PUSH", "image-tag": "v1"}
	change(f)
	return fmt.Appendf(nil, `{"version":"0","id":"13cde686","detail-type":%q,"source":%q,"account":%q,"time":%q,"region":%q,"resources":[],"new-by-aws":{"x":1},
		"detail":{"result":%q,"repository-name":%q,"image-digest":%q,"action-type":%q,"image-tag":%q,"manifest-media-type":"application/vnd.oci.image.manifest.v1+json"}}`,
		f["detail-type"], f["source"], f["account"], f["time"], f["region"], f["result"], f["repository-name"], f["image-digest"], f["action-type"], f["image-tag"])
}

func TestParsePush(t *testing.T) {
	p, err := ParsePush(event(func(map[string]string) {}))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Reference().Pinned(), "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web@"+digestA; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

// A registry has several endpoints, and a task definition may name any of them.
func TestEndpointsOfARegistry(t *testing.T) {
	const registry, china = "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"
	for host, want := range map[string]string{
		registry: registry, china: china,
		"123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com":             registry,
		"123456789012.dkr-ecr.eu-west-1.on.aws":                         registry,
		"123456789012.dkr-ecr-fips.eu-west-1.on.aws":                    registry,
		"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn":   china,
		"123456789012.dkr-ecr.eu-west-1.on.aws.example.com":             "",
		"123456789012.dkr-ecr.eu-west-1.amazonaws.com":                  "",
		"123456789012.dkr.ecr.eu-west-1.on.aws":                         "",
		"12345678901.dkr-ecr.eu-west-1.on.aws":                          "",
		"123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example.com": "",
	} {
		r, err := Parse(host + "/shop/web:v1")
		if r.Registry != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", host, r.Registry, err, want)
		}
		if want == "" {
			continue
		}
		r.Digest = digestA
		if got, want := r.At(host+"/shop/web:v0"), host+"/shop/web@"+digestA; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	r := Reference{Registry: registry, Repository: "shop/web", Digest: digestA}
	for _, other := range []string{"public.ecr.aws/x/y:1", "nginx", "999999999999.dkr-ecr.eu-west-1.on.aws/shop/web:v1"} {
		if got := r.At(other); got != r.Pinned() {
			t.Errorf("in place of %s: got %s, want %s", other, got, r.Pinned())
		}
	}
}

func TestParsePushIgnores(t *testing.T) {
	for key, value := range map[string]string{"action-type": "DELETE", "result": "FAILURE", "image-tag": ""} {
		_, err := ParsePush(event(func(f map[string]string) { f[key] = value }))
		var ignored *Ignored
		if !errors.As(err, &ignored) {
			t.Errorf("%s=%q: got %v, want *Ignored", key, value, err)
		}
	}
}

func TestParsePushRefusesHostileText(t *testing.T) {
	for _, c := range [][2]string{
		{"source", "my.app"}, {"detail-type", "ECR Image Scan"}, {"account", "12345678901"}, {"account", "12345678901x"}, {"region", "eu-west-1/../x"},
		{"time", "yesterday"}, {"image-digest", "sha256:abc"}, {"image-digest", strings.ToUpper(digestA)}, {"image-digest", "sha512" + digestA[6:]},
		{"repository-name", "../etc"}, {"repository-name", "Shop/Web"}, {"repository-name", "a"}, {"image-tag", "a b"}, {"image-tag", "$(reboot)"},
		{"image-tag", strings.Repeat("x", 129)}, {"image-tag", "v1\r\nX: y"}, {"image-tag", "<!channel>"},
	} {
		_, err := ParsePush(event(func(f map[string]string) { f[c[0]] = c[1] }))
		if err == nil {
			t.Errorf("%s=%q was accepted", c[0], c[1])
		} else if strings.ContainsAny(err.Error(), "\r\n\x1b") {
			t.Errorf("%s=%q: the message carries control characters", c[0], c[1])
		}
	}
	doubled := strings.Replace(string(event(func(map[string]string) {})), `"account":`, `"ACCOUNT":"999999999999","account":`, 1)
	if _, err := ParsePush([]byte(doubled)); err == nil {
		t.Error("two accounts were accepted")
	}
}

func FuzzParsePush(f *testing.F) {
	f.Add(event(func(map[string]string) {}))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePush(data)
		if err != nil {
			return
		}
		if again, err := Parse(p.Reference().Pinned()); err != nil || again.Repository != p.Repository || again.Digest != p.Digest {
			t.Fatalf("accepted %q, whose reference does not read back: %v", data, err)
		}
	})
}

func TestParseManifest(t *testing.T) {
	config := `"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"` + digestA + `"}`
	layer := `"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip"}]`
	for name, c := range map[string]struct {
		text string
		why  string // "" = runnable
	}{
		"image":             {`{` + config + `,` + layer + `}`, ""},
		"docker image":      {`{"config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"` + digestA + `"},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip"}]}`, ""},
		"index":             {`{"manifests":[{"platform":{"os":"linux","architecture":"arm64"}},{"platform":{"os":"unknown","architecture":"unknown"}}]}`, ""},
		"signature":         {`{` + config + `,"layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json"}]}`, "layer of type"},
		"attestation":       {`{` + config + `,"layers":[{"mediaType":"application/vnd.in-toto+json"}]}`, "layer of type"},
		"referrer":          {`{` + config + `,` + layer + `,"subject":{"digest":"` + digestB + `"}}`, "attached"},
		"chart":             {`{"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"` + digestA + `"},` + layer + `}`, "configuration is"},
		"artifact":          {`{"artifactType":"application/spdx+json",` + config + `,` + layer + `}`, "artifact"},
		"cache":             {`{"manifests":[{"mediaType":"application/vnd.buildkit.cacheconfig.v0"}]}`, "no image with a platform"},
		"attestations only": {`{"manifests":[{"platform":{"os":"unknown","architecture":"unknown"}}]}`, "no image with a platform"},
		"empty":             {`{}`, "no configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseManifest([]byte(c.text))
			var not *NotRunnable
			switch {
			case c.why == "" && err != nil:
				t.Fatal(err)
			case c.why != "" && (!errors.As(err, &not) || !strings.Contains(not.Why, c.why)):
				t.Fatalf("got %v, want *NotRunnable with %q", err, c.why)
			}
		})
	}
	if _, err := ParseManifest([]byte(`{`)); err == nil {
		t.Fatal("broken JSON was accepted")
	}
}

func TestFollow(t *testing.T) {
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	older := Candidate{Digest: digestA, Tags: []string{"production", "1.4.2", "main-7"}, PushedAt: at}
	newer := Candidate{Digest: digestB, Tags: []string{"1.4.1", "main-8", "sha256-ab.sig"}, PushedAt: at.Add(time.Hour)}
	for _, c := range []struct {
		rule   string
		match  []string
		not    []string
		newest Digest
	}{
		{"", []string{"v1", "latest"}, []string{"sha256-abc.sig"}, digestB},
		{"any", []string{"v1"}, nil, digestB},
		{"tag:production", []string{"production"}, []string{"production2", "prod"}, digestA},
		{"prefix:main-", []string{"main-7"}, []string{"dev-main-7"}, digestB},
		{"semver:1", []string{"1.4.2", "v1.9.0"}, []string{"2.0.0", "latest", "1.5.0-rc.1"}, digestA},
		{"semver:1.4", []string{"1.4.9"}, []string{"1.5.0"}, digestA},
	} {
		f, err := ParseFollow(c.rule)
		if err != nil {
			t.Fatalf("%s: %v", c.rule, err)
		}
		for _, tag := range c.match {
			if !f.Matches(tag) {
				t.Errorf("%s does not match %s", c.rule, tag)
			}
		}
		for _, tag := range c.not {
			if f.Matches(tag) {
				t.Errorf("%s matches %s", c.rule, tag)
			}
		}
		for _, order := range [][]Candidate{{older, newer}, {newer, older}} {
			if got := f.Ranked(order); len(got) == 0 || got[0].Digest != c.newest {
				t.Errorf("%s: ranked %v, want %s first", c.rule, got, c.newest.Short())
			}
		}
	}
	for _, bad := range []string{"some", "any:x", "tag:", "tag:a b", "semver:", "semver:1.2.3", "semver:x", "regex:.*"} {
		if _, err := ParseFollow(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// Nothing is newer than what is ranked before it.
func TestRankedIsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := rapid.SampledFrom([]string{"any", "prefix:v", "semver:1"}).Draw(t, "rule")
		f, err := ParseFollow(rule)
		if err != nil {
			t.Fatal(err)
		}
		n := rapid.IntRange(1, 5).Draw(t, "n")
		images := make([]Candidate, n)
		for i := range images {
			images[i] = Candidate{Digest: Digest(fmt.Sprintf("sha256:%064x", i*7%5)),
				Tags:     []string{fmt.Sprintf("v1.%d.%d", rapid.IntRange(0, 2).Draw(t, "minor"), i)},
				PushedAt: time.Unix(int64(rapid.IntRange(0, 3).Draw(t, "at")), 0)}
		}
		ranked := f.Ranked(images)
		for i := range ranked {
			for _, c := range ranked[i:] {
				if f.Newer(c, ranked[i]) {
					t.Fatalf("%s: %v is newer than %v and comes after it", rule, c, ranked[i])
				}
			}
		}
	})
}
