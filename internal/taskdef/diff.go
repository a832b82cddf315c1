package taskdef

import (
	"maps"
	"reflect"
	"slices"
	"sort"
	"strings"
)

// difference is one place at which two task definitions differ. Elements of a list that have names are places of their own,
// so that a path reads containerDefinitions, web, environment, LOG_LEVEL, value.
type difference struct {
	path     []string
	from, to any // nil: absent
}

func (d difference) String() string { return strings.Join(d.path, ".") }

// ofImage reports whether a difference is the image of a container that both have.
func ofImage(d difference) bool {
	return len(d.path) == 3 && d.path[0] == "containerDefinitions" && d.path[2] == "image"
}

// compare lists the differences between two definitions, sorted by path.
func compare(from, to map[string]any) []difference {
	var all []difference
	walk(nil, from, to, &all)
	sort.Slice(all, func(i, j int) bool { return all[i].String() < all[j].String() })
	return all
}

// losses are the paths at which got is not what was wanted. Tags may have been added, as account policies do.
func losses(want, got document) []string {
	var paths []string
	for _, d := range compare(want.content(), got.content()) {
		paths = append(paths, d.String())
	}
	has := got.tagged()
	tags := want.tagged()
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if value, ok := has[key]; !ok || value != tags[key] {
			paths = append(paths, "tags."+key)
		}
	}
	return paths
}

func walk(path []string, from, to any, all *[]difference) {
	if empty(from) && empty(to) {
		return
	}
	fromList, fromOK := list(from)
	toList, toOK := list(to)
	if fromOK && toOK {
		walkLists(path, fromList, toList, all)
		return
	}
	fromMap, fromOK := from.(map[string]any)
	toMap, toOK := to.(map[string]any)
	if fromOK && toOK {
		walkMaps(path, fromMap, toMap, all)
		return
	}
	if !reflect.DeepEqual(from, to) {
		add(path, from, to, all)
	}
}

func add(path []string, from, to any, all *[]difference) {
	*all = append(*all, difference{path: slices.Clone(path), from: from, to: to})
}

func walkMaps(path []string, from, to map[string]any, all *[]difference) {
	keys := maps.Clone(from)
	maps.Copy(keys, to)
	for key := range keys {
		walk(append(slices.Clone(path), key), from[key], to[key], all)
	}
}

// walkLists aligns elements by name where all have one; ECS does not keep the order of environment variables, for one.
// Other lists are compared as they stand.
func walkLists(path []string, from, to []any, all *[]difference) {
	fromNamed, fromOK := named(from)
	toNamed, toOK := named(to)
	if fromOK && toOK && len(from)+len(to) > 0 {
		walkMaps(path, fromNamed, toNamed, all)
		return
	}
	if len(path) > 0 && unordered[path[len(path)-1]] {
		from, to = sorted(from), sorted(to)
	}
	if len(from) != len(to) {
		add(path, from, to, all)
		return
	}
	var inside []difference
	for i := range from {
		walk(path, from[i], to[i], &inside)
	}
	if len(inside) > 0 {
		add(path, from, to, all)
	}
}

// unordered are lists whose order means nothing even where names repeat or do not exist.
var unordered = map[string]bool{"environment": true, "secrets": true, "requiresCompatibilities": true}

func sorted(elements []any) []any {
	elements = slices.Clone(elements)
	sort.Slice(elements, func(i, j int) bool { return string(encode(elements[i])) < string(encode(elements[j])) })
	return elements
}

// list is v as a list; what is absent counts as an empty one.
func list(v any) ([]any, bool) {
	if v == nil {
		return nil, true
	}
	l, ok := v.([]any)
	return l, ok
}

// named are the elements of a list by their name, if every one has a name of its own.
func named(elements []any) (map[string]any, bool) {
	byName := map[string]any{}
	for _, e := range elements {
		object, ok := e.(map[string]any)
		if !ok {
			return nil, false
		}
		name, ok := object["name"].(string)
		if _, twice := byName[name]; !ok || name == "" || twice {
			return nil, false
		}
		byName[name] = e
	}
	return byName, true
}

// empty reports whether v says no more than its absence does. ECS answers some members of a definition with an empty value
// or false that were never set, and more of them with every feature it gets.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}
