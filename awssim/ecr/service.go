// Package ecr is Amazon ECR for awssim: private repositories, their API, and the registry that docker, crane and skopeo
// push to.
//
// The API is service.go (wiring), repository.go (repositories) and images.go (images). The registry is registry.go: uploads
// of blobs are go-containerregistry's, manifests are answered from the service's own state, because tags, immutability and
// events belong to it. Both, and Push, go through one function, put (put.go), so that every manifest is recorded once and
// told to EventBridge once. resolve.go is what ECS sees: a reference becomes an Image or a PullError.
//
// What is not here: scanning, replication, pull-through caches, archiving, and the execution of lifecycle policies.
package ecr

import (
	"net/http"

	"github.com/google/go-containerregistry/pkg/registry"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// EventBus is where image events go: the default bus of EventBridge.
type EventBus interface {
	Emit(source, detailType string, resources []string, detail any)
}

// Service is one account's private registry in one region. Its methods are called inside turns unless their comment says
// otherwise.
type Service struct {
	clock    *clock.Clock
	id       protocol.Identity
	bus      EventBus
	endpoint string

	repos   map[string]*repository
	blobs   *blobs
	uploads http.Handler // go-containerregistry's registry, used for its blob paths only
}

// New returns an empty registry.
func New(c *clock.Clock, id protocol.Identity, bus EventBus) *Service {
	s := &Service{clock: c, id: id, bus: bus, repos: map[string]*repository{}, blobs: newBlobs()}
	s.endpoint = "https://" + s.Host()
	s.uploads = registry.New(registry.WithBlobHandler(s.blobs), registry.Logger(silent))
	return s
}

// Host is the registry's name in image references: ACCOUNT.dkr.ecr.REGION.amazonaws.com.
func (s *Service) Host() string { return s.id.Account + ".dkr.ecr." + s.id.Region + ".amazonaws.com" }

// SetEndpoint tells the service where its Handler is reached, such as "http://127.0.0.1:4566". GetAuthorizationToken and
// GetDownloadUrlForLayer answer with it. Until then they answer with https:// and Host.
func (s *Service) SetEndpoint(url string) { s.endpoint = url }

// API is the service's API, AmazonEC2ContainerRegistry_V20150921.
func (s *Service) API() *protocol.API {
	api := &protocol.API{Service: "ecr", Target: "AmazonEC2ContainerRegistry_V20150921", Format: protocol.JSON11, Invalid: "InvalidParameterException"}
	protocol.Handle(api, "CreateRepository", s.createRepository)
	protocol.Handle(api, "DescribeRepositories", s.describeRepositories)
	protocol.Handle(api, "DeleteRepository", s.deleteRepository)
	protocol.Handle(api, "PutImageTagMutability", s.putImageTagMutability)
	protocol.Handle(api, "PutLifecyclePolicy", s.putLifecyclePolicy)
	protocol.Handle(api, "GetLifecyclePolicy", s.getLifecyclePolicy)
	protocol.Handle(api, "TagResource", s.tagResource)
	protocol.Handle(api, "UntagResource", s.untagResource)
	protocol.Handle(api, "ListTagsForResource", s.listTagsForResource)
	protocol.Handle(api, "GetAuthorizationToken", s.getAuthorizationToken)
	protocol.Handle(api, "PutImage", s.putImage)
	protocol.Handle(api, "BatchGetImage", s.batchGetImage)
	protocol.Handle(api, "DescribeImages", s.describeImages)
	protocol.Handle(api, "ListImages", s.listImages)
	protocol.Handle(api, "BatchDeleteImage", s.batchDeleteImage)
	protocol.Handle(api, "GetDownloadUrlForLayer", s.getDownloadURLForLayer)
	return api
}
