package image

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"slipway/awssim/ecr/pack"
)

// push writes one image as it is, and several as one index. A registry on this machine is spoken to in plain HTTP and without
// credentials, all others in HTTPS with those of docker login.
func push(ctx context.Context, ref name.Tag, images []v1.Image) (v1.Hash, error) {
	options := []remote.Option{remote.WithContext(ctx)}
	if loopback(ref.RegistryStr()) {
		plain, err := name.NewTag(ref.String(), name.StrictValidation, name.Insecure)
		if err != nil {
			return v1.Hash{}, err
		}
		ref = plain
	} else {
		options = append(options, remote.WithAuthFromKeychain(authn.DefaultKeychain))
	}
	if len(images) == 1 {
		if err := remote.Write(ref, images[0], options...); err != nil {
			return v1.Hash{}, explain(ref, err)
		}
		return images[0].Digest()
	}
	index, err := pack.Index(images...)
	if err != nil {
		return v1.Hash{}, err
	}
	if err := remote.WriteIndex(ref, index, options...); err != nil {
		return v1.Hash{}, explain(ref, err)
	}
	return index.Digest()
}

func loopback(registry string) bool {
	host, _, err := net.SplitHostPort(registry)
	if err != nil {
		host = registry
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// explain says what to type where a registry refuses.
func explain(ref name.Tag, err error) error {
	registry, repository := ref.RegistryStr(), ref.RepositoryStr()
	var answer *transport.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED) && loopback(registry):
		return fmt.Errorf("nothing listens on %s: start the local AWS with `slipway local`, which prints its address", registry)
	case !errors.As(err, &answer):
		return fmt.Errorf("push %s: %w", ref, err)
	case has(answer, transport.NameUnknownErrorCode):
		return fmt.Errorf("there is no repository %s in %s: type `aws ecr create-repository --repository-name %s`", repository, registry, repository)
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%s does not let you push to %s: type `aws ecr get-login-password | docker login --username AWS --password-stdin %s` first (%w)", registry, repository, registry, err)
	case has(answer, transport.TagInvalidErrorCode):
		return fmt.Errorf("the tag %s is taken and this repository's tags are never moved: push under another tag (%w)", ref.TagStr(), err)
	}
	return fmt.Errorf("push %s: %w", ref, err)
}

func has(answer *transport.Error, code transport.ErrorCode) bool {
	for _, d := range answer.Errors {
		if d.Code == code {
			return true
		}
	}
	return false
}
