package ecr

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	media "github.com/google/go-containerregistry/pkg/v1/types"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
	"slipway/awssim/protocol/protocoltest"
)

// bus remembers the details of the events, as JSON.
type bus struct {
	t       *testing.T
	details []string
}

func (b *bus) Emit(source, detailType string, resources []string, detail any) {
	if source != "aws.ecr" || detailType != "ECR Image Action" || resources == nil || len(resources) > 0 {
		b.t.Errorf("got event %s %q with resources %v, want aws.ecr \"ECR Image Action\" with an empty list", source, detailType, resources)
	}
	text, err := json.Marshal(detail)
	if err != nil {
		b.t.Error(err)
	}
	b.details = append(b.details, string(text))
}

// take returns the events since the last take.
func (b *bus) take() []string {
	got := b.details
	b.details = nil
	return got
}

// world is a registry in virtual time with the repository shop/web.
type world struct {
	t      *testing.T
	clock  *clock.Clock
	bus    *bus
	svc    *Service
	client *ecr.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: clock.New(clock.Epoch, 1), bus: &bus{t: t}}
	w.svc = New(w.clock, protocol.Default, w.bus)
	w.client = ecr.NewFromConfig(protocoltest.Config(w.clock, w.svc.API()))
	w.create("shop/web")
	return w
}

func (w *world) create(name string) {
	w.t.Helper()
	if _, err := w.client.CreateRepository(context.Background(), &ecr.CreateRepositoryInput{RepositoryName: &name}); err != nil {
		w.t.Fatal(err)
	}
}

// push pushes and returns the digest.
func (w *world) push(repository, tag string, img Pushable) string {
	w.t.Helper()
	var digest string
	var err error
	w.clock.Do("push", func() { digest, err = w.svc.Push(repository, tag, img) })
	if err != nil {
		w.t.Fatal(err)
	}
	return digest
}

// picture is a small OCI image for a platform. Each seed is another image.
func picture(t *testing.T, arch, seed string) v1.Image {
	t.Helper()
	base, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	img := mutate.ConfigMediaType(mutate.MediaType(base, media.OCIManifestSchema1), media.OCIConfigJSON)
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", arch
	file.Config = v1.Config{
		Entrypoint: []string{"/app/web"}, Cmd: []string{"-v"}, Env: []string{"SEED=" + seed}, WorkingDir: "/app",
		Labels: map[string]string{"awssim.start": "2s"},
	}
	img, err = mutate.ConfigFile(img, file)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func digestOf(t *testing.T, img interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	h, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

func sizeOf(t *testing.T, img v1.Image) int64 {
	t.Helper()
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	total := m.Config.Size
	for _, l := range m.Layers {
		total += l.Size
	}
	return total
}

func at(d time.Duration) *time.Time { return new(clock.Epoch.Add(d)) }
