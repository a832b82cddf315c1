package ecr

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	media "github.com/google/go-containerregistry/pkg/v1/types"

	"slipway/awssim/ecr/pack"
)

const host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/"

func TestResolve(t *testing.T) {
	w := newWorld(t)
	amd, arm := picture(t, "amd64", "1"), picture(t, "arm64", "1")
	index, err := pack.Index(amd, arm)
	if err != nil {
		t.Fatal(err)
	}
	top := w.push("shop/web", "v1", index)
	w.push("shop/web", "latest", arm)
	w.push("shop/web", "chart", mutate.ConfigMediaType(amd, media.MediaType("application/vnd.cncf.helm.config.v1+json")))
	image := func(digest string, of v1.Image, arch string) Image {
		return Image{Repository: "shop/web", Digest: digest, ManifestDigest: digestOf(t, of), OS: "linux", Architecture: arch,
			Entrypoint: []string{"/app/web"}, Cmd: []string{"-v"}, Env: []string{"SEED=1"}, WorkingDir: "/app", Labels: map[string]string{"awssim.start": "2s"}}
	}
	for name, tc := range map[string]struct {
		ref, arch string
		want      Image
		reason    string
	}{
		"tag":                 {ref: host + "shop/web:v1", arch: "amd64", want: image(top, amd, "amd64")},
		"digest":              {ref: host + "shop/web@" + top, arch: "arm64", want: image(top, arm, "arm64")},
		"tag and digest":      {ref: host + "shop/web:gone@" + top, arch: "amd64", want: image(top, amd, "amd64")},
		"another single arch": {ref: host + "shop/web", arch: "amd64", want: image(digestOf(t, arm), arm, "arm64")},
		"no such tag": {ref: host + "shop/web:v9", arch: "amd64",
			reason: "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref " + host + "shop/web:v9: " + host + "shop/web:v9: not found"},
		"no such repository": {ref: host + "shop/nothing:v1", arch: "amd64", reason: "repository does not exist"},
		"no such platform": {ref: host + "shop/web:v1", arch: "s390x",
			reason: "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor matching platform 'linux/s390x'"},
		"no image":        {ref: host + "shop/web:chart", arch: "amd64", reason: "application/vnd.cncf.helm.config.v1+json, which is not an image that can run"},
		"registry abroad": {ref: "docker.io/library/nginx:1", arch: "amd64", reason: "push it to a repository of"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := w.svc.Resolve(tc.ref, "linux", tc.arch)
			if tc.reason != "" {
				var pull *PullError
				if !errors.As(err, &pull) || !strings.Contains(pull.Reason, tc.reason) || !strings.HasPrefix(pull.Reason, "CannotPullContainerError: ") {
					t.Fatalf("got %v, want a PullError with %q", err, tc.reason)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

func TestOpenGivesTheSameImage(t *testing.T) {
	w := newWorld(t)
	img := picture(t, "amd64", "1")
	w.push("shop/web", "v1", img)
	resolved, err := w.svc.Resolve(host+"shop/web:v1", "linux", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	opened, err := w.svc.Open(resolved)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := digestOf(t, opened), digestOf(t, img); got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	flat := func(i v1.Image) string {
		rc := mutate.Extract(i)
		defer rc.Close()
		content, err := io.ReadAll(rc)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	if flat(opened) != flat(img) {
		t.Fatal("the opened image has other files")
	}
}
