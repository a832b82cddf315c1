package process

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// defaultPath is where programs are looked for when the image does not say, as with Docker.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// failure is why a container has no process: its exit code, by the shell's convention, and ECS's reason.
type failure struct {
	code   int
	reason string
}

// command makes the container's command: its program inside the unpacked image, and nothing of this process's environment.
func (c *container) command(root *rootfs) (*exec.Cmd, *failure) {
	argv := slices.Concat(c.spec.Entrypoint, c.spec.Command)
	if len(argv) == 0 {
		argv = slices.Concat(c.spec.Image.Entrypoint, c.spec.Image.Cmd)
	}
	if len(argv) == 0 {
		return nil, &failure{127, "CannotStartContainerError: Error response from daemon: no command specified: neither the image nor the task definition has an entrypoint or a command"}
	}
	return c.program(root, argv)
}

// program makes the command for any program in the image: the container's own or its health check's.
func (c *container) program(root *rootfs, argv []string) (*exec.Cmd, *failure) {
	env := c.environment()
	wd := inside(c.spec.Image.WorkingDir)
	if err := root.MkdirAll(wd, 0o755); err != nil {
		return nil, &failure{127, cannotStart(argv[0], "working directory "+c.spec.Image.WorkingDir+": "+err.Error())}
	}
	file, fail := lookUp(root, wd, env["PATH"], argv[0])
	if fail != nil {
		return nil, fail
	}
	cmd := &exec.Cmd{
		Path: filepath.Join(root.dir, filepath.FromSlash(file)),
		Args: argv,
		Dir:  filepath.Join(root.dir, filepath.FromSlash(wd)),
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, name+"="+env[name])
	}
	return cmd, nil
}

// environment is the image's, then the task definition's, then where to listen. A program has to bind its task's address
// and no other: with one network for all, port 8080 of every address can be bound only once.
func (c *container) environment() map[string]string {
	env := map[string]string{"PATH": defaultPath, "HOST": c.address}
	if len(c.spec.PortMappings) > 0 {
		m := c.spec.PortMappings[0]
		port := m.HostPort // nothing translates ports here, so the program listens where it is reached
		if port == 0 {
			port = m.ContainerPort
		}
		env["PORT"] = strconv.Itoa(c.r.Port(port))
	}
	for _, item := range c.spec.Image.Env {
		if name, value, ok := strings.Cut(item, "="); ok {
			env[name] = value
		}
	}
	maps.Copy(env, c.spec.Environment)
	env["AWSSIM_ADDRESS"] = c.address
	return env
}

// inside turns a path of the image into one relative to its root.
func inside(name string) string {
	return cmp.Or(strings.TrimPrefix(path.Clean("/"+name), "/"), ".")
}

// lookUp finds a program in the image as a shell would.
func lookUp(root *rootfs, wd, searchPath, program string) (string, *failure) {
	var candidates []string
	switch {
	case path.IsAbs(program):
		candidates = []string{inside(program)}
	case strings.Contains(program, "/"):
		candidates = []string{path.Join(wd, program)}
	default:
		for _, dir := range strings.Split(searchPath, ":") {
			candidates = append(candidates, inside(path.Join(dir, program)))
		}
	}
	denied := false
	for _, file := range candidates {
		info, err := root.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil || info.IsDir() || info.Mode()&0o111 == 0:
			denied = true
		default:
			return file, nil
		}
	}
	switch {
	case denied:
		return "", &failure{126, cannotStart(program, "permission denied")}
	case strings.Contains(program, "/"):
		return "", &failure{127, cannotStart(program, "stat "+program+": no such file or directory")}
	}
	return "", &failure{127, cannotStart(program, "executable file not found in $PATH")}
}
