package expression

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
)

// source is what SET takes a value from, always out of the item as it was before the update.
type source interface {
	from(attribute.Item) (types.AttributeValue, error)
}

type (
	given      struct{ v types.AttributeValue }
	current    struct{ path Path }
	arithmetic struct {
		op   string
		l, r source
	}
	ifNotExists struct {
		path current
		or   source
	}
	listAppend struct{ l, r source }
)

var (
	errNoAttribute = refuse("The provided expression refers to an attribute that does not exist in the item")
	errWrongType   = refuse("An operand in the update expression has an incorrect data type")
	errNoParent    = refuse("The document path provided in the update expression is invalid for update")
)

func (g given) from(attribute.Item) (types.AttributeValue, error) { return g.v, nil }

func (c current) from(item attribute.Item) (types.AttributeValue, error) {
	if v := c.path.find(item); v != nil {
		return v, nil
	}
	return nil, errNoAttribute
}

func (a arithmetic) from(item attribute.Item) (types.AttributeValue, error) {
	l, err := a.l.from(item)
	if err != nil {
		return nil, err
	}
	r, err := a.r.from(item)
	if err != nil {
		return nil, err
	}
	return sum(l, r, a.op == "-")
}

func sum(l, r types.AttributeValue, negate bool) (types.AttributeValue, error) {
	x, okX := l.(*types.AttributeValueMemberN)
	y, okY := r.(*types.AttributeValueMemberN)
	if !okX || !okY {
		return nil, errWrongType
	}
	a, err := attribute.ParseNumber(x.Value)
	if err != nil {
		return nil, err
	}
	b, err := attribute.ParseNumber(y.Value)
	if err != nil {
		return nil, err
	}
	if negate {
		b = b.Neg()
	}
	total, err := a.Add(b)
	return &types.AttributeValueMemberN{Value: total.String()}, err
}

func (f ifNotExists) from(item attribute.Item) (types.AttributeValue, error) {
	if v := f.path.path.find(item); v != nil {
		return v, nil
	}
	return f.or.from(item)
}

func (f listAppend) from(item attribute.Item) (types.AttributeValue, error) {
	var items []types.AttributeValue
	for _, s := range []source{f.l, f.r} {
		v, err := s.from(item)
		if err != nil {
			return nil, err
		}
		list, ok := v.(*types.AttributeValueMemberL)
		if !ok {
			return nil, errWrongType
		}
		items = append(items, list.Value...)
	}
	return &types.AttributeValueMemberL{Value: items}, nil
}

// Apply gives the item after the update and leaves the one it is given alone. Its errors are ValidationExceptions.
//
// Every value is taken from the item as it was. Paths are distinct, so the order matters for lists alone: assignments
// go from low to high indices, since those past the end append, and removals from high to low, since the rest closes up.
func (u *Update) Apply(old attribute.Item) (attribute.Item, error) {
	item := attribute.CloneItem(old)
	sets := slices.Clone(u.sets)
	slices.SortStableFunc(sets, func(a, b assignment) int { return comparePaths(a.path, b.path) })
	for _, s := range sets {
		v, err := s.value.from(old)
		if err != nil {
			return nil, err
		}
		if err := s.path.set(item, attribute.Clone(v)); err != nil {
			return nil, err
		}
	}
	if err := u.change(item, old); err != nil {
		return nil, err
	}
	removes := slices.Clone(u.removes)
	slices.SortFunc(removes, func(a, b Path) int { return comparePaths(b, a) })
	for _, path := range removes {
		if err := path.remove(item); err != nil {
			return nil, err
		}
	}
	return item, nil
}

func (u *Update) change(item, old attribute.Item) error {
	for _, c := range u.adds {
		v, err := added(c.path.find(old), c.by)
		if err != nil {
			return err
		}
		if err := c.path.set(item, v); err != nil {
			return err
		}
	}
	for _, c := range u.deletes {
		have := c.path.find(old)
		if have == nil {
			continue
		}
		if attribute.Type(have) != attribute.Type(c.by) {
			return errWrongType
		}
		rest := attribute.Set(attribute.Type(have), without(attribute.Elements(have), attribute.Elements(c.by)))
		var err error
		if rest == nil {
			err = c.path.remove(item)
		} else {
			err = c.path.set(item, rest)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func added(have, by types.AttributeValue) (types.AttributeValue, error) {
	if have == nil {
		return by, nil
	}
	kind := attribute.Type(by)
	if attribute.Type(have) != kind {
		return nil, errWrongType
	}
	if kind == "N" {
		return sum(have, by, false)
	}
	elements := attribute.Elements(have)
	return attribute.Set(kind, append(without(attribute.Elements(by), elements), elements...)), nil
}

func without(elements, gone []string) []string {
	var rest []string
	for _, e := range elements {
		if !slices.Contains(gone, e) {
			rest = append(rest, e)
		}
	}
	return rest
}

// set writes v at the path of an item that the caller may change.
func (p Path) set(item attribute.Item, v types.AttributeValue) error {
	last := p[len(p)-1]
	if len(p) == 1 {
		item[last.name] = v
		return nil
	}
	switch parent := p[:len(p)-1].find(item).(type) {
	case *types.AttributeValueMemberM:
		if last.name != "" {
			parent.Value[last.name] = v
			return nil
		}
	case *types.AttributeValueMemberL:
		if last.name == "" && last.index < len(parent.Value) {
			parent.Value[last.index] = v
			return nil
		}
		if last.name == "" {
			parent.Value = append(parent.Value, v)
			return nil
		}
	}
	return errNoParent
}

func (p Path) remove(item attribute.Item) error {
	last := p[len(p)-1]
	if len(p) == 1 {
		delete(item, last.name)
		return nil
	}
	switch parent := p[:len(p)-1].find(item).(type) {
	case *types.AttributeValueMemberM:
		if last.name != "" {
			delete(parent.Value, last.name)
			return nil
		}
	case *types.AttributeValueMemberL:
		if last.name == "" {
			if last.index < len(parent.Value) {
				parent.Value = slices.Delete(parent.Value, last.index, last.index+1)
			}
			return nil
		}
	}
	return errNoParent
}
