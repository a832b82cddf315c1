package states

import (
	"errors"
	"fmt"
	"strings"

	"slipway/awssim/paging"
	"slipway/awssim/protocol"
)

// page is the part of a list that a call asks for: at most limit items (100 when 0, AWS takes up to 1000) after the one that the
// token of the call before names. See paging.By for key and order; token is nil on the last page.
func page[T any](items []T, key func(T) string, order func(a, b string) int, limit int32, token *string) ([]T, *string, error) {
	if limit < 0 || limit > 1000 {
		return nil, nil, protocol.Errorf("ValidationException", "maxResults must be from 0 to 1000, not %d", limit)
	}
	if limit == 0 {
		limit = 100
	}
	const mark = "after-"
	if token != nil {
		last, ok := strings.CutPrefix(*token, mark)
		if !ok {
			return nil, nil, protocol.Errorf("InvalidToken", "Invalid Token: '%s'", *token)
		}
		token = &last
	}
	items, next := paging.By(items, key, order, token, int(limit))
	if next != nil {
		next = optional(mark + *next)
	}
	return items, next, nil
}

// numbered is the key of the n-th of something: as text in the order of the numbers.
func numbered(n int) string { return fmt.Sprintf("%010d", n) }

func asError(err error, to **protocol.Error) bool { return errors.As(err, to) }
