package lambda

import (
	"fmt"
	"slices"
	"time"

	"slipway/awssim/clock"
)

// keepWarm is how long an idle sandbox lives. AWS promises no number; minutes are what people see.
const keepWarm = 10 * time.Minute

// sandbox runs one invocation at a time of one revision of a function, and writes one log stream.
type sandbox struct {
	revision string
	stream   string
	busy     bool
	idle     *clock.Timer
}

// acquire returns the sandbox that was used last of those that are free, or a new one after a cold start.
func (s *Service) acquire(e *entry, f Function) *sandbox {
	for i := len(e.sandboxes) - 1; i >= 0; i-- {
		if b := e.sandboxes[i]; !b.busy && b.revision == f.RevisionID {
			b.idle.Stop()
			b.busy = true
			return b
		}
	}
	b := &sandbox{revision: f.RevisionID, stream: s.streamName(f), busy: true}
	e.sandboxes = append(e.sandboxes, b)
	s.counts.ColdStarts++
	if !s.clock.Paced() { // a real process takes its own time to start
		s.clock.Sleep(time.Duration(100+s.clock.Rand().IntN(201)) * time.Millisecond)
	}
	return b
}

// release keeps a sandbox warm, or ends it when the function's process died in it.
func (s *Service) release(e *entry, b *sandbox, died bool) {
	if died {
		s.end(e, b)
		return
	}
	e.forget(b)
	b.busy = false
	e.sandboxes = append(e.sandboxes, b) // the one used last is taken first
	b.idle = s.clock.After(keepWarm, "lambda idle "+e.latest.Name, func() { s.end(e, b) })
}

func (s *Service) end(e *entry, b *sandbox) {
	e.forget(b)
	if runner, ok := s.wiring.Runner.(Ender); ok {
		runner.End(b.stream)
	}
}

func (e *entry) forget(b *sandbox) {
	e.sandboxes = slices.DeleteFunc(e.sandboxes, func(other *sandbox) bool { return other == b })
}

func (s *Service) streamName(f Function) string {
	r := s.clock.Rand()
	return fmt.Sprintf("%s/[%s]%016x%016x", s.clock.Now().UTC().Format("2006/01/02"), f.Version, r.Uint64(), r.Uint64())
}
