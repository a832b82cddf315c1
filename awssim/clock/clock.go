// Package clock hands out time and turns to everything in awssim.
//
// There is one queue of turns, ordered by time. A turn is a short piece of work: a timer's callback, or a coroutine that runs
// until it sleeps, waits or returns. Exactly one turn runs at a time, so the services of awssim keep their state in plain
// maps without a lock, and the order of turns, which is all the concurrency there is, follows from the seed alone.
//
// A clock is either virtual (New), where the next turn's time simply becomes now, or paced (NewPaced), where turns wait for
// the wall clock, scaled by a speed. Nothing else in awssim goes by the wall clock, with two exceptions that must not scale: the
// limits of real processes and sockets, which are timeouts of functions (lambda/runtimeapi), requests to tasks (process), the output
// of a process that is gone (child) and connections (elbv2/proxy.go); and the time that one turn may compute, which only an expression
// of a workflow uses up (states/expression.go).
//
// What is not here: anything that blocks. Network and processes live on ordinary goroutines and come back with Post, Do or
// Await.
package clock

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Epoch is where virtual time starts unless a caller says otherwise.
var Epoch = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

// ErrIdle is returned by RunUntil when no turn is left and the condition still does not hold.
var ErrIdle = errors.New("clock: nothing left to do and the condition does not hold")

// ErrLimit is returned by RunUntil when the time limit came before the condition.
var ErrLimit = errors.New("clock: time limit reached before the condition held")

// Clock is the queue of turns. Its methods are called from inside a turn unless their comment says otherwise.
type Clock struct {
	now     time.Time
	queue   turns
	seq     uint64
	rng     *rand.Rand
	current *proc   // the coroutine whose turn it is, nil in a callback
	turning bool    // a turn is running
	live    []*proc // coroutines that have begun and not returned
	count   uint64
	trace   func(at time.Time, name string)

	// Paced clocks only.
	speed float64
	wall  time.Time // wall time that corresponds to epoch
	epoch time.Time

	mu    sync.Mutex // guards inbox, the one door for other goroutines
	inbox []posted
	wake  chan struct{}
	ended chan struct{} // closed when Run returns
}

type posted struct {
	name string
	fn   func()
}

// New returns a virtual clock that starts at start. The seed decides the order of turns that are due at the same instant.
func New(start time.Time, seed uint64) *Clock {
	return &Clock{
		now:   start,
		rng:   rand.New(rand.NewPCG(seed, 0x51e9a7)),
		wake:  make(chan struct{}, 1),
		ended: make(chan struct{}),
	}
}

// NewPaced returns a clock that follows the wall clock, speed times as fast. It does nothing until Run is called.
func NewPaced(speed float64, seed uint64) *Clock {
	wall := time.Now()
	c := New(wall.UTC(), seed)
	c.speed, c.wall, c.epoch = speed, wall, c.now
	return c
}

// Paced reports whether the clock follows the wall clock.
func (c *Clock) Paced() bool { return c.speed > 0 }

// Speed is how many virtual seconds pass in a second of wall time; 0 for a virtual clock.
func (c *Clock) Speed() float64 { return c.speed }

// Now is the time of the current turn. It does not move during a turn.
func (c *Clock) Now() time.Time { return c.now }

// Rand is the clock's seeded source. Only turns may draw from it.
func (c *Clock) Rand() *rand.Rand { return c.rng }

// Turns counts the turns run so far.
func (c *Clock) Turns() uint64 { return c.count }

// Trace calls fn with the time and name of every turn from now on.
func (c *Clock) Trace(fn func(at time.Time, name string)) { c.trace = fn }

// Timer is a turn in the future that can still be called off.
type Timer struct{ t *turn }

// Stop calls the turn off and reports whether it was still to come.
func (t *Timer) Stop() bool {
	if t == nil || t.t.fn == nil {
		return false
	}
	t.t.fn = nil
	return true
}

// After runs fn as a turn of its own, d from now. fn must not Sleep; use Go for work that does.
func (c *Clock) After(d time.Duration, name string, fn func()) *Timer {
	return &Timer{c.push(c.now.Add(max(d, 0)), name, fn)}
}

// Every runs fn each d until the returned stop is called. The first run is d from now.
func (c *Clock) Every(d time.Duration, name string, fn func()) (stop func()) {
	if d <= 0 {
		panic(fmt.Sprintf("clock: Every(%s) for %s: the period must be positive", d, name))
	}
	var timer *Timer
	var again func()
	again = func() {
		timer = c.After(d, name, again)
		fn()
	}
	timer = c.After(d, name, again)
	return func() { timer.Stop() }
}

// Go starts fn as a coroutine in a turn of its own at this instant.
func (c *Clock) Go(name string, fn func()) {
	p := &proc{name: name, fn: fn}
	c.push(c.now, name, func() { c.resume(p) })
}

// Sleep parks the current coroutine for d. It panics in a callback, which has nothing to park.
func (c *Clock) Sleep(d time.Duration) {
	p := c.mustCurrent("Sleep")
	c.push(c.now.Add(max(d, 0)), p.name, func() { c.resume(p) })
	p.park()
}

// Signal wakes the coroutines that wait for it. The zero value is not usable; see NewSignal.
type Signal struct {
	c       *Clock
	waiting []*proc
	fired   bool
}

// NewSignal returns a signal that has not fired.
func (c *Clock) NewSignal() *Signal { return &Signal{c: c} }

// Fire wakes every waiting coroutine, each in a turn of its own, and lets later Waits pass at once.
func (s *Signal) Fire() {
	s.fired = true
	for _, p := range s.waiting {
		s.c.push(s.c.now, p.name, func() { s.c.resume(p) })
	}
	s.waiting = nil
}

// Fired reports whether Fire was called.
func (s *Signal) Fired() bool { return s.fired }

// Wait parks the current coroutine until the signal fires.
func (s *Signal) Wait() {
	if s.fired {
		return
	}
	p := s.c.mustCurrent("Wait")
	s.waiting = append(s.waiting, p)
	p.park()
}

// Await parks the current coroutine while work runs on a goroutine of its own: for processes and sockets, on a paced clock.
func (c *Clock) Await(name string, work func()) {
	done := c.NewSignal()
	go func() {
		work()
		c.Post(name, done.Fire)
	}()
	done.Wait()
}

// InCoroutine reports whether the caller runs inside a coroutine's turn, where Sleep is allowed. It is for callers that are
// never on another goroutine while turns run, which is to say in virtual time.
func (c *Clock) InCoroutine() bool { return c.current != nil }

// Post queues fn as a turn. It may be called from any goroutine.
func (c *Clock) Post(name string, fn func()) {
	c.mu.Lock()
	c.inbox = append(c.inbox, posted{name, fn})
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Do runs fn as a coroutine and returns when it has returned. It is the way in from outside: on a paced clock from any
// goroutine while Run runs; on a virtual clock from the goroutine that drives it, which it drives until fn is done.
// A panic of fn surfaces in Do on a virtual clock and in Run on a paced one.
func (c *Clock) Do(name string, fn func()) {
	if c.Paced() {
		done := make(chan struct{})
		c.Post(name, func() {
			c.Go(name, func() {
				defer close(done)
				fn()
			})
		})
		select {
		case <-done:
		case <-c.ended:
		}
		return
	}
	finished := false
	c.Go(name, func() { fn(); finished = true })
	for !finished {
		if !c.step() {
			panic("clock: " + name + " waits for something that nobody will do")
		}
	}
}

// RunUntil drives a virtual clock until done holds, checked between turns. It returns ErrLimit when limit of virtual time
// has passed, ErrIdle when no turn is left.
func (c *Clock) RunUntil(done func() bool, limit time.Duration) error {
	end := c.now.Add(limit)
	for !done() {
		next := c.peek()
		if next == nil {
			return ErrIdle
		}
		if next.at.After(end) {
			c.now = end
			return ErrLimit
		}
		c.step()
	}
	return nil
}

// RunFor drives a virtual clock for d.
func (c *Clock) RunFor(d time.Duration) {
	end := c.now.Add(d)
	for next := c.peek(); next != nil && !next.at.After(end); next = c.peek() {
		c.step()
	}
	c.now = end
}

// Run drives a paced clock until ctx is done; it is called once. Turns that are late run at once, in order. A panic in a turn ends
// Run and with it the program: what a request can make panic is recovered where requests come in (protocol.Crashed).
func (c *Clock) Run(ctx context.Context) {
	if !c.Paced() {
		panic("clock: Run is for paced clocks; drive a virtual one with RunUntil, RunFor or Do")
	}
	defer close(c.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		c.takeInbox()
		next := c.peek()
		wait := time.Hour
		if next != nil {
			wait = time.Until(c.wallTime(next.at))
		}
		if next != nil && wait <= 0 {
			c.step()
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-c.wake:
		case <-timer.C:
		}
	}
}

func (c *Clock) wallTime(at time.Time) time.Time {
	return c.wall.Add(time.Duration(float64(at.Sub(c.epoch)) / c.speed))
}

// takeInbox gives each posted turn the present moment: a paced clock's now otherwise stands still between turns.
func (c *Clock) takeInbox() {
	c.mu.Lock()
	inbox := c.inbox
	c.inbox = nil
	c.mu.Unlock()
	if len(inbox) == 0 {
		return
	}
	at := c.now
	if c.Paced() {
		at = c.epoch.Add(time.Duration(float64(time.Since(c.wall)) * c.speed))
	}
	for _, p := range inbox {
		c.push(at, p.name, p.fn)
	}
}

func (c *Clock) peek() *turn {
	if !c.Paced() {
		c.takeInbox()
	}
	for len(c.queue) > 0 && c.queue[0].fn == nil {
		heap.Pop(&c.queue)
	}
	if len(c.queue) == 0 {
		return nil
	}
	return c.queue[0]
}

// step runs the next turn and reports whether there was one.
func (c *Clock) step() bool {
	next := c.peek()
	if next == nil {
		return false
	}
	if c.turning {
		panic("clock: turn " + next.name + " started inside another turn")
	}
	heap.Pop(&c.queue)
	if next.at.After(c.now) {
		c.now = next.at
	}
	fn := next.fn
	next.fn = nil
	c.count++
	if c.trace != nil {
		c.trace(c.now, next.name)
	}
	c.turning = true
	defer func() { c.turning = false }()
	fn()
	return true
}

func (c *Clock) push(at time.Time, name string, fn func()) *turn {
	c.seq++
	t := &turn{at: at, tie: c.rng.Uint32(), seq: c.seq, name: name, fn: fn}
	heap.Push(&c.queue, t)
	return t
}

func (c *Clock) resume(p *proc) {
	if p.on == nil {
		p.live = len(c.live)
		c.live = append(c.live, p)
	}
	c.current = p
	defer func() { c.current = nil }()
	if p.resume() {
		last := c.live[len(c.live)-1]
		c.live[p.live], last.live = last, p.live
		c.live[len(c.live)-1] = nil
		c.live = c.live[:len(c.live)-1]
	}
}

// Close ends what a virtual clock that nobody drives any more still has: its turns will not come, and its coroutines run their
// deferred functions and are gone. Without it each keeps its stack, and all that it knows, for the life of the program. It is called
// by the goroutine that drove the clock.
func (c *Clock) Close() {
	if c.Paced() || c.turning {
		panic("clock: Close is for a virtual clock, outside its turns; a paced one ends with the context of Run")
	}
	for len(c.live) > 0 {
		p := c.live[len(c.live)-1]
		c.live = c.live[:len(c.live)-1]
		c.current = p
		p.end()
	}
	c.current, c.queue = nil, nil
}

func (c *Clock) mustCurrent(what string) *proc {
	if c.current == nil {
		panic("clock: " + what + " outside a coroutine; start one with Go or Do")
	}
	return c.current
}

// turn is one entry of the queue. fn is nil once it ran or was called off.
type turn struct {
	at   time.Time
	tie  uint32 // seeded: the order of turns at one instant is part of what a seed explores
	seq  uint64
	name string
	fn   func()
}

type turns []*turn

func (q turns) Len() int { return len(q) }
func (q turns) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	if q[i].tie != q[j].tie {
		return q[i].tie < q[j].tie
	}
	return q[i].seq < q[j].seq
}
func (q turns) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *turns) Push(x any)   { *q = append(*q, x.(*turn)) }
func (q *turns) Pop() any {
	old := *q
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return t
}
