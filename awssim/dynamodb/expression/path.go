package expression

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
)

// Path leads to a value inside an item: a.b[0].c.
type Path []step

// step goes into a map by name or, with an empty name, into a list by index.
type step struct {
	name  string
	index int
}

// String is the path as DynamoDB prints it in its messages: [a, b, [0], c].
func (p Path) String() string {
	parts := make([]string, len(p))
	for i, s := range p {
		parts[i] = s.name
		if s.name == "" {
			parts[i] = "[" + strconv.Itoa(s.index) + "]"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// is says whether the path is just the attribute of that name.
func (p Path) is(name string) bool { return len(p) == 1 && p[0].name == name }

// Top is the name of the attribute that the path starts at.
func (p Path) Top() string { return p[0].name }

// find is the value at the path, nil when there is none.
func (p Path) find(item attribute.Item) types.AttributeValue {
	v := item[p[0].name]
	for _, s := range p[1:] {
		v = s.into(v)
	}
	return v
}

func (s step) into(v types.AttributeValue) types.AttributeValue {
	switch v := v.(type) {
	case *types.AttributeValueMemberM:
		if s.name != "" {
			return v.Value[s.name]
		}
	case *types.AttributeValueMemberL:
		if s.name == "" && s.index < len(v.Value) {
			return v.Value[s.index]
		}
	}
	return nil
}

// comparePaths puts list indices in order of number, which assignments past a list's end depend on.
func comparePaths(a, b Path) int {
	return slices.CompareFunc(a, b, func(x, y step) int {
		return cmp.Or(strings.Compare(x.name, y.name), cmp.Compare(x.index, y.index))
	})
}

// checkDistinct refuses two paths of which one contains the other, or which treat one value as a map and as a list.
func checkDistinct(what string, paths []Path) error {
	for i, a := range paths {
		for _, b := range paths[i+1:] {
			n := min(len(a), len(b))
			same := 0
			for same < n && a[same] == b[same] {
				same++
			}
			if same == n {
				return invalid(what, "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", a, b)
			}
			if (a[same].name == "") != (b[same].name == "") {
				return invalid(what, "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", a, b)
			}
		}
	}
	return nil
}
