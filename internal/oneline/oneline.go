// Package oneline makes what others wrote fit to stand in a line of ours: what a container logged, what AWS answered, what a person
// typed. Without control characters it can neither move a reader's cursor nor forge lines of a log.
package oneline

import (
	"strings"
	"unicode/utf8"
)

// Clip is s on one line of at most that many bytes, without control characters and with single spaces.
func Clip(s string, most int) string {
	return Cut(Printable(strings.Join(strings.Fields(s), " ")), most)
}

// Printable is s without control characters, those of C1 (U+0080 to U+009F) included. Line breaks and tabs become spaces, what is not
// UTF-8 becomes '?'.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case r < ' ', r >= 0x7f && r < 0xa0:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// Cut is s, or of a longer one the whole characters in that many bytes and "...".
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "..."
}
