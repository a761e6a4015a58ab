package tree

import (
	"cmp"
	"slices"
)

// Diff returns a patch that makes b of a: empty if they are equal, and otherwise of
// add, remove, replace and move operations alone. A change of the root is a
// replacement of the path "".
//
// Members of objects are compared by name, in their order. In an array what both
// ends have in common stays; between, items that are still wanted elsewhere move
// (move), others are compared by index, and surplus ones are removed at the new
// length, one after the other. What disappears at one place and appears at another
// is moved too. Where very many small operations would be longer than the value that
// they make, that is replaced.
func Diff(a, b *Node) Patch {
	var d differ
	d.diff(a, b)
	d.foldMoves()
	p := make(Patch, len(d.ops))
	for i := range d.ops {
		p[i] = d.ops[i].Op
	}
	return p
}

type differ struct {
	ops     []diffOp
	path    []string // of what is being compared
	parents []Kind   // of what holds each part of path
}

// diffOp is an operation with what folding needs to know of it.
type diffOp struct {
	Op
	old *Node // what a remove takes away
	// parent and fromParent are the kinds of what holds the ends of Path and From;
	// the root is held by KindNull.
	parent, fromParent Kind
}

const (
	// moveLimit is the number of items between an array's common ends up to which
	// they are searched for moves; looking for one costs their number.
	moveLimit = 1 << 10
	// foldLimit is the number of operations up to which they are searched for
	// moves between places.
	foldLimit = 1 << 9
	// manyOps is the number of operations in one array or object past which
	// replacing it may be shorter.
	manyOps = 64
)

// emit adds an operation on what is being compared.
func (d *differ) emit(op diffOp) {
	op.Path = slices.Clone(d.path)
	if n := len(d.parents); n > 0 {
		op.parent = d.parents[n-1]
	}
	d.ops = append(d.ops, op)
}

// in runs f for a part of what is being compared.
func (d *differ) in(parent Kind, name string, f func()) {
	d.path, d.parents = append(d.path, name), append(d.parents, parent)
	f()
	d.path, d.parents = d.path[:len(d.path)-1], d.parents[:len(d.parents)-1]
}

func (d *differ) diff(a, b *Node) {
	if Equal(a, b) {
		return
	}
	first := len(d.ops)
	switch {
	case a.kind == KindObject && b.kind == KindObject:
		d.objects(a.members, b.members)
	case a.kind == KindArray && b.kind == KindArray:
		d.arrays(a.items, b.items)
	default:
		d.emit(diffOp{Op: Op{Kind: OpReplace, Value: b}})
		return
	}
	if len(d.ops)-first <= manyOps {
		return
	}
	var size uint64
	for i := range d.ops[first:] {
		size = addSize(size, d.ops[first+i].size())
	}
	whole := Op{Kind: OpReplace, Path: d.path, Value: b}
	if size > whole.size() {
		d.ops = d.ops[:first]
		d.emit(diffOp{Op: Op{Kind: OpReplace, Value: b}})
	}
}

func (d *differ) objects(a, b []member) {
	for len(a) > 0 || len(b) > 0 {
		order := 0
		switch {
		case len(a) == 0:
			order = 1
		case len(b) == 0:
			order = -1
		default:
			order = cmp.Compare(a[0].name, b[0].name)
		}
		switch {
		case order < 0:
			d.in(KindObject, a[0].name, func() { d.emit(diffOp{Op: Op{Kind: OpRemove}, old: a[0].value}) })
		case order > 0:
			d.in(KindObject, b[0].name, func() { d.emit(diffOp{Op: Op{Kind: OpAdd, Value: b[0].value}}) })
		default:
			d.in(KindObject, a[0].name, func() { d.diff(a[0].value, b[0].value) })
		}
		if order <= 0 {
			a = a[1:]
		}
		if order >= 0 {
			b = b[1:]
		}
	}
}

func (d *differ) arrays(a, b []*Node) {
	first := 0
	for first < min(len(a), len(b)) && Equal(a[first], b[first]) {
		first++
	}
	a, b = a[first:], b[first:]
	for len(a) > 0 && len(b) > 0 && Equal(a[len(a)-1], b[len(b)-1]) {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	w := worklist{differ: d, first: first, items: slices.Clone(a)}
	w.run(b)
}
