package scripted

import (
	"fmt"
	"strconv"
	"time"
)

// script is what the labels of an image say.
type script struct {
	start, ready, after time.Duration
	status              int
	exits               bool
	exit                int
	reason, log         string
}

func read(labels map[string]string) (script, error) {
	s := script{start: time.Second, status: 200, reason: labels["awssim.reason"], log: labels["awssim.log"]}
	for _, d := range []struct {
		name string
		into *time.Duration
	}{{"awssim.start", &s.start}, {"awssim.ready", &s.ready}, {"awssim.after", &s.after}} {
		text, ok := labels[d.name]
		if !ok {
			continue
		}
		var err error
		if *d.into, err = time.ParseDuration(text); err != nil || *d.into < 0 {
			return s, fmt.Errorf("label %s is %q: give a duration such as 5s", d.name, text)
		}
	}
	_, s.exits = labels["awssim.exit"]
	for _, n := range []struct {
		name string
		into *int
	}{{"awssim.exit", &s.exit}, {"awssim.status", &s.status}} {
		text, ok := labels[n.name]
		if !ok {
			continue
		}
		var err error
		if *n.into, err = strconv.Atoi(text); err != nil {
			return s, fmt.Errorf("label %s is %q: give a whole number", n.name, text)
		}
	}
	return s, nil
}
