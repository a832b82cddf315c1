package awssim

import (
	"context"
	"testing"
	"time"

	"slipway/awssim/clock"
)

func TestALaptopForgetsEveryHour(t *testing.T) {
	s, err := New(Options{Clock: clock.NewPaced(36_000, 1)}) // ten hours a second
	if err != nil {
		t.Fatal(err)
	}
	turns := make(chan time.Time, 1000)
	s.Clock.Trace(func(at time.Time, name string) {
		if name == "forget" {
			turns <- at
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Clock.Run(ctx) }()
	first, second := <-turns, <-turns
	cancel()
	<-ended
	if second.Sub(first) != time.Hour {
		t.Errorf("forgot at %s and at %s, want an hour between", first, second)
	}
}
