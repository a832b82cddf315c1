package child

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup gives a process a group of its own, and has the kernel kill it when this program dies however it dies.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func askToEnd(p *os.Process) { _ = p.Signal(syscall.SIGTERM) }

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// reap waits for the process. Its group is killed between its end and its burial: until then its id cannot be given to
// another process, so the signal cannot hit a stranger.
func (p *Process) reap() error {
	for {
		err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			break
		}
	}
	p.forget()
	return p.cmd.Wait()
}
