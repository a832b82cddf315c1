package deployer

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/internal/image"
	"slipway/internal/record"
	"slipway/internal/rollout"
)

func TestAdoptable(t *testing.T) {
	type world struct {
		s rollout.Service
		e record.Entry
		w record.Wish
	}
	healthy := func() world {
		return world{s: rollout.Service{Revision: "web:1", Desired: 2, Deployments: []rollout.Deployment{{Primary: true, Revision: "web:1", Running: 2, State: "COMPLETED"}}},
			w: record.Wish{Revision: "web:2"}}
	}
	for name, c := range map[string]struct {
		but  func(*world)
		want bool
	}{
		"healthy":                      {func(*world) {}, true},
		"more run than are wanted":     {func(w *world) { w.s.Deployments[0].Running = 3 }, true},
		"no task is wanted":            {func(w *world) { w.s.Desired, w.s.Deployments[0].Running = 0, 0 }, false},
		"a task is missing":            {func(w *world) { w.s.Deployments[0].Running = 1 }, false},
		"its deployment goes on":       {func(w *world) { w.s.Deployments[0].State = "IN_PROGRESS" }, false},
		"another one drains":           {func(w *world) { w.s.Deployments = append(w.s.Deployments, rollout.Deployment{Revision: "web:0"}) }, false},
		"it is what is wished for":     {func(w *world) { w.w.Revision = "web:1" }, false},
		"a dead execution deployed it": {func(w *world) { w.e.Intent = &record.Intent{} }, false},
	} {
		w := healthy()
		c.but(&w)
		if got := adoptable(w.s, w.e, w.w); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestPin(t *testing.T) {
	own := registry + "/shop/web"
	service := func(container string) rollout.Service {
		return rollout.Service{ARN: "arn:aws:ecs:eu-west-1:123456789012:service/shop/web", Tags: map[string]string{rollout.TagRepository: "shop/web", rollout.TagContainer: container}}
	}
	digests := map[string]image.Digest{"web": digest, "proxy": digest}
	reference := func(tag string) image.Reference {
		return image.Reference{Registry: registry, Repository: "shop/web", Tag: tag, Digest: digest}
	}
	for name, c := range map[string]struct {
		container, web string
		digests        map[string]image.Digest
		good           image.Reference
		images         map[string]string
		tagged         string
	}{
		"a tag":                     {"", own + ":v1", digests, reference("v1"), map[string]string{"web": own + "@" + string(digest)}, ""},
		"no tag, which is latest":   {"", own, digests, reference(""), map[string]string{"web": own + "@" + string(digest)}, ""},
		"a digest":                  {"", own + "@" + string(digest), nil, reference(""), map[string]string{}, ""},
		"a tag of which ECS is mum": {"", own + ":v1", nil, image.Reference{Registry: registry, Repository: "shop/web", Tag: "v1"}, map[string]string{}, own + ":v1"},
		"an image of elsewhere, to be replaced for the first time": {"web", "localhost:5000/placeholder:1", digests, image.Reference{},
			map[string]string{"web": "localhost:5000/placeholder@" + string(digest)}, ""},
		"an image of elsewhere": {"", "placeholder:1", digests, image.Reference{}, map[string]string{}, ""},
	} {
		definition := rollout.Definition{Containers: []rollout.ContainerDefinition{{Name: "web", Image: c.web}, {Name: "proxy", Image: registry + "/shop/proxy:1"}}}
		good, images, tagged := pin(service(c.container), definition, c.digests)
		if diff := cmp.Diff([]any{c.good, c.images, c.tagged}, []any{good, images, tagged}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
