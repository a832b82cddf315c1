package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-cmp/cmp"

	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/rollout"
	"slipway/internal/wiretest"
)

const (
	host    = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	address = "https://blobs.example/config?signature=secret"
)

func digestOf(body string) image.Digest {
	sum := sha256.Sum256([]byte(body))
	return image.Digest("sha256:" + hex.EncodeToString(sum[:]))
}

func over(a *wiretest.AWS) *Registry { return New(ecr.NewFromConfig(a.Config()), a) }

func manifestOf(config string) string {
	return fmt.Sprintf(`{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip"}]}`, digestOf(config))
}

// holding answers for one image with the given manifest and configuration blob.
func holding(t *testing.T, manifest, config, status string) *wiretest.AWS {
	a := wiretest.New(t)
	a.On("DescribeImages", func(wiretest.Call) wiretest.Answer {
		return wiretest.OK(fmt.Sprintf(`{"imageDetails":[{"repositoryName":"shop/web","imageDigest":%q,"imageTags":["v2","latest"],"imagePushedAt":1788000000.5,"imageStatus":%q}]}`, digestOf(manifest), status))
	})
	a.On("BatchGetImage", func(wiretest.Call) wiretest.Answer {
		body, _ := json.Marshal(map[string]any{"images": []any{map[string]any{"imageManifest": manifest}}, "failures": []any{}})
		return wiretest.OK(string(body))
	})
	a.On("GetDownloadUrlForLayer", func(c wiretest.Call) wiretest.Answer {
		return wiretest.OK(fmt.Sprintf(`{"downloadUrl":%q}`, address))
	})
	return a.Get(address, wiretest.OK(config))
}

func TestResolve(t *testing.T) {
	const config = `{"os":"linux","architecture":"arm64"}`
	single := manifestOf(config)
	index := `{"manifests":[{"platform":{"os":"linux","architecture":"amd64"}},{"platform":{"os":"linux","architecture":"arm64"}},{"platform":{"os":"unknown","architecture":"unknown"}}]}`
	pushed := time.Unix(1788000000, 500000000).UTC()
	for _, test := range []struct {
		name, manifest, status string
		ref                    image.Reference
		want                   rollout.Found
	}{
		{"one image by digest", single, "ACTIVE", image.Reference{Digest: digestOf(single)}, rollout.Found{Platforms: []image.Platform{{OS: "linux", Architecture: "arm64"}}}},
		{"one image by tag", single, "ACTIVE", image.Reference{Tag: "v2"}, rollout.Found{Platforms: []image.Platform{{OS: "linux", Architecture: "arm64"}}}},
		{"index", index, "ACTIVE", image.Reference{Tag: "v2"}, rollout.Found{Platforms: []image.Platform{{OS: "linux", Architecture: "amd64"}, {OS: "linux", Architecture: "arm64"}}}},
		{"archived", index, "ARCHIVED", image.Reference{Tag: "v2"}, rollout.Found{Archived: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := holding(t, test.manifest, config, test.status)
			test.ref.Registry, test.ref.Repository = host, "shop/web"
			got, err := over(a).Resolve(context.Background(), test.ref)
			if err != nil {
				t.Fatal(err)
			}
			test.want.Image = image.Reference{Registry: host, Repository: "shop/web", Tag: test.ref.Tag, Digest: digestOf(test.manifest)}
			test.want.Candidate = image.Candidate{Digest: digestOf(test.manifest), Tags: []string{"latest", "v2"}, PushedAt: pushed}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
			asked := a.Calls("DescribeImages")[0].JSON(t)
			if asked["registryId"] != "123456789012" || asked["filter"].(map[string]any)["imageStatus"] != "ANY" {
				t.Errorf("asked %v", asked)
			}
		})
	}
}

func TestResolveWhatCannotRun(t *testing.T) {
	const config = `{"os":"linux","architecture":"arm64"}`
	for name, manifest := range map[string]string{
		"signature":         `{"config":{"mediaType":"application/vnd.oci.image.config.v1+json"},"layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json"}]}`,
		"attestation index": `{"manifests":[{"platform":{"os":"unknown","architecture":"unknown"}}]}`,
		"no JSON":           `nonsense`,
		"no platform":       manifestOf(`{}`),
	} {
		t.Run(name, func(t *testing.T) {
			blob := config
			if name == "no platform" {
				blob = `{}`
			}
			_, err := over(holding(t, manifest, blob, "ACTIVE")).Resolve(context.Background(), image.Reference{Registry: host, Repository: "shop/web", Tag: "v2"})
			var artefact *image.NotRunnable
			if !errors.As(err, &artefact) {
				t.Errorf("got %v, want *image.NotRunnable", err)
			}
		})
	}
}

func TestResolveTrustsNothing(t *testing.T) {
	const config = `{"os":"linux","architecture":"arm64"}`
	ref := image.Reference{Registry: host, Repository: "shop/web", Tag: "v2"}
	for name, spoil := range map[string]func(*wiretest.AWS){
		"another manifest": func(a *wiretest.AWS) {
			a.On("BatchGetImage", func(wiretest.Call) wiretest.Answer {
				return wiretest.OK(`{"images":[{"imageManifest":"{}"}]}`)
			})
		},
		"another configuration": func(a *wiretest.AWS) { a.Get(address, wiretest.OK(`{"os":"linux","architecture":"amd64"}`)) },
		"no download":           func(a *wiretest.AWS) { a.Get(address, wiretest.Answer{Status: 403, Body: "expired"}) },
	} {
		t.Run(name, func(t *testing.T) {
			a := holding(t, manifestOf(config), config, "ACTIVE")
			spoil(a)
			_, err := over(a).Resolve(context.Background(), ref)
			var refused *fault.Impossible
			if !errors.As(err, &refused) || strings.Contains(err.Error(), "signature") {
				t.Errorf("got %v, want *fault.Impossible without the signed address", err)
			}
		})
	}
}

func TestResolveMissing(t *testing.T) {
	ref := image.Reference{Registry: host, Repository: "shop/web", Tag: "v2"}
	for name, spoil := range map[string]func(*wiretest.AWS){
		"repository": func(a *wiretest.AWS) {
			a.On("DescribeImages", func(wiretest.Call) wiretest.Answer { return wiretest.Fault("RepositoryNotFoundException", "") })
		},
		"image": func(a *wiretest.AWS) {
			a.On("DescribeImages", func(wiretest.Call) wiretest.Answer { return wiretest.Fault("ImageNotFoundException", "") })
		},
		"image, deleted meanwhile": func(a *wiretest.AWS) {
			a.On("BatchGetImage", func(wiretest.Call) wiretest.Answer {
				return wiretest.OK(`{"images":[],"failures":[{"failureCode":"ImageNotFound","failureReason":"Requested image not found"}]}`)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := holding(t, `{}`, "", "ACTIVE")
			spoil(a)
			if _, err := over(a).Resolve(context.Background(), ref); !fault.IsMissing(err) {
				t.Errorf("got %v, want *fault.Missing", err)
			}
		})
	}
}

func TestListPages(t *testing.T) {
	a := wiretest.New(t)
	a.On("DescribeImages", func(c wiretest.Call) wiretest.Answer {
		in := c.JSON(t)
		if diff := cmp.Diff(map[string]any{"tagStatus": "TAGGED", "imageStatus": "ACTIVE"}, in["filter"]); diff != "" {
			t.Errorf("filter, want -, got +\n%s", diff)
		}
		if in["nextToken"] == "more" {
			return wiretest.OK(fmt.Sprintf(`{"imageDetails":[{"imageDigest":%q,"imageTags":["v1"],"imagePushedAt":100}]}`, digestOf("1")))
		}
		return wiretest.OK(fmt.Sprintf(`{"imageDetails":[{"imageDigest":%q,"imageTags":["v2"],"imagePushedAt":200}],"nextToken":"more"}`, digestOf("2")))
	})
	got, err := over(a).List(context.Background(), image.Reference{Registry: host, Repository: "shop/web"})
	if err != nil {
		t.Fatal(err)
	}
	want := []image.Candidate{
		{Digest: digestOf("1"), Tags: []string{"v1"}, PushedAt: time.Unix(100, 0).UTC()},
		{Digest: digestOf("2"), Tags: []string{"v2"}, PushedAt: time.Unix(200, 0).UTC()},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}
