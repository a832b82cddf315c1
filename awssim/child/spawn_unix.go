//go:build unix && !linux

package child

import (
	"os"
	"syscall"
)

// ownGroup gives a process a group of its own. Only Linux can kill it with its parent: elsewhere the processes outlive a
// program that was killed without a chance to Close.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func askToEnd(p *os.Process) { _ = p.Signal(syscall.SIGTERM) }

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// reap waits for the process and then kills what is left of its group.
func (p *Process) reap() error {
	err := p.cmd.Wait()
	p.forget()
	return err
}
