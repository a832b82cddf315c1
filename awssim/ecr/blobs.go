package ecr

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

var silent = log.New(io.Discard, "", 0)

// blobs keeps content by its digest: layers, configs and manifests of all repositories together. Uploads reach it from
// ordinary goroutines, so it has a lock of its own. go-containerregistry's in-memory store would do but for one thing: it
// reads an upload from the network while it holds its lock, and a turn that looks at an image would wait for the uploader.
type blobs struct {
	mu sync.RWMutex
	m  map[v1.Hash][]byte
	// unused counts the hours that content was in no image; what is pushed again begins anew.
	unused map[v1.Hash]int
}

func newBlobs() *blobs { return &blobs{m: map[v1.Hash][]byte{}, unused: map[v1.Hash]int{}} }

func (b *blobs) read(h v1.Hash) ([]byte, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	content, ok := b.m[h]
	return content, ok
}

func (b *blobs) write(h v1.Hash, content []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.m[h] = content
	delete(b.unused, h)
}

// Get implements registry.BlobHandler.
func (b *blobs) Get(_ context.Context, _ string, h v1.Hash) (io.ReadCloser, error) {
	content, ok := b.read(h)
	if !ok {
		return nil, registry.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// Stat implements registry.BlobStatHandler. Who is told that content is there will name it in a manifest.
func (b *blobs) Stat(_ context.Context, _ string, h v1.Hash) (int64, error) {
	b.mu.Lock()
	delete(b.unused, h)
	b.mu.Unlock()
	content, ok := b.read(h)
	if !ok {
		return 0, registry.ErrNotFound
	}
	return int64(len(content)), nil
}

// Put implements registry.BlobPutHandler. The reader verifies the digest.
func (b *blobs) Put(_ context.Context, _ string, h v1.Hash, rc io.ReadCloser) error {
	defer rc.Close()
	content, err := io.ReadAll(rc)
	if err != nil {
		return fmt.Errorf("read blob %s: %w", h, err)
	}
	b.write(h, content)
	return nil
}
