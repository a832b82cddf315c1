package expression

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/awssim/dynamodb/attribute"
)

// Projection is a parsed ProjectionExpression, or the set of paths that an update touched.
type Projection struct{ root *branch }

// branch is a tree of paths. Everything below a leaf is part of the projection.
type branch struct {
	leaf     bool
	children map[step]*branch
}

// Projection parses a ProjectionExpression.
func (p *Params) Projection(text string) (*Projection, error) {
	parser, err := p.parser(projectionKind, text)
	if err != nil {
		return nil, err
	}
	var paths []Path
	for {
		path, err := parser.path()
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
		if !parser.accept(",") {
			break
		}
	}
	if err := parser.finish(); err != nil {
		return nil, err
	}
	if err := checkDistinct(projectionKind, paths); err != nil {
		return nil, err
	}
	return project(paths), nil
}

func project(paths []Path) *Projection {
	root := &branch{}
	for _, path := range paths {
		at := root
		for _, s := range path {
			if at.children == nil {
				at.children = map[step]*branch{}
			}
			if at.children[s] == nil {
				at.children[s] = &branch{}
			}
			at = at.children[s]
		}
		at.leaf = true
	}
	return &Projection{root}
}

// Of is the part of the item that the projection names. A nil projection is the whole item.
func (p *Projection) Of(item attribute.Item) attribute.Item {
	if p == nil || item == nil {
		return item
	}
	return p.root.ofMap(item)
}

func (b *branch) of(v types.AttributeValue) types.AttributeValue {
	if b.leaf {
		return v
	}
	switch v := v.(type) {
	case *types.AttributeValueMemberM:
		if part := b.ofMap(v.Value); len(part) > 0 {
			return &types.AttributeValueMemberM{Value: part}
		}
	case *types.AttributeValueMemberL:
		var part []types.AttributeValue
		for i, item := range v.Value { // what is left of a list closes up
			if child := b.children[step{index: i}]; child != nil {
				if got := child.of(item); got != nil {
					part = append(part, got)
				}
			}
		}
		if len(part) > 0 {
			return &types.AttributeValueMemberL{Value: part}
		}
	}
	return nil
}

func (b *branch) ofMap(item attribute.Item) attribute.Item {
	out := attribute.Item{}
	for s, child := range b.children {
		if v, ok := item[s.name]; ok && s.name != "" {
			if part := child.of(v); part != nil {
				out[s.name] = part
			}
		}
	}
	return out
}
