package cloudformation

import (
	"sort"
	"strings"
)

// order sorts resources so that each comes after what it needs; among those that are ready the template's order decides. A
// cycle is an error that names its members in the order of need.
func (s *scope) order(resources []*resource) ([]*resource, error) {
	needs := make(map[string][]need, len(resources))
	for _, r := range resources {
		list, err := s.needsOf(r)
		if err != nil {
			return nil, err
		}
		needs[r.id] = list
	}
	o := ordering{scope: s, needs: needs, mark: map[string]int{}}
	for _, r := range resources {
		if err := o.visit(r); err != nil {
			return nil, err
		}
	}
	return o.done, nil
}

// need says that a resource needs another one, and where it says so.
type need struct {
	id  string
	pos Position
}

func (s *scope) needsOf(r *resource) ([]need, error) {
	seen := map[string]bool{}
	var list []need
	add := func(id string, pos Position) error {
		if _, err := s.usable(id, pos); err != nil {
			return err
		}
		if !seen[id] {
			seen[id] = true
			list = append(list, need{id, pos})
		}
		return nil
	}
	if err := s.references(r.properties, add); err != nil {
		return nil, err
	}
	for _, d := range r.dependsOn {
		target, ok := s.declared[d.name]
		if !ok {
			return nil, errorAt(d.pos, "DependsOn of %s names %s, which is not there", r.id, d.name)
		}
		// CloudFormation drops a DependsOn on a resource whose condition does not hold.
		if target.condition == "" || s.conditions[target.condition] {
			if err := add(d.name, d.pos); err != nil {
				return nil, err
			}
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].id < list[j].id })
	return list, nil
}

const (
	open   = 1
	closed = 2
)

type ordering struct {
	scope *scope
	needs map[string][]need
	mark  map[string]int
	path  []string
	done  []*resource
}

func (o *ordering) visit(r *resource) error {
	if o.mark[r.id] == closed {
		return nil
	}
	o.mark[r.id] = open
	o.path = append(o.path, r.id)
	for _, n := range o.needs[r.id] {
		if o.mark[n.id] == open {
			return errorAt(n.pos, "circular dependency: %s", o.circle(n.id))
		}
		if err := o.visit(o.scope.declared[n.id]); err != nil {
			return err
		}
	}
	o.path = o.path[:len(o.path)-1]
	o.mark[r.id] = closed
	o.done = append(o.done, r)
	return nil
}

func (o *ordering) circle(back string) string {
	for i, id := range o.path {
		if id == back {
			return strings.Join(append(append([]string{}, o.path[i:]...), back), " -> ")
		}
	}
	return back
}
