package ecr

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	media "github.com/google/go-containerregistry/pkg/v1/types"
)

// The sentences of stopped tasks (Amazon ECS developer guide, "CannotPullContainer task errors").
const (
	pullNotFound   = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref %s: %s: not found"
	pullNoPlatform = "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor matching platform '%s/%s'"
)

// Resolve finds the image that a container definition's reference (HOST/REPOSITORY[:TAG][@DIGEST], tag "latest" unless
// given) means on a platform such as "linux", "amd64". A single-platform image is answered whatever its platform is, as a
// registry does not look: the container then fails with an exec format error. The error is always a *PullError.
func (s *Service) Resolve(ref, os, arch string) (Image, error) {
	r, i, err := s.locate(ref)
	if err != nil {
		return Image{}, err
	}
	chosen, err := r.platform(i, os, arch)
	if err != nil {
		return Image{}, err
	}
	return s.configured(r, i, chosen)
}

func (s *Service) locate(ref string) (*repository, *image, error) {
	rest, ours := strings.CutPrefix(ref, s.Host()+"/")
	if !ours {
		return nil, nil, &PullError{fmt.Sprintf("CannotPullContainerError: awssim has only the images pushed to its own registry, and %s is elsewhere; push it to a repository of %s and refer to it there", ref, s.Host())}
	}
	name, digest, _ := strings.Cut(rest, "@")
	name, tag, _ := strings.Cut(name, ":")
	tag = cmp.Or(tag, "latest")
	r, ok := s.repos[name]
	if !ok {
		return nil, nil, &PullError{fmt.Sprintf("CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref %s: %s: repository does not exist: not found", ref, ref)}
	}
	reference := tag
	if digest != "" {
		reference = digest // the digest decides; a tag beside it is decoration
	}
	i, code, _ := r.find(byReference(reference))
	if code != "" {
		return nil, nil, &PullError{fmt.Sprintf(pullNotFound, ref, ref)}
	}
	return r, i, nil
}

// platform is the image itself, or the child of an index that fits.
func (r *repository) platform(i *image, os, arch string) (*image, error) {
	for _, child := range i.children {
		p := child.Platform
		if p == nil || p.OS != os || p.Architecture != arch {
			continue
		}
		if found, ok := r.images[child.Digest]; ok {
			return r.platform(found, os, arch)
		}
	}
	if i.mediaType.IsIndex() {
		return nil, &PullError{fmt.Sprintf(pullNoPlatform, os, arch)}
	}
	return i, nil
}

func (s *Service) configured(r *repository, referenced, chosen *image) (Image, error) {
	if !chosen.config.MediaType.IsConfig() {
		return Image{}, &PullError{fmt.Sprintf("CannotPullContainerError: %s/%s@%s holds %s, which is not an image that can run", s.Host(), r.name, chosen.digest, chosen.artifactType)}
	}
	raw, _ := s.blobs.read(chosen.config.Digest)
	var file v1.ConfigFile
	if err := json.Unmarshal(raw, &file); err != nil {
		return Image{}, &PullError{fmt.Sprintf("CannotPullContainerError: %s/%s@%s: the image's config cannot be read: %v", s.Host(), r.name, chosen.digest, err)}
	}
	return Image{
		Repository:     r.name,
		Digest:         referenced.digest.String(),
		ManifestDigest: chosen.digest.String(),
		OS:             file.OS,
		Architecture:   file.Architecture,
		Entrypoint:     file.Config.Entrypoint,
		Cmd:            file.Config.Cmd,
		Env:            file.Config.Env,
		WorkingDir:     file.Config.WorkingDir,
		Labels:         file.Config.Labels,
	}, nil
}

// Open gives a runtime the content of a resolved image. Unlike the service's other methods it may be called from any
// goroutine: content is kept by digest, and what Resolve saw stays readable when its repository is deleted.
func (s *Service) Open(img Image) (v1.Image, error) {
	h, err := v1.NewHash(img.ManifestDigest)
	if err != nil {
		return nil, fmt.Errorf("open image of %s: %w", img.Repository, err)
	}
	raw, ok := s.blobs.read(h)
	if !ok {
		return nil, fmt.Errorf("open image of %s: no manifest %s was ever pushed", img.Repository, h)
	}
	m, err := parseManifest(raw, "")
	if err != nil {
		return nil, fmt.Errorf("open image of %s: %w", img.Repository, err)
	}
	return partial.CompressedToImage(stored{s.blobs, m})
}

// stored is a manifest and the store its content is in.
type stored struct {
	blobs *blobs
	m     *manifest
}

func (i stored) RawManifest() ([]byte, error)        { return i.m.raw, nil }
func (i stored) MediaType() (media.MediaType, error) { return i.m.mediaType, nil }

func (i stored) RawConfigFile() ([]byte, error) {
	raw, ok := i.blobs.read(i.m.config.Digest)
	if !ok {
		return nil, fmt.Errorf("config %s is not in the registry", i.m.config.Digest)
	}
	return raw, nil
}

func (i stored) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	for _, d := range i.m.layers {
		if d.Digest == h {
			return layer{i.blobs, d}, nil
		}
	}
	return nil, fmt.Errorf("layer %s is not part of image %s", h, i.m.digest)
}

// layer is one layer of a stored image.
type layer struct {
	blobs *blobs
	d     v1.Descriptor
}

func (l layer) Digest() (v1.Hash, error)            { return l.d.Digest, nil }
func (l layer) Size() (int64, error)                { return l.d.Size, nil }
func (l layer) MediaType() (media.MediaType, error) { return l.d.MediaType, nil }

func (l layer) Compressed() (io.ReadCloser, error) {
	content, ok := l.blobs.read(l.d.Digest)
	if !ok {
		return nil, fmt.Errorf("layer %s is not in the registry", l.d.Digest)
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}
