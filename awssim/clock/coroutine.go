package clock

import (
	"iter"
	"runtime"
	"sync"
)

// proc is a coroutine: what Go or Do was given, and the stack on which it runs from its first turn to its last.
type proc struct {
	name string
	fn   func()
	on   *stack
	live int // its place in the clock's live coroutines, while it is on a stack
}

// resume runs the coroutine until it parks or returns, and reports whether it has returned. A panic of fn surfaces here, and takes
// the stack with it.
func (p *proc) resume() (over bool) {
	if p.on == nil {
		p.on = takeStack()
		p.on.fn = p.fn
	}
	p.on.next()
	if over = p.on.fn == nil; over {
		leaveStack(p.on)
	}
	return over
}

// park returns when the coroutine is resumed, and not at all when its clock is closed: then it runs its deferred functions and is
// gone. It does not panic for that, as somebody might recover.
func (p *proc) park() {
	if !p.on.yield(struct{}{}) {
		runtime.Goexit()
	}
}

// end ends a coroutine that is parked. Its Goexit surfaces in whoever ends it, so that is a goroutine of no further use.
func (p *proc) end() {
	over := make(chan struct{})
	go func() {
		defer close(over)
		p.on.end()
	}()
	<-over
}

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
