// Package expression reads the schedule expressions of EventBridge: rate(5 minutes), cron(0 18 ? * MON-FRI *) and, for
// EventBridge Scheduler, at(2026-01-05T18:00:00). All times are UTC.
//
// What is not here: time zones, and anything that fires.
package expression

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/cronexpr"
)

// Expression is a schedule. Exactly one of its fields is set.
type Expression struct {
	every time.Duration
	cron  *cronexpr.Expression
	once  time.Time
}

// Parse reads an expression of EventBridge Scheduler.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
func Parse(text string) (*Expression, error) {
	kind, inside, ok := split(text)
	if !ok {
		return nil, fmt.Errorf("%q is none of rate(value unit), cron(six fields) and at(yyyy-mm-ddThh:mm:ss)", text)
	}
	switch kind {
	case "rate":
		return parseRate(inside)
	case "cron":
		return parseCron(inside)
	}
	once, err := time.Parse("2006-01-02T15:04:05", inside)
	if err != nil {
		return nil, fmt.Errorf("at(%s): write the time as yyyy-mm-ddThh:mm:ss, without a zone", inside)
	}
	return &Expression{once: once}, nil
}

// ParseRule reads the expression of an EventBridge rule: no at(), and the unit of a rate agrees with its value.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
func ParseRule(text string) (*Expression, error) {
	kind, inside, _ := split(text)
	if kind == "at" {
		return nil, fmt.Errorf("%q: a rule takes rate or cron; at is for EventBridge Scheduler", text)
	}
	value, unit, _ := strings.Cut(inside, " ")
	if kind == "rate" && (value == "1") == strings.HasSuffix(unit, "s") {
		return nil, fmt.Errorf("%q: a value of 1 takes minute, hour or day, other values minutes, hours or days", text)
	}
	return Parse(text)
}

// Rate is the period of a rate, 0 for the other kinds.
func (e *Expression) Rate() time.Duration { return e.every }

// Next is the first time after after. A rate counts from anchor. ok is false when there is none any more.
func (e *Expression) Next(anchor, after time.Time) (next time.Time, ok bool) {
	switch {
	case e.every > 0 && after.Before(anchor):
		return anchor, true
	case e.every > 0:
		return anchor.Add((after.Sub(anchor)/e.every + 1) * e.every), true
	case e.cron != nil:
		next = e.cron.Next(after.UTC())
		return next, !next.IsZero()
	}
	return e.once, e.once.After(after)
}

var form = regexp.MustCompile(`^(rate|cron|at)\(([^()]*)\)$`)

func split(text string) (kind, inside string, ok bool) {
	m := form.FindStringSubmatch(text)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

var units = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

func parseRate(inside string) (*Expression, error) {
	value, unit, _ := strings.Cut(inside, " ")
	n, err := strconv.Atoi(value)
	period, ok := units[strings.TrimSuffix(unit, "s")]
	if err != nil || n <= 0 || !ok || strings.HasSuffix(unit, "ss") {
		return nil, fmt.Errorf("rate(%s): write a positive whole number and minutes, hours or days", inside)
	}
	if int64(n) > int64(100*365*24*time.Hour/period) {
		return nil, fmt.Errorf("rate(%s): the period must be less than a hundred years", inside)
	}
	return &Expression{every: time.Duration(n) * period}, nil
}

// parseCron reads minutes, hours, day of month, month, day of week, year. AWS counts weekdays from SUN=1, the library from
// SUN=0.
func parseCron(inside string) (*Expression, error) {
	fields := strings.Fields(inside)
	if len(fields) != 6 {
		return nil, fmt.Errorf("cron(%s): write six fields (minutes hours day-of-month month day-of-week year), not %d", inside, len(fields))
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		return nil, fmt.Errorf("cron(%s): one of day-of-month and day-of-week must be ? and the other not", inside)
	}
	weekdays, err := shiftWeekdays(fields[4])
	if err != nil {
		return nil, fmt.Errorf("cron(%s): %w", inside, err)
	}
	fields[4] = weekdays
	cron, err := cronexpr.Parse(strings.Join(fields, " "))
	if err != nil {
		return nil, fmt.Errorf("cron(%s): %w", inside, err)
	}
	return &Expression{cron: cron}, nil
}

// numbered is one item of the day-of-week field that begins with a number: 2, 2-6, 2/2, 2-6/2, 6L, 3#2.
var numbered = regexp.MustCompile(`^(\d+)(?:-(\d+))?((?:/\d+|L|#\d+)?)$`)

func shiftWeekdays(field string) (string, error) {
	items := strings.Split(field, ",")
	for i, item := range items {
		m := numbered.FindStringSubmatch(item)
		switch {
		case m == nil && strings.EqualFold(item, "L"): // alone it is the last day of the week
			items[i] = "6"
			continue
		case m == nil:
			continue // names, *, ? and steps of *
		}
		first, err := shiftWeekday(m[1])
		if err != nil {
			return "", err
		}
		items[i] = first + m[3]
		if m[2] != "" {
			last, err := shiftWeekday(m[2])
			if err != nil {
				return "", err
			}
			items[i] = first + "-" + last + m[3]
		}
	}
	return strings.Join(items, ","), nil
}

func shiftWeekday(text string) (string, error) {
	day, err := strconv.Atoi(text)
	if err != nil || day < 1 || day > 7 {
		return "", fmt.Errorf("day-of-week %s is not in 1 (SUN) to 7 (SAT)", text)
	}
	return strconv.Itoa(day - 1), nil
}
