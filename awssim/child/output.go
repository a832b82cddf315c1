package child

import (
	"bytes"
	"strings"
	"sync"
)

// maxPending is how many batches of lines of one Output may wait for a turn before its writers are held back.
const maxPending = 256

// Output is what a process writes, on its way to a log. A process that floods its log is slowed down, and not the simulator.
type Output struct {
	maxLine int
	post    func(turn func())
	done    <-chan struct{}
	quota   chan struct{} // one entry per batch that waits for its turn

	mu   sync.Mutex
	log  func(lines ...string)
	mail []func() // in order, which turns of one instant do not keep
}

// NewOutput returns an Output that logs in turns, which post queues. A line is cut in two at maxLine bytes. When done is closed
// nobody waits for turns any more, and what is written is lost.
func NewOutput(maxLine int, post func(turn func()), log func(lines ...string), done <-chan struct{}) *Output {
	return &Output{maxLine: maxLine, post: post, log: log, done: done, quota: make(chan struct{}, maxPending)}
}

// LogTo changes where lines go that are written from now on.
func (o *Output) LogTo(log func(lines ...string)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.log = log
}

// hand gives lines to the log in a turn.
func (o *Output) hand(batch []string) {
	if len(batch) == 0 {
		return
	}
	select {
	case o.quota <- struct{}{}:
	case <-o.done:
		return
	}
	o.mu.Lock()
	log := o.log
	o.mail = append(o.mail, func() { log(batch...) })
	o.mu.Unlock()
	o.post(o.deliver)
}

func (o *Output) deliver() {
	<-o.quota
	o.mu.Lock()
	next := o.mail[0]
	o.mail = o.mail[1:]
	o.mu.Unlock()
	next()
}

// Writer returns a stream of the output, such as its standard error. The streams of one Output share what it holds back.
func (o *Output) Writer() *Lines { return &Lines{output: o} }

// Lines cuts one stream into lines.
type Lines struct {
	output *Output
	rest   []byte
}

// Write implements io.Writer and never fails. It is called by one goroutine at a time.
func (l *Lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	maxLine := l.output.maxLine
	var batch []string
	for {
		end := bytes.IndexByte(l.rest, '\n')
		switch {
		case end > maxLine || end < 0 && len(l.rest) >= maxLine:
			batch = append(batch, string(l.rest[:maxLine]))
			l.rest = l.rest[maxLine:]
		case end >= 0:
			batch = append(batch, strings.TrimSuffix(string(l.rest[:end]), "\r"))
			l.rest = l.rest[end+1:]
		default:
			l.output.hand(batch)
			return len(p), nil
		}
	}
}

// Flush logs what is left without a newline when the process is gone.
func (l *Lines) Flush() {
	if len(l.rest) > 0 {
		l.output.hand([]string{string(l.rest)})
		l.rest = nil
	}
}
