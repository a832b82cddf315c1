package expression

import "strings"

type kind int

const (
	end         kind = iota
	word             // an attribute name, keyword or function
	placeholder      // #name
	parameter        // :value
	number           // a list index
	symbol           // punctuation or an operator
)

type token struct {
	kind     kind
	text     string
	from, to int // its place in the expression
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// lex cuts text into tokens, the last of which is an end. A character that belongs to no token becomes a symbol, which no rule
// of the grammar expects.
func lex(text string) []token {
	var tokens []token
	for at := 0; at < len(text); {
		if strings.IndexByte(" \t\r\n", text[at]) >= 0 {
			at++
			continue
		}
		t := next(text, at)
		tokens = append(tokens, t)
		at = t.to
	}
	return append(tokens, token{end, "<EOF>", len(text), len(text)})
}

func next(text string, at int) token {
	c := text[at]
	run := func(from int, in func(byte) bool) int {
		for from < len(text) && in(text[from]) {
			from++
		}
		return from
	}
	make := func(k kind, to int) token { return token{k, text[at:to], at, to} }
	switch {
	case isDigit(c):
		return make(number, run(at, isDigit))
	case isWord(c):
		return make(word, run(at, isWord))
	case c == '#' || c == ':':
		to := run(at+1, isWord)
		if to == at+1 {
			return make(symbol, to)
		}
		if c == '#' {
			return make(placeholder, to)
		}
		return make(parameter, to)
	}
	for _, op := range []string{"<>", "<=", ">="} {
		if strings.HasPrefix(text[at:], op) {
			return make(symbol, at+2)
		}
	}
	return make(symbol, at+1)
}
