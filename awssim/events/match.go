package events

import (
	"fmt"
	"maps"
	"slices"
	"sort"
)

// Matches reports whether the pattern matches an event, given as JSON. The error says why the event cannot be read.
//
// The event is flattened as EventBridge does it: a field is a path and a leaf, arrays count element by element, so an object
// is nothing that exists. Fields that a match combines must not come from different elements of one array.
func (p *Pattern) Matches(event []byte) (bool, error) {
	f, err := fieldsOf(event)
	return err == nil && p.matches(f), err
}

func (p *Pattern) matches(f fields) bool {
	return slices.ContainsFunc(p.branches, func(b branch) bool { return b.matches(f) })
}

// fields are the leaves of an event by path. They are read once per event, and matched against the pattern of every rule.
type fields map[string][]field

func fieldsOf(event []byte) (fields, error) {
	root, err := parseOrdered(string(event))
	if err != nil {
		return nil, err
	}
	o, ok := root.(*object)
	if !ok {
		return nil, fmt.Errorf("the event is not an object")
	}
	f := flattener{fields: fields{}}
	f.object(o, "", nil)
	return f.fields, nil
}

// field is one leaf of an event and the array elements that it lies in, by number of the array.
type field struct {
	value    any // string, json.Number, bool or nil
	elements map[int]int
}

type flattener struct {
	fields fields
	arrays int
}

func (f *flattener) object(o *object, path string, elements map[int]int) {
	for _, m := range o.members {
		f.value(m.value, join(path, m.name), elements)
	}
}

func (f *flattener) value(value any, path string, elements map[int]int) {
	switch v := value.(type) {
	case *object:
		f.object(v, path, elements)
	case []any:
		f.array(v, path, elements)
	default:
		f.fields[path] = append(f.fields[path], field{v, elements})
	}
}

func (f *flattener) array(list []any, path string, elements map[int]int) {
	id := f.arrays
	f.arrays++
	for i, item := range list {
		inside := elements
		switch item.(type) {
		case *object, []any: // leaves of one array may be combined freely
			inside = maps.Clone(elements)
			if inside == nil {
				inside = map[int]int{}
			}
			inside[id] = i
		}
		f.value(item, path, inside)
	}
}

func (b branch) matches(fields fields) bool {
	paths := make([]string, 0, len(b))
	for path := range b {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	return b.match(paths, fields, nil)
}

// match tries every leaf for the first path and goes on with the array elements that it lies in.
func (b branch) match(paths []string, fields fields, elements map[int]int) bool {
	if len(paths) == 0 {
		return true
	}
	path, rest := paths[0], paths[1:]
	absent := true
	for _, f := range fields[path] {
		both, ok := consistent(elements, f.elements)
		if !ok {
			continue
		}
		absent = false
		if slices.ContainsFunc(b[path], func(m matcher) bool { return m.matches(f.value) }) && b.match(rest, fields, both) {
			return true
		}
	}
	return absent && slices.Contains(b[path], matcher(exists(false))) && b.match(rest, fields, elements)
}

func consistent(a, b map[int]int) (map[int]int, bool) {
	both := maps.Clone(a)
	if both == nil {
		both = map[int]int{}
	}
	for id, i := range b {
		if j, ok := both[id]; ok && i != j {
			return nil, false
		}
		both[id] = i
	}
	return both, true
}
