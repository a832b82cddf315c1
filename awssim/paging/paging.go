// Package paging cuts lists of names into pages whose token is the last name of the page before. Names that come and go between
// two pages therefore neither repeat nor hide others. How large a page may be, and the errors for a size or a token that cannot
// be right, differ from one AWS service to the next and stay with them, as do lists in another order than their names'.
package paging

import "slices"

// After returns what follows last in the sorted names, at most size of them, and the token of the next page: nil when this page
// is the last. A nil last begins with the first name.
func After(names []string, last *string, size int) (page []string, next *string) {
	if last != nil {
		from, found := slices.BinarySearch(names, *last)
		if found {
			from++
		}
		names = names[from:]
	}
	if len(names) <= size {
		return names, nil
	}
	return names[:size], new(names[size-1])
}
