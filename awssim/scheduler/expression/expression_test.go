package expression

import (
	"strings"
	"testing"
	"time"
)

// monday is 5 January 2026, 09:00.
var monday = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

func TestNext(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // the next three times, "" for none
	}{
		{"rate(5 minutes)", "2026-01-05T09:05 2026-01-05T09:10 2026-01-05T09:15"},
		{"rate(1 day)", "2026-01-06T09:00 2026-01-07T09:00 2026-01-08T09:00"},
		{"cron(0 10 * * ? *)", "2026-01-05T10:00 2026-01-06T10:00 2026-01-07T10:00"},
		{"cron(15 12 * * ? *)", "2026-01-05T12:15 2026-01-06T12:15 2026-01-07T12:15"},
		{"cron(0 18 ? * MON-FRI *)", "2026-01-05T18:00 2026-01-06T18:00 2026-01-07T18:00"},
		{"cron(0 18 ? * 2-6 *)", "2026-01-05T18:00 2026-01-06T18:00 2026-01-07T18:00"},
		{"cron(0 18 ? * 1 *)", "2026-01-11T18:00 2026-01-18T18:00 2026-01-25T18:00"},
		{"cron(0 18 ? * 7,SUN *)", "2026-01-10T18:00 2026-01-11T18:00 2026-01-17T18:00"},
		{"cron(0 18 ? * L *)", "2026-01-10T18:00 2026-01-17T18:00 2026-01-24T18:00"},
		{"cron(0 8 1 * ? *)", "2026-02-01T08:00 2026-03-01T08:00 2026-04-01T08:00"},
		{"cron(0/15 * * * ? *)", "2026-01-05T09:15 2026-01-05T09:30 2026-01-05T09:45"},
		{"cron(0/10 * ? * MON-FRI *)", "2026-01-05T09:10 2026-01-05T09:20 2026-01-05T09:30"},
		{"cron(0 12 L * ? *)", "2026-01-31T12:00 2026-02-28T12:00 2026-03-31T12:00"},
		{"cron(0 12 3W * ? *)", "2026-02-03T12:00 2026-03-03T12:00 2026-04-03T12:00"},
		{"cron(0 12 ? * 3#2 *)", "2026-01-13T12:00 2026-02-10T12:00 2026-03-10T12:00"},
		{"cron(0 12 ? * 6L *)", "2026-01-30T12:00 2026-02-27T12:00 2026-03-27T12:00"},
		{"cron(0 12 ? JAN,MAR 6L 2026-2027)", "2026-01-30T12:00 2026-03-27T12:00 2027-01-29T12:00"},
		{"cron(0 12 31 2 ? *)", ""},
		{"cron(0 12 * * ? 2025)", ""},
		{"at(2026-01-05T09:30:00)", "2026-01-05T09:30"},
		{"at(2026-01-05T09:00:00)", ""},
	} {
		e, err := Parse(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		var got []string
		for at := monday; len(got) < 3; {
			next, ok := e.Next(monday, at)
			if !ok {
				break
			}
			got, at = append(got, next.Format("2006-01-02T15:04")), next
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %v", c.text, got, c.want)
		}
	}
}

func TestRateBeforeItsAnchor(t *testing.T) {
	e, err := Parse("rate(1 hours)")
	if err != nil {
		t.Fatal(err)
	}
	if next, _ := e.Next(monday, monday.Add(-time.Minute)); !next.Equal(monday) {
		t.Fatalf("got %s, want the anchor itself", next)
	}
	if next, _ := e.Next(monday, monday.Add(150*time.Minute)); !next.Equal(monday.Add(3 * time.Hour)) {
		t.Fatalf("got %s, want the third hour", next)
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{
		"", "5 minutes", "rate()", "rate(0 minutes)", "rate(-1 minutes)", "rate(5 weeks)", "rate(5 minutess)", "rate(1.5 hours)", "rate(99999999999 days)",
		"cron(0 10 * * *)", "cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(0 10 ? * 0 *)", "cron(0 10 ? * 8 *)", "cron(61 10 * * ? *)", "cron(x 10 * * ? *)",
		"at(2026-01-05)", "at(2026-01-05T09:00:00Z)", "every(5 minutes)",
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) was accepted", text)
		}
	}
	for _, text := range []string{"rate(1 minutes)", "rate(5 minute)", "at(2026-01-05T09:30:00)"} {
		if _, err := Parse(text); err != nil {
			t.Errorf("Parse(%q): %v", text, err)
		}
		if _, err := ParseRule(text); err == nil {
			t.Errorf("ParseRule(%q) was accepted", text)
		}
	}
}
