package ecr

import (
	"fmt"
	"io"
	"regexp"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"slipway/awssim/protocol"
)

// imageAction is the detail of an "ECR Image Action" event (Amazon ECR user guide, "Amazon ECR events and EventBridge").
// image-tag is always there, "" for an untagged manifest; an index has no artifact-media-type.
type imageAction struct {
	Result            string `json:"result"`
	RepositoryName    string `json:"repository-name"`
	ImageDigest       string `json:"image-digest"`
	ActionType        string `json:"action-type"`
	ArtifactMediaType string `json:"artifact-media-type,omitempty"`
	ImageTag          string `json:"image-tag"`
	ManifestMediaType string `json:"manifest-media-type"`
}

func (s *Service) emit(action string, r *repository, m *manifest, tag string) {
	s.bus.Emit("aws.ecr", "ECR Image Action", []string{}, imageAction{
		Result:            "SUCCESS",
		RepositoryName:    r.name,
		ImageDigest:       m.digest.String(),
		ActionType:        action,
		ArtifactMediaType: m.artifactType,
		ImageTag:          tag,
		ManifestMediaType: string(m.mediaType),
	})
}

// image is a manifest in a repository.
type image struct {
	*manifest
	// pushedAt is when the manifest first came: a new tag on it does not move it.
	pushedAt time.Time
}

var validTag = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)

// put records a manifest, with a tag unless that is "", and tells EventBridge: the one way in for PutImage, for a push over
// the registry and for Push. Putting what is already there is a push like any other; PutImage refuses it beforehand.
// Errors: ImageTagAlreadyExistsException, LayersNotFoundException, ReferencedImagesNotFoundException,
// InvalidParameterException.
func (s *Service) put(r *repository, m *manifest, tag string) error {
	if tag != "" && !validTag.MatchString(tag) {
		return protocol.Errorf("InvalidParameterException", "Invalid parameter at 'imageTag' failed to satisfy constraint: '%s' is not a tag", tag)
	}
	if _, taken := r.tags[tag]; taken && r.immutable {
		return protocol.Errorf("ImageTagAlreadyExistsException",
			"The image tag '%s' already exists in the '%s' repository and cannot be overwritten because the repository is immutable.", tag, r.name)
	}
	if err := s.complete(r, m); err != nil {
		return err
	}
	if _, known := r.images[m.digest]; !known {
		s.blobs.write(m.digest, m.raw)
		r.images[m.digest] = &image{manifest: m, pushedAt: s.clock.Now()}
	}
	if tag != "" {
		r.tags[tag] = m.digest
	}
	s.emit("PUSH", r, m, tag)
	return nil
}

// complete checks that everything the manifest refers to was pushed before it.
func (s *Service) complete(r *repository, m *manifest) error {
	for _, child := range m.children {
		if _, ok := r.images[child.Digest]; !ok {
			return protocol.Errorf("ReferencedImagesNotFoundException", "The manifest list refers to image %s, which is not in the repository '%s'; push it first", child.Digest, r.name)
		}
	}
	if m.mediaType.IsIndex() {
		return nil
	}
	for _, d := range append([]v1.Descriptor{m.config}, m.layers...) {
		if _, ok := s.blobs.read(d.Digest); !ok && d.MediaType.IsDistributable() {
			return protocol.Errorf("LayersNotFoundException", "Layer(s) with digest(s) '%s' cannot be found in the repository with name '%s' in registry with id '%s'", d.Digest, r.name, s.id.Account)
		}
	}
	return nil
}

// Pushable is a v1.Image or a v1.ImageIndex.
type Pushable interface {
	MediaType() (types.MediaType, error)
	RawManifest() ([]byte, error)
}

// Push does inside a turn what a docker push does over the network: content first, then an index's children without a tag
// (those the repository has already are not sent again), then the manifest itself. It returns the manifest's digest. An
// empty tag pushes by digest. Errors are those of the registry, and RepositoryNotFoundException.
func (s *Service) Push(repository, tag string, img Pushable) (digest string, err error) {
	r, err := s.repository(repository)
	if err != nil {
		return "", err
	}
	m, err := s.upload(r, img)
	if err != nil {
		return "", err
	}
	if err := s.put(r, m, tag); err != nil {
		return "", err
	}
	return m.digest.String(), nil
}

// upload stores everything that img refers to, and returns its manifest.
func (s *Service) upload(r *repository, img Pushable) (*manifest, error) {
	switch i := img.(type) {
	case v1.Image:
		if err := s.uploadBlobs(i); err != nil {
			return nil, err
		}
	case v1.ImageIndex:
		if err := s.uploadChildren(r, i); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("push: %T is neither a v1.Image nor a v1.ImageIndex", img)
	}
	raw, err := img.RawManifest()
	if err != nil {
		return nil, fmt.Errorf("push: read the manifest: %w", err)
	}
	mediaType, err := img.MediaType()
	if err != nil {
		return nil, fmt.Errorf("push: media type of the manifest: %w", err)
	}
	return parseManifest(raw, mediaType)
}

func (s *Service) uploadChildren(r *repository, index v1.ImageIndex) error {
	list, err := index.IndexManifest()
	if err != nil {
		return fmt.Errorf("push: read the index: %w", err)
	}
	for _, d := range list.Manifests {
		if _, known := r.images[d.Digest]; known {
			continue
		}
		var child Pushable
		if d.MediaType.IsIndex() {
			child, err = index.ImageIndex(d.Digest)
		} else {
			child, err = index.Image(d.Digest)
		}
		if err != nil {
			return fmt.Errorf("push: open %s of the index: %w", d.Digest, err)
		}
		if _, err := s.Push(r.name, "", child); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) uploadBlobs(img v1.Image) error {
	config, err := img.RawConfigFile()
	if err != nil {
		return fmt.Errorf("push: read the config: %w", err)
	}
	h, err := img.ConfigName()
	if err != nil {
		return fmt.Errorf("push: digest of the config: %w", err)
	}
	s.blobs.write(h, config)
	layers, err := img.Layers()
	if err != nil {
		return fmt.Errorf("push: list the layers: %w", err)
	}
	for _, l := range layers {
		if err := s.uploadLayer(l); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) uploadLayer(l v1.Layer) error {
	h, err := l.Digest()
	if err != nil {
		return fmt.Errorf("push: digest of a layer: %w", err)
	}
	if _, known := s.blobs.read(h); known {
		return nil
	}
	rc, err := l.Compressed()
	if err != nil {
		return fmt.Errorf("push: open layer %s: %w", h, err)
	}
	defer rc.Close()
	content, err := io.ReadAll(rc)
	if err != nil {
		return fmt.Errorf("push: read layer %s: %w", h, err)
	}
	s.blobs.write(h, content)
	return nil
}
