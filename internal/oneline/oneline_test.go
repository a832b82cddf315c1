package oneline

import (
	"strings"
	"testing"
)

func TestClip(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"as it is":                    "as it is",
		" two\r\n\tlines  and\vmore":  "two lines and more",
		"a\x1b[31mred\x00\u009b31m":   "a[31mred31m",
		"\xff\xfe is no text":         "? is no text",
		strings.Repeat("x", 24):       strings.Repeat("x", 24),
		strings.Repeat("x", 25):       strings.Repeat("x", 24) + "...",
		"x" + strings.Repeat("ü", 12): "x" + strings.Repeat("ü", 11) + "...", // no half of a letter
		strings.Repeat("日", 9):        strings.Repeat("日", 8) + "...",
	} {
		if got := Clip(text, 24); got != want {
			t.Errorf("Clip(%q, 24) = %q, want %q", text, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"  x  the spaces   stay":        "  x  the spaces   stay",
		"a\tb\nc\rd":                    "a b c d",
		"bell\a, escape\x1b, del\x7f":   "bell, escape, del",
		"next line\u0085, CSI\u009b1m!": "next line, CSI1m!",
		"not UTF-8: \xc3":               "not UTF-8: ?",
		"ü and 日":                       "ü and 日",
	} {
		if got := Printable(text); got != want {
			t.Errorf("Printable(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestCutOfNothing(t *testing.T) {
	if got := Cut("日", 1); got != "..." {
		t.Errorf("got %q", got)
	}
}
