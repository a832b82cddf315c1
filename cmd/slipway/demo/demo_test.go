package demo

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestNothingOutlivesTheLimitForLong(t *testing.T) {
	own := errors.New("its own")
	if err := within(t.Context(), time.Hour, func() error { return own }); err != own {
		t.Errorf("got %v, want what it returned", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := within(over, time.Hour, func() error { time.Sleep(time.Millisecond); return own }); err != own {
		t.Errorf("got %v, want what it returned a moment later", err)
	}
	forever := make(chan struct{})
	defer close(forever)
	if err := within(over, time.Millisecond, func() error { <-forever; return nil }); err != errDeaf {
		t.Errorf("got %v, want it given up", err)
	}
}
