package states

import (
	"errors"
	"strconv"
	"strings"

	"slipway/awssim/protocol"
)

// page is the part of a list that a call asks for: at most limit items (100 when 0, AWS takes up to 1000) from where the
// token of the call before left off. token is nil on the last page.
func page(length int, limit int32, token *string) (from, to int, next *string, err error) {
	if limit < 0 || limit > 1000 {
		return 0, 0, nil, protocol.Errorf("ValidationException", "maxResults must be from 0 to 1000, not %d", limit)
	}
	if limit == 0 {
		limit = 100
	}
	if token != nil {
		text, ok := strings.CutPrefix(*token, "from-")
		if from, err = strconv.Atoi(text); err != nil || !ok || from < 0 || from > length {
			return 0, 0, nil, protocol.Errorf("InvalidToken", "Invalid Token: '%s'", *token)
		}
	}
	to = min(from+int(limit), length)
	if to < length {
		text := "from-" + strconv.Itoa(to)
		next = &text
	}
	return from, to, next, nil
}

func asError(err error, to **protocol.Error) bool { return errors.As(err, to) }
