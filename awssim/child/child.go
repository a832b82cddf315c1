// Package child starts the processes of tasks and functions, ends them together with everything they started, and turns their
// output into log lines.
//
// A process is the leader of a group of its own (spawn*.go), and dies with this program where the system can see to that. Its
// output is cut into lines and held back while earlier lines wait (output.go).
//
// What is not here: what a process runs, and isolation.
package child

import (
	"errors"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// outputDelay is how long a process that is gone waits for its output: something that left its group may hold it open.
const outputDelay = 2 * time.Second

// ErrClosed is what a Starter answers after Close.
var ErrClosed = errors.New("child: no more processes are started")

// Starter starts processes, and can end them all. It may be used from any goroutine.
type Starter struct {
	starts chan start

	mu      sync.Mutex
	closed  bool
	running map[*Process]bool
	pending sync.WaitGroup // Starts under way
}

// start asks for a process to be started.
type start struct {
	cmd   *exec.Cmd
	ended chan error
}

// NewStarter returns a Starter, which Close ends.
func NewStarter() *Starter {
	s := &Starter{starts: make(chan start), running: map[*Process]bool{}}
	go s.serve()
	return s
}

// serve starts all processes from one OS thread. Linux kills a child with Pdeathsig when the *thread* that started it ends, and
// Go ends threads when it likes; a locked one ends with this goroutine.
func (s *Starter) serve() {
	runtime.LockOSThread()
	for next := range s.starts {
		next.ended <- next.cmd.Start()
	}
}

// Start starts a process in a group of its own. Somebody must Wait for it.
func (s *Starter) Start(cmd *exec.Cmd) (*Process, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, ErrClosed
	}
	s.pending.Add(1)
	s.mu.Unlock()
	defer s.pending.Done()
	cmd.SysProcAttr, cmd.WaitDelay = ownGroup(), outputDelay
	next := start{cmd, make(chan error, 1)}
	s.starts <- next
	if err := <-next.ended; err != nil {
		return nil, err
	}
	p := &Process{starter: s, cmd: cmd}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[p] = true
	if s.closed {
		p.kill()
	}
	return p, nil
}

// Close kills every process, those that are just being started too, and starts no more. It does not wait for their ends.
func (s *Starter) Close() {
	s.mu.Lock()
	already := s.closed
	s.closed = true
	for p := range s.running {
		p.kill()
	}
	s.mu.Unlock()
	if !already {
		s.pending.Wait()
		close(s.starts)
	}
}

// Process is a process that was started, the leader of its group. Its methods but Wait may be called at any time.
type Process struct {
	starter *Starter
	cmd     *exec.Cmd
	gone    bool // guarded by the starter's mu: its id may belong to somebody else from now on
}

// Terminate asks the process to end.
func (p *Process) Terminate() {
	p.starter.mu.Lock()
	defer p.starter.mu.Unlock()
	if !p.gone {
		askToEnd(p.cmd.Process)
	}
}

// Kill kills the process and its group.
func (p *Process) Kill() {
	p.starter.mu.Lock()
	defer p.starter.mu.Unlock()
	p.kill()
}

func (p *Process) kill() {
	if !p.gone {
		killGroup(p.cmd.Process)
	}
}

// forget kills what is left of the group when its leader is gone, as the end of a container's first process ends them all.
func (p *Process) forget() {
	p.starter.mu.Lock()
	defer p.starter.mu.Unlock()
	p.kill()
	p.gone = true
	delete(p.starter.running, p)
}

// Wait returns when the process is gone and its output is read, with what os/exec says of its end. It is called once.
func (p *Process) Wait() error { return p.reap() }

// ExitCode is the exit code after Wait: 128+n when signal n ended the process.
func (p *Process) ExitCode() int {
	state := p.cmd.ProcessState
	if state == nil {
		return 1 // cannot happen: a process of ours that nobody else waits for
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
