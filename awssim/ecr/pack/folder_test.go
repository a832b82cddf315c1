package pack

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func TestFolderHoldsWhatIsInIt(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"bin/run": 0o755, "etc/settings": 0o640} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("run", filepath.Join(dir, "bin/also")); err != nil {
		t.Fatal(err)
	}
	img, err := Folder(dir, Entrypoint("/bin/run", "-x"), Arch("arm64"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(img); err != nil {
		t.Fatal(err)
	}
	again, err := Folder(dir, Entrypoint("/bin/run", "-x"), Arch("arm64"))
	if err != nil {
		t.Fatal(err)
	}
	first, _ := img.Digest()
	if second, _ := again.Digest(); first != second {
		t.Errorf("packed twice: %s and %s", first, second)
	}
	file, err := img.ConfigFile()
	if err != nil || !slices.Equal(file.Config.Entrypoint, []string{"/bin/run", "-x"}) || file.Architecture != "arm64" {
		t.Errorf("config %+v, error %v", file, err)
	}
	rc := mutate.Extract(img)
	defer rc.Close()
	var got []string
	for r := tar.NewReader(rc); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %o %s", strings.TrimSuffix(h.Name, "/"), h.Mode, h.Linkname))
	}
	slices.Sort(got)
	if want := []string{"bin 755 ", "bin/also 777 run", "bin/run 755 ", "etc 755 ", "etc/settings 640 "}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestFoldersThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := Folder(dir); err == nil || !strings.Contains(err.Error(), "needs an entrypoint") {
		t.Errorf("no entrypoint: %v", err)
	}
	if _, err := Folder(filepath.Join(dir, "none"), Entrypoint("/run")); err == nil {
		t.Error("a folder that does not exist was packed")
	}
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if _, err := Folder(dir, Entrypoint("/run")); err == nil || !strings.Contains(err.Error(), "neither a file") {
		t.Errorf("a socket: %v", err)
	}
}
