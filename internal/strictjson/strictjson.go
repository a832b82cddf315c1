// Package strictjson reads JSON from outside without the leniency of encoding/json, which takes the last of two equal keys and
// matches keys in any case: {"account":"A","ACCOUNT":"B"} would read as B.
//
// It checks the text and hands it on; what the keys mean is the caller's business.
package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deeply objects and lists may nest.
const MaxDepth = 64

// Check refuses text that is not exactly one JSON value in valid UTF-8, that repeats a key of an object (in any case), or
// that nests deeper than MaxDepth.
func Check(data []byte) error {
	if !utf8.Valid(data) {
		return fmt.Errorf("the text is not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := value(d, "", 0); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("there is text after the JSON value")
	}
	return nil
}

func value(d *json.Decoder, path string, depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("%s nests deeper than %d levels", name(path), MaxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return fmt.Errorf("%s is not JSON: %w", name(path), err)
	}
	switch token {
	case json.Delim('{'):
		return object(d, path, depth)
	case json.Delim('['):
		for i := 0; d.More(); i++ {
			if err := value(d, fmt.Sprintf("%s[%d]", path, i), depth+1); err != nil {
				return err
			}
		}
		_, err = d.Token()
	}
	return err
}

func object(d *json.Decoder, path string, depth int) error {
	seen := map[string]string{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return fmt.Errorf("%s is not JSON: %w", name(path), err)
		}
		key := token.(string)
		folded := strings.ToLower(key)
		if first, ok := seen[folded]; ok {
			return fmt.Errorf("%s has %q and %q: one key twice", name(path), first, key)
		}
		seen[folded] = key
		if err := value(d, strings.TrimPrefix(path+"."+key, "."), depth+1); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func name(path string) string {
	if path == "" {
		return "the input"
	}
	return path
}

// Object checks data and returns the members of the object it holds. Known keys must be spelt exactly: a key that equals
// one of them in another case is refused. Other keys are returned as they are.
func Object(data []byte, known ...string) (map[string]json.RawMessage, error) {
	if err := Check(data); err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return nil, fmt.Errorf("the input must be a JSON object")
	}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		for _, want := range known {
			if key != want && strings.EqualFold(key, want) {
				return nil, fmt.Errorf("key %q must be written %q", key, want)
			}
		}
	}
	return members, nil
}

// Exactly is Object for input that may hold nothing but the known keys. An unknown key is refused with the nearest known
// one as a hint.
func Exactly(data []byte, known ...string) (map[string]json.RawMessage, error) {
	members, err := Object(data, known...)
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(known, key) {
			return nil, fmt.Errorf("unknown key %q%s; the keys are %s", key, hint(key, known), strings.Join(known, ", "))
		}
	}
	return members, nil
}

func hint(key string, known []string) string {
	if best := Near(key, known); best != "" {
		return fmt.Sprintf(" (did you mean %q?)", best)
	}
	return ""
}

// Near is the known word that a misspelt one most likely stands for, "" if none is near.
func Near(word string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), k); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
