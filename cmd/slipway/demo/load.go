package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// load is a client that never stops asking: the users of the service.
type load struct {
	url    string
	every  time.Duration
	mu     sync.Mutex
	sent   int
	failed int
	first  string // what the first failure was
	last   string // the last good answer
}

// run sends a request every l.every until ctx is done, whatever became of the ones before.
func (l *load) run(ctx context.Context) {
	client := &http.Client{Timeout: 10 * time.Second}
	ticker := time.NewTicker(l.every)
	defer ticker.Stop()
	var pending sync.WaitGroup
	defer pending.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			pending.Go(func() { l.record(ask(client, l.url)) })
		}
	}
}

func ask(client *http.Client, url string) (body string, err error) {
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", response.StatusCode)
	}
	return string(text), err
}

func (l *load) record(body string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	if err == nil {
		l.last = body
		return
	}
	l.failed++
	if l.first == "" {
		l.first = err.Error()
	}
}

// count is what was sent and what failed so far.
func (l *load) count() (sent, failed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent, l.failed
}

func (l *load) firstFailure() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first
}
