package runtimeapi

import "syscall"

// processAttributes puts a child into a process group of its own and lets it die with this process.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
