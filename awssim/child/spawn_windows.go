package child

import (
	"os"
	"syscall"
)

// ownGroup gives a process a group of its own. Windows has no SIGTERM: processes are killed at once.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func askToEnd(p *os.Process) { _ = p.Kill() }

func killGroup(p *os.Process) { _ = p.Kill() }

// reap waits for the process.
func (p *Process) reap() error {
	err := p.cmd.Wait()
	p.forget()
	return err
}
