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

// run sends a request every l.every until stop is closed, whatever became of the ones before, and waits for the last answers. When
// ctx is done it gives up at once: requests that it breaks off itself did not fail.
func (l *load) run(ctx context.Context, stop <-chan struct{}) {
	client := &http.Client{Timeout: 10 * time.Second}
	ticker := time.NewTicker(l.every)
	defer ticker.Stop()
	var pending sync.WaitGroup
	defer pending.Wait()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			pending.Go(func() {
				if body, err := ask(ctx, client, l.url); ctx.Err() == nil {
					l.record(body, err)
				}
			})
		}
	}
}

func ask(ctx context.Context, client *http.Client, url string) (body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
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
