package states

import (
	"fmt"
	"regexp"
	"time"
)

// choose runs a Choice state: the first rule whose condition is true, else the default.
func (v *visit) choose() (any, string, *failure) {
	e := v.evaluator(nil)
	for i := range v.state.choices {
		c := &v.state.choices[i]
		is, f := e.typed(c.condition, "boolean")
		if f != nil {
			return nil, "", f
		}
		if is == true {
			return v.leave(c.assign, c.output, v.input, nil, c.next)
		}
	}
	if v.state.defaultState == "" {
		return nil, "", &failure{name: errNoChoice, cause: v.said("Failed to transition out of the state. The state does not point to a next state.")}
	}
	return v.leave(v.state.assign, v.state.output, v.input, nil, v.state.defaultState)
}

// fail is the failure that a Fail state asks for. Error and Cause may both be absent.
func (v *visit) fail() *failure {
	e, f := v.evaluator(nil), &failure{}
	for _, field := range []struct {
		t  *template
		to *string
	}{{v.state.errorName, &f.name}, {v.state.cause, &f.cause}} {
		if field.t == nil {
			continue
		}
		text, bad := e.typed(field.t, "string")
		if bad != nil {
			return bad
		}
		*field.to = text.(string)
	}
	return f
}

// waitState runs a Wait state. A timestamp that has passed does not wait.
func (v *visit) waitState() (any, string, *failure) {
	d, f := v.duration()
	if f != nil {
		return nil, "", f
	}
	if d > 0 && !v.sleep("wait "+v.state.name, d) {
		return nil, "", stopped
	}
	return v.leave(v.state.assign, v.state.output, v.input, nil, v.state.next)
}

func (v *visit) duration() (time.Duration, *failure) {
	e := v.evaluator(nil)
	if v.state.seconds != nil {
		n, f := e.whole(v.state.seconds, 0, maxSeconds)
		return seconds(float64(n)), f
	}
	text, f := e.typed(v.state.timestamp, "string")
	if f != nil {
		return 0, f
	}
	at, err := parseTimestamp(text.(string))
	if err != nil {
		f := queryError("Timestamp", "%v", err)
		f.afterEntry = true
		return 0, f
	}
	return at.Sub(v.clock().Now()), nil
}

// isoOffset is the form that AWS takes: Java's ISO_OFFSET_DATE_TIME, whose seconds may be absent.
var isoOffset = regexp.MustCompile(`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)$`)

func parseTimestamp(text string) (time.Time, error) {
	//lint:ignore ST1005 the sentence is AWS's and ends up in an execution's cause
	bad := fmt.Errorf("The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: %s", text)
	m := isoOffset.FindStringSubmatchIndex(text)
	if m == nil {
		return time.Time{}, bad
	}
	layout := "2006-01-02T15:04:05Z07:00"
	if m[2] < 0 {
		layout = "2006-01-02T15:04Z07:00"
	}
	normal := []byte(text)
	normal[10] = 'T'
	if last := len(normal) - 1; normal[last] == 'z' {
		normal[last] = 'Z'
	}
	at, err := time.Parse(layout, string(normal))
	if err != nil {
		return time.Time{}, bad
	}
	return at, nil
}
