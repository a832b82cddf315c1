package local

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"slipway/cmd/slipway/laptop"
	"slipway/internal/rollout"
)

// tell writes what Slipway tells people, as it happens.
func tell(ctx context.Context, aws *laptop.Laptop, out io.Writer) {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		for _, n := range aws.News() {
			if n.Told != nil {
				_, _ = io.WriteString(out, line(*n.Told))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// line is one line for an ending; a failure block follows where there is one. "ok" and "x" say whether the execution is green,
// "-" marks what is no ending.
func line(a rollout.Announcement) string {
	mark := "-"
	for _, known := range rollout.Endings() {
		switch {
		case a.Kind != string(known):
		case known.Green():
			mark = "ok"
		default:
			mark = "x"
		}
	}
	lines := append([]string{a.Kind + ": " + a.Sentence}, a.Report...)
	if mark == "x" && len(a.Report) > 0 { // a failure block, which starts with the sentence and its own mark
		lines = append([]string{strings.TrimPrefix(a.Report[0], "x ")}, a.Report[1:]...)
	}
	return fmt.Sprintf("%s  %-2s %s\n", a.At.Local().Format(time.TimeOnly), mark, strings.Join(lines, "\n             "))
}
