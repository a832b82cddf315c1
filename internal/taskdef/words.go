package taskdef

import (
	"fmt"
	"slices"
	"strings"

	"slipway/internal/image"
)

// inWords writes differences for people: "environment - DB_HOST" (gone), "environment + NEW", "environment ~ LOG_LEVEL"
// (another value), "secrets ...", "cpu 256 -> 512", "image web v1 -> v2", everything else by its place. Values are shown of
// images, cpu and memory only: others may be secret. What most often explains a failure comes first, the images last,
// because they differ in every deployment.
func inWords(differences []difference) []string {
	var ranked [5][]string
	for _, d := range differences {
		rank, words := inWord(d)
		if !slices.Contains(ranked[rank], words) {
			ranked[rank] = append(ranked[rank], words)
		}
	}
	return slices.Concat(ranked[:]...)
}

const (
	rankEnvironment = iota
	rankSecrets
	rankSize
	rankOther
	rankImage
)

func inWord(d difference) (rank int, words string) {
	path := d.path
	container := ""
	if path[0] == "containerDefinitions" && len(path) > 1 {
		container, path = path[1], path[2:]
		if len(path) == 0 {
			return rankOther, "container " + mark(d) + " " + container
		}
	}
	switch {
	case container != "" && len(path) > 1 && path[0] == "environment":
		return rankEnvironment, "environment " + markOf(d, len(path) == 2) + " " + path[1]
	case container != "" && len(path) > 1 && path[0] == "secrets":
		return rankSecrets, "secrets " + markOf(d, len(path) == 2) + " " + path[1]
	case container != "" && len(path) == 1 && path[0] == "image":
		return rankImage, fmt.Sprintf("image %s %s -> %s", container, imageName(d.from), imageName(d.to))
	case len(path) == 1 && (path[0] == "cpu" || path[0] == "memory" || path[0] == "memoryReservation"):
		return rankSize, fmt.Sprintf("%s %s -> %s", strings.TrimPrefix(container+"."+path[0], "."), size(d.from), size(d.to))
	}
	place := strings.Join(path, ".")
	if container != "" {
		place = container + "." + place
	}
	switch mark(d) {
	case "+":
		place += " added"
	case "-":
		place += " removed"
	}
	return rankOther, place
}

// markOf is mark where the difference is the named thing itself, else "~": something of it changed.
func markOf(d difference, itself bool) string {
	if itself {
		return mark(d)
	}
	return "~"
}

func mark(d difference) string {
	switch {
	case empty(d.from):
		return "+"
	case empty(d.to):
		return "-"
	}
	return "~"
}

func size(v any) string {
	if v == nil {
		return "unset"
	}
	return fmt.Sprint(v)
}

// imageName is an image for people: its tag or short digest, or the last part of an image of another registry.
func imageName(v any) string {
	uri, ok := v.(string)
	if !ok {
		return "none"
	}
	ref, err := image.Parse(uri)
	if err == nil && (ref.Tag != "" || ref.Digest != "") {
		return ref.Name()
	}
	return uri[strings.LastIndex(uri, "/")+1:]
}
