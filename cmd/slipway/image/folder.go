package image

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// within is where a path of the image lies on this machine. Symbolic links are followed as in the image, where "/" is the folder.
func within(folder, name string) (string, error) {
	const most = 40 // links, as Linux has it
	at, rest, links := "/", name, 0
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		next := path.Join(at, part)
		info, err := os.Lstat(filepath.Join(folder, filepath.FromSlash(next)))
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		target, err := os.Readlink(filepath.Join(folder, filepath.FromSlash(next)))
		if links++; err != nil || links > most {
			return "", fmt.Errorf("%s: too many links", name)
		}
		if rest = target + "/" + rest; path.IsAbs(target) {
			at = "/"
		}
	}
	return filepath.Join(folder, filepath.FromSlash(at)), nil
}

// executable finds a program of a folder. The errors are those of the file system, fs.ErrPermission for what may not be executed.
func executable(folder, name string) (string, error) {
	file, err := within(folder, name)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return "", fs.ErrNotExist
	case info.Mode()&0o111 == 0:
		return file, fs.ErrPermission
	}
	return file, nil
}

// checkScript refuses what is no binary and could not start from the folder: a script without its interpreter and, on a machine that
// would run it in the same way, what is no script.
func checkScript(folder, entrypoint, program string) error {
	file, err := os.Open(program)
	if err != nil {
		return err
	}
	defer file.Close()
	first, _ := bufio.NewReader(file).ReadBytes('\n') // of an empty file: none
	line, script := bytes.CutPrefix(first, []byte("#!"))
	words := strings.Fields(string(line))
	if !script || len(words) == 0 {
		if runtime.GOOS == "linux" {
			return fmt.Errorf("--entrypoint %s is neither a Linux program nor a script that begins with #! and its interpreter", entrypoint)
		}
		return nil
	}
	if _, err := executable(folder, words[0]); err != nil {
		return fmt.Errorf("--entrypoint %s is a script for %s, which is not in %s: put a static one there, or start a static binary", entrypoint, words[0], folder)
	}
	return nil
}
