package deployer

import (
	"strings"
	"testing"

	"slipway/internal/image"
	"slipway/internal/rollout"
)

func TestImagesFor(t *testing.T) {
	found := rollout.Found{Image: image.Reference{Registry: registry, Repository: "shop/web", Tag: "v2", Digest: digest}, Platforms: []image.Platform{{OS: "linux", Architecture: "arm64"}}}
	base := rollout.Definition{ARN: "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7", Platform: image.Platform{OS: "linux", Architecture: "arm64"}, Containers: []rollout.ContainerDefinition{
		{Name: "web", Image: registry + "/shop/web:v1"}, {Name: "sidecar", Image: registry + "/shop/web-sidecar:v1"}, {Name: "worker", Image: registry + "/shop/web@" + string(digest)}, {Name: "log", Image: "public.ecr.aws/x/fluent:1"}}}
	images, rejected := imagesFor(rollout.Service{}, base, found)
	if rejected != "" || len(images) != 2 || images["web"] == "" || images["worker"] == "" {
		t.Fatalf("got %v, %q: want the two containers of the repository, and not its namesake", images, rejected)
	}
	only := rollout.Service{Tags: map[string]string{rollout.TagContainer: "log"}}
	if images, _ := imagesFor(only, base, found); len(images) != 1 || images["log"] != found.Image.Pinned() {
		t.Fatalf("got %v, want the container that the tag names", images)
	}
	only.Tags[rollout.TagContainer] = "nope"
	if _, rejected := imagesFor(only, base, found); !strings.Contains(rejected, "web, sidecar, worker, log") {
		t.Fatalf("got %q, want the containers there are", rejected)
	}
	base.Platform.Architecture = "amd64"
	if _, rejected := imagesFor(rollout.Service{}, base, found); !strings.Contains(rejected, "linux/arm64") || !strings.Contains(rejected, "linux/amd64") {
		t.Fatalf("got %q, want both platforms", rejected)
	}
}

// Tasks without IPv4 reach the registry through its dual-stack endpoint alone: what they pull stays there.
func TestImagesForKeepsTheEndpoint(t *testing.T) {
	const dual = "123456789012.dkr-ecr.eu-west-1.on.aws/shop/web"
	base := rollout.Definition{Containers: []rollout.ContainerDefinition{{Name: "web", Image: dual + ":v1"}, {Name: "job", Image: registry + "/shop/web:v1"}, {Name: "proxy", Image: "nginx"}}}
	found := rollout.Found{Image: image.Reference{Registry: registry, Repository: "shop/web", Tag: "v2", Digest: digest}}
	images, rejected := imagesFor(rollout.Service{}, base, found)
	if rejected != "" || len(images) != 2 || images["web"] != dual+"@"+string(digest) || images["job"] != registry+"/shop/web@"+string(digest) {
		t.Errorf("got %v, %s", images, rejected)
	}
}
