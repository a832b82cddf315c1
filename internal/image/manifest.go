package image

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Platform is what a task needs an image to be built for, in OCI words: linux/amd64, linux/arm64, windows/amd64.
type Platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
}

func (p Platform) String() string { return p.OS + "/" + p.Architecture }

// Manifest is what BatchGetImage shows of an image, as far as deploying it is concerned.
type Manifest struct {
	// Index says that the manifest lists one image for each of Platforms. Otherwise it is one image, whose platform only
	// its Config tells.
	Index     bool
	Platforms []Platform
	Config    Digest
}

// NotRunnable is why a manifest is not something a task could run: a signature, an attestation, a chart, a build cache.
type NotRunnable struct{ Why string }

func (e *NotRunnable) Error() string { return "not a runnable image: " + e.Why }

// MaxManifest is the largest manifest that is read, in bytes; registries accept no more than 4 MiB.
const MaxManifest = 4 << 20

type descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Platform     *Platform         `json:"platform"`
	ArtifactType string            `json:"artifactType"`
	Annotations  map[string]string `json:"annotations"`
}

// ParseManifest reads an OCI or Docker manifest or index. It returns *NotRunnable for a sound manifest that no task could
// run. https://github.com/opencontainers/image-spec/blob/main/manifest.md
func ParseManifest(body []byte) (Manifest, error) {
	if len(body) > MaxManifest {
		return Manifest{}, fmt.Errorf("the manifest is larger than %d bytes", MaxManifest)
	}
	var m struct {
		ArtifactType string       `json:"artifactType"`
		Config       *descriptor  `json:"config"`
		Layers       []descriptor `json:"layers"`
		Manifests    []descriptor `json:"manifests"`
		Subject      *descriptor  `json:"subject"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return Manifest{}, fmt.Errorf("the manifest is not JSON: %w", err)
	}
	switch {
	case m.Subject != nil:
		return Manifest{}, &NotRunnable{Why: "it is attached to another image"}
	case m.ArtifactType != "":
		return Manifest{}, &NotRunnable{Why: "it is an artifact of type " + clip(m.ArtifactType)}
	case m.Manifests != nil:
		return parseIndex(m.Manifests)
	case m.Config == nil || len(m.Layers) == 0:
		return Manifest{}, &NotRunnable{Why: "it has no configuration or no layers"}
	}
	return parseImage(*m.Config, m.Layers)
}

func parseIndex(children []descriptor) (Manifest, error) {
	m := Manifest{Index: true}
	for _, child := range children {
		if child.Platform == nil || child.Platform.OS == "unknown" || child.Platform.Architecture == "unknown" {
			continue // attestations say unknown/unknown, build caches list layers
		}
		m.Platforms = append(m.Platforms, *child.Platform)
	}
	if len(m.Platforms) == 0 {
		return Manifest{}, &NotRunnable{Why: "the index lists no image with a platform"}
	}
	return m, nil
}

func parseImage(config descriptor, layers []descriptor) (Manifest, error) {
	switch config.MediaType {
	case "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json":
	default:
		return Manifest{}, &NotRunnable{Why: "its configuration is " + clip(config.MediaType)}
	}
	for _, layer := range layers {
		// Signatures and attestations of older tools carry an image configuration but not image layers.
		if !strings.HasPrefix(layer.MediaType, "application/vnd.oci.image.layer.") && !strings.HasPrefix(layer.MediaType, "application/vnd.docker.image.rootfs.") {
			return Manifest{}, &NotRunnable{Why: "it has a layer of type " + clip(layer.MediaType)}
		}
	}
	digest, err := ParseDigest(config.Digest)
	if err != nil {
		return Manifest{}, fmt.Errorf("configuration: %w", err)
	}
	return Manifest{Config: digest}, nil
}

// Covers reports whether one of the platforms is p. The zero Platform is one that nobody knows: a task definition for EC2 may
// leave it to the instances. Every image covers it.
func Covers(platforms []Platform, p Platform) bool {
	if p == (Platform{}) {
		return true
	}
	for _, have := range platforms {
		if have.OS == p.OS && have.Architecture == p.Architecture {
			return true
		}
	}
	return false
}

// ConfigPlatform reads the platform out of an image's configuration blob.
func ConfigPlatform(blob []byte) (Platform, error) {
	var p Platform
	if err := json.Unmarshal(blob, &p); err != nil {
		return Platform{}, fmt.Errorf("the image's configuration is not JSON: %w", err)
	}
	if p.OS == "" || p.Architecture == "" {
		return Platform{}, fmt.Errorf("the image's configuration names no platform")
	}
	return p, nil
}
