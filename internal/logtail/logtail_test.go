package logtail

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/google/go-cmp/cmp"

	"slipway/internal/fault"
	"slipway/internal/wiretest"
)

func page(token string, messages ...string) wiretest.Answer {
	var events []map[string]any
	for _, m := range messages {
		events = append(events, map[string]any{"message": m, "timestamp": 1})
	}
	body, _ := json.Marshal(map[string]any{"events": events, "nextBackwardToken": token})
	return wiretest.OK(string(body))
}

func last(t *testing.T, a *wiretest.AWS, lines int) []string {
	t.Helper()
	got, err := New(logs.NewFromConfig(a.Config())).Last(context.Background(), "/shop/web", "web/web/1", lines, mask)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// mask takes a word out.
func mask(line string) string { return strings.ReplaceAll(line, "SECRET", "***") }

// A secret at the place where a line is cut must not leave its beginning there.
func TestLastMasksBeforeItCuts(t *testing.T) {
	a := wiretest.New(t).On("GetLogEvents", func(wiretest.Call) wiretest.Answer {
		return page("", strings.Repeat("x", longest-3)+"SECRET", "\x1b[1mSEC\x1b[0mRET is wrong\nSECRET")
	})
	want := []string{strings.Repeat("x", longest-3) + "***", "*** is wrong", "***"}
	if diff := cmp.Diff(want, last(t, a, 5)); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestLast(t *testing.T) {
	a := wiretest.New(t).On("GetLogEvents", func(c wiretest.Call) wiretest.Answer {
		in := c.JSON(t)
		if in["nextToken"] == nil {
			want := map[string]any{"logGroupName": "/shop/web", "logStreamName": "web/web/1", "startFromHead": false, "limit": 3.0}
			if diff := cmp.Diff(want, in); diff != "" {
				t.Errorf("asked, want -, got +\n%s", diff)
			}
		}
		return page("b", "one\n", "two\nthree\n", "\n", "four")
	})
	if diff := cmp.Diff([]string{"two", "three", "four"}, last(t, a, 3)); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestLastReadsBackwards(t *testing.T) {
	answers := []wiretest.Answer{page("b1"), page("b2", "two"), page("b2", "one")}
	n := 0
	a := wiretest.New(t).On("GetLogEvents", func(wiretest.Call) wiretest.Answer { n++; return answers[n-1] })
	if diff := cmp.Diff([]string{"one", "two"}, last(t, a, 5)); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
}

func TestLastIsSafeToShow(t *testing.T) {
	a := wiretest.New(t).On("GetLogEvents", func(wiretest.Call) wiretest.Answer {
		return page("", "\x1b[31mred\x1b[0m \x1b]0;title\x07\u009b31m\tend\x1b[", strings.Repeat("ü", 400))
	})
	got := last(t, a, 5)
	if got[0] != "red ]0;title31m end" {
		t.Errorf("got %q", got[0])
	}
	if len(got[1]) != longest+3 || strings.ContainsRune(got[1], '\ufffd') {
		t.Errorf("got %d bytes, want %d and no broken character", len(got[1]), longest+3)
	}
}

func TestLastOfAMissingStream(t *testing.T) {
	a := wiretest.New(t).On("GetLogEvents", func(wiretest.Call) wiretest.Answer {
		return wiretest.Fault("ResourceNotFoundException", "The specified log stream does not exist.")
	})
	if _, err := New(logs.NewFromConfig(a.Config())).Last(context.Background(), "g", "s", 1, mask); !fault.IsMissing(err) {
		t.Errorf("got %s, want *fault.Missing", fmt.Sprint(err))
	}
}
