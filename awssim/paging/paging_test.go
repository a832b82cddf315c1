package paging_test

import (
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
