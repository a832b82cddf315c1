package laptop

import (
	"context"
	"fmt"
	"sort"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"slipway/awssim/ecr/pack"
)

// Push packs a static binary into an image and pushes it to the local registry, as docker push would. It returns the digest.
func (l *Laptop) Push(ctx context.Context, binary, repository, tag string, env map[string]string) (string, error) {
	names := make([]string, 0, len(env))
	for key := range env {
		names = append(names, key)
	}
	sort.Strings(names)
	options := make([]pack.Option, 0, len(names))
	for _, key := range names {
		options = append(options, pack.Env(key, env[key]))
	}
	img, err := pack.Binary(binary, options...)
	if err != nil {
		return "", err
	}
	ref, err := name.ParseReference(l.address+"/"+repository+":"+tag, name.Insecure)
	if err != nil {
		return "", fmt.Errorf("push %s:%s: %w", repository, tag, err)
	}
	if err := remote.Write(ref, img, remote.WithContext(ctx)); err != nil {
		return "", fmt.Errorf("push %s: %w", ref, err)
	}
	digest, err := img.Digest()
	return digest.String(), err
}
