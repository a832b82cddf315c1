package process

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"slipway/awssim/ecr"
)

type entry struct {
	header  tar.Header
	content string
}

func file(name, content string, mode int64) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content))}, content}
}

// image is an image of one layer with these entries.
func image(t *testing.T, entries ...entry) v1.Image {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		if err := w.WriteHeader(&e.header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(buf.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func unpacked(t *testing.T, entries ...entry) (string, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "root")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	return dir, extract(context.Background(), root, image(t, entries...))
}

func TestExtract(t *testing.T) {
	dir, err := unpacked(t,
		entry{header: tar.Header{Typeflag: tar.TypeLink, Name: "bin/again", Linkname: "bin/tool", Mode: 0o755}},
		file("bin/tool", "tool", 0o4755),
		entry{header: tar.Header{Typeflag: tar.TypeSymlink, Name: "usr/local/tool", Linkname: "/bin/tool"}},
		entry{header: tar.Header{Typeflag: tar.TypeChar, Name: "dev/null", Mode: 0o666, Devmajor: 1, Devminor: 3}},
		entry{header: tar.Header{Typeflag: tar.TypeDir, Name: "closed", Mode: 0o500}},
		file("closed/secret", "s", 0),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bin/tool", "bin/again", "usr/local/tool"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != "tool" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "bin/tool")); err != nil || info.Mode() != 0o755 {
		t.Errorf("got mode %v, want 0755 without setuid", info.Mode())
	}
	if _, err := os.Lstat(filepath.Join(dir, "dev/null")); !os.IsNotExist(err) {
		t.Errorf("a device was made: %v", err)
	}
}

func TestUnpackingStaysInside(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "root")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	u := unpacker{root: root}
	put := func(e entry) error { return u.entry(&e.header, strings.NewReader(e.content)) }
	if err := put(entry{header: tar.Header{Typeflag: tar.TypeSymlink, Name: "out", Linkname: ".."}}); err != nil {
		t.Fatal(err)
	}
	if err := put(file("out/escaped", "x", 0o644)); err == nil {
		t.Error("a file was written through a link that leads out")
	}
	if err := put(file("../escaped", "x", 0o644)); err != nil {
		t.Errorf("dots in front are cut off, as a container's root is its own parent: %v", err)
	}
	if err := put(entry{header: tar.Header{Typeflag: tar.TypeReg, Name: "bomb", Size: maxBytes}}); err == nil {
		t.Error("more than maxBytes was taken")
	}
	if _, err := os.Stat(filepath.Join(parent, "escaped")); !os.IsNotExist(err) {
		t.Fatalf("a file was written outside: %v", err)
	}
}

func TestFailedUnpackingLeavesNothing(t *testing.T) {
	w := newWorld(t)
	w.images["broken"] = image(t, file("first", "x", 0o644),
		entry{header: tar.Header{Typeflag: tar.TypeLink, Name: "again", Linkname: "nowhere", Mode: 0o644}})
	for range 3 {
		if _, err := w.runtime.root(ecr.Image{ManifestDigest: "broken"}); err == nil {
			t.Fatal("a link to a file that is not there was unpacked")
		}
	}
	if left, err := os.ReadDir(w.runtime.dir); err != nil || len(left) > 0 {
		t.Errorf("%d folders are left of three attempts (%v)", len(left), err)
	}
}
