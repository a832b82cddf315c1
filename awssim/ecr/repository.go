package ecr

import (
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

// repository is one repository. tags point at images; an image that lost its last tag to another image stays, untagged.
type repository struct {
	name      string
	created   time.Time
	immutable bool
	scan      *types.ImageScanningConfiguration
	crypt     *types.EncryptionConfiguration
	lifecycle string
	labels    map[string]string // AWS resource tags

	images map[v1.Hash]*image
	tags   map[string]v1.Hash
}

// tagsOf are an image's tags, sorted.
func (r *repository) tagsOf(h v1.Hash) []string {
	var tags []string
	for tag, at := range r.tags {
		if at == h {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return tags
}

// digests are the images' digests, sorted: ECR lists images in no order that a caller could use, and neither is this.
func (r *repository) digests() []v1.Hash {
	return slices.SortedFunc(maps.Keys(r.images), func(a, b v1.Hash) int { return strings.Compare(a.Hex, b.Hex) })
}

// size is what DescribeImages answers: an index has the size of its largest child.
func (r *repository) size(m *manifest) int64 {
	size := m.size()
	for _, child := range m.children {
		if i, ok := r.images[child.Digest]; ok {
			size = max(size, r.size(i.manifest))
		}
	}
	return size
}

var validName = regexp.MustCompile(`^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

// repository finds a repository or answers RepositoryNotFoundException.
func (s *Service) repository(name string) (*repository, error) {
	r, ok := s.repos[name]
	if !ok {
		return nil, protocol.Errorf("RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'", name, s.id.Account)
	}
	return r, nil
}

// named is repository for an API input: registryID must be this account's or absent.
func (s *Service) named(registryID, name *string) (*repository, error) {
	if id := aws.ToString(registryID); id != "" && id != s.id.Account {
		return nil, protocol.Errorf("RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'; awssim has one account, %s", aws.ToString(name), id, s.id.Account)
	}
	if aws.ToString(name) == "" {
		return nil, protocol.Errorf("InvalidParameterException", "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must not be empty'")
	}
	return s.repository(*name)
}

func (s *Service) describe(r *repository) types.Repository {
	mutability := types.ImageTagMutabilityMutable
	if r.immutable {
		mutability = types.ImageTagMutabilityImmutable
	}
	return types.Repository{
		CreatedAt:                  &r.created,
		EncryptionConfiguration:    r.crypt,
		ImageScanningConfiguration: r.scan,
		ImageTagMutability:         mutability,
		RegistryId:                 &s.id.Account,
		RepositoryArn:              new(s.arn(r)),
		RepositoryName:             &r.name,
		RepositoryUri:              new(s.Host() + "/" + r.name),
	}
}

func (s *Service) arn(r *repository) string { return s.id.ARN("ecr", "repository/"+r.name) }

func (s *Service) createRepository(c *protocol.Call, in *ecr.CreateRepositoryInput) (*ecr.CreateRepositoryOutput, error) {
	if err := protocol.Only(c, in, "RepositoryName", "RegistryId", "ImageTagMutability", "EncryptionConfiguration", "ImageScanningConfiguration", "Tags"); err != nil {
		return nil, err
	}
	name := aws.ToString(in.RepositoryName)
	if len(name) < 2 || len(name) > 256 || !validName.MatchString(name) {
		return nil, protocol.Errorf("InvalidParameterException", "Invalid parameter at 'repositoryName' failed to satisfy constraint: '%s' must be 2 to 256 lower case letters, digits and single . _ - / between them", name)
	}
	if _, exists := s.repos[name]; exists {
		return nil, protocol.Errorf("RepositoryAlreadyExistsException", "The repository with name '%s' already exists in the registry with id '%s'", name, s.id.Account)
	}
	immutable, err := immutability(in.ImageTagMutability)
	if err != nil {
		return nil, err
	}
	r := &repository{
		name: name, created: s.clock.Now(), immutable: immutable, scan: in.ImageScanningConfiguration, crypt: in.EncryptionConfiguration,
		labels: map[string]string{}, images: map[v1.Hash]*image{}, tags: map[string]v1.Hash{},
	}
	if r.scan == nil {
		r.scan = &types.ImageScanningConfiguration{}
	}
	if r.crypt == nil {
		r.crypt = &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeAes256}
	}
	r.label(in.Tags)
	s.repos[name] = r
	return &ecr.CreateRepositoryOutput{Repository: new(s.describe(r))}, nil
}

func immutability(m types.ImageTagMutability) (bool, error) {
	switch m {
	case "", types.ImageTagMutabilityMutable:
		return false, nil
	case types.ImageTagMutabilityImmutable:
		return true, nil
	}
	return false, protocol.Errorf("InvalidParameterException", "awssim knows imageTagMutability MUTABLE and IMMUTABLE, not '%s'", m)
}

func (s *Service) describeRepositories(c *protocol.Call, in *ecr.DescribeRepositoriesInput) (*ecr.DescribeRepositoriesOutput, error) {
	out := &ecr.DescribeRepositoriesOutput{Repositories: []types.Repository{}}
	if len(in.RepositoryNames) > 0 {
		for _, name := range in.RepositoryNames {
			r, err := s.named(in.RegistryId, &name)
			if err != nil {
				return nil, err
			}
			out.Repositories = append(out.Repositories, s.describe(r))
		}
		return out, nil
	}
	names, next, err := page(slices.Sorted(maps.Keys(s.repos)), func(name string) string { return name }, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	out.NextToken = next
	for _, name := range names {
		out.Repositories = append(out.Repositories, s.describe(s.repos[name]))
	}
	return out, nil
}

func (s *Service) deleteRepository(c *protocol.Call, in *ecr.DeleteRepositoryInput) (*ecr.DeleteRepositoryOutput, error) {
	r, err := s.named(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if len(r.images) > 0 && !in.Force {
		return nil, protocol.Errorf("RepositoryNotEmptyException", "The repository with name '%s' in registry with id '%s' cannot be deleted because it still contains images", r.name, s.id.Account)
	}
	delete(s.repos, r.name)
	return &ecr.DeleteRepositoryOutput{Repository: new(s.describe(r))}, nil
}

func (s *Service) putImageTagMutability(c *protocol.Call, in *ecr.PutImageTagMutabilityInput) (*ecr.PutImageTagMutabilityOutput, error) {
	if err := protocol.Only(c, in, "RepositoryName", "RegistryId", "ImageTagMutability"); err != nil {
		return nil, err
	}
	r, err := s.named(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if r.immutable, err = immutability(in.ImageTagMutability); err != nil {
		return nil, err
	}
	return &ecr.PutImageTagMutabilityOutput{RegistryId: &s.id.Account, RepositoryName: &r.name, ImageTagMutability: s.describe(r).ImageTagMutability}, nil
}

func (s *Service) putLifecyclePolicy(c *protocol.Call, in *ecr.PutLifecyclePolicyInput) (*ecr.PutLifecyclePolicyOutput, error) {
	r, err := s.named(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	r.lifecycle = aws.ToString(in.LifecyclePolicyText)
	return &ecr.PutLifecyclePolicyOutput{RegistryId: &s.id.Account, RepositoryName: &r.name, LifecyclePolicyText: &r.lifecycle}, nil
}

func (s *Service) getLifecyclePolicy(c *protocol.Call, in *ecr.GetLifecyclePolicyInput) (*ecr.GetLifecyclePolicyOutput, error) {
	r, err := s.named(in.RegistryId, in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if r.lifecycle == "" {
		return nil, protocol.Errorf("LifecyclePolicyNotFoundException", "Lifecycle policy does not exist for the repository with name '%s' in the registry with id '%s'", r.name, s.id.Account)
	}
	return &ecr.GetLifecyclePolicyOutput{RegistryId: &s.id.Account, RepositoryName: &r.name, LifecyclePolicyText: &r.lifecycle}, nil
}

func (s *Service) getAuthorizationToken(c *protocol.Call, in *ecr.GetAuthorizationTokenInput) (*ecr.GetAuthorizationTokenOutput, error) {
	token := base64.StdEncoding.EncodeToString([]byte("AWS:awssim"))
	return &ecr.GetAuthorizationTokenOutput{AuthorizationData: []types.AuthorizationData{{
		AuthorizationToken: &token,
		ExpiresAt:          new(s.clock.Now().Add(12 * time.Hour)),
		ProxyEndpoint:      new(s.endpoint),
	}}}, nil
}

// page cuts one page from a sorted list: at most max items (100 unless told, 1000 at most) after the one the token names.
func page[T any](items []T, key func(T) string, token *string, max *int32) ([]T, *string, error) {
	size := 100
	if max != nil {
		size = int(*max)
	}
	if size < 1 || size > 1000 {
		return nil, nil, protocol.Errorf("InvalidParameterException", "Invalid parameter at 'maxResults' failed to satisfy constraint: 'must be between 1 and 1000'")
	}
	if token != nil {
		last, err := base64.StdEncoding.DecodeString(*token)
		if err != nil {
			return nil, nil, protocol.Errorf("InvalidParameterException", "Invalid parameter at 'nextToken': it is not one that this service gave out")
		}
		token = new(string(last))
	}
	items, next := paging.By(items, key, strings.Compare, token, size)
	if next != nil {
		next = new(base64.StdEncoding.EncodeToString([]byte(*next)))
	}
	return items, next, nil
}
