package paging_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/awssim/paging"
)

func TestAfter(t *testing.T) {
	names := []string{"a", "c", "e"}
	for _, test := range []struct {
		name string
		last *string
		size int
		want []string
		next *string
	}{
		{"all", nil, 3, []string{"a", "c", "e"}, nil},
		{"the first page", nil, 2, []string{"a", "c"}, new("c")},
		{"the next page", new("c"), 2, []string{"e"}, nil},
		{"after a name that is gone", new("b"), 1, []string{"c"}, new("c")},
		{"after the last name", new("e"), 2, []string{}, nil},
		{"an empty token", new(""), 1, []string{"a"}, new("a")},
	} {
		t.Run(test.name, func(t *testing.T) {
			page, next := paging.After(names, test.last, test.size)
			if diff := cmp.Diff(test.want, page); diff != "" {
				t.Errorf("page: %s", diff)
			}
			if diff := cmp.Diff(test.next, next); diff != "" {
				t.Errorf("next: %s", diff)
			}
		})
	}
}

// A list that begins with the newest item goes on where it was, whatever comes or goes between two pages.
func TestByGoesOnWhereItWas(t *testing.T) {
	page, next := paging.By([]int{5, 4, 3, 2, 1}, strconv.Itoa, paging.Descending, nil, 2)
	if diff := cmp.Diff([]int{5, 4}, page); diff != "" || *next != "4" {
		t.Fatalf("the first page: %s, next %v", diff, next)
	}
	for name, now := range map[string][]int{"the same": {5, 4, 3, 2, 1}, "a newer one": {6, 5, 4, 3, 2, 1}, "the last of the page is gone": {5, 3, 2, 1}, "the whole page is gone": {3, 2, 1}} {
		page, next := paging.By(now, strconv.Itoa, paging.Descending, next, 2)
		if diff := cmp.Diff([]int{3, 2}, page); diff != "" || *next != "2" {
			t.Errorf("%s: %s, next %v", name, diff, next)
		}
	}
}
