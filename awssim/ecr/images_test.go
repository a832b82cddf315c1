package ecr

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slipway/awssim/ecr/pack"
	"slipway/awssim/protocol/protocoltest"
)

var ctx = context.Background()

func TestPushedImageIsDescribed(t *testing.T) {
	w := newWorld(t)
	w.clock.RunFor(time.Minute)
	img := picture(t, "amd64", "1")
	digest := w.push("shop/web", "v1", img)
	out, err := w.client.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: new("shop/web")})
	if err != nil {
		t.Fatal(err)
	}
	want := []types.ImageDetail{{
		ArtifactMediaType:      new("application/vnd.oci.image.config.v1+json"),
		ImageDigest:            &digest,
		ImageManifestMediaType: new("application/vnd.oci.image.manifest.v1+json"),
		ImagePushedAt:          at(time.Minute),
		ImageSizeInBytes:       new(sizeOf(t, img)),
		ImageStatus:            types.ImageStatusActive,
		ImageTags:              []string{"v1"},
		RegistryId:             new("123456789012"),
		RepositoryName:         new("shop/web"),
	}}
	if diff := cmp.Diff(want, out.ImageDetails, cmpopts.IgnoreUnexported(types.ImageDetail{})); diff != "" {
		t.Fatal(diff)
	}
}

func TestPutImageRetagsAndRefusesWhatIsThere(t *testing.T) {
	w := newWorld(t)
	digest := w.push("shop/web", "v1", picture(t, "amd64", "1"))
	w.bus.take()
	w.clock.RunFor(time.Hour)
	got, err := w.client.BatchGetImage(ctx, &ecr.BatchGetImageInput{RepositoryName: new("shop/web"), ImageIds: []types.ImageIdentifier{{ImageTag: new("v1")}}})
	if err != nil {
		t.Fatal(err)
	}
	manifest := got.Images[0].ImageManifest
	put := func(tag string) error {
		_, err := w.client.PutImage(ctx, &ecr.PutImageInput{RepositoryName: new("shop/web"), ImageManifest: manifest, ImageTag: &tag})
		return err
	}
	if err := put("production"); err != nil {
		t.Fatal(err)
	}
	want := []string{fmt.Sprintf(`{"result":"SUCCESS","repository-name":"shop/web","image-digest":"%s","action-type":"PUSH",`+
		`"artifact-media-type":"application/vnd.oci.image.config.v1+json","image-tag":"production","manifest-media-type":"application/vnd.oci.image.manifest.v1+json"}`, digest)}
	if diff := cmp.Diff(want, w.bus.take()); diff != "" {
		t.Fatal(diff)
	}
	protocoltest.Refused(t, put("production"), "ImageAlreadyExistsException")
	out, err := w.client.DescribeImages(ctx, &ecr.DescribeImagesInput{RepositoryName: new("shop/web"), ImageIds: []types.ImageIdentifier{{ImageTag: new("production")}}})
	if err != nil {
		t.Fatal(err)
	}
	d := out.ImageDetails[0]
	if !slices.Equal(d.ImageTags, []string{"production", "v1"}) || !d.ImagePushedAt.Equal(*at(0)) {
		t.Fatalf("got tags %v pushed at %s: a new tag must be added and must not move imagePushedAt", d.ImageTags, d.ImagePushedAt)
	}
	if len(w.bus.take()) != 0 {
		t.Fatal("a refused PutImage emitted an event")
	}
}

func TestImmutableTags(t *testing.T) {
	w := newWorld(t)
	if _, err := w.client.PutImageTagMutability(ctx, &ecr.PutImageTagMutabilityInput{RepositoryName: new("shop/web"), ImageTagMutability: types.ImageTagMutabilityImmutable}); err != nil {
		t.Fatal(err)
	}
	img := picture(t, "amd64", "1")
	w.push("shop/web", "v1", img)
	raw, err := img.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.client.PutImage(ctx, &ecr.PutImageInput{RepositoryName: new("shop/web"), ImageManifest: new(string(raw)), ImageTag: new("v1")})
	protocoltest.Refused(t, err, "ImageTagAlreadyExistsException")
	_, err = w.client.PutImage(ctx, &ecr.PutImageInput{RepositoryName: new("shop/web"), ImageManifest: new(string(raw)), ImageTag: new("v1.0")})
	if err != nil {
		t.Fatalf("another tag for the same image: %v", err)
	}
}

func TestBatchGetImageFailures(t *testing.T) {
	w := newWorld(t)
	digest := w.push("shop/web", "v1", picture(t, "amd64", "1"))
	other := "sha256:" + strings.Repeat("0", 64)
	for name, tc := range map[string]struct {
		id       types.ImageIdentifier
		accepted []string
		want     types.ImageFailureCode
	}{
		"by digest":     {id: types.ImageIdentifier{ImageDigest: &digest}},
		"by both":       {id: types.ImageIdentifier{ImageDigest: &digest, ImageTag: new("v1")}},
		"tag unknown":   {id: types.ImageIdentifier{ImageTag: new("v2")}, want: types.ImageFailureCodeImageNotFound},
		"digest gone":   {id: types.ImageIdentifier{ImageDigest: &other}, want: types.ImageFailureCodeImageNotFound},
		"they disagree": {id: types.ImageIdentifier{ImageDigest: &other, ImageTag: new("v1")}, want: types.ImageFailureCodeImageTagDoesNotMatchDigest},
		"neither":       {want: types.ImageFailureCodeMissingDigestAndTag},
		"bad digest":    {id: types.ImageIdentifier{ImageDigest: new("v1")}, want: types.ImageFailureCodeInvalidImageDigest},
		"not accepted": {id: types.ImageIdentifier{ImageDigest: &digest}, accepted: []string{"application/vnd.docker.distribution.manifest.v2+json"},
			want: types.ImageFailureCodeImageNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := w.client.BatchGetImage(ctx, &ecr.BatchGetImageInput{RepositoryName: new("shop/web"), ImageIds: []types.ImageIdentifier{tc.id}, AcceptedMediaTypes: tc.accepted})
			if err != nil {
				t.Fatal(err)
			}
			var got types.ImageFailureCode
			if len(out.Failures) > 0 {
				got = out.Failures[0].FailureCode
			}
			if got != tc.want || len(out.Images)+len(out.Failures) != 1 {
				t.Fatalf("got failure %q and %d images, want %q", got, len(out.Images), tc.want)
			}
		})
	}
}

func TestPagesCoverEverythingOnce(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.push("shop/web", fmt.Sprint("v", i), picture(t, "amd64", fmt.Sprint(i)))
	}
	seen := map[string]int{}
	pages := 0
	p := ecr.NewDescribeImagesPaginator(w.client, &ecr.DescribeImagesInput{RepositoryName: new("shop/web"), MaxResults: new(int32(2))})
	for ; p.HasMorePages(); pages++ {
		out, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range out.ImageDetails {
			seen[*d.ImageDigest]++
		}
	}
	if pages != 3 || len(seen) != 5 {
		t.Fatalf("got %d images on %d pages, want 5 on 3: %v", len(seen), pages, seen)
	}
}

func TestListImagesByTagStatus(t *testing.T) {
	w := newWorld(t)
	old := w.push("shop/web", "latest", picture(t, "amd64", "1"))
	w.push("shop/web", "latest", picture(t, "amd64", "2"))
	out, err := w.client.ListImages(ctx, &ecr.ListImagesInput{RepositoryName: new("shop/web"), Filter: &types.ListImagesFilter{TagStatus: types.TagStatusUntagged}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.ImageIds) != 1 || *out.ImageIds[0].ImageDigest != old || out.ImageIds[0].ImageTag != nil {
		t.Fatalf("got %+v, want only %s, which lost its tag", out.ImageIds, old)
	}
}

func TestDeleteImages(t *testing.T) {
	w := newWorld(t)
	child := picture(t, "amd64", "1")
	index, err := pack.Index(child, picture(t, "arm64", "1"))
	if err != nil {
		t.Fatal(err)
	}
	top := w.push("shop/web", "v1", index)
	w.bus.take()
	remove := func(id types.ImageIdentifier) *ecr.BatchDeleteImageOutput {
		out, err := w.client.BatchDeleteImage(ctx, &ecr.BatchDeleteImageInput{RepositoryName: new("shop/web"), ImageIds: []types.ImageIdentifier{id}})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := remove(types.ImageIdentifier{ImageDigest: new(digestOf(t, child))})
	if len(out.Failures) != 1 || out.Failures[0].FailureCode != types.ImageFailureCodeImageReferencedByManifestList {
		t.Fatalf("got %+v, want ImageReferencedByManifestList", out.Failures)
	}
	remove(types.ImageIdentifier{ImageTag: new("v1")})
	want := []string{fmt.Sprintf(`{"result":"SUCCESS","repository-name":"shop/web","image-digest":"%s","action-type":"DELETE",`+
		`"image-tag":"v1","manifest-media-type":"application/vnd.oci.image.index.v1+json"}`, top)}
	if diff := cmp.Diff(want, w.bus.take()); diff != "" {
		t.Fatal(diff)
	}
	if out := remove(types.ImageIdentifier{ImageDigest: &top}); len(out.Failures) != 1 {
		t.Fatal("an image goes with its last tag, but it is still there")
	}
	_, err = w.client.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: new("shop/web")})
	protocoltest.Refused(t, err, "RepositoryNotEmptyException")
	if _, err = w.client.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: new("shop/web"), Force: true}); err != nil {
		t.Fatal(err)
	}
	_, err = w.client.ListImages(ctx, &ecr.ListImagesInput{RepositoryName: new("shop/web")})
	protocoltest.Refused(t, err, "RepositoryNotFoundException")
}

func TestConfigIsReadThroughItsDownloadURL(t *testing.T) {
	w := newWorld(t)
	w.svc.SetEndpoint("http://127.0.0.1:4566")
	img := picture(t, "amd64", "1")
	w.push("shop/web", "v1", img)
	name, err := img.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.client.GetDownloadUrlForLayer(ctx, &ecr.GetDownloadUrlForLayerInput{RepositoryName: new("shop/web"), LayerDigest: new(name.String())})
	if err != nil {
		t.Fatal(err)
	}
	link, err := url.Parse(*out.DownloadUrl)
	if err != nil || link.Host != "127.0.0.1:4566" {
		t.Fatalf("got %q (%v), want an address of the endpoint", *out.DownloadUrl, err)
	}
	rec := httptest.NewRecorder()
	w.svc.Handler().ServeHTTP(rec, httptest.NewRequest("GET", link.Path, nil))
	got, err := io.ReadAll(rec.Body)
	want, _ := img.RawConfigFile()
	if err != nil || string(got) != string(want) {
		t.Fatalf("got %d %s, want the image's config", rec.Code, got)
	}
	_, err = w.client.GetDownloadUrlForLayer(ctx, &ecr.GetDownloadUrlForLayerInput{RepositoryName: new("shop/web"), LayerDigest: new("sha256:" + strings.Repeat("0", 64))})
	protocoltest.Refused(t, err, "LayersNotFoundException")
}

func TestRepositories(t *testing.T) {
	w := newWorld(t)
	_, err := w.client.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: new("shop/web")})
	protocoltest.Refused(t, err, "RepositoryAlreadyExistsException")
	_, err = w.client.CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: new("Shop")})
	protocoltest.Refused(t, err, "InvalidParameterException")
	out, err := w.client.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{})
	if err != nil {
		t.Fatal(err)
	}
	r := out.Repositories[0]
	if *r.RepositoryUri != "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web" || *r.RepositoryArn != "arn:aws:ecr:eu-west-1:123456789012:repository/shop/web" {
		t.Fatalf("got %s and %s", *r.RepositoryUri, *r.RepositoryArn)
	}
	if _, err := w.client.TagResource(ctx, &ecr.TagResourceInput{ResourceArn: r.RepositoryArn, Tags: []types.Tag{{Key: new("team"), Value: new("shop")}}}); err != nil {
		t.Fatal(err)
	}
	tags, err := w.client.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: r.RepositoryArn})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "shop" {
		t.Fatalf("got %+v, %v", tags, err)
	}
	token, err := w.client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil || !token.AuthorizationData[0].ExpiresAt.Equal(*at(12 * time.Hour)) {
		t.Fatalf("got %+v, %v", token, err)
	}
}
