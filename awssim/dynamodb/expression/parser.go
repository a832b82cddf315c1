package expression

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// parser walks over the tokens of one expression. Its first error ends the parse.
type parser struct {
	params    *Params
	what      string // the parameter that holds the expression, for messages
	text      string
	tokens    []token
	at        int
	operators int
}

func (p *Params) parser(what, text string) (*parser, error) {
	p.parsed++
	if strings.TrimSpace(text) == "" {
		return nil, invalid(what, "The expression can not be empty;")
	}
	if len(text) > maxBytes {
		return nil, invalid(what, "Expression size has exceeded the maximum allowed size; expression size: %d", len(text))
	}
	return &parser{params: p, what: what, text: text, tokens: lex(text)}, nil
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != end {
		p.at++
	}
	return t
}

// accept takes the next token if it is the symbol, or the keyword in any case.
func (p *parser) accept(text string) bool {
	t := p.peek()
	if t.kind == symbol && t.text == text || t.kind == word && strings.EqualFold(t.text, text) {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(text string) error {
	if !p.accept(text) {
		return p.syntax()
	}
	return nil
}

func (p *parser) finish() error {
	if p.peek().kind != end {
		return p.syntax()
	}
	return nil
}

// syntax complains about the next token and shows it with its neighbours.
func (p *parser) syntax() error {
	t := p.peek()
	from, to := p.tokens[max(p.at-1, 0)].from, p.tokens[min(p.at+1, len(p.tokens)-1)].to
	return invalid(p.what, "Syntax error; token: %q, near: %q", t.text, strings.TrimSpace(p.text[from:to]))
}

func (p *parser) countOperator() error {
	if p.operators++; p.operators > maxOperators {
		return invalid(p.what, "The expression contains too many operators; operator count: %d", p.operators)
	}
	return nil
}

// value resolves a :value.
func (p *parser) value(t token) (types.AttributeValue, error) {
	v, ok := p.params.values[t.text]
	if !ok {
		return nil, invalid(p.what, "An expression attribute value used in expression is not defined; attribute value: %s", t.text)
	}
	p.params.usedValues[t.text] = true
	return v, nil
}

// path parses a document path.
func (p *parser) path() (Path, error) {
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	path := Path{{name: name}}
	for {
		switch {
		case p.accept("."):
			if name, err = p.name(); err != nil {
				return nil, err
			}
			path = append(path, step{name: name})
		case p.accept("["):
			index, err := strconv.Atoi(p.peek().text)
			if p.peek().kind != number || err != nil {
				return nil, p.syntax()
			}
			p.at++
			if err := p.expect("]"); err != nil {
				return nil, err
			}
			path = append(path, step{index: index})
		default:
			return path, nil
		}
	}
}

func (p *parser) name() (string, error) {
	t := p.peek()
	switch t.kind {
	case word:
		if reserved[strings.ToUpper(t.text)] {
			return "", invalid(p.what, "Attribute name is a reserved keyword; reserved keyword: %s", t.text)
		}
		p.at++
		return t.text, nil
	case placeholder:
		name, ok := p.params.names[t.text]
		if !ok {
			return "", invalid(p.what, "An expression attribute name used in the document path is not defined; attribute name: %s", t.text)
		}
		if name == "" {
			return "", refuse("ExpressionAttributeNames contains invalid value: Empty attribute name for key %s", t.text)
		}
		p.params.usedNames[t.text] = true
		p.at++
		return name, nil
	}
	return "", p.syntax()
}

// atFunction reports whether a word with an opening parenthesis comes next.
func (p *parser) atFunction() bool {
	return p.peek().kind == word && p.tokens[p.at+1].text == "(" && !reserved[strings.ToUpper(p.peek().text)] || p.atSize()
}

// atSize is atFunction for size, the one function whose name is a reserved word.
func (p *parser) atSize() bool { return p.peek().text == "size" && p.tokens[p.at+1].text == "(" }
