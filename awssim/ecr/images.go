package ecr

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	media "github.com/google/go-containerregistry/pkg/v1/types"

	"slipway/awssim/protocol"
)

// putImage is the API's way to push a manifest or to give one more tag to it. Unlike a push over the registry it refuses
// what is there already with exactly this tag.
func (s *Service) putImage(c *protocol.Call, in *ecr.PutImageInput) (*ecr.PutImageOutput, error) {
	r, err := s.named(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	m, err := parseManifest([]byte(aws.ToString(in.ImageManifest)), media.MediaType(aws.ToString(in.ImageManifestMediaType)))
	if err != nil {
		return nil, protocol.Errorf("InvalidParameterException", "Invalid parameter at 'ImageManifest' failed to satisfy constraint: '%v'", err)
	}
	if want := aws.ToString(in.ImageDigest); want != "" && want != m.digest.String() {
		return nil, protocol.Errorf("ImageDigestDoesNotMatchException", "The image manifest has digest '%s', not '%s'", m.digest, want)
	}
	tag := aws.ToString(in.ImageTag)
	_, known := r.images[m.digest]
	unchanged := tag == "" || (r.tags[tag] == m.digest && !r.immutable)
	if known && unchanged {
		return nil, protocol.Errorf("ImageAlreadyExistsException", "Image with digest '%s' and tag '%s' already exists in the repository with name '%s' in registry with id '%s'", m.digest, tag, r.name, s.id.Account)
	}
	if err := s.put(r, m, tag); err != nil {
		return nil, err
	}
	out := s.answer(r, r.images[m.digest], identifier(m.digest, tag))
	return &ecr.PutImageOutput{Image: &out}, nil
}

func identifier(h v1.Hash, tag string) types.ImageIdentifier {
	id := types.ImageIdentifier{ImageDigest: new(h.String())}
	if tag != "" {
		id.ImageTag = &tag
	}
	return id
}

func (s *Service) answer(r *repository, i *image, id types.ImageIdentifier) types.Image {
	return types.Image{
		ImageId:                &id,
		ImageManifest:          new(string(i.raw)),
		ImageManifestMediaType: new(string(i.mediaType)),
		RegistryId:             &s.id.Account,
		RepositoryName:         &r.name,
	}
}

// find looks an image up by digest, by tag, or by both, which must agree. A failure code of "" means found.
func (r *repository) find(id types.ImageIdentifier) (*image, types.ImageFailureCode, string) {
	tag, digest := aws.ToString(id.ImageTag), aws.ToString(id.ImageDigest)
	if tag == "" && digest == "" {
		return nil, types.ImageFailureCodeMissingDigestAndTag, "Invalid request parameters: both tag and digest are missing"
	}
	h := r.tags[tag]
	if digest != "" {
		var err error
		if h, err = v1.NewHash(digest); err != nil {
			return nil, types.ImageFailureCodeInvalidImageDigest, "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"
		}
	}
	if tag != "" && digest != "" && r.tags[tag] != h {
		return nil, types.ImageFailureCodeImageTagDoesNotMatchDigest, "The image tag does not match the image digest"
	}
	i, ok := r.images[h]
	if !ok {
		return nil, types.ImageFailureCodeImageNotFound, "Requested image not found"
	}
	return i, "", ""
}

func failure(id types.ImageIdentifier, code types.ImageFailureCode, reason string) types.ImageFailure {
	return types.ImageFailure{ImageId: &id, FailureCode: code, FailureReason: &reason}
}

func (s *Service) batchGetImage(c *protocol.Call, in *ecr.BatchGetImageInput) (*ecr.BatchGetImageOutput, error) {
	r, err := s.named(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if err := countIDs(in.ImageIds); err != nil {
		return nil, err
	}
	out := &ecr.BatchGetImageOutput{Images: []types.Image{}, Failures: []types.ImageFailure{}}
	for _, id := range in.ImageIds {
		i, code, reason := r.find(id)
		if code == "" && len(in.AcceptedMediaTypes) > 0 && !slices.Contains(in.AcceptedMediaTypes, string(i.mediaType)) {
			code, reason = types.ImageFailureCodeImageNotFound, "Requested image not found"
		}
		if code != "" {
			out.Failures = append(out.Failures, failure(id, code, reason))
			continue
		}
		out.Images = append(out.Images, s.answer(r, i, identifier(i.digest, aws.ToString(id.ImageTag))))
	}
	return out, nil
}

func countIDs(ids []types.ImageIdentifier) error {
	if len(ids) < 1 || len(ids) > 100 {
		return protocol.Errorf("InvalidParameterException", "Invalid parameter at 'imageIds' failed to satisfy constraint: 'must have between 1 and 100 members'")
	}
	return nil
}

func (s *Service) describeImages(c *protocol.Call, in *ecr.DescribeImagesInput) (*ecr.DescribeImagesOutput, error) {
	r, err := s.named(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	out := &ecr.DescribeImagesOutput{ImageDetails: []types.ImageDetail{}}
	if len(in.ImageIds) > 0 {
		if in.MaxResults != nil || in.NextToken != nil {
			return nil, protocol.Errorf("InvalidParameterException", "maxResults and nextToken cannot be used together with imageIds")
		}
		for _, id := range in.ImageIds {
			i, code, reason := r.find(id)
			if code != "" {
				return nil, s.notFound(r, id, code, reason)
			}
			out.ImageDetails = append(out.ImageDetails, s.detail(r, i))
		}
		return out, nil
	}
	var status types.ImageStatusFilter
	var tagged types.TagStatus
	if in.Filter != nil {
		status, tagged = in.Filter.ImageStatus, in.Filter.TagStatus
	}
	matching := slices.DeleteFunc(r.digests(), func(h v1.Hash) bool { return !active(status) || !matches(tagged, len(r.tagsOf(h)) > 0) })
	digests, next, err := page(matching, func(h v1.Hash) string { return h.Hex }, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	out.NextToken = next
	for _, h := range digests {
		out.ImageDetails = append(out.ImageDetails, s.detail(r, r.images[h]))
	}
	return out, nil
}

func (s *Service) notFound(r *repository, id types.ImageIdentifier, code types.ImageFailureCode, reason string) error {
	if code != types.ImageFailureCodeImageNotFound {
		return protocol.Errorf("InvalidParameterException", "%s", reason)
	}
	quoted := func(s *string) string {
		if s == nil {
			return "null"
		}
		return *s
	}
	return protocol.Errorf("ImageNotFoundException", "The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist within the repository with name '%s' in the registry with id '%s'",
		quoted(id.ImageDigest), quoted(id.ImageTag), r.name, s.id.Account)
}

// active reports whether a status filter lets ACTIVE images through: the only ones there are, as nothing is archived here.
func active(f types.ImageStatusFilter) bool {
	return f == "" || f == types.ImageStatusFilterActive || f == types.ImageStatusFilterAny
}

func matches(f types.TagStatus, tagged bool) bool {
	switch f {
	case types.TagStatusTagged:
		return tagged
	case types.TagStatusUntagged:
		return !tagged
	}
	return true
}

func (s *Service) detail(r *repository, i *image) types.ImageDetail {
	d := types.ImageDetail{
		ImageDigest:            new(i.digest.String()),
		ImageManifestMediaType: new(string(i.mediaType)),
		ImagePushedAt:          new(i.pushedAt),
		ImageSizeInBytes:       new(r.size(i.manifest)),
		ImageStatus:            types.ImageStatusActive,
		ImageTags:              r.tagsOf(i.digest),
		RegistryId:             &s.id.Account,
		RepositoryName:         &r.name,
	}
	if i.artifactType != "" {
		d.ArtifactMediaType = &i.artifactType
	}
	if i.subject != nil {
		d.SubjectManifestDigest = new(i.subject.Digest.String())
	}
	return d
}

func (s *Service) listImages(c *protocol.Call, in *ecr.ListImagesInput) (*ecr.ListImagesOutput, error) {
	r, err := s.named(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	var status types.ImageStatusFilter
	var tagged types.TagStatus
	if in.Filter != nil {
		status, tagged = in.Filter.ImageStatus, in.Filter.TagStatus
	}
	var ids []types.ImageIdentifier
	for _, h := range r.digests() {
		tags := r.tagsOf(h)
		if !active(status) || !matches(tagged, len(tags) > 0) {
			continue
		}
		ids = append(ids, identifiers(h, tags)...)
	}
	key := func(id types.ImageIdentifier) string {
		return aws.ToString(id.ImageDigest) + " " + aws.ToString(id.ImageTag)
	}
	ids, next, err := page(ids, key, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	return &ecr.ListImagesOutput{ImageIds: append([]types.ImageIdentifier{}, ids...), NextToken: next}, nil
}

// identifiers names an image once per tag, or once by its digest when it has none.
func identifiers(h v1.Hash, tags []string) []types.ImageIdentifier {
	if len(tags) == 0 {
		return []types.ImageIdentifier{identifier(h, "")}
	}
	ids := make([]types.ImageIdentifier, len(tags))
	for n, tag := range tags {
		ids[n] = identifier(h, tag)
	}
	return ids
}

func (s *Service) batchDeleteImage(c *protocol.Call, in *ecr.BatchDeleteImageInput) (*ecr.BatchDeleteImageOutput, error) {
	r, err := s.named(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if err := countIDs(in.ImageIds); err != nil {
		return nil, err
	}
	out := &ecr.BatchDeleteImageOutput{ImageIds: []types.ImageIdentifier{}, Failures: []types.ImageFailure{}}
	for _, id := range in.ImageIds {
		i, code, reason := r.find(id)
		if code == "" {
			code, reason = r.referenced(i, aws.ToString(id.ImageTag))
		}
		if code != "" {
			out.Failures = append(out.Failures, failure(id, code, reason))
			continue
		}
		out.ImageIds = append(out.ImageIds, s.remove(r, i, aws.ToString(id.ImageTag))...)
	}
	return out, nil
}

// referenced keeps what an index needs: such an image can lose its tags but not go.
func (r *repository) referenced(i *image, tag string) (types.ImageFailureCode, string) {
	if tag != "" && len(r.tagsOf(i.digest)) > 1 {
		return "", ""
	}
	for _, h := range r.digests() {
		if r.images[h].mediaType.IsIndex() && r.images[h].refersTo(i.digest) {
			return types.ImageFailureCodeImageReferencedByManifestList, "Requested image referenced by manifest list: [" + h.String() + "]"
		}
	}
	return "", ""
}

// remove takes a tag off an image, or with no tag the image with all its tags. An image goes with its last tag. Each
// identifier that is gone is one DELETE event.
func (s *Service) remove(r *repository, i *image, tag string) []types.ImageIdentifier {
	gone := []string{tag}
	if tag == "" {
		gone = r.tagsOf(i.digest)
	}
	for _, t := range gone {
		delete(r.tags, t)
	}
	if len(r.tagsOf(i.digest)) == 0 {
		delete(r.images, i.digest)
	}
	ids := identifiers(i.digest, gone)
	for _, id := range ids {
		s.emit("DELETE", r, i.manifest, aws.ToString(id.ImageTag))
	}
	return ids
}

// getDownloadURLForLayer answers with the blob's address in the registry, where a plain GET reads it.
func (s *Service) getDownloadURLForLayer(c *protocol.Call, in *ecr.GetDownloadUrlForLayerInput) (*ecr.GetDownloadUrlForLayerOutput, error) {
	r, err := s.named(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	h, err := v1.NewHash(aws.ToString(in.LayerDigest))
	if err != nil {
		return nil, protocol.Errorf("InvalidParameterException", "Invalid parameter at 'layerDigest' failed to satisfy constraint: '%v'", err)
	}
	for _, i := range r.images {
		if _, stored := s.blobs.read(h); stored && i.refersTo(h) && !i.mediaType.IsIndex() {
			url := s.endpoint + "/v2/" + r.name + "/blobs/" + h.String()
			return &ecr.GetDownloadUrlForLayerOutput{DownloadUrl: &url, LayerDigest: in.LayerDigest}, nil
		}
	}
	return nil, protocol.Errorf("LayersNotFoundException", "Layer with digest '%s' cannot be found in the repository with name '%s' in registry with id '%s'", h, r.name, s.id.Account)
}
