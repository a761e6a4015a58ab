package tree

import (
	"errors"
	"fmt"
	"slices"
)

// A Path names a part of a document: strings for members of objects, ints for items
// of arrays (negative ones count from the end), and paths in it, which are read as
// if their parts stood in their place. The empty path is the whole document.
type Path []any

// ErrPath is wrapped by the error for a path that holds anything else.
var ErrPath = errors.New("juggler: invalid path")

// maxPad is how many items Set adds to reach an index that is past an array's end.
const maxPad = 1 << 16

type step struct {
	name  string
	index int
	array bool // index counts, not name
}

// steps flattens the path.
func (p Path) steps(into []step) ([]step, error) {
	var err error
	for _, part := range p {
		switch part := part.(type) {
		case string:
			into = append(into, step{name: part})
		case int:
			into = append(into, step{index: part, array: true})
		case Path:
			into, err = part.steps(into)
		case []any:
			into, err = Path(part).steps(into)
		default:
			err = fmt.Errorf("%w: %T is no part of one", ErrPath, part)
		}
		if err != nil {
			return nil, err
		}
		if len(into) > MaxDepth {
			return nil, ErrTooDeep
		}
	}
	return into, nil
}

// child returns the part of n that s names. For an array, at is its index counted
// from the beginning.
func (n *Node) child(s step) (part *Node, at int, ok bool) {
	if s.array {
		at = s.index
		if at < 0 {
			at += len(n.items)
		}
		if at < 0 || at >= len(n.items) {
			return nil, 0, false
		}
		return n.items[at], at, true
	}
	if at, ok = n.find(s.name); !ok {
		return nil, 0, false
	}
	return n.members[at].value, at, true
}

// Get returns the part that the path names; ok is false if there is none. The error
// wraps ErrPath.
func (n *Node) Get(p Path) (part *Node, ok bool, err error) {
	steps, err := p.steps(nil)
	if err != nil {
		return nil, false, err
	}
	for _, s := range steps {
		if n, _, ok = n.child(s); !ok {
			return nil, false, nil
		}
	}
	return n, true, nil
}

// Set returns the document with v as the part that the path names. What is missing
// on the way is made: objects, and arrays filled with null in front of a negative
// index or behind the last one. What is there and of the wrong type is replaced. The
// error wraps ErrPath or is ErrTooDeep.
func (n *Node) Set(p Path, v *Node) (*Node, error) {
	steps, err := p.steps(nil)
	if err != nil {
		return nil, err
	}
	if n, err = n.set(steps, v); err != nil {
		return nil, err
	}
	return checkDepth(n)
}

func (n *Node) set(steps []step, v *Node) (*Node, error) {
	if len(steps) == 0 {
		return v, nil
	}
	s := steps[0]
	part, at, ok := n.child(s)
	if !ok {
		part = Null
	}
	v, err := part.set(steps[1:], v)
	switch {
	case err != nil:
		return nil, err
	case !s.array:
		return n.withMember(s.name, v), nil
	case ok:
		return n.withItem(at, v), nil
	}
	at = s.index
	items := n.items
	if at < 0 {
		if missing := -at - len(items); missing <= maxPad && missing > 0 {
			return newArray(slices.Insert(slices.Concat(nulls(missing-1), items), 0, v)), nil
		}
	} else if missing := at - len(items); missing < maxPad {
		return newArray(append(slices.Concat(items, nulls(missing)), v)), nil
	}
	return nil, fmt.Errorf("%w: index %d is far from the array's %d items", ErrPath, at, len(items))
}

func nulls(n int) []*Node {
	items := make([]*Node, n)
	for i := range items {
		items[i] = Null
	}
	return items
}

// Remove returns the document without the part that the path names, or n itself if
// there is none. Without the whole document there is null. The error wraps ErrPath.
func (n *Node) Remove(p Path) (*Node, error) {
	steps, err := p.steps(nil)
	if err != nil {
		return nil, err
	}
	if len(steps) == 0 {
		return Null, nil
	}
	return n.remove(steps), nil
}

func (n *Node) remove(steps []step) *Node {
	s := steps[0]
	part, at, ok := n.child(s)
	switch {
	case !ok:
		return n
	case len(steps) == 1 && s.array:
		return n.withoutItem(at)
	case len(steps) == 1:
		return n.withoutMember(at)
	}
	changed := part.remove(steps[1:])
	switch {
	case changed == part:
		return n
	case s.array:
		return n.withItem(at, changed)
	}
	return n.withMember(s.name, changed)
}

// The methods below return a changed copy. On a node that is no array or object
// they begin from an empty one.

func (n *Node) withMember(name string, v *Node) *Node {
	at, ok := n.find(name)
	if ok {
		members := slices.Clone(n.members)
		members[at].value = v
		return newObject(members)
	}
	members := make([]member, 0, len(n.members)+1)
	members = append(members, n.members[:at]...)
	members = append(members, member{name, v})
	return newObject(append(members, n.members[at:]...))
}

func (n *Node) withoutMember(at int) *Node {
	return newObject(slices.Concat(n.members[:at], n.members[at+1:]))
}

func (n *Node) withItem(at int, v *Node) *Node {
	items := slices.Clone(n.items)
	items[at] = v
	return newArray(items)
}

func (n *Node) insertItem(at int, v *Node) *Node {
	items := make([]*Node, 0, len(n.items)+1)
	items = append(items, n.items[:at]...)
	items = append(items, v)
	return newArray(append(items, n.items[at:]...))
}

func (n *Node) withoutItem(at int) *Node {
	return newArray(slices.Concat(n.items[:at], n.items[at+1:]))
}
