package ecr

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"slipway/awssim/clock"
	"slipway/awssim/ecr/pack"
	"slipway/awssim/protocol"
)

// live is a registry on a socket, on a clock that follows the wall.
type live struct {
	t     *testing.T
	clock *clock.Clock
	bus   *bus
	svc   *Service
	host  string
}

func newLive(t *testing.T) *live {
	t.Helper()
	l := &live{t: t, clock: clock.NewPaced(1, 1), bus: &bus{t: t}}
	l.svc = New(l.clock, protocol.Default, l.bus)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { l.clock.Run(ctx); close(stopped) }()
	server := httptest.NewServer(l.svc.Handler())
	t.Cleanup(func() { server.Close(); cancel(); <-stopped })
	l.host = strings.TrimPrefix(server.URL, "http://")
	l.create("shop/web", types.ImageTagMutabilityMutable)
	return l
}

func (l *live) create(repository string, m types.ImageTagMutability) {
	l.t.Helper()
	var err error
	l.clock.Do("create", func() {
		_, err = l.svc.createRepository(&protocol.Call{}, &ecr.CreateRepositoryInput{RepositoryName: &repository, ImageTagMutability: m})
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *live) ref(s string) name.Reference {
	l.t.Helper()
	ref, err := name.ParseReference(l.host + "/" + s)
	if err != nil {
		l.t.Fatal(err)
	}
	return ref
}

func (l *live) events() (got []string) {
	l.clock.Do("events", func() { got = l.bus.take() })
	return got
}

func event(digest, tag string, index bool) string {
	if index {
		return fmt.Sprintf(`{"result":"SUCCESS","repository-name":"shop/web","image-digest":"%s","action-type":"PUSH","image-tag":"%s","manifest-media-type":"application/vnd.oci.image.index.v1+json"}`, digest, tag)
	}
	return fmt.Sprintf(`{"result":"SUCCESS","repository-name":"shop/web","image-digest":"%s","action-type":"PUSH","artifact-media-type":"application/vnd.oci.image.config.v1+json","image-tag":"%s","manifest-media-type":"application/vnd.oci.image.manifest.v1+json"}`, digest, tag)
}

func TestABrokenRequestEndsAlone(t *testing.T) {
	l := newLive(t)
	for range 2 {
		a := l.svc.turn(t.Context(), "ecr test", func() reply { panic("out of ideas") })
		if a.status != 500 || !strings.Contains(string(a.body), "out of ideas") {
			t.Errorf("got %d %s, want 500", a.status, a.body)
		}
	}
}

func TestRealClientPushesImages(t *testing.T) {
	l := newLive(t)
	img := picture(t, "amd64", "1")
	digest := digestOf(t, img)
	if err := remote.Write(l.ref("shop/web:v1"), img); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{event(digest, "v1", false)}, l.events()); diff != "" {
		t.Fatal("push: " + diff)
	}
	if err := remote.Tag(l.ref("shop/web:v1").Context().Tag("production"), img); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{event(digest, "production", false)}, l.events()); diff != "" {
		t.Fatal("re-tag: " + diff)
	}
	pulled, err := remote.Image(l.ref("shop/web@" + digest))
	if err != nil {
		t.Fatal(err)
	}
	if got := digestOf(t, pulled); got != digest {
		t.Fatalf("pulled %s, want %s", got, digest)
	}
	tags, err := remote.List(l.ref("shop/web").Context())
	if err != nil || !cmp.Equal(tags, []string{"production", "v1"}) {
		t.Fatalf("got tags %v, %v", tags, err)
	}
	if err := remote.Delete(l.ref("shop/web:production")); err != nil {
		t.Fatal(err)
	}
	if got := l.events(); len(got) != 1 || !strings.Contains(got[0], `"action-type":"DELETE"`) {
		t.Fatalf("got %v, want one DELETE", got)
	}
}

func TestRealClientPushesIndex(t *testing.T) {
	l := newLive(t)
	amd, arm := picture(t, "amd64", "1"), picture(t, "arm64", "1")
	index, err := pack.Index(amd, arm)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(l.ref("shop/web:v1"), index, remote.WithJobs(1)); err != nil {
		t.Fatal(err)
	}
	got := l.events()
	if len(got) != 3 {
		t.Fatalf("got %d events, want one per manifest: %v", len(got), got)
	}
	for _, child := range []v1.Image{amd, arm} {
		if want := event(digestOf(t, child), "", false); want != got[0] && want != got[1] {
			t.Errorf("no untagged event for child %s before the index in %v", digestOf(t, child), got)
		}
	}
	if want := event(digestOf(t, index), "v1", true); want != got[2] {
		t.Errorf("got %s last, want %s", got[2], want)
	}
}

func TestVirtualPushEmitsWhatARealOneDoes(t *testing.T) {
	w := newWorld(t)
	amd, arm := picture(t, "amd64", "1"), picture(t, "arm64", "1")
	index, err := pack.Index(amd, arm)
	if err != nil {
		t.Fatal(err)
	}
	w.push("shop/web", "v1", index)
	want := []string{event(digestOf(t, amd), "", false), event(digestOf(t, arm), "", false), event(digestOf(t, index), "v1", true)}
	if diff := cmp.Diff(want, w.bus.take()); diff != "" {
		t.Fatal(diff)
	}
	w.push("shop/web", "v2", index)
	if diff := cmp.Diff(want[2:], []string{strings.ReplaceAll(strings.Join(w.bus.take(), "\n"), `"v2"`, `"v1"`)}); diff != "" {
		t.Fatal("children that are there are not sent again: " + diff)
	}
}

func TestRegistryRefuses(t *testing.T) {
	l := newLive(t)
	l.create("shop/fixed", types.ImageTagMutabilityImmutable)
	if err := remote.Write(l.ref("shop/fixed:v1"), picture(t, "amd64", "1")); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		ref, code string
		status    int
	}{
		"unknown repository": {"shop/nothing:v1", "NAME_UNKNOWN", 404},
		"immutable tag":      {"shop/fixed:v1", "TAG_INVALID", 400},
	} {
		t.Run(name, func(t *testing.T) {
			l.events()
			err := remote.Write(l.ref(tc.ref), picture(t, "amd64", "2"))
			var e *transport.Error
			if !errors.As(err, &e) || e.StatusCode != tc.status || len(e.Errors) != 1 || string(e.Errors[0].Code) != tc.code {
				t.Fatalf("got %v, want %d %s", err, tc.status, tc.code)
			}
			if got := l.events(); len(got) != 0 {
				t.Fatalf("a refused push emitted %v", got)
			}
		})
	}
}

func TestManifestNeedsItsContent(t *testing.T) {
	w := newWorld(t)
	raw, err := picture(t, "amd64", "1").RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("PUT", "/v2/shop/web/manifests/v1", strings.NewReader(string(raw)))
	rec := httptest.NewRecorder()
	w.svc.Handler().ServeHTTP(rec, r)
	if rec.Code != 404 || !strings.Contains(rec.Body.String(), "MANIFEST_BLOB_UNKNOWN") || len(w.bus.take()) > 0 {
		t.Fatalf("got %d %s", rec.Code, rec.Body)
	}
}
