// Package paging cuts lists into pages whose token names the last item of the page before. Items that come and go between two pages
// therefore neither repeat nor hide others. The largest page, and the errors for a wrong size or token, differ between AWS services
// and stay in their packages.
package paging

import (
	"slices"
	"strings"
)

// After returns what follows last in the sorted names, at most size of them, and the token of the next page: nil when this page
// is the last. A nil last begins with the first name.
func After(names []string, last *string, size int) (page []string, next *string) {
	return By(names, func(name string) string { return name }, strings.Compare, last, size)
}

// By is After for items in any order. A key names an item and tells its place: order compares two keys as the list does, so that
// a page begins where it must even when the item of its token is gone.
func By[T any](items []T, key func(T) string, order func(a, b string) int, last *string, size int) (page []T, next *string) {
	if last != nil {
		from, found := slices.BinarySearchFunc(items, *last, func(item T, last string) int { return order(key(item), last) })
		if found {
			from++
		}
		items = items[from:]
	}
	if len(items) <= size {
		return items, nil
	}
	return items[:size], new(key(items[size-1]))
}

// Descending is the order of lists that begin with the greatest key.
func Descending(a, b string) int { return strings.Compare(b, a) }
