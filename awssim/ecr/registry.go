package ecr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	media "github.com/google/go-containerregistry/pkg/v1/types"

	"slipway/awssim/protocol"
)

// maxManifest is the largest manifest that is taken, in bytes: the distribution specification asks registries for at least
// 4 MiB.
const maxManifest = 4 << 20

// Handler is the registry, to be mounted at /v2/. It asks nobody for a password, and takes one as docker login sends it.
//
// On a paced clock it serves any goroutine. On a virtual clock it is called by the goroutine that drives the clock or by a
// coroutine's turn, and not by a net/http server.
func (s *Service) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		p := parsePath(r.URL.Path)
		switch p.kind {
		case "":
			w.WriteHeader(http.StatusOK)
		case "blobs":
			s.serveBlob(w, r, p)
		default:
			s.serveManifests(w, r, p)
		}
	})
}

// path is a registry path taken apart: /v2/REPOSITORY/KIND/REFERENCE. A path of another shape has kind "?".
type path struct{ repository, kind, reference string }

func parsePath(url string) path {
	rest := strings.Trim(strings.TrimPrefix(url, "/v2"), "/")
	if rest == "" {
		return path{}
	}
	elems := strings.Split(rest, "/")
	n := len(elems)
	kinds := []string{"manifests", "blobs", "tags", "referrers"}
	switch {
	case n >= 3 && elems[n-2] == "uploads" && elems[n-3] == "blobs":
		return path{strings.Join(elems[:n-3], "/"), "blobs", "uploads/" + elems[n-1]}
	case n >= 3 && slices.Contains(kinds, elems[n-2]):
		return path{strings.Join(elems[:n-2], "/"), elems[n-2], elems[n-1]}
	}
	return path{kind: "?"}
}

// reply is an answer of the registry, made inside a turn and written outside it.
type reply struct {
	status int
	header map[string]string
	body   []byte
}

func (a reply) write(w http.ResponseWriter, method string) {
	for key, value := range a.header {
		w.Header().Set(key, value)
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
	w.WriteHeader(a.status)
	if method != http.MethodHead {
		_, _ = w.Write(a.body)
	}
}

// refusal is an error in the shape of the distribution specification.
func refusal(status int, code, message string) reply {
	type item struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	body, err := json.Marshal(map[string][]item{"errors": {{code, message}}})
	if err != nil {
		body = nil // cannot happen: the value is two strings
	}
	return reply{status: status, header: map[string]string{"Content-Type": "application/json"}, body: body}
}

// refuse translates an error of the service, as ECR's own registry does: "tag invalid: The image tag ...".
func refuse(err error) reply {
	var e *protocol.Error
	if !errors.As(err, &e) {
		return refusal(http.StatusInternalServerError, "UNKNOWN", err.Error())
	}
	switch e.Code {
	case "RepositoryNotFoundException":
		return refusal(http.StatusNotFound, "NAME_UNKNOWN", e.Message)
	case "ImageTagAlreadyExistsException":
		return refusal(http.StatusBadRequest, "TAG_INVALID", e.Message)
	case "ReferencedImagesNotFoundException", "LayersNotFoundException":
		return refusal(http.StatusNotFound, "MANIFEST_BLOB_UNKNOWN", e.Message)
	}
	return refusal(http.StatusBadRequest, "MANIFEST_INVALID", e.Message)
}

// turn runs fn inside a turn and waits for it, but not longer than the client does.
func (s *Service) turn(ctx context.Context, name string, fn func() reply) reply {
	if !s.clock.Paced() {
		var a reply
		if s.clock.InCoroutine() {
			return fn()
		}
		s.clock.Do(name, func() { a = fn() })
		return a
	}
	answered := make(chan reply, 1)
	s.clock.Post(name, func() {
		defer func() {
			if p := recover(); p != nil {
				answered <- refusal(http.StatusInternalServerError, "UNKNOWN", protocol.Crashed(p, name).Message)
			}
		}()
		answered <- fn()
	})
	select {
	case a := <-answered:
		return a
	case <-ctx.Done():
		return refusal(http.StatusServiceUnavailable, "UNAVAILABLE", "the client went away")
	}
}

// serveBlob lets go-containerregistry's registry handle content, once it is known that the repository exists.
func (s *Service) serveBlob(w http.ResponseWriter, r *http.Request, p path) {
	a := s.turn(r.Context(), "ecr blob "+p.repository, func() reply {
		if _, err := s.repository(p.repository); err != nil {
			return refuse(err)
		}
		return reply{}
	})
	if a.status != 0 {
		a.write(w, r.Method)
		return
	}
	s.uploads.ServeHTTP(w, r)
}

func (s *Service) serveManifests(w http.ResponseWriter, r *http.Request, p path) {
	body, err := protocol.ReadBody(r, maxManifest)
	if err != nil {
		refusal(http.StatusRequestEntityTooLarge, "SIZE_INVALID", err.Error()).write(w, r.Method)
		return
	}
	mediaType := media.MediaType(r.Header.Get("Content-Type"))
	a := s.turn(r.Context(), "ecr "+p.kind+" "+p.repository, func() reply {
		repo, err := s.repository(p.repository)
		switch {
		case p.kind == "?":
			return refusal(http.StatusNotFound, "UNSUPPORTED", "awssim's registry has manifests, blobs, tags/list and referrers, not "+r.URL.Path)
		case err != nil:
			return refuse(err)
		case p.kind == "tags" && r.Method == http.MethodGet:
			return tagList(repo)
		case p.kind == "referrers" && r.Method == http.MethodGet:
			return referrers(repo, p.reference)
		case p.kind == "manifests":
			return s.manifest(repo, r.Method, p.reference, mediaType, body)
		}
		return refusal(http.StatusMethodNotAllowed, "UNSUPPORTED", "the registry does not "+r.Method+" "+p.kind)
	})
	a.write(w, r.Method)
}

func (s *Service) manifest(repo *repository, method, reference string, mediaType media.MediaType, body []byte) reply {
	if method == http.MethodPut {
		return s.putManifest(repo, reference, mediaType, body)
	}
	i, code, reason := repo.find(byReference(reference))
	if code != "" {
		return refusal(http.StatusNotFound, "MANIFEST_UNKNOWN", reason)
	}
	switch method {
	case http.MethodGet, http.MethodHead:
		return reply{status: http.StatusOK, body: i.raw, header: map[string]string{
			"Content-Type": string(i.mediaType), "Docker-Content-Digest": i.digest.String(),
		}}
	case http.MethodDelete:
		tag := ""
		if !strings.Contains(reference, ":") {
			tag = reference
		}
		if code, reason := repo.referenced(i, tag); code != "" {
			return refusal(http.StatusConflict, "DENIED", reason)
		}
		s.remove(repo, i, tag)
		return reply{status: http.StatusAccepted}
	}
	return refusal(http.StatusMethodNotAllowed, "UNSUPPORTED", "the registry does not "+method+" manifests")
}

// byReference reads what stands last in a manifest's path: a digest has a colon, a tag cannot have one.
func byReference(reference string) types.ImageIdentifier {
	if strings.Contains(reference, ":") {
		return types.ImageIdentifier{ImageDigest: &reference}
	}
	return types.ImageIdentifier{ImageTag: &reference}
}

func (s *Service) putManifest(repo *repository, reference string, mediaType media.MediaType, body []byte) reply {
	m, err := parseManifest(body, mediaType)
	if err != nil {
		return refusal(http.StatusBadRequest, "MANIFEST_INVALID", err.Error())
	}
	tag := reference
	if strings.Contains(reference, ":") {
		tag = ""
		if reference != m.digest.String() {
			return refusal(http.StatusBadRequest, "DIGEST_INVALID", fmt.Sprintf("the manifest has digest %s, not %s", m.digest, reference))
		}
	}
	if err := s.put(repo, m, tag); err != nil {
		return refuse(err)
	}
	header := map[string]string{
		"Docker-Content-Digest": m.digest.String(),
		"Location":              "/v2/" + repo.name + "/manifests/" + m.digest.String(),
	}
	if m.subject != nil {
		header["OCI-Subject"] = m.subject.Digest.String()
	}
	return reply{status: http.StatusCreated, header: header}
}

func tagList(repo *repository) reply {
	tags := make([]string, 0, len(repo.tags))
	for tag := range repo.tags {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return listing("application/json", map[string]any{"name": repo.name, "tags": tags})
}

// referrers lists the manifests whose subject has this digest (OCI distribution specification 1.1, "Listing Referrers").
func referrers(repo *repository, digest string) reply {
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: media.OCIImageIndex, Manifests: []v1.Descriptor{}}
	for _, h := range repo.digests() {
		i := repo.images[h]
		if i.subject == nil || i.subject.Digest.String() != digest {
			continue
		}
		index.Manifests = append(index.Manifests, v1.Descriptor{
			MediaType: i.mediaType, Digest: h, Size: int64(len(i.raw)), ArtifactType: i.artifactType,
		})
	}
	return listing(string(media.OCIImageIndex), index)
}

func listing(contentType string, list any) reply {
	body, err := json.Marshal(list)
	if err != nil {
		return refusal(http.StatusInternalServerError, "UNKNOWN", err.Error())
	}
	return reply{status: http.StatusOK, header: map[string]string{"Content-Type": contentType}, body: body}
}
