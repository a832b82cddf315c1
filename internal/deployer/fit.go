package deployer

import (
	"fmt"
	"strings"

	"slipway/internal/image"
	"slipway/internal/rollout"
)

// imagesFor maps the containers that the image is for to its pinned URI. rejected says why there is none, or why the image
// cannot run there.
func imagesFor(s rollout.Service, base rollout.Definition, found rollout.Found) (images map[string]string, rejected string) {
	if !image.Covers(found.Platforms, base.Platform) {
		return nil, fmt.Sprintf("image %s is built for %s, but task definition %s runs on %s: build the image for that platform",
			found.Image.Name(), platforms(found.Platforms), rollout.ShortRevision(base.ARN), base.Platform)
	}
	images = map[string]string{}
	var others []string
	want := s.Tags[rollout.TagContainer]
	for _, c := range base.Containers {
		others = append(others, c.Name)
		if c.Name == want || want == "" && image.SameRepository(c.Image, found.Image.Registry, found.Image.Repository) {
			images[c.Name] = found.Image.At(c.Image)
		}
	}
	if len(images) > 0 {
		return images, ""
	}
	if want != "" {
		return nil, fmt.Sprintf("tag %s names container %q, but %s has %s", rollout.TagContainer, want, rollout.ShortRevision(base.ARN), strings.Join(others, ", "))
	}
	return nil, fmt.Sprintf("no container of %s has an image of repository %s (it has %s): tag the service %s=NAME", rollout.ShortRevision(base.ARN), found.Image.Repository, strings.Join(others, ", "), rollout.TagContainer)
}

func platforms(list []image.Platform) string {
	words := make([]string, len(list))
	for i, p := range list {
		words[i] = p.String()
	}
	return strings.Join(words, " and ")
}

// runs reports whether every container that the image is for runs exactly that image in the definition.
func runs(definition rollout.Definition, images map[string]string) bool {
	matched := 0
	for _, c := range definition.Containers {
		if want, ok := images[c.Name]; ok {
			if c.Image != want {
				return false
			}
			matched++
		}
	}
	return matched == len(images) && matched > 0
}
