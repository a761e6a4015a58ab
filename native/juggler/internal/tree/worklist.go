package tree

import (
	"slices"
	"strconv"
)

// worklist turns one array's items into another's, from the first to the last, by
// operations that each change items as the peer's array will change. So whatever it
// decides is right; deciding well makes the patch short.
type worklist struct {
	*differ
	first int // index of items[0] in the whole array
	items []*Node
	// wanted counts the items, by hash, that the rest of the target has; nil if
	// there are too many to look for. A wrong count costs an operation more.
	wanted map[uint64]int
}

func (w *worklist) run(target []*Node) {
	if len(w.items) <= moveLimit && len(target) <= moveLimit {
		w.wanted = make(map[uint64]int, len(target))
		for _, item := range target {
			w.wanted[item.hash]++
		}
	}
	for i, item := range target {
		w.place(i, item)
		if w.wanted != nil {
			w.wanted[item.hash]--
		}
	}
	for _, item := range w.items[min(len(target), len(w.items)):] {
		w.removed(len(target), item)
	}
}

// place makes item the i'th; those before it are in their places.
func (w *worklist) place(i int, item *Node) {
	if w.wanted != nil && i+1 < len(w.items) && Equal(w.items[i+1], item) &&
		w.wanted[w.items[i].hash] == 0 && !Equal(w.items[i], item) {
		w.removed(i, w.items[i])
		w.items = slices.Delete(w.items, i, i+1)
	}
	switch {
	case i == len(w.items):
		w.insert(i, item)
	case Equal(w.items[i], item):
	case w.wanted == nil:
		w.become(i, item)
	default:
		if from := w.find(i+1, item); from >= 0 {
			w.move(from, i)
		} else if w.wanted[w.items[i].hash] > 0 {
			w.insert(i, item)
		} else {
			w.become(i, item)
		}
	}
}

// at runs f for the i'th item.
func (w *worklist) at(i int, f func()) { w.in(KindArray, strconv.Itoa(w.first+i), f) }

func (w *worklist) find(from int, item *Node) int {
	for i := from; i < len(w.items); i++ {
		if Equal(w.items[i], item) {
			return i
		}
	}
	return -1
}

// become changes the i'th item into another.
func (w *worklist) become(i int, item *Node) {
	w.at(i, func() { w.diff(w.items[i], item) })
	w.items[i] = item
}

func (w *worklist) insert(i int, item *Node) {
	w.at(i, func() { w.emit(diffOp{Op: Op{Kind: OpAdd, Value: item}}) })
	w.items = slices.Insert(w.items, i, item)
}

// removed says that the i'th item has gone; items is the caller's to change.
func (w *worklist) removed(i int, item *Node) {
	w.at(i, func() { w.emit(diffOp{Op: Op{Kind: OpRemove}, old: item}) })
}

func (w *worklist) move(from, to int) {
	var source []string
	w.at(from, func() { source = slices.Clone(w.path) })
	w.at(to, func() { w.emit(diffOp{Op: Op{Kind: OpMove, From: source}, fromParent: KindArray}) })
	item := w.items[from]
	w.items = slices.Insert(slices.Delete(w.items, from, from+1), to, item)
}
