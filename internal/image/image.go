// Package image knows what a container image is to Slipway: a reference pinned by digest, a push event, a manifest that can
// or cannot run on a platform, and which of a repository's images a service follows.
//
// It is pure: it reads no registry and no clock.
package image

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"slipway/internal/oneline"
)

// Digest is a content digest, "sha256:" and 64 lower-case hex digits.
type Digest string

// Every function has this package and few use every form, so each is compiled when it is first asked for; and lengths are
// counted, because a form with {0,127} in it is compiled into 127 copies.
var (
	digestForm     = form{pattern: `^sha256:[0-9a-f]+$`} // and 71 characters
	tagForm        = form{pattern: `^[A-Za-z0-9_][A-Za-z0-9_.-]*$`}
	repositoryForm = form{pattern: `^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$`}
	registryForm   = form{pattern: `^[0-9]{12}\.(?:dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?|dkr-ecr(?:-fips)?\.[a-z0-9-]+\.on\.(?:aws|amazonwebservices\.com\.cn))$`}
)

// form is a regular expression that is compiled when it is first asked for: no function needs them all.
type form struct {
	pattern  string
	once     sync.Once
	compiled *regexp.Regexp
}

func (f *form) get() *regexp.Regexp {
	f.once.Do(func() { f.compiled = regexp.MustCompile(f.pattern) })
	return f.compiled
}

// ParseDigest refuses anything but a sha256 digest in canonical form.
func ParseDigest(s string) (Digest, error) {
	if len(s) != len("sha256:")+64 || !digestForm.get().MatchString(s) {
		return "", fmt.Errorf("%q is not a digest: write sha256: and 64 lower-case hex digits", clip(s))
	}
	return Digest(s), nil
}

// Short is the first twelve hex digits, for people and execution names.
func (d Digest) Short() string {
	hex := strings.TrimPrefix(string(d), "sha256:")
	return hex[:min(12, len(hex))]
}

// CheckTag refuses what the OCI distribution specification does not allow as a tag.
func CheckTag(s string) error {
	if len(s) > 128 || !tagForm.get().MatchString(s) {
		return fmt.Errorf("%q is not an image tag: up to 128 letters, digits, '_', '.' and '-', not starting with '.' or '-'", clip(s))
	}
	return nil
}

// CheckRepository refuses what ECR does not allow as a repository name (2 to 256 characters).
func CheckRepository(s string) error {
	if len(s) < 2 || len(s) > 256 || !repositoryForm.get().MatchString(s) {
		return fmt.Errorf("%q is not an ECR repository name: lower-case letters, digits and single separators, such as shop/web", clip(s))
	}
	return nil
}

// Reference names an image in a registry. Tag and Digest may each be empty, not both.
type Reference struct {
	Registry   string `json:"registry"`   // 123456789012.dkr.ecr.eu-west-1.amazonaws.com, whatever the endpoint
	Repository string `json:"repository"` // shop/web
	Tag        string `json:"tag,omitempty"`
	Digest     Digest `json:"digest,omitempty"`
}

// Registry is the host of an account's private ECR registry.
func Registry(account, region string) string {
	host := account + ".dkr.ecr." + region + ".amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		host += ".cn"
	}
	return host
}

// Pinned is the reference that is written into task definitions: registry/repository@digest.
func (r Reference) Pinned() string { return r.Registry + "/" + r.Repository + "@" + string(r.Digest) }

// Name is the reference for people: the tag, else the short digest.
func (r Reference) Name() string {
	if r.Tag != "" {
		return r.Tag
	}
	return r.Digest.Short()
}

// At is the pinned reference through the endpoint that the image URI s names, if it is one of the same registry: a task in a subnet
// without IPv4 can pull through the dual-stack endpoint only.
func (r Reference) At(s string) string {
	if host, _, _ := strings.Cut(s, "/"); registryForm.get().MatchString(host) && registryOf(host) == r.Registry {
		r.Registry = host
	}
	return r.Pinned()
}

// registryOf is the registry that an endpoint belongs to. An account has one in each region, and up to four endpoints of it:
//
//	ACCOUNT.dkr.ecr.REGION.amazonaws.com    ACCOUNT.dkr.ecr-fips.REGION.amazonaws.com
//	ACCOUNT.dkr-ecr.REGION.on.aws           ACCOUNT.dkr-ecr-fips.REGION.on.aws       (IPv4 and IPv6)
//
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
func registryOf(host string) string {
	account, rest, _ := strings.Cut(host, ".")
	rest = strings.TrimPrefix(rest, "dkr.")
	_, rest, _ = strings.Cut(rest, ".")
	region, _, _ := strings.Cut(rest, ".")
	return Registry(account, region)
}

// Parse reads a full image URI of a private ECR registry, through whichever of its endpoints. Images of other registries are an
// error: they are not ours to deploy.
func Parse(s string) (Reference, error) {
	host, rest, ok := strings.Cut(s, "/")
	if !ok || !registryForm.get().MatchString(host) {
		return Reference{}, fmt.Errorf("%q is not an image of an ECR registry: write ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG", clip(s))
	}
	r := Reference{Registry: registryOf(host)}
	rest, digest, pinned := strings.Cut(rest, "@")
	if pinned {
		d, err := ParseDigest(digest)
		if err != nil {
			return Reference{}, err
		}
		r.Digest = d
	}
	repository, tag, tagged := strings.Cut(rest, ":")
	if tagged {
		if err := CheckTag(tag); err != nil {
			return Reference{}, err
		}
		r.Tag = tag
	}
	if err := CheckRepository(repository); err != nil {
		return Reference{}, err
	}
	r.Repository = repository
	return r, nil
}

// SameRepository reports whether the image URI s is from the given registry and repository, whatever its tag or digest.
// Registry and repository are compared exactly: shop/web is not shop/web-sidecar.
func SameRepository(s, registry, repository string) bool {
	r, err := Parse(s)
	return err == nil && r.Registry == registry && r.Repository == repository
}

// clip keeps hostile text short and on one line in messages.
func clip(s string) string { return oneline.Clip(s, 80) }
