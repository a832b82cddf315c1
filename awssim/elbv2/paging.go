package elbv2

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/awssim/paging"
)

// page cuts one page out of items, which are sorted by key: at most size of them (400 without one, as the API documents), after the
// one that marker names.
func page[T any](items []T, key func(T) string, marker *string, size *int32) ([]T, *string, error) {
	if err := within("PageSize", size, 1, 400); err != nil {
		return nil, nil, err
	}
	const mark = "after-"
	var last *string
	if aws.ToString(marker) != "" {
		text, ok := strings.CutPrefix(*marker, mark)
		if !ok {
			return nil, nil, invalid("Marker %q is not one that an earlier answer gave", *marker)
		}
		last = &text
	}
	items, next := paging.By(items, key, strings.Compare, last, int(*cmp.Or(size, new(int32(400)))))
	if next != nil {
		next = new(mark + *next)
	}
	return items, next, nil
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
