package tree

import "slices"

// foldMoves makes one move of each remove and add of equal values, where nothing
// between the two has to do with the place that the value comes from. The move
// stands where the add stood: so a removal is put off, or brought forward.
func (d *differ) foldMoves() {
	if len(d.ops) > foldLimit {
		return
	}
	for to := 0; to < len(d.ops); to++ {
		op := &d.ops[to]
		// To add what an object has is to replace it. A replaced item of an array
		// is none that is added, and a peer may be unable to move to the root.
		if op.Kind != OpAdd && (op.Kind != OpReplace || op.parent != KindObject) {
			continue
		}
		from := slices.IndexFunc(d.ops, func(o diffOp) bool { return o.old != nil && Equal(o.old, op.Value) })
		if from < 0 || !d.movable(from, to) {
			continue
		}
		gone := d.ops[from]
		op.Kind, op.From, op.fromParent, op.Value = OpMove, gone.Path, gone.parent, nil
		d.ops = slices.Delete(d.ops, from, from+1)
		if from < to {
			to--
		}
	}
}

// movable reports whether the removal at one index of the operations can be done by
// the operation at the other: none between, nor that one, shifts the place that the
// removal names, or goes through an array whose items the removal shifts.
func (d *differ) movable(from, to int) bool {
	gone := &d.ops[from]
	between := d.ops[to:max(to, from)]
	if from < to {
		between = d.ops[from+1 : to+1]
	}
	for i := range between {
		op := &between[i]
		if op.parent == KindArray && op.Kind != OpReplace && holds(op.Path, gone.Path) ||
			op.fromParent == KindArray && holds(op.From, gone.Path) {
			return false
		}
		if gone.parent == KindArray && (holds(gone.Path, op.Path) || holds(gone.Path, op.From)) {
			return false
		}
	}
	return true
}

// holds reports whether what holds the end of path p also holds q, somewhere.
func holds(p, q []string) bool {
	n := len(p) - 1
	return len(q) > n && slices.Equal(p[:n], q[:n])
}
