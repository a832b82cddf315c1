package process

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"
)

// start asks for a process to be started.
type start struct {
	cmd   *exec.Cmd
	ended chan error
}

// startProcesses starts all processes of a runtime from one OS thread. Linux kills a child with Pdeathsig when the *thread*
// that started it ends, and Go ends threads when it likes; a locked one ends with this goroutine.
func startProcesses(starts <-chan start) {
	runtime.LockOSThread()
	for s := range starts {
		s.ended <- s.cmd.Start()
	}
}

// proc is a process that was started, the leader of its group.
type proc struct {
	r    *Runtime
	cmd  *exec.Cmd
	gone bool // guarded by the runtime's mu: its id may belong to somebody else from now on
}

// spawn starts a process.
func (r *Runtime) spawn(cmd *exec.Cmd) (*proc, error) {
	s := start{cmd, make(chan error, 1)}
	r.starts <- s
	if err := <-s.ended; err != nil {
		return nil, err
	}
	p := &proc{r: r, cmd: cmd}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.procs[p] = true
	if r.closed {
		p.kill()
	}
	return p, nil
}

// terminate asks the process to end. The caller holds the runtime's mu.
func (p *proc) terminate() {
	if !p.gone {
		askToEnd(p.cmd.Process)
	}
}

// kill kills the process and its group. The caller holds the runtime's mu.
func (p *proc) kill() {
	if !p.gone {
		killGroup(p.cmd.Process)
	}
}

// forget kills what is left of the group when its leader is gone, as the end of a container's first process ends them all.
func (p *proc) forget() {
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	p.kill()
	p.gone = true
	delete(p.r.procs, p)
}

// wait returns the exit code once the process is gone and its output is read: 128+n when signal n ended it.
func (p *proc) wait() int {
	err := p.reap()
	state := p.cmd.ProcessState
	if state == nil {
		return 1 // cannot happen: a process of ours that nobody else waits for
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	if code := state.ExitCode(); code != 0 || err == nil || errors.Is(err, exec.ErrWaitDelay) {
		return code
	}
	return 1
}
