//go:build !linux

package runtimeapi

import "syscall"

// processAttributes puts a child into a process group of its own. Only Linux can tie it to the life of this process.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
