package events

import "fmt"

// maxWildcardStates bounds how many positions of a wildcard one value may be in at once. AWS refuses a rule that is "too
// complex" by a measure of this kind, over all wildcards of a field, but does not publish its number.
const maxWildcardStates = 10

// wildcard matches strings with * for any run of characters, also none; \* and \\ are the characters themselves.
type wildcard struct{ glob *[]rune } // a pointer keeps it comparable; star stands for *

const star = rune(-1)

func compileWildcard(argument any) (matcher, error) {
	text, ok := argument.(string)
	if !ok {
		return nil, fmt.Errorf("the wildcard match pattern must be a string")
	}
	runes := []rune(text)
	glob := []rune{}
	for i := 0; i < len(runes); i++ {
		switch {
		case runes[i] == '*' && i > 0 && len(glob) > 0 && glob[len(glob)-1] == star:
			return nil, fmt.Errorf("consecutive wildcard characters at pos %d", i)
		case runes[i] == '*':
			glob = append(glob, star)
		case runes[i] != '\\':
			glob = append(glob, runes[i])
		case i+1 < len(runes) && (runes[i+1] == '*' || runes[i+1] == '\\'):
			i++
			glob = append(glob, runes[i])
		default:
			return nil, fmt.Errorf("invalid escape character at pos %d", i)
		}
	}
	return wildcard{&glob}, nil
}

func (m wildcard) matches(leaf any) bool {
	s, ok := leaf.(string)
	if !ok {
		return false
	}
	states := m.closure(map[int]bool{0: true})
	for _, r := range s {
		states = m.step(states, r)
	}
	return states[len(*m.glob)]
}

// step is where one more character leads from a set of positions.
func (m wildcard) step(states map[int]bool, r rune) map[int]bool {
	next := map[int]bool{}
	for i := range states {
		if i == len(*m.glob) {
			continue
		}
		switch (*m.glob)[i] {
		case star:
			next[i] = true
		case r:
			next[i+1] = true
		}
	}
	return m.closure(next)
}

// closure adds the positions that a star reaches by matching nothing.
func (m wildcard) closure(states map[int]bool) map[int]bool {
	for i := range *m.glob {
		if states[i] && (*m.glob)[i] == star {
			states[i+1] = true
		}
	}
	return states
}

// wildcardStates is the largest number of positions of one wildcard that a value made of its own text can be in at once.
func wildcardStates(matchers []matcher) int {
	most := 0
	for _, w := range wildcardsOf(matchers) {
		states := w.closure(map[int]bool{0: true})
		for _, r := range *w.glob {
			if r != star {
				states = w.step(states, r)
				most = max(most, len(states))
			}
		}
	}
	return most
}

func wildcardsOf(matchers []matcher) []wildcard {
	var found []wildcard
	for _, m := range matchers {
		switch m := m.(type) {
		case wildcard:
			found = append(found, m)
		case notAny:
			found = append(found, wildcardsOf(*m.matchers)...)
		}
	}
	return found
}
