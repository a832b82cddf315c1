package simulated

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"slipway/awssim"
)

// Push pushes an image of one small layer for Linux, of an architecture as Go names it. Its labels script what its tasks do
// (awssim/ecs/scripted). Images of different tags differ.
func Push(sim *awssim.Sim, repository, tag, architecture string, labels map[string]string) (digest string, err error) {
	img, err := image(tag, architecture, labels)
	if err != nil {
		return "", err
	}
	sim.Clock.Do("docker push "+repository+":"+tag, func() { digest, err = sim.ECR.Push(repository, tag, img) })
	return digest, err
}

func image(tag, architecture string, labels map[string]string) (v1.Image, error) {
	config := v1.Config{Entrypoint: []string{"/app/web"}, Labels: labels, Env: []string{"VERSION=" + tag}}
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: architecture, Config: config})
	if err != nil {
		return nil, err
	}
	img, err = mutate.AppendLayers(img, static.NewLayer([]byte("layer of "+tag), types.OCILayer))
	if err != nil {
		return nil, err
	}
	return mutate.ConfigMediaType(mutate.MediaType(img, types.OCIManifestSchema1), types.OCIConfigJSON), nil
}
