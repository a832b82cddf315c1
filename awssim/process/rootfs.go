package process

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"slipway/awssim/ecr"
)

// Limits of an unpacked image: a mistake or a bomb must not fill the disk.
const (
	maxBytes = 4 << 30
	maxFiles = 200_000
)

// rootfs is an unpacked image. Names given to its os.Root cannot leave it.
type rootfs struct {
	*os.Root
	dir   string
	ready chan struct{} // closed when unpacking ended
	err   error

	// Guarded by the runtime's mu.
	users  int // containers that may run
	unused int // hours without one
}

func (f *rootfs) close() {
	if f.Root != nil {
		_ = f.Root.Close()
	}
}

// remove removes the unpacked files.
func (f *rootfs) remove() {
	f.close()
	if f.dir != "" {
		_ = os.RemoveAll(f.dir)
	}
}

// root unpacks an image, once for all that ask at a time, and holds it until release. What failed is held by nobody, and is tried
// again by the next.
func (r *Runtime) root(img ecr.Image) (*rootfs, error) {
	r.mu.Lock()
	f, known := r.roots[img.ManifestDigest]
	if !known {
		f = &rootfs{ready: make(chan struct{})}
		r.roots[img.ManifestDigest] = f
	}
	f.users, f.unused = f.users+1, 0
	r.mu.Unlock()
	if known {
		<-f.ready
		return f, f.err
	}
	f.err = r.unpack(f, img)
	if f.err != nil {
		r.mu.Lock()
		delete(r.roots, img.ManifestDigest)
		r.mu.Unlock()
		f.remove() // what ECS tries again and again must not fill the disk
	}
	close(f.ready)
	return f, f.err
}

// release says that a container with this image is gone.
func (r *Runtime) release(f *rootfs) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.users--
}

func (r *Runtime) unpack(f *rootfs, img ecr.Image) error {
	content, err := r.open(img)
	if err != nil {
		return err
	}
	if f.dir, err = os.MkdirTemp(r.dir, "root-"); err != nil {
		return fmt.Errorf("make a folder for the image: %w", err)
	}
	if f.Root, err = os.OpenRoot(f.dir); err != nil {
		return fmt.Errorf("open the folder of the image: %w", err)
	}
	if err := extract(r.ctx, f.Root, content); err != nil {
		return fmt.Errorf("unpack %s@%s: %w", img.Repository, img.ManifestDigest, err)
	}
	return nil
}

// extract writes the image's files below root.
func extract(ctx context.Context, root *os.Root, img v1.Image) error {
	files := mutate.Extract(img)
	defer files.Close()
	u := unpacker{root: root}
	for r := tar.NewReader(files); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return u.finish()
		}
		if err != nil {
			return fmt.Errorf("read the layers: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := u.entry(h, r); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

type unpacker struct {
	root  *os.Root
	files int
	bytes int64
	links []*tar.Header // hard links wait: a link may come before the file of a lower layer that it names
}

func (u *unpacker) entry(h *tar.Header, content io.Reader) error {
	if u.files++; u.files > maxFiles {
		return fmt.Errorf("the image has more than %d files", maxFiles)
	}
	name := inside(h.Name)
	if name == "." {
		return nil
	}
	if err := u.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		if err := u.root.MkdirAll(name, 0o755); err != nil {
			return err
		}
		return u.root.Chmod(name, permissions(h)|0o700) // ours to fill and to remove
	case tar.TypeReg:
		return u.file(name, h, content)
	case tar.TypeSymlink:
		return u.root.Symlink(target(name, h.Linkname), name)
	case tar.TypeLink:
		u.links = append(u.links, h)
	}
	return nil // devices and pipes are left out: a plain process has the machine's
}

// permissions are the file's without setuid, setgid and sticky.
func permissions(h *tar.Header) fs.FileMode { return fs.FileMode(h.Mode) & 0o777 }

func (u *unpacker) file(name string, h *tar.Header, content io.Reader) error {
	if u.bytes += h.Size; u.bytes > maxBytes {
		return fmt.Errorf("the image is larger than %d bytes unpacked", int64(maxBytes))
	}
	// A process that is forked while a program is open for writing keeps it open until its own exec, and the program cannot
	// be started meanwhile ("text file busy"). So nothing is forked meanwhile.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	f, err := u.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, content); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return u.root.Chmod(name, permissions(h)|0o400)
}

// target keeps an absolute symbolic link inside the image: seen from the machine it would point at the machine's file.
func target(name, link string) string {
	if !path.IsAbs(link) {
		return filepath.FromSlash(link)
	}
	up := strings.Repeat("../", strings.Count(name, "/"))
	return filepath.FromSlash(up + inside(link))
}

func (u *unpacker) finish() error {
	for _, h := range u.links {
		if err := u.root.Link(inside(h.Linkname), inside(h.Name)); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	return nil
}
