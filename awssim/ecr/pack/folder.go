package pack

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Folder packs what the folder at path holds as the root of the image's file system: folders, files and symbolic links, with their
// permissions, owned by root. It refuses an image without Entrypoint, and files of other kinds.
func Folder(path string, opts ...Option) (v1.Image, error) {
	p := planned(opts)
	if len(p.entrypoint) == 0 {
		return nil, fmt.Errorf("pack %s: the image of a folder needs an entrypoint", path)
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || file == path {
			return err
		}
		return add(w, path, file, entry)
	})
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("pack %s: %w", path, err)
	}
	files, err := compressed(&buf)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", path, err)
	}
	return assemble(path, files, p)
}

func add(w *tar.Writer, root, file string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	target, err := filepath.Rel(root, file)
	if err != nil {
		return err
	}
	h := &tar.Header{Name: filepath.ToSlash(target), Mode: int64(info.Mode().Perm()), ModTime: created}
	switch {
	case info.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
	case info.Mode()&fs.ModeSymlink != 0:
		h.Typeflag = tar.TypeSymlink
		if h.Linkname, err = os.Readlink(file); err != nil {
			return err
		}
	case info.Mode().IsRegular():
		return addFile(w, h, file)
	default:
		return fmt.Errorf("%s is neither a file, a folder nor a symbolic link", file)
	}
	return w.WriteHeader(h)
}

func addFile(w *tar.Writer, h *tar.Header, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	h.Typeflag, h.Size = tar.TypeReg, int64(len(content))
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}
