package crdt

import "github.com/weft-sync/weft/core/update"

// split cuts a block before unit at, which is neither its first nor past its end,
// and returns the right part. The transaction tries to join both again at its end.
// Source: yjs@13.6.33/src/structs/Item.js#splitItem.
func (d *Doc) split(h handle, at uint64) handle {
	c := &d.clients[d.blocks[h].client]
	return d.splitAt(h, c.find(d.blocks[h].clock), at)
}

// splitAt is split for a block whose place among its client's is known.
func (d *Doc) splitAt(h handle, p place, at uint64) handle {
	r := d.newBlock()
	length := d.length(h)
	left, right := &d.blocks[h], &d.blocks[r]
	size := left.visible()
	right.clock = left.clock + at
	right.client, right.list, right.kind = left.client, left.list, left.kind
	right.flags = left.flags & (flagDeleted | flagKeep)
	d.splitContent(h, r, uint32(at))
	d.setLength(r, length-at)
	d.setLength(h, at)
	right = &d.blocks[r]
	d.setOrigins(r, id{right.client, right.clock - 1}, d.rightOrigin(h))
	if d.blocks[h].flags&flagRedone != 0 {
		to := d.redone[h]
		right.flags |= flagRedone
		d.redone[r] = id{to.client, to.clock + at}
	}
	c := &d.clients[right.client]
	c.insertAfter(p, right.clock, r)

	l := &d.lists[right.list]
	cursor, cursorAt := l.cursor, l.cursorAt
	if size != 0 {
		l.visible -= size - uint32(at)
		if l.root != 0 {
			d.treeResize(h, size, uint32(at))
		}
	}
	d.link(r, h)
	if cursor != 0 { // the positions of what is left of the cut stay as they were
		l = &d.lists[right.list]
		l.cursor, l.cursorAt = cursor, cursorAt
	}
	d.tx.splits = append(d.tx.splits, d.firstID(r))
	return r
}

// cleanStart returns the block whose first unit has an id, which the document has.
// A GC is returned as it is, whatever unit of it is asked for.
// Source: yjs@13.6.33/src/utils/StructStore.js#getItemCleanStart.
func (d *Doc) cleanStart(i id) handle {
	c := &d.clients[i.client]
	p := c.find(i.clock)
	h := c.at(p)
	if b := &d.blocks[h]; b.clock < i.clock && b.kind != update.KindGC {
		return d.splitAt(h, p, i.clock-b.clock)
	}
	return h
}

// cleanEnd returns the block whose last unit has an id, which the document has.
// Source: yjs@13.6.33/src/utils/StructStore.js#getItemCleanEnd.
func (d *Doc) cleanEnd(i id) handle {
	c := &d.clients[i.client]
	var h handle
	var p place
	if c.state-1 == i.clock {
		h = c.last // typing goes on where it stopped
		return h
	}
	p = c.find(i.clock)
	h = c.at(p)
	if b := &d.blocks[h]; i.clock+1 != d.end(h) && b.kind != update.KindGC {
		d.splitAt(h, p, i.clock+1-b.clock)
	}
	return h
}

// blockOf returns the block that holds a unit, which the document has.
func (d *Doc) blockOf(i id) handle {
	c := &d.clients[i.client]
	return c.at(c.find(i.clock))
}

// mergeable reports whether right, which comes after left among its client's
// blocks, can become a part of it.
// Source: yjs@13.6.33/src/structs/Item.js#mergeWith, GC.js#mergeWith.
func (d *Doc) mergeable(left, right handle) bool {
	l, r := &d.blocks[left], &d.blocks[right]
	if l.kind != r.kind {
		return false
	}
	if l.kind == update.KindGC {
		return true
	}
	if l.right != right || (l.flags^r.flags)&flagDeleted != 0 || (l.flags|r.flags)&flagRedone != 0 ||
		r.origin.client != r.client {
		return false
	}
	switch l.kind {
	case update.KindString, update.KindAny, update.KindJSON, update.KindDeleted:
	default:
		return false
	}
	return d.origin(right) == d.lastID(left) && d.rightOrigin(left) == d.rightOrigin(right)
}

// mergeWithLefts joins the block at a place of a client with as many of those
// before it as can be, and returns the place where it ended up.
// Source: yjs@13.6.33/src/utils/Transaction.js#tryToMergeWithLefts.
func (d *Doc) mergeWithLefts(ci uint32, p place) (at place, merged int) {
	for {
		c := &d.clients[ci]
		before, ok := c.prev(p)
		if !ok {
			return p, merged
		}
		left, right := c.at(before), c.at(p)
		if !d.mergeable(left, right) {
			return p, merged
		}
		d.merge(left, right)
		c.remove(p)
		p = before
		merged++
	}
}

// merge makes right a part of left.
func (d *Doc) merge(left, right handle) {
	d.joinContent(left, right)
	l, r := &d.blocks[left], &d.blocks[right]
	size := l.visible()
	more := r.visible()
	l.flags |= r.flags & flagKeep
	if l.list != 0 {
		list := &d.lists[l.list]
		if list.cursor == right {
			list.cursor, list.cursorAt = left, list.cursorAt-size
		}
		d.unlink(right)
		list.visible -= more
		d.setLength(left, d.length(left)+d.length(right))
		d.grown(left, size, size+more)
	} else {
		d.setLength(left, d.length(left)+d.length(right))
	}
	d.release(right)
}

// grown tells the list of a block that the block has more positions at its end.
func (d *Doc) grown(h handle, from, to uint32) {
	l := &d.lists[d.blocks[h].list]
	l.visible += to - from
	if l.root != 0 && from != to {
		d.treeResize(h, from, to)
	}
}
