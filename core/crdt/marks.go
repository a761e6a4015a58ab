package crdt

import (
	"cmp"
	"slices"
)

// The attributes at a place of a text are what the formats before it come to. Yjs
// goes through the text from its start each time. Here some blocks are marked, and the
// attributes that are in force after them kept, until a format before them comes or
// goes: an edit near the last one finds a mark a few blocks to the left. Text that
// comes or goes changes no attributes.

// marks are the marked blocks of a text.
type marks struct {
	after map[handle]attrs
	order []handle // as in the text; each was visible when it was marked
}

// markEvery is how many blocks at least are between marks.
const markEvery = 64

// attrsAfter returns the attributes in force after a block of a text, or at its start
// for 0. They are the caller's until the next call.
func (d *Doc) attrsAfter(t uint32, h handle) attrs {
	out := d.attrs[:0]
	ty := &d.types[t]
	if !ty.formatted || h == 0 {
		return out
	}
	from, far := h, 0
	for ; from != 0; from = d.blocks[from].left {
		if d.blocks[from].flags&flagMark != 0 {
			out = append(out, ty.marks.after[from]...)
			break
		}
		far++
	}
	next := d.lists[ty.seq].start
	if from != 0 {
		next = d.blocks[from].right
	}
	for n := 0; from != h; next = d.blocks[next].right {
		if d.isFormat(next) {
			d.applyFormat(&out, next)
		}
		from = next
		n++
		if (n >= markEvery || from == h && far > markEvery/8) && d.blocks[from].visible() > 0 {
			d.mark(t, from, out)
			n = 0
		}
	}
	d.attrs = out
	return out
}

// mark keeps the attributes in force after a visible block.
func (d *Doc) mark(t uint32, h handle, a attrs) {
	at := d.positionOf(h)
	m := d.types[t].marks
	if m == nil {
		m = &marks{after: map[handle]attrs{}}
		d.types[t].marks = m
	}
	m.after[h] = slices.Clone(a)
	// Of blocks at one position, only the last can be visible.
	m.order = slices.Insert(m.order, d.marksUpTo(m, at+1), h)
	d.blocks[h].flags |= flagMark
}

// marksUpTo returns how many marks are before a position.
func (d *Doc) marksUpTo(m *marks, position uint32) int {
	i, _ := slices.BinarySearchFunc(m.order, position, func(h handle, p uint32) int {
		return cmp.Compare(d.positionOf(h), p)
	})
	return i
}

// formatMoved forgets the marks after a format that came or went.
func (d *Doc) formatMoved(h handle) {
	l := &d.lists[d.blocks[h].list]
	m := d.types[l.typ].marks
	if m == nil || len(m.order) == 0 || l.key != noKey {
		return
	}
	at := d.positionOf(h)
	if d.positionOf(m.order[len(m.order)-1]) < at {
		return
	}
	n := d.marksUpTo(m, at)
	for _, h := range m.order[n:] {
		delete(m.after, h)
		d.blocks[h].flags &^= flagMark
	}
	m.order = m.order[:n]
}

// unmark forgets the mark of a block that goes away.
func (d *Doc) unmark(h handle) {
	m := d.types[d.lists[d.blocks[h].list].typ].marks
	delete(m.after, h)
	m.order = slices.DeleteFunc(m.order, func(o handle) bool { return o == h })
}
