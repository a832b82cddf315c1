package elbv2

import (
	"cmp"
	"slices"
	"strconv"
)

// page cuts one page out of items: at most size of them (400 without one, as the API documents), from marker on.
func page[T any](items []T, marker *string, size *int32) ([]T, *string, error) {
	if err := within("PageSize", size, 1, 400); err != nil {
		return nil, nil, err
	}
	from := 0
	if value(marker) != "" {
		var err error
		if from, err = strconv.Atoi(*marker); err != nil || from < 0 || from > len(items) {
			return nil, nil, invalid("Marker %q is not one that an earlier answer gave", *marker)
		}
	}
	until := min(from+int(value(or(size, 400))), len(items))
	if until == len(items) {
		return items[from:], nil, nil
	}
	return items[from:until], new(strconv.Itoa(until)), nil
}

// asked tells whether a request asks for the resource of an ARN and name: by one of them, or by naming no resource at all.
func asked(arns, names []string, arn, name string) bool {
	if len(arns) == 0 && len(names) == 0 {
		return true
	}
	return slices.Contains(arns, arn) || slices.Contains(names, name)
}

// sorted lists the values of a map in the order of their keys.
func sorted[K cmp.Ordered, V any](m map[K]V) []V {
	keys := make([]K, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	items := make([]V, len(keys))
	for i, key := range keys {
		items[i] = m[key]
	}
	return items
}
