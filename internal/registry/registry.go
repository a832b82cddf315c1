// Package registry adapts Amazon ECR: what an image is, whether a task can run it, for which platforms, and which images a
// repository has.
//
// Nothing is taken on trust: a manifest and an image configuration must have the digest under which they were asked for.
package registry

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"slipway/internal/awsfault"
	"slipway/internal/fault"
	"slipway/internal/image"
	"slipway/internal/rollout"
)

// Registry is the private registries that a client may read.
type Registry struct {
	ecr  *ecr.Client
	http aws.HTTPClient
}

// New returns the registry that client sees. Blobs are downloaded through http, from the addresses that ECR signs.
func New(client *ecr.Client, http aws.HTTPClient) *Registry {
	return &Registry{ecr: client, http: http}
}

// accepted are the manifests that ECS can run. What has only another form is answered as if it did not exist.
var accepted = []string{
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.docker.distribution.manifest.v2+json",
}

// Resolve finds an image by its digest, else by its tag. Repositories and images that do not exist are *fault.Missing, and
// what no task can run is *image.NotRunnable. An archived image has no platforms: its manifest cannot be read.
func (r *Registry) Resolve(ctx context.Context, ref image.Reference) (rollout.Found, error) {
	detail, err := r.describe(ctx, ref)
	if err != nil {
		return rollout.Found{}, err
	}
	candidate, err := candidateOf(detail)
	if err != nil {
		return rollout.Found{}, err
	}
	found := rollout.Found{Image: ref, Candidate: candidate, Archived: detail.ImageStatus == types.ImageStatusArchived}
	found.Image.Digest = candidate.Digest
	if found.Archived {
		return found, nil
	}
	body, err := r.manifest(ctx, found.Image)
	if err != nil {
		return rollout.Found{}, err
	}
	found.Platforms, err = r.platforms(ctx, found.Image, body)
	return found, err
}

// describe asks for an image of any status: without the filter ECR hides archived ones.
func (r *Registry) describe(ctx context.Context, ref image.Reference) (types.ImageDetail, error) {
	id := types.ImageIdentifier{ImageTag: &ref.Tag}
	if ref.Digest != "" {
		id = types.ImageIdentifier{ImageDigest: aws.String(string(ref.Digest))}
	}
	out, err := r.ecr.DescribeImages(ctx, &ecr.DescribeImagesInput{
		RegistryId: account(ref), RepositoryName: &ref.Repository, ImageIds: []types.ImageIdentifier{id},
		Filter: &types.DescribeImagesFilter{ImageStatus: types.ImageStatusFilterAny},
	})
	if err != nil {
		return types.ImageDetail{}, awsfault.Of(err, "describe image %s of repository %s", ref.Name(), ref.Repository)
	}
	if len(out.ImageDetails) == 0 {
		return types.ImageDetail{}, fault.Missingf("image %s does not exist in repository %s", ref.Name(), ref.Repository)
	}
	return out.ImageDetails[0], nil
}

// manifest reads the manifest of an image by digest.
func (r *Registry) manifest(ctx context.Context, ref image.Reference) ([]byte, error) {
	out, err := r.ecr.BatchGetImage(ctx, &ecr.BatchGetImageInput{
		RegistryId: account(ref), RepositoryName: &ref.Repository, AcceptedMediaTypes: accepted,
		ImageIds: []types.ImageIdentifier{{ImageDigest: aws.String(string(ref.Digest))}},
	})
	if err != nil {
		return nil, awsfault.Of(err, "get manifest of image %s", ref.Pinned())
	}
	if len(out.Failures) > 0 {
		return nil, refusal(ref, out.Failures[0])
	}
	if len(out.Images) == 0 {
		return nil, fault.Missingf("image %s does not exist", ref.Pinned())
	}
	body := []byte(aws.ToString(out.Images[0].ImageManifest))
	return body, verify(body, ref.Digest, "manifest of image "+ref.Pinned())
}

// refusal is why ECR, answering with HTTP 200, has no manifest of an image.
func refusal(ref image.Reference, f types.ImageFailure) error {
	words := fmt.Sprintf("get manifest of image %s: %s (%s)", ref.Pinned(), aws.ToString(f.FailureReason), f.FailureCode)
	switch f.FailureCode {
	case types.ImageFailureCodeImageNotFound:
		return &fault.Missing{Words: words}
	case types.ImageFailureCodeUpstreamTooManyRequests:
		return &fault.Throttled{Words: words}
	case types.ImageFailureCodeUpstreamUnavailable:
		return &fault.Unavailable{Words: words}
	case types.ImageFailureCodeKmsError, types.ImageFailureCodeUpstreamAccessDenied:
		return &fault.Denied{Words: words}
	}
	return &fault.Impossible{Words: words}
}

// platforms are what an image runs on. An index lists them; a single image says so only in its configuration.
func (r *Registry) platforms(ctx context.Context, ref image.Reference, body []byte) ([]image.Platform, error) {
	manifest, err := image.ParseManifest(body)
	var artefact *image.NotRunnable
	if err != nil && !errors.As(err, &artefact) {
		return nil, &image.NotRunnable{Why: err.Error()}
	}
	if err != nil {
		return nil, err
	}
	if manifest.Index {
		return manifest.Platforms, nil
	}
	blob, err := r.blob(ctx, ref, manifest.Config)
	if err != nil {
		return nil, err
	}
	platform, err := image.ConfigPlatform(blob)
	if err != nil {
		return nil, &image.NotRunnable{Why: err.Error()}
	}
	return []image.Platform{platform}, nil
}

// blob downloads the image's configuration.
func (r *Registry) blob(ctx context.Context, ref image.Reference, digest image.Digest) ([]byte, error) {
	what := fmt.Sprintf("download configuration %s of image %s", digest.Short(), ref.Pinned())
	out, err := r.ecr.GetDownloadUrlForLayer(ctx, &ecr.GetDownloadUrlForLayerInput{
		RegistryId: account(ref), RepositoryName: &ref.Repository, LayerDigest: aws.String(string(digest)),
	})
	if err != nil {
		return nil, awsfault.Of(err, "%s", what)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, aws.ToString(out.DownloadUrl), nil)
	if err != nil {
		return nil, &fault.Impossible{Words: what + ": ECR answered with an address that is none"}
	}
	response, err := r.http.Do(request)
	if err != nil {
		return nil, &fault.Unavailable{Words: what + ": " + withoutAddress(err)}
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode >= 500, response.StatusCode == http.StatusTooManyRequests:
		return nil, &fault.Unavailable{Words: what + ": HTTP " + response.Status}
	case response.StatusCode != http.StatusOK:
		return nil, &fault.Impossible{Words: what + ": HTTP " + response.Status}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, image.MaxManifest+1))
	if err != nil {
		return nil, &fault.Unavailable{Words: what + ": " + err.Error()}
	}
	if len(body) > image.MaxManifest {
		return nil, &image.NotRunnable{Why: fmt.Sprintf("its configuration is larger than %d bytes", image.MaxManifest)}
	}
	return body, verify(body, digest, what)
}

// withoutAddress is the reason of a failed download. The address is left out: it is signed, so whoever reads it may read
// the blob.
func withoutAddress(err error) string {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err.Error()
}

func verify(body []byte, want image.Digest, what string) error {
	sum := sha256.Sum256(body)
	if got := image.Digest("sha256:" + hex.EncodeToString(sum[:])); got != want {
		return &fault.Impossible{Words: fmt.Sprintf("%s: its content has digest %s", what, got)}
	}
	return nil
}

// List returns the tagged images of a repository that can be pulled, oldest push first. ref names the repository only.
func (r *Registry) List(ctx context.Context, ref image.Reference) ([]image.Candidate, error) {
	in := &ecr.DescribeImagesInput{
		RegistryId: account(ref), RepositoryName: &ref.Repository, MaxResults: aws.Int32(1000),
		Filter: &types.DescribeImagesFilter{TagStatus: types.TagStatusTagged, ImageStatus: types.ImageStatusFilterActive},
	}
	var images []image.Candidate
	for {
		out, err := r.ecr.DescribeImages(ctx, in)
		if err != nil {
			return nil, awsfault.Of(err, "list images of repository %s", ref.Repository)
		}
		for _, detail := range out.ImageDetails {
			candidate, err := candidateOf(detail)
			if err != nil {
				return nil, err
			}
			images = append(images, candidate)
		}
		if aws.ToString(out.NextToken) == "" {
			break
		}
		in.NextToken = out.NextToken
	}
	sort.SliceStable(images, func(i, j int) bool {
		a, b := images[i], images[j]
		return cmp.Or(a.PushedAt.Compare(b.PushedAt), cmp.Compare(a.Digest, b.Digest)) < 0
	})
	return images, nil
}

func candidateOf(detail types.ImageDetail) (image.Candidate, error) {
	digest, err := image.ParseDigest(aws.ToString(detail.ImageDigest))
	if err != nil {
		return image.Candidate{}, &fault.Impossible{Words: "describe images of repository " + aws.ToString(detail.RepositoryName) + ": " + err.Error()}
	}
	tags := slices.Clone(detail.ImageTags)
	slices.Sort(tags)
	return image.Candidate{Digest: digest, Tags: tags, PushedAt: aws.ToTime(detail.ImagePushedAt)}, nil
}

// account is the registry id in ACCOUNT.dkr.ecr.REGION.amazonaws.com, nil (the caller's own) if ref names no registry.
func account(ref image.Reference) *string {
	id, _, ok := strings.Cut(ref.Registry, ".")
	if !ok {
		return nil
	}
	return &id
}
