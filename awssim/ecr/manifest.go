package ecr

import (
	"bytes"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// manifest is a stored manifest: an image for one platform, an index of such images, or an artifact in image form
// (signature, attestation, chart).
type manifest struct {
	digest       v1.Hash
	mediaType    types.MediaType
	artifactType string // media type of what it holds, "" for an index
	raw          []byte
	config       v1.Descriptor   // zero for an index
	layers       []v1.Descriptor // nil for an index
	children     []v1.Descriptor // nil for an image
	subject      *v1.Descriptor  // what a referrer refers to
}

// parseManifest reads a manifest. declared is the media type that came with it, "" when none did. Errors say what is wrong
// with the manifest.
func parseManifest(raw []byte, declared types.MediaType) (*manifest, error) {
	var body struct {
		MediaType    types.MediaType `json:"mediaType"`
		ArtifactType string          `json:"artifactType"`
		Config       v1.Descriptor   `json:"config"`
		Layers       []v1.Descriptor `json:"layers"`
		Manifests    []v1.Descriptor `json:"manifests"`
		Subject      *v1.Descriptor  `json:"subject"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, fmt.Errorf("the manifest is not JSON: %w", err)
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("digest of the manifest: %w", err)
	}
	m := &manifest{digest: digest, mediaType: body.MediaType, raw: raw, subject: body.Subject}
	if m.mediaType == "" {
		m.mediaType = declared
	}
	if m.mediaType == "" { // OCI lets a manifest leave it out
		m.mediaType = types.OCIManifestSchema1
		if body.Manifests != nil {
			m.mediaType = types.OCIImageIndex
		}
	}
	switch {
	case declared != "" && declared != m.mediaType:
		return nil, fmt.Errorf("the manifest calls itself %q but was sent as %q", m.mediaType, declared)
	case m.mediaType.IsIndex():
		m.children = body.Manifests
	case m.mediaType.IsImage():
		m.config, m.layers = body.Config, body.Layers
		m.artifactType = body.ArtifactType
		if m.artifactType == "" {
			m.artifactType = string(body.Config.MediaType)
		}
	default:
		return nil, fmt.Errorf("awssim takes OCI and Docker v2 manifests and indexes, not media type %q", m.mediaType)
	}
	return m, nil
}

// size is an image's config and layers; an index has its largest child's (see repository.size).
func (m *manifest) size() int64 {
	total := m.config.Size
	for _, l := range m.layers {
		total += l.Size
	}
	return total
}

// refersTo reports whether the manifest needs the content with this digest to be there.
func (m *manifest) refersTo(h v1.Hash) bool {
	if m.config.Digest == h {
		return true
	}
	for _, list := range [][]v1.Descriptor{m.layers, m.children} {
		for _, d := range list {
			if d.Digest == h {
				return true
			}
		}
	}
	return false
}
