package awssim_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"slipway/awssim"
	"slipway/awssim/clock"
)

// A real client and a real registry client over a real socket, and nothing left when the context ends.
func TestServe(t *testing.T) {
	sim, err := awssim.New(awssim.Options{Clock: clock.NewPaced(50, 1)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := awssim.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	ended := make(chan error, 1)
	go func() { ended <- sim.Serve(ctx, l) }()
	endpoint := "http://" + l.Addr().String()
	cfg := aws.Config{Region: "eu-west-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")}
	if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil); err != nil {
		t.Error(err)
	}
	if _, err := ecr.NewFromConfig(cfg).CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: new("shop/web")}); err != nil {
		t.Error(err)
	}
	ref, err := name.ParseReference(l.Addr().String()+"/shop/web:v1", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	img, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img, remote.WithContext(ctx)); err != nil {
		t.Error(err)
	}
	foreign, _ := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	foreign.Host = "evil.example"
	if answer, err := http.DefaultClient.Do(foreign); err != nil || answer.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign host got %v, error %v", answer, err)
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Serve did not return")
	}
}

func TestServeNeedsAPacedClock(t *testing.T) {
	sim := newSim(t)
	if err := sim.Serve(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "paced clock") {
		t.Errorf("error %v", err)
	}
}

// What GetDownloadUrlForLayer answers can be fetched with the same client, in virtual time too.
func TestLayersAreDownloadedInProcess(t *testing.T) {
	sim := newSim(t)
	push(t, sim, "v1")
	ctx, client := context.Background(), ecr.NewFromConfig(sim.Config("k"))
	got, err := client.BatchGetImage(ctx, &ecr.BatchGetImageInput{RepositoryName: new("shop/web"), ImageIds: imageTag("v1")})
	if err != nil || len(got.Images) != 1 {
		t.Fatalf("images %+v, error %v", got, err)
	}
	manifest := *got.Images[0].ImageManifest
	_, rest, _ := strings.Cut(manifest, `"digest":"`)
	digest, _, _ := strings.Cut(rest, `"`)
	layer, err := client.GetDownloadUrlForLayer(ctx, &ecr.GetDownloadUrlForLayerInput{RepositoryName: new("shop/web"), LayerDigest: &digest})
	if err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, *layer.DownloadUrl, nil)
	answer, err := sim.HTTPClient().Do(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v, error %v", *layer.DownloadUrl, answer, err)
	}
	if body, _ := io.ReadAll(answer.Body); !strings.Contains(string(body), "rootfs") {
		t.Errorf("not the image's config: %.80s", body)
	}
}
