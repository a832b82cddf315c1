package ecr

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
)

func TestGrowthOfContent(t *testing.T) {
	w := newWorld(t)
	hours := func(n int) {
		for range n {
			w.clock.RunFor(time.Hour)
			w.clock.Do("forget", w.svc.Forget)
		}
	}
	w.push("shop/web", "kept", picture(t, "amd64", "kept"))
	kept := len(w.svc.blobs.m)
	for day := range 100 {
		w.push("shop/web", "v1", picture(t, "amd64", fmt.Sprint(day))) // takes the tag from the image of the day before
		for _, i := range w.svc.repos["shop/web"].images {
			if len(w.svc.repos["shop/web"].tagsOf(i.digest)) == 0 {
				w.svc.remove(w.svc.repos["shop/web"], i, "")
			}
		}
		hours(24)
	}
	if n := len(w.svc.blobs.m); n > 3*kept {
		t.Errorf("after 100 days %d blobs are kept, want at most those of three images, %d each", n, kept)
	}
	w.svc.blobs.write(w.svc.repos["shop/web"].tags["gone"], []byte("a layer whose manifest is still to come"))
	hours(23)
	if _, ok := w.svc.blobs.read(w.svc.repos["shop/web"].tags["gone"]); !ok {
		t.Error("a layer was dropped in the day in which its manifest may come")
	}
	hours(1)
	if _, ok := w.svc.blobs.read(w.svc.repos["shop/web"].tags["gone"]); ok {
		t.Error("a layer without a manifest is kept after a day")
	}
	if _, err := w.client.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: new("shop/web"), Force: true}); err != nil {
		t.Fatal(err)
	}
	hours(24)
	if n := len(w.svc.blobs.m) + len(w.svc.blobs.unused); n != 0 {
		t.Errorf("%d blobs are kept of a registry without images", n)
	}
}
