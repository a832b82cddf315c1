// Package pack makes OCI images of one layer without Docker. A static binary is put at /app/NAME and is the entrypoint; the
// contents of a folder are put at /. Equal files and options give the same digest, whenever and wherever they are packed.
//
// What is not here: base images, Dockerfiles, and building the binary.
package pack

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// created is the time in the image's config and of its files, which must not depend on when the image is packed.
var created = time.Unix(0, 0).UTC()

// plan is what the options say.
type plan struct {
	entrypoint []string
	arch       string
	env        []string
	args       []string
	labels     map[string]string
}

// Option changes what is packed.
type Option func(*plan)

// Env sets an environment variable in the image.
func Env(name, value string) Option {
	return func(p *plan) { p.env = append(p.env, name+"="+value) }
}

// Label sets a label in the image's config.
func Label(name, value string) Option {
	return func(p *plan) { p.labels[name] = value }
}

// Args are the binary's arguments (the image's Cmd).
func Args(args ...string) Option {
	return func(p *plan) { p.args = args }
}

// Entrypoint is the program that a folder's image starts, as a path in the image, and its first arguments.
func Entrypoint(program string, args ...string) Option {
	return func(p *plan) { p.entrypoint = append([]string{program}, args...) }
}

// Arch is the architecture that the image claims, such as "arm64"; this machine's unless set.
func Arch(arch string) Option {
	return func(p *plan) { p.arch = arch }
}

// Binary packs the static binary at path. The image's platform is linux and this machine's architecture; on a machine that
// is not Linux the binary is one for that machine all the same, because awssim runs images by plain exec.
func Binary(path string, opts ...Option) (v1.Image, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	target := "app/" + filepath.Base(path)
	files, err := layer(target, content)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", path, err)
	}
	return assemble(path, files, planned(append(opts, Entrypoint("/"+target))))
}

func planned(opts []Option) plan {
	p := plan{arch: runtime.GOARCH, labels: map[string]string{}}
	for _, opt := range opts {
		opt(&p)
	}
	return p
}

// assemble makes the image of one layer.
func assemble(path string, files v1.Layer, p plan) (v1.Image, error) {
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err := mutate.Append(base, mutate.Addendum{
		Layer:   bare{files},
		History: v1.History{Created: v1.Time{Time: created}, CreatedBy: "slipway image " + filepath.Base(path)},
	})
	if err != nil {
		return nil, fmt.Errorf("pack %s: add the layer: %w", path, err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("pack %s: read the config: %w", path, err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created = "linux", p.arch, v1.Time{Time: created}
	file.Config = v1.Config{Entrypoint: p.entrypoint, Cmd: p.args, Env: p.env}
	if len(p.labels) > 0 {
		file.Config.Labels = p.labels
	}
	return mutate.ConfigFile(img, file)
}

// bare hides a tarball layer's own descriptor, whose empty annotations do not survive the manifest's JSON.
type bare struct{ v1.Layer }

func layer(target string, content []byte) (v1.Layer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	dir := &tar.Header{Typeflag: tar.TypeDir, Name: "app/", Mode: 0o755, ModTime: created}
	file := &tar.Header{Typeflag: tar.TypeReg, Name: target, Mode: 0o755, Size: int64(len(content)), ModTime: created}
	for _, h := range []*tar.Header{dir, file} {
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("write the layer: %w", err)
		}
	}
	if _, err := w.Write(content); err != nil {
		return nil, fmt.Errorf("write the layer: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write the layer: %w", err)
	}
	return compressed(&buf)
}

// compressed is the layer of a tar.
func compressed(content *bytes.Buffer) (v1.Layer, error) {
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
}

// program is an image whose descriptor in an index has no artifactType, as Docker makes them: go-containerregistry would name the
// config's type there, and clients that drop the field when they copy the index change its digest.
type program struct{ v1.Image }

// ArtifactType is none.
func (program) ArtifactType() (string, error) { return "", nil }

// Index makes one multi-platform image of single-platform ones, in the order given, each under the platform that its config
// names. It returns an error if two are for the same platform.
func Index(images ...v1.Image) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	seen := map[string]bool{}
	for _, img := range images {
		file, err := img.ConfigFile()
		if err != nil {
			return nil, fmt.Errorf("index: read an image's config: %w", err)
		}
		platform := file.Platform()
		if seen[platform.String()] {
			return nil, fmt.Errorf("index: two images are for %s; give one image per platform", platform)
		}
		seen[platform.String()] = true
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: program{img}, Descriptor: v1.Descriptor{Platform: platform}})
	}
	return index, nil
}
