// Package cut takes JSON apart without reading what it does not need: it finds where the parts of an object or a list begin and
// end, in one pass and without copying them. Taking a text apart level by level with encoding/json reads and copies every level
// again, which was a tenth of a simulated deployment.
//
// Its input must be valid (json.Valid) and have no white space around it; its output is and has none. What is not here: any
// meaning of a value.
package cut

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// Member is one member of an object.
type Member struct {
	Name  string
	Value []byte
}

// Members are those of an object as they are written, even if one is there twice.
func Members(object []byte) []Member {
	list := make([]Member, 0, 8)
	for i := skipSpace(object, 1); object[i] != '}'; {
		end := skipValue(object, i)
		name := Text(object[i:end])
		i = skipSpace(object, skipSpace(object, end)+1) // the colon
		end = skipValue(object, i)
		list = append(list, Member{name, object[i:end]})
		i = skipComma(object, end)
	}
	return list
}

// Sorted are the members of an object by name. Of two of the same name the last one counts, as for encoding/json.
func Sorted(object []byte) []Member {
	list := Members(object)
	slices.SortStableFunc(list, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	last := list[:0]
	for i, m := range list {
		if i+1 == len(list) || list[i+1].Name != m.Name {
			last = append(last, m)
		}
	}
	return last
}

// Items are those of a list.
func Items(list []byte) [][]byte {
	cut := [][]byte{}
	for i := skipSpace(list, 1); list[i] != ']'; {
		end := skipValue(list, i)
		cut = append(cut, list[i:end])
		i = skipComma(list, end)
	}
	return cut
}

// Text is what a JSON text says.
func Text(quoted []byte) string {
	if Plain(quoted) {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		panic(err) // it was valid
	}
	return s
}

// Plain reports that a value is a text without escapes, which stands between its quotes: nearly every text is.
func Plain(raw []byte) bool {
	for _, c := range raw {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return len(raw) > 1 && raw[0] == '"'
}

// skipValue is where the value ends that begins at i.
func skipValue(json []byte, i int) int {
	switch json[i] {
	case '"':
		return skipText(json, i)
	case '{', '[':
	default: // a number, true, false or null
		for i < len(json) && strings.IndexByte(",]} \t\r\n", json[i]) < 0 {
			i++
		}
		return i
	}
	for depth := 0; ; i++ {
		switch json[i] {
		case '"':
			i = skipText(json, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

func skipText(json []byte, i int) int {
	for i++; json[i] != '"'; i++ {
		if json[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func skipSpace(json []byte, i int) int {
	for i < len(json) && (json[i] == ' ' || json[i] == '\t' || json[i] == '\r' || json[i] == '\n') {
		i++
	}
	return i
}

// skipComma is where the next part begins, or the closing bracket stands, after one that ends at i.
func skipComma(json []byte, i int) int {
	i = skipSpace(json, i)
	if json[i] == ',' {
		i = skipSpace(json, i+1)
	}
	return i
}
