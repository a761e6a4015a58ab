package crdt

import "github.com/weft-sync/weft/core/update"

// gap is a place between two blocks of a list.
type gap struct{ left, right handle }

// locate returns the block that holds the unit before a position, which is from 1
// to the number of positions, and the position of the block's first unit. The list
// remembers it.
func (d *Doc) locate(at, position uint32) (h handle, first uint32) {
	l := &d.lists[at]
	if l.cursor != 0 && position > l.cursorAt && position-l.cursorAt <= d.blocks[l.cursor].length {
		return l.cursor, l.cursorAt
	}
	if l.root == 0 {
		// A short list needs no tree.
		const steps = 32
		h, first = l.start, 0
		for i := 0; i < steps; i++ {
			size := d.blocks[h].visible()
			if position-first <= size {
				l.cursor, l.cursorAt = h, first
				return h, first
			}
			first += size
			h = d.blocks[h].right
		}
		d.treeBuild(at)
		l = &d.lists[at]
	}
	h, first = d.treeFind(l.root, position)
	l.cursor, l.cursorAt = h, first
	return h, first
}

// gapAt returns the gap right after the unit before a position, and splits the
// block that holds both sides of it.
func (d *Doc) gapAt(at, position uint32) gap {
	if position == 0 {
		return gap{0, d.lists[at].start}
	}
	h, first := d.locate(at, position)
	if off := position - first; off < d.blocks[h].length {
		d.split(h, uint64(off))
	}
	return gap{h, d.blocks[h].right}
}

// positionOf returns how many positions are before a block.
func (d *Doc) positionOf(h handle) uint32 {
	at := d.blocks[h].list
	if d.lists[at].root == 0 {
		const steps = 32
		n, b := uint32(0), d.blocks[h].left
		for i := 0; b != 0 && i < steps; i++ {
			n += d.blocks[b].visible()
			b = d.blocks[b].left
		}
		if b == 0 {
			return n
		}
		d.treeBuild(at)
	}
	return d.treePosition(h)
}

// insert puts a new block of the document's own client into a gap, and returns the
// block that holds the new units: the one left of the gap, if that could be extended.
func (tx *Txn) insert(at uint32, g gap, in *incoming) handle {
	d := tx.doc
	in.client = d.addClient(d.clientID)
	in.clock = d.clients[in.client].state
	in.origin, in.right = noID, noID
	if g.left != 0 {
		in.origin = d.lastID(g.left)
	}
	if g.right != 0 {
		in.right = d.firstID(g.right)
	}
	tx.touch(in.client)
	d.units++
	if g.left != 0 && d.extend(tx, in) {
		return g.left
	}
	h := d.newBlock()
	b := &d.blocks[h]
	b.clock, b.client, b.kind, b.list = in.clock, in.client, in.kind, at
	d.setLength(h, in.length)
	d.setOrigins(h, in.origin, in.right)
	d.place(tx, h, g.left, g.right, in)
	return h
}

// remove deletes units of a list from a position on.
// Source: yjs@13.6.33/src/types/AbstractType.js#typeListDelete.
func (tx *Txn) remove(at, position, length uint32) {
	if length == 0 {
		return
	}
	d := tx.doc
	h, first := d.locate(at, position+1)
	cursor := handle(0)
	if off := position - first; off > 0 {
		cursor = h
		h = d.split(h, uint64(off))
	}
	for length > 0 {
		b := &d.blocks[h]
		if size := b.visible(); size > 0 {
			if length < size {
				d.split(h, uint64(length))
				size = length
			}
			tx.delete(h)
			length -= size
		}
		h = d.blocks[h].right
	}
	if cursor != 0 {
		l := &d.lists[at]
		l.cursor, l.cursorAt = cursor, first
	}
}

// value returns a unit of a block's content as a value.
func (d *Doc) value(h handle, unit int) any {
	b := &d.blocks[h]
	switch b.kind {
	case update.KindType:
		return d.shared(b.content)
	case update.KindDoc:
		return d.subdocOf(b.content)
	case update.KindEmbed, update.KindFormat:
		return fromAny(d.anyOf(b))
	}
	return contentValue(b.kind, d.bytesOf(b), unit)
}
