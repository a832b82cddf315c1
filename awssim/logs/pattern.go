package logs

import "strings"

// parsePattern reads a filter pattern of terms, as in "Filter pattern syntax for metric filters, subscription filters, filter
// log events": all plain terms must occur, at least one of those with ? (which count only when there are no plain ones), and
// none of those with -. Terms are parts of the message, matched with case. Patterns for JSON, for columns and regular
// expressions are refused.
func parsePattern(text string) (func(message string) bool, error) {
	trimmed := strings.TrimSpace(text)
	if strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") || strings.Contains(trimmed, "%") {
		return nil, invalid("Invalid filter pattern: awssim knows terms and \"quoted phrases\" with ? or - before them; it has no JSON, column or regular expression patterns. Got %s", text)
	}
	var all, anyOf, none []string
	for trimmed != "" {
		list := &all
		switch trimmed[0] {
		case '?':
			list, trimmed = &anyOf, trimmed[1:]
		case '-':
			list, trimmed = &none, trimmed[1:]
		}
		term, rest, err := cutTerm(trimmed)
		if err != nil {
			return nil, err
		}
		*list = append(*list, term)
		trimmed = strings.TrimSpace(rest)
	}
	return func(message string) bool {
		has := func(term string) bool { return strings.Contains(message, term) }
		for _, term := range none {
			if has(term) {
				return false
			}
		}
		for _, term := range all {
			if !has(term) {
				return false
			}
		}
		if len(all) > 0 || len(anyOf) == 0 {
			return true
		}
		for _, term := range anyOf {
			if has(term) {
				return true
			}
		}
		return false
	}, nil
}

// cutTerm takes a word or a quoted phrase off the front of a pattern.
func cutTerm(text string) (term, rest string, err error) {
	if strings.HasPrefix(text, `"`) {
		term, rest, ok := strings.Cut(text[1:], `"`)
		if !ok || term == "" {
			return "", "", invalid("Invalid filter pattern: a quoted phrase must be closed and not be empty. Got %s", text)
		}
		return term, rest, nil
	}
	at := strings.IndexAny(text, " \t")
	if at < 0 {
		at = len(text)
	}
	term = text[:at]
	if term == "" || strings.Trim(term, "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return "", "", invalid("Invalid filter pattern: a term with characters other than letters, digits and _ must be put in double quotes. Got %s", text)
	}
	return term, text[at:], nil
}
