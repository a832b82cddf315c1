package demo

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"slipway/cmd/slipway/laptop"
)

// Interrupted is a demo that was told to stop by a signal, and did.
type Interrupted struct{ by error }

func (e *Interrupted) Error() string {
	return fmt.Sprintf("stopped (%s); every process that the demo started has ended", e.by)
}

// ExitCode is the shell's convention: 128 and the signal's number.
func (e *Interrupted) ExitCode() int {
	for _, other := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		if strings.HasPrefix(e.by.Error(), other.String()) {
			return 128 + int(other)
		}
	}
	return 128 + int(syscall.SIGINT)
}

// ready finds out what is missing before anything starts. The error is one sentence with the cure.
func (c *Command) ready() error {
	if err := laptop.CheckSpeed(c.Speed); err != nil {
		return err
	}
	for _, file := range []string{c.Template, c.Service} {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("%s is not there: run this in the repository's folder (%w)", file, err)
		}
	}
	if _, err := os.Stat(c.App); err != nil {
		return fmt.Errorf("%s is not built: type `make demo` in the repository's folder, which builds everything", c.App)
	}
	if err := laptop.CheckFunctions(c.Functions, "demo"); err != nil {
		return err
	}
	return usable(os.TempDir())
}

// usable checks that programs can be put into a folder and run there: the images are unpacked below it.
func usable(dir string) error {
	const cure = "set TMPDIR to a folder where you can write and run programs"
	file, err := os.CreateTemp(dir, "slipway-try-")
	if err != nil {
		return fmt.Errorf("images cannot be unpacked in %s: %s (%w)", dir, cure, err)
	}
	defer os.Remove(file.Name())
	if err := errors.Join(file.Chmod(0o755), file.Close()); err != nil {
		return fmt.Errorf("images cannot be unpacked in %s: %s (%w)", dir, cure, err)
	}
	if err := unix.Access(file.Name(), unix.X_OK); err != nil {
		return fmt.Errorf("programs cannot be run in %s: %s (%w)", dir, cure, err)
	}
	return nil
}

// freeForTasks checks that tasks can listen on their port, each on an address of its own. A program that listens on every address of
// this machine is in their way.
func freeForTasks(port int) error {
	address := "127.255.255.254" // no task's, and like all of 127.0.0.0/8 there without set-up
	if runtime.GOOS != "linux" {
		address = "127.0.0.1"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(address, fmt.Sprint(port)))
	if err != nil {
		return fmt.Errorf("the tasks listen on port %d, which another program has on every address of this machine: stop that program for the time of the demo (%w)", port, err)
	}
	return listener.Close()
}
