// Package image is the command `slipway image`: a program becomes an OCI image in a registry, without Docker.
//
// program.go reads what a program is built for, folder.go finds programs in a folder, push.go says what to type when a registry refuses. What is not here: the image
// itself (awssim/ecr/pack), base images and Dockerfiles.
package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"slipway/awssim/ecr/pack"
)

// Command is the command line of `slipway image`.
type Command struct {
	Sources    []string          `arg:"" name:"source" help:"A static Linux binary, or a folder that becomes the image's file system. Several make one image for several platforms." type:"path"`
	To         string            `help:"Where to push it: REGISTRY/REPOSITORY:TAG, such as 127.0.0.1:4566/shop/web:v1." required:"" placeholder:"ADDRESS"`
	Env        map[string]string `help:"An environment variable of the image; may be repeated." mapsep:"none" placeholder:"NAME=VALUE"`
	Label      map[string]string `help:"A label of the image; may be repeated." mapsep:"none" placeholder:"NAME=VALUE"`
	Arg        []string          `help:"An argument of the program; may be repeated." sep:"none" placeholder:"ARG"`
	Entrypoint string            `help:"The program in a folder, as a path in the image: /bin/web." placeholder:"PATH"`
	Platform   []string          `help:"The platforms of the sources, in their order: linux/amd64,linux/arm64. Left out, they are read from the binaries." placeholder:"OS/ARCH"`
}

// Run packs and pushes, and prints the digest.
func (c *Command) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *Command) run(ctx context.Context, out io.Writer) error {
	ref, err := destination(c.To)
	if err != nil {
		return err
	}
	images, platforms, err := c.pack()
	if err != nil {
		return err
	}
	digest, err := push(ctx, ref, images)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "pushed %s  %s  %s\n", c.To, digest, strings.Join(platforms, ", "))
	return err
}

// pack makes an image of every source.
func (c *Command) pack() (images []v1.Image, platforms []string, err error) {
	if len(c.Platform) > 0 && len(c.Platform) != len(c.Sources) {
		return nil, nil, fmt.Errorf("%d platforms for %d programs: give one program per platform, in the same order", len(c.Platform), len(c.Sources))
	}
	for i, source := range c.Sources {
		claimed := ""
		if len(c.Platform) > 0 {
			claimed = c.Platform[i]
		}
		img, arch, err := c.packOne(source, claimed)
		if err != nil {
			return nil, nil, err
		}
		platform := "linux/" + arch
		if slices.Contains(platforms, platform) {
			return nil, nil, fmt.Errorf("%s is a second program for %s: give one program per platform", source, platform)
		}
		images, platforms = append(images, img), append(platforms, platform)
	}
	return images, platforms, nil
}

func (c *Command) packOne(source, platform string) (img v1.Image, arch string, err error) {
	info, err := os.Stat(source)
	if err != nil {
		return nil, "", fmt.Errorf("there is no %s to pack: build it first, for Linux with CGO_ENABLED=0 go build", source)
	}
	program := source
	if info.IsDir() {
		if program, err = c.inside(source); err != nil {
			return nil, "", err
		}
	} else if c.Entrypoint != "" {
		return nil, "", fmt.Errorf("--entrypoint is for folders; the entrypoint of %s is the program itself", source)
	}
	if arch, err = architecture(program, platform, info.IsDir()); err != nil {
		return nil, "", err
	}
	if info.IsDir() && !isBinary(program) {
		if err := checkScript(source, c.Entrypoint, program); err != nil {
			return nil, "", err
		}
	}
	options := append(c.options(), pack.Arch(arch))
	if info.IsDir() {
		img, err = pack.Folder(source, append(options, pack.Entrypoint(c.Entrypoint))...)
	} else {
		img, err = pack.Binary(source, options...)
	}
	return img, arch, err
}

// inside finds the entrypoint in a folder.
func (c *Command) inside(folder string) (string, error) {
	switch {
	case c.Entrypoint == "":
		return "", fmt.Errorf("%s is a folder: say which program in it to start, as a path in the image, such as --entrypoint /bin/web", folder)
	case !strings.HasPrefix(c.Entrypoint, "/"):
		return "", fmt.Errorf("--entrypoint %s must begin with /, because it is a path in the image: write --entrypoint /%s", c.Entrypoint, strings.TrimPrefix(c.Entrypoint, "./"))
	}
	program, err := executable(folder, c.Entrypoint)
	if errors.Is(err, fs.ErrPermission) && program != "" {
		return "", fmt.Errorf("--entrypoint %s may not be executed: type chmod +x %s", c.Entrypoint, program)
	}
	if err != nil {
		return "", fmt.Errorf("--entrypoint %s: there is no such program in %s", c.Entrypoint, folder)
	}
	return program, nil
}

// options are the settings of every image, in an order that does not depend on that of a map: equal settings give equal digests.
func (c *Command) options() []pack.Option {
	var options []pack.Option
	for _, key := range sorted(c.Env) {
		options = append(options, pack.Env(key, c.Env[key]))
	}
	for _, key := range sorted(c.Label) {
		options = append(options, pack.Label(key, c.Label[key]))
	}
	if len(c.Arg) > 0 {
		options = append(options, pack.Args(c.Arg...))
	}
	return options
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// destination reads where to push. It leaves nothing to guess: neither Docker Hub nor the tag latest.
func destination(to string) (name.Tag, error) {
	registry, repository, ok := strings.Cut(to, "/")
	if !ok || !strings.ContainsAny(registry, ".:") && registry != "localhost" {
		return name.Tag{}, fmt.Errorf("--to %s names no registry: write --to 127.0.0.1:4566/%s, with the address that slipway local prints", to, to)
	}
	if strings.Contains(repository, "@") {
		return name.Tag{}, fmt.Errorf("--to %s names a digest, which only the push makes: write a tag, such as %s:v1", to, strings.Split(to, "@")[0])
	}
	if !strings.Contains(repository, ":") {
		return name.Tag{}, fmt.Errorf("--to %s has no tag: write --to %s:v1", to, to)
	}
	ref, err := name.NewTag(to, name.StrictValidation)
	if err != nil {
		return name.Tag{}, fmt.Errorf("--to %s is no image name: %w", to, err)
	}
	return ref, nil
}
