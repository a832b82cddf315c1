package process

import (
	"bytes"
	"strings"
)

const (
	// maxLine is where a log line is cut in two, as Docker does it.
	maxLine = 16 << 10
	// maxPending is how many batches of lines of one container may wait for a turn before its output is held back.
	maxPending = 256
)

// lines cuts one output of a container into log lines.
type lines struct {
	c    *container
	rest []byte
}

func (c *container) lines() *lines { return &lines{c: c} }

// Write implements io.Writer. It is called by one goroutine at a time.
func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
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
			l.c.log(batch)
			return len(p), nil
		}
	}
}

// flush logs what is left without a newline when the process is gone.
func (l *lines) flush() {
	if len(l.rest) > 0 {
		l.c.log([]string{string(l.rest)})
		l.rest = nil
	}
}

// log hands lines to the log driver in a turn. It waits when too many are under way, so that a container that floods its
// log is slowed down and not the simulator.
func (c *container) log(batch []string) {
	if len(batch) == 0 {
		return
	}
	select {
	case c.quota <- struct{}{}:
	case <-c.r.ctx.Done():
		return
	}
	c.r.post(func() {
		<-c.quota
		c.spec.Log(batch...)
	})
}
