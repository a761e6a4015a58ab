package crdt

import (
	"math/bits"

	"github.com/weft-sync/weft/core/update"
)

// neighbors returns the nearest blocks left of one, and right of it or itself, that
// are in the type that a block holds, or have copies there: those copies. 0 is none.
func (r *redoer) neighbors(h, parent handle) (left, right handle) {
	d := r.tx.doc
	if d.parentItem(h) == parent {
		return d.blocks[h].left, h
	}
	m := r.moved[parent]
	if m == nil || m.list != d.blocks[h].list || m.splits != len(r.tx.splits) {
		m = r.move(d.blocks[h].list, parent)
		r.moved[parent] = m
	}
	at := m.places[h]
	if i := m.before(at); i >= 0 {
		left, _ = r.trace(m.order[i], parent)
	}
	if i := m.from(at); i >= 0 {
		right, _ = r.trace(m.order[i], parent)
	}
	return left, right
}

// movedList is a list whose type was brought back in another place: its blocks in
// order, and which of them have copies there. Without it, bringing back a type of n
// blocks would take n² steps, because the copies do not come in the order of the list.
type movedList struct {
	list   uint32
	splits int // of the transaction: a further one changes the order
	order  []handle
	places map[handle]int
	copies []uint64         // a bit for each
	behind map[handle][]int // by block: places of those that it is the last copy of, in the same list
}

func (r *redoer) move(list uint32, parent handle) *movedList {
	d := r.tx.doc
	m := &movedList{list: list, places: map[handle]int{}, behind: map[handle][]int{}}
	for h := d.lists[list].start; h != 0; h = d.blocks[h].right {
		m.places[h] = len(m.order)
		m.order = append(m.order, h)
	}
	m.copies = make([]uint64, len(m.order)/64+1)
	for i, h := range m.order {
		if there, last := r.trace(h, parent); there != 0 {
			m.set(i)
		} else if last != h {
			m.behind[last] = append(m.behind[last], i)
		}
	}
	m.splits = len(r.tx.splits)
	return m
}

func (m *movedList) set(i int) { m.copies[i/64] |= 1 << (i % 64) }

// before returns the last block before a place that has a copy, or -1.
func (m *movedList) before(i int) int {
	word := i / 64
	for set := m.copies[word] & (1<<(i%64) - 1); ; set = m.copies[word] {
		if set != 0 {
			return word*64 + 63 - bits.LeadingZeros64(set)
		}
		if word--; word < 0 {
			return -1
		}
	}
}

// from returns the first block from a place on that has a copy, or -1.
func (m *movedList) from(i int) int {
	word := i / 64
	for set := m.copies[word] &^ (1<<(i%64) - 1); ; set = m.copies[word] {
		if set != 0 {
			return word*64 + bits.TrailingZeros64(set)
		}
		if word++; word == len(m.copies) {
			return -1
		}
	}
}

// copied notes that a block has a copy now, in the type that a block holds.
func (r *redoer) copied(h, parent handle) {
	m := r.moved[parent]
	switch {
	case m == nil:
	case m.list == r.tx.doc.blocks[h].list && m.splits == len(r.tx.splits):
		m.set(m.places[h])
		for _, i := range m.behind[h] {
			m.set(i)
		}
	default: // it may be the copy of a block in the list
		delete(r.moved, parent)
	}
}

// trace returns a block, or the copy of it, that is in the type that a block holds, or
// 0, and the last copy that there is.
func (r *redoer) trace(h, parent handle) (there, last handle) {
	d := r.tx.doc
	for d.blocks[h].kind != update.KindGC {
		if d.parentItem(h) == parent {
			return h, h
		}
		if d.blocks[h].flags&flagRedone == 0 {
			break
		}
		h = d.cleanStart(d.redone[h])
	}
	return 0, h
}
