package crdt

import "slices"

// DeltaOp is one step of a delta, as the editor Quill has them: it goes on from
// where the last one ended. It retains some units, deletes some, or else inserts.
// Source: https://quilljs.com/docs/delta.
type DeltaOp struct {
	Insert         any // text: a string, or a value or shared type that counts one unit
	Retain, Delete int
	Attributes     Attrs // of what is inserted, or to be changed of what is retained
}

// Attrs are attributes of text, such as bold or a link, in order. The value nil
// takes an attribute away.
type Attrs = Object

// deltaOps makes a delta of a sequence of values.
type deltaOps []DeltaOp

func (ops *deltaOps) last() *DeltaOp {
	if len(*ops) == 0 {
		return &DeltaOp{}
	}
	return &(*ops)[len(*ops)-1]
}

func (ops *deltaOps) retain(n int) {
	if l := ops.last(); l.Retain > 0 {
		l.Retain += n
	} else {
		*ops = append(*ops, DeltaOp{Retain: n})
	}
}

func (ops *deltaOps) delete(n int) {
	if l := ops.last(); l.Delete > 0 {
		l.Delete += n
	} else {
		*ops = append(*ops, DeltaOp{Delete: n})
	}
}

func (ops *deltaOps) insertValues(values []any) {
	l := ops.last()
	if list, ok := l.Insert.([]any); ok {
		l.Insert = append(list, values...)
	} else {
		*ops = append(*ops, DeltaOp{Insert: slices.Clone(values)})
	}
}

// trimmed returns the ops without one at the end that retains only.
func (ops deltaOps) trimmed() []DeltaOp {
	for len(ops) > 0 && ops.last().Retain > 0 && len(ops.last().Attributes) == 0 {
		ops = ops[:len(ops)-1]
	}
	return ops
}
