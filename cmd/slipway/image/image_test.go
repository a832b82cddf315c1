package image

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// program writes the head of an ELF file, which is all that is read of one, and returns its path.
func program(t *testing.T, file string, machine elf.Machine, segment elf.ProgType) string {
	t.Helper()
	head := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1}
	copy(head.Ident[:], elf.ELFMAG)
	head.Ident[elf.EI_CLASS], head.Ident[elf.EI_DATA], head.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	var buf bytes.Buffer
	for _, part := range []any{head, elf.Prog64{Type: uint32(segment)}} {
		if err := binary.Write(&buf, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, buf.Bytes(), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// command parses a command line as the user types it and runs it.
func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var c Command
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		return "", err
	}
	var out strings.Builder
	err = c.run(t.Context(), &out)
	return out.String(), err
}

// pushTo starts a registry of this machine and returns an address in it.
func pushTo(t *testing.T) (to string) {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/shop/web:v1"
}

func pulled(t *testing.T, to string) *remote.Descriptor {
	t.Helper()
	ref, err := name.ParseReference(to)
	if err != nil {
		t.Fatal(err)
	}
	got, err := remote.Get(ref)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func config(t *testing.T, img v1.Image, err error) *v1.ConfigFile {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestOneBinary(t *testing.T) {
	to := pushTo(t)
	web := program(t, filepath.Join(t.TempDir(), "web"), elf.EM_AARCH64, elf.PT_LOAD)
	out, err := command(t, web, "--to", to, "--env", "B=2;x=y", "--env", "A=1", "--label", "l=m", "--arg=-v", "--arg", "a,b")
	if err != nil {
		t.Fatal(err)
	}
	got := pulled(t, to)
	if want := fmt.Sprintf("pushed %s  %s  linux/arm64\n", to, got.Digest); out != want {
		t.Errorf("printed %q, want %q", out, want)
	}
	img, err := got.Image()
	file := config(t, img, err)
	if file.Architecture != "arm64" || !slices.Equal(file.Config.Entrypoint, []string{"/app/web"}) || !slices.Equal(file.Config.Env, []string{"A=1", "B=2;x=y"}) ||
		!slices.Equal(file.Config.Cmd, []string{"-v", "a,b"}) || file.Config.Labels["l"] != "m" {
		t.Errorf("config %+v", file)
	}
}

func TestSeveralPlatforms(t *testing.T) {
	to, dir := pushTo(t), t.TempDir()
	amd := program(t, filepath.Join(dir, "amd64/web"), elf.EM_X86_64, elf.PT_LOAD)
	arm := program(t, filepath.Join(dir, "arm64/web"), elf.EM_AARCH64, elf.PT_LOAD)
	out, err := command(t, amd, arm, "--to", to, "--platform", "linux/amd64,linux/arm64")
	if err != nil || !strings.HasSuffix(out, "linux/amd64, linux/arm64\n") {
		t.Fatalf("printed %q, error %v", out, err)
	}
	index, err := pulled(t, to).ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.String())
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("platforms %v", platforms)
	}
}

func TestFolder(t *testing.T) {
	to, dir := pushTo(t), t.TempDir()
	program(t, filepath.Join(dir, "bin/web"), elf.EM_X86_64, elf.PT_INTERP) // its libraries are in the folder
	if _, err := command(t, dir, "--to", to, "--entrypoint", "/bin/web"); err != nil {
		t.Fatal(err)
	}
	img, err := pulled(t, to).Image()
	if file := config(t, img, err); file.Architecture != "amd64" || !slices.Equal(file.Config.Entrypoint, []string{"/bin/web"}) {
		t.Errorf("config %+v", file)
	}
}

func script(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, []byte("#! /bin/sh -e\nexec /bin/web\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// A script starts if the folder holds its interpreter, behind links as in the image: Alpine's /bin/sh is a link to /bin/busybox.
func TestAScriptWithItsInterpreter(t *testing.T) {
	to, dir := pushTo(t), t.TempDir()
	program(t, filepath.Join(dir, "usr/bin/busybox"), elf.EM_X86_64, elf.PT_LOAD)
	script(t, filepath.Join(dir, "start"))
	for link, target := range map[string]string{"bin": "usr/bin", "usr/bin/sh": "/bin/busybox", "run": "/start"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, entrypoint := range []string{"/start", "/run"} {
		if _, err := command(t, dir, "--to", to, "--entrypoint", entrypoint); err != nil {
			t.Errorf("%s: %v", entrypoint, err)
		}
	}
	if err := os.Symlink("around", filepath.Join(dir, "around")); err != nil {
		t.Fatal(err)
	}
	if _, err := command(t, dir, "--to", to, "--entrypoint", "/around"); err == nil {
		t.Error("a link to itself is a program")
	}
	if err := os.WriteFile(filepath.Join(dir, "text"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := command(t, dir, "--to", to, "--entrypoint", "/text"); runtime.GOOS == "linux" && (err == nil || !strings.Contains(err.Error(), "neither a Linux program nor a script")) {
		t.Errorf("an empty file: %v", err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	dir := t.TempDir()
	amd := program(t, filepath.Join(dir, "amd"), elf.EM_X86_64, elf.PT_LOAD)
	dynamic := program(t, filepath.Join(dir, "dynamic"), elf.EM_X86_64, elf.PT_INTERP)
	mips := program(t, filepath.Join(dir, "mips"), elf.EM_MIPS, elf.PT_LOAD)
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	script(t, filepath.Join(dir, "script"))
	if err := os.Symlink("/bin/sh", filepath.Join(dir, "outside")); err != nil {
		t.Fatal(err)
	}
	const to = "127.0.0.1:1/shop/web:v1"
	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"no registry", "write --to 127.0.0.1:4566/shop/web:v1", []string{amd, "--to", "shop/web:v1"}},
		{"no tag", "write --to 127.0.0.1:1/shop/web:v1", []string{amd, "--to", "127.0.0.1:1/shop/web"}},
		{"digest", "write a tag, such as 127.0.0.1:1/shop/web:v1", []string{amd, "--to", "127.0.0.1:1/shop/web@sha256:00"}},
		{"bad name", "is no image name", []string{amd, "--to", "127.0.0.1:1/Shop:v1"}},
		{"not built", "CGO_ENABLED=0 go build", []string{filepath.Join(dir, "none"), "--to", to}},
		{"dynamic", "build it with CGO_ENABLED=0", []string{dynamic, "--to", to}},
		{"foreign machine", "build it with GOARCH=amd64 or GOARCH=arm64", []string{mips, "--to", to}},
		{"wrong claim", "build it with GOARCH=arm64, or say --platform linux/amd64", []string{amd, "--to", to, "--platform", "linux/arm64"}},
		{"foreign platform", "none of linux/amd64 and linux/arm64", []string{amd, "--to", to, "--platform", "windows/amd64"}},
		{"count", "2 platforms for 1 programs", []string{amd, "--to", to, "--platform", "linux/amd64,linux/arm64"}},
		{"twice", "second program for linux/amd64", []string{amd, amd, "--to", to}},
		{"entrypoint of a binary", "--entrypoint is for folders", []string{amd, "--to", to, "--entrypoint", "/x"}},
		{"folder alone", "such as --entrypoint /bin/web", []string{dir, "--to", to}},
		{"entrypoint without a slash", "--entrypoint bin/web must begin with /, because it is a path in the image: write --entrypoint /bin/web", []string{dir, "--to", to, "--entrypoint", "bin/web"}},
		{"script without its interpreter", "--entrypoint /script is a script for /bin/sh, which is not in " + dir, []string{dir, "--to", to, "--entrypoint", "/script"}},
		{"a link out of the folder", "--entrypoint /outside: there is no such program", []string{dir, "--to", to, "--entrypoint", "/outside"}},
		{"entrypoint that is not there", "no such program", []string{dir, "--to", to, "--entrypoint", "/none"}},
		{"entrypoint not executable", "chmod +x " + plain, []string{dir, "--to", to, "--entrypoint", "/plain"}},
		{"nobody listens", "start the local AWS with `slipway local`", []string{amd, "--to", to}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := command(t, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// What registries refuse, as ECR words it.
func TestRefusalsOfTheRegistry(t *testing.T) {
	web := program(t, filepath.Join(t.TempDir(), "web"), elf.EM_X86_64, elf.PT_LOAD)
	for _, c := range []struct {
		status     int
		code, want string
	}{
		{http.StatusNotFound, "NAME_UNKNOWN", "aws ecr create-repository --repository-name shop/web"},
		{http.StatusBadRequest, "TAG_INVALID", "push under another tag"},
		{http.StatusForbidden, "DENIED", "docker login --username AWS --password-stdin"},
		{http.StatusBadRequest, "MANIFEST_INVALID", "MANIFEST_INVALID"},
	} {
		t.Run(c.code, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/v2/":
					return
				case r.Method == http.MethodHead:
					w.WriteHeader(http.StatusNotFound)
					return
				}
				w.WriteHeader(c.status)
				fmt.Fprintf(w, `{"errors":[{"code":%q,"message":"no"}]}`, c.code)
			}))
			defer server.Close()
			_, err := command(t, web, "--to", strings.TrimPrefix(server.URL, "http://")+"/shop/web:v1")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestPushEndsWithItsContext(t *testing.T) {
	web := program(t, filepath.Join(t.TempDir(), "web"), elf.EM_X86_64, elf.PT_LOAD)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := Command{Sources: []string{web}, To: pushTo(t)}
	if err := c.run(ctx, io.Discard); err == nil {
		t.Error("a cancelled push succeeded")
	}
}
