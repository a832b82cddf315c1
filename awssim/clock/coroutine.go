package clock

import (
	"iter"
	"sync"
)

// proc is a coroutine: what Go or Do was given, and the stack on which it runs from its first turn to its last.
type proc struct {
	name string
	fn   func()
	on   *stack
}

// resume runs the coroutine until it parks or returns. A panic of fn surfaces here, and takes the stack with it.
func (p *proc) resume() {
	if p.on == nil {
		p.on = takeStack()
		p.on.fn = p.fn
	}
	p.on.next()
	if p.on.fn == nil {
		leaveStack(p.on)
	}
}

func (p *proc) park() { p.on.yield(struct{}{}) }

// stack runs one function after another: iter.Pull switches to it and back directly, without the Go scheduler.
type stack struct {
	fn    func() // nil once it has returned
	next  func() (struct{}, bool)
	yield func(struct{}) bool
	end   func()
}

func newStack() *stack {
	s := &stack{}
	s.next, s.end = iter.Pull(func(yield func(struct{}) bool) {
		s.yield = yield
		for again := true; again; again = yield(struct{}{}) {
			s.fn()
			s.fn = nil
		}
	})
	return s
}

// idle are the stacks that nothing runs on, of all clocks: they know none, so that a clock that is over can be collected. A call of
// the AWS SDK is sixty frames deep, and growing a new stack to that for every coroutine was a twentieth of a simulation.
var idle struct {
	sync.Mutex
	stacks []*stack
}

// maxIdle bounds them. It is more than run at one instant in one world.
const maxIdle = 64

func takeStack() *stack {
	idle.Lock()
	defer idle.Unlock()
	n := len(idle.stacks)
	if n == 0 {
		return newStack()
	}
	s := idle.stacks[n-1]
	idle.stacks = idle.stacks[:n-1]
	return s
}

func leaveStack(s *stack) {
	idle.Lock()
	defer idle.Unlock()
	if len(idle.stacks) == maxIdle {
		s.end()
		return
	}
	idle.stacks = append(idle.stacks, s)
}
