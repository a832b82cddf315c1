package states

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/recolabs/gnata"

	"slipway/awssim/clock"
	"slipway/awssim/protocol"
)

// endless is an expression that would take days.
const endless = `$sum($map([1..9999999], function($x) { $sum($map([1..9999999], function($y) { $x * $y })) }))`

func TestAnExpressionHasASecondOnALaptop(t *testing.T) {
	c := clock.NewPaced(1000, 1)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { c.Run(ctx); close(stopped) }()
	defer func() { cancel(); <-stopped }()
	s := New(c, protocol.Default, answers{}, nil)
	arn := begin(t, c, s, deploy(t, c, s, "slow", jsonata(`"A":{"Type":"Pass","Output":"{% `+endless+` %}","End":true}`)), "{}")
	c.Do("read", func() {
		x := s.runs[arn]
		for x.status == types.ExecutionStatusRunning {
			c.Sleep(time.Second)
		}
		if x.errorName != errQueryEvaluation || !strings.Contains(x.cause, "the limit of 1s") {
			t.Errorf("got %s: %s, want %s", x.errorName, x.cause, errQueryEvaluation)
		}
	})
}

func TestAnEndlessExpressionEndsATest(t *testing.T) {
	x, err := gnata.Compile(endless)
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(clock.New(clock.Epoch, 1))
	e.limit = 20 * time.Millisecond
	defer func() {
		if p := recover(); p == nil || !strings.Contains(p.(string), "20ms of wall time") {
			t.Errorf("got %v, want a panic that names the limit", p)
		}
	}()
	v, err := e.run(x, &scope{}, nil)
	t.Errorf("got %v, %v", v, err)
}

func TestRangeIsCounted(t *testing.T) {
	for _, tt := range []struct {
		first, last, step float64
		count             int
		end               float64
	}{
		{1, 3, 1, 3, 3}, {0, 1, 0.1, 11, 1}, {3, 1, -1, 3, 1}, {1, 1, 5, 1, 1}, {1, 2, 5, 1, 1}, {1, 0, 1, 0, 0}, {0, 1, -1, 0, 0},
		{1e17, 1e17 + 16, 0.001, 16001, 1e17 + 16},
	} {
		v, err := numberRange([]any{tt.first, tt.last, tt.step})
		list, _ := v.([]any)
		if err != nil || len(list) != tt.count || tt.count > 0 && list[len(list)-1] != tt.end {
			t.Errorf("$range(%v, %v, %v): got %d numbers, %v, want %d up to %v", tt.first, tt.last, tt.step, len(list), err, tt.count, tt.end)
		}
	}
	if _, err := numberRange([]any{0.0, 1e6, 1.0}); err == nil {
		t.Error("more than a million numbers were made")
	}
}
