package events

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// matcher decides on one leaf of an event: a string, a json.Number, a bool or nil. Implementations are comparable.
type matcher interface{ matches(leaf any) bool }

// operators are the match expressions of EventBridge and how their argument is read.
var operators map[string]func(argument any) (matcher, error)

func init() { // compileAnythingBut looks its own operators up, which a package variable must not
	operators = map[string]func(any) (matcher, error){
		"anything-but":       compileAnythingBut,
		"cidr":               compileCIDR,
		"equals-ignore-case": compileText("equals-ignore-case", func(s string) matcher { return sameFold(s) }),
		"exists":             compileExists,
		"numeric":            compileNumeric,
		"prefix":             compileAffix("prefix", func(s string, fold bool) matcher { return prefix{s, fold} }),
		"suffix":             compileAffix("suffix", func(s string, fold bool) matcher { return suffix{s, fold} }),
		"wildcard":           compileWildcard,
	}
}

func reserved(name string) bool { return operators[name] != nil }

func compileOperator(name string, argument any) (matcher, error) {
	compile, ok := operators[name]
	if !ok {
		return nil, fmt.Errorf("unrecognized match type %s", name)
	}
	return compile(argument)
}

// exactly matches a literal. Numbers are equal by value (300 and 3.0e2), strings that are addresses by address.
type exactly struct{ value any }

func (m exactly) matches(leaf any) bool {
	switch want := m.value.(type) {
	case json.Number:
		got, ok := leaf.(json.Number)
		return ok && sameNumber(want, got)
	case string:
		got, ok := leaf.(string)
		return ok && (want == got || sameAddress(want, got))
	}
	return m.value == leaf
}

func sameNumber(a, b json.Number) bool {
	x, errX := a.Float64()
	y, errY := b.Float64()
	return a == b || errX == nil && errY == nil && x == y
}

func sameAddress(a, b string) bool {
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	return errX == nil && errY == nil && x == y
}

type sameFold string

func (m sameFold) matches(leaf any) bool {
	s, ok := leaf.(string)
	return ok && strings.EqualFold(s, string(m))
}

type prefix struct {
	text string
	fold bool
}

func (m prefix) matches(leaf any) bool {
	s, ok := leaf.(string)
	if !m.fold {
		return ok && strings.HasPrefix(s, m.text)
	}
	return ok && len([]rune(s)) >= len([]rune(m.text)) && strings.EqualFold(string([]rune(s)[:len([]rune(m.text))]), m.text)
}

type suffix struct {
	text string
	fold bool
}

func (m suffix) matches(leaf any) bool {
	s, ok := leaf.(string)
	if !m.fold {
		return ok && strings.HasSuffix(s, m.text)
	}
	have, want := []rune(s), []rune(m.text)
	return ok && len(have) >= len(want) && strings.EqualFold(string(have[len(have)-len(want):]), m.text)
}

func compileText(name string, make func(string) matcher) func(any) (matcher, error) {
	return func(argument any) (matcher, error) {
		s, ok := argument.(string)
		if !ok {
			return nil, fmt.Errorf("the %s match pattern must be a string", name)
		}
		return make(s), nil
	}
}

// compileAffix reads prefix and suffix, whose argument is a string or {"equals-ignore-case": string}.
func compileAffix(name string, make func(text string, fold bool) matcher) func(any) (matcher, error) {
	return func(argument any) (matcher, error) {
		o, ok := argument.(*object)
		if !ok {
			return compileText(name, func(s string) matcher { return make(s, false) })(argument)
		}
		if len(o.members) != 1 || o.members[0].name != "equals-ignore-case" {
			return nil, fmt.Errorf("the %s match pattern must be a string or {\"equals-ignore-case\": string}", name)
		}
		return compileText("equals-ignore-case", func(s string) matcher { return make(s, true) })(o.members[0].value)
	}
}

// exists(true) matches any leaf. exists(false) matches none: the absence of a path is decided by branch.match.
type exists bool

func (m exists) matches(any) bool { return bool(m) }

func compileExists(argument any) (matcher, error) {
	want, ok := argument.(bool)
	if !ok {
		return nil, fmt.Errorf("exists must be true or false")
	}
	return exists(want), nil
}

type cidr struct{ network netip.Prefix }

func (m cidr) matches(leaf any) bool {
	s, ok := leaf.(string)
	if !ok {
		return false
	}
	address, err := netip.ParseAddr(s)
	return err == nil && m.network.Contains(address)
}

func compileCIDR(argument any) (matcher, error) {
	s, ok := argument.(string)
	if !ok {
		return nil, fmt.Errorf("the cidr match pattern must be a string")
	}
	network, err := netip.ParsePrefix(s)
	if err != nil {
		return nil, fmt.Errorf("malformed CIDR %q, give an address and the length of its mask such as 10.0.0.0/24", s)
	}
	return cidr{network.Masked()}, nil
}

// notAny is anything-but: any leaf, null too, that none of the matchers matches.
type notAny struct{ matchers *[]matcher } // a pointer keeps it comparable

func (m notAny) matches(leaf any) bool {
	return !slices.ContainsFunc(*m.matchers, func(m matcher) bool { return m.matches(leaf) })
}

// compileAnythingBut reads a string, a number, a list of one of these, or one of four operators with a string or strings.
func compileAnythingBut(argument any) (matcher, error) {
	if o, ok := argument.(*object); ok {
		return compileAnythingButOperator(o)
	}
	list, ok := argument.([]any)
	if !ok {
		list = []any{argument}
	}
	var refused []matcher
	texts, numbers := 0, 0
	for _, value := range list {
		switch value.(type) {
		case string:
			texts++
		case json.Number:
			numbers++
		default:
			return nil, fmt.Errorf("anything-but takes strings or numbers, not null, true, false or a list in a list")
		}
		refused = append(refused, exactly{value})
	}
	if (texts == 0) == (numbers == 0) {
		return nil, fmt.Errorf("inside an anything-but list either all values are strings or all are numbers, and there is at least one")
	}
	return notAny{&refused}, nil
}

func compileAnythingButOperator(o *object) (matcher, error) {
	if len(o.members) != 1 {
		return nil, fmt.Errorf("an anything-but expression has exactly one key, this one has %d", len(o.members))
	}
	name := o.members[0].name
	if !slices.Contains([]string{"prefix", "suffix", "equals-ignore-case", "wildcard"}, name) {
		return nil, fmt.Errorf("unsupported anything-but pattern: %s", name)
	}
	list, ok := o.members[0].value.([]any)
	if !ok {
		list = []any{o.members[0].value}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("empty arrays are not allowed")
	}
	var refused []matcher
	for _, value := range list {
		s, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf("anything-but %s takes a string or a list of strings", name)
		}
		if s == "" && (name == "prefix" || name == "suffix") {
			return nil, fmt.Errorf("anything-but %s must not be empty", name)
		}
		m, err := compileOperator(name, value)
		if err != nil {
			return nil, err
		}
		refused = append(refused, m)
	}
	return notAny{&refused}, nil
}

// numeric is a range over JSON numbers; a number in quotes is a string and never matches.
type numeric struct {
	low, high         float64
	hasLow, hasHigh   bool
	lowOpen, highOpen bool
}

func (m numeric) matches(leaf any) bool {
	number, ok := leaf.(json.Number)
	if !ok {
		return false
	}
	x, err := number.Float64()
	if err != nil {
		return false
	}
	above := !m.hasLow || x > m.low || x == m.low && !m.lowOpen
	below := !m.hasHigh || x < m.high || x == m.high && !m.highOpen
	return above && below
}

// compileNumeric reads [op, number] with one of = < <= > >=, or a lower bound followed by an upper one.
func compileNumeric(argument any) (matcher, error) {
	terms, ok := argument.([]any)
	if !ok {
		return nil, fmt.Errorf("the value of numeric must be an array")
	}
	if len(terms) != 2 && len(terms) != 4 {
		return nil, fmt.Errorf("numeric takes an operator and a number, or two of each, not %d terms", len(terms))
	}
	var m numeric
	for i := 0; i < len(terms); i += 2 {
		if err := m.bound(terms[i], terms[i+1], len(terms) == 4, i == 2); err != nil {
			return nil, err
		}
	}
	if len(terms) == 4 && m.low >= m.high {
		return nil, fmt.Errorf("numeric: the bottom must be less than the top")
	}
	return m, nil
}

func (m *numeric) bound(operator, value any, isRange, second bool) error {
	name, _ := operator.(string)
	number, ok := value.(json.Number)
	if !ok {
		return fmt.Errorf("numeric: the value of %v must be a number", operator)
	}
	x, err := number.Float64()
	if err != nil {
		return fmt.Errorf("numeric: %s is out of range", number)
	}
	switch {
	case name == "=" && !isRange:
		m.low, m.high, m.hasLow, m.hasHigh = x, x, true, true
	case (name == ">" || name == ">=") && !second:
		m.low, m.hasLow, m.lowOpen = x, true, name == ">"
	case (name == "<" || name == "<=") && (!isRange || second):
		m.high, m.hasHigh, m.highOpen = x, true, name == "<"
	default:
		return fmt.Errorf("numeric: %v cannot stand here; use =, <, <=, >, >= and in a range the lower bound first", operator)
	}
	return nil
}
