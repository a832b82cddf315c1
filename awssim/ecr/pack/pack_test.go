package pack

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func binary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web")
	if err := os.WriteFile(path, []byte("not really a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBinaryIsReproducible(t *testing.T) {
	opts := []Option{Env("VERSION", "v3"), Label("awssim.start", "2s"), Arch("arm64"), Args("-v")}
	var digests []v1.Hash
	for range 2 {
		img, err := Binary(binary(t), opts...)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(img); err != nil {
			t.Fatal(err)
		}
		h, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, h)
	}
	if digests[0] != digests[1] {
		t.Fatalf("got %s and %s from equal binaries", digests[0], digests[1])
	}
}

func TestBinaryHoldsItsFile(t *testing.T) {
	img, err := Binary(binary(t), Env("VERSION", "v3"), Arch("arm64"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if file.OS != "linux" || file.Architecture != "arm64" || !slices.Equal(file.Config.Entrypoint, []string{"/app/web"}) || !slices.Equal(file.Config.Env, []string{"VERSION=v3"}) {
		t.Fatalf("got config %+v", file)
	}
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{string(m.MediaType), string(m.Config.MediaType), string(m.Layers[0].MediaType)} {
		if !strings.HasPrefix(got, "application/vnd.oci.image.") {
			t.Errorf("got media type %s, want an OCI one", got)
		}
	}
	rc := mutate.Extract(img)
	defer rc.Close()
	var names []string
	for r := tar.NewReader(rc); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
	if !slices.Equal(names, []string{"app", "app/web"}) && !slices.Equal(names, []string{"app/", "app/web"}) {
		t.Fatalf("got files %v", names)
	}
}

func TestIndexSaysWhatDockerSays(t *testing.T) {
	var images []v1.Image
	for _, arch := range []string{"amd64", "arm64"} {
		img, err := Binary(binary(t), Arch(arch))
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, img)
	}
	index, err := Index(images...)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	raw, err := index.RawManifest()
	if err != nil || strings.Contains(string(raw), "artifactType") || !strings.Contains(string(raw), `"platform":{"architecture":"arm64","os":"linux"}`) {
		t.Errorf("index %s, error %v", raw, err)
	}
}

func TestIndexRefusesOnePlatformTwice(t *testing.T) {
	img, err := Binary(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Index(img, img); err == nil || !strings.Contains(err.Error(), "one image per platform") {
		t.Fatalf("got %v", err)
	}
}
