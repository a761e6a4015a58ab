package crdt

import "github.com/weft-sync/weft/core/update"

// incoming is a struct on its way into the document.
type incoming struct {
	kind          update.Kind
	client        uint32
	clock, length uint64
	origin, right id
	unknown       [3]uint64 // the clients of origin, right and parent that the document has nothing of

	// The parent, where neither origin is there to tell it.
	named  bool   // the parent is the root called name
	name   []byte // of the root
	parent id     // the block that holds the parent
	key    []byte
	keyed  bool

	content []byte         // the bytes that the block holds, see content.go
	any     bool           // content of an embed or a format is an Any
	label   []byte         // the key of a format, the name of an element or hook, the guid of a subdocument
	ref     update.TypeRef // of a type
	sub     *Doc           // a subdocument that is put in here
}

// integrate puts a struct into the document. All that it refers to is there, and its
// clock is at or below the client's state, below which what there is of it is
// ignored.
// Source: yjs@13.6.33/src/structs/Item.js#getMissing, #integrate.
func (tx *Txn) integrate(in *incoming) {
	d := tx.doc
	state := d.clients[in.client].state
	if in.clock+in.length <= state {
		return
	}
	tx.touch(in.client)
	d.units++
	if in.kind == update.KindGC {
		d.addGC(in.client, in.clock+in.length-state)
		return
	}
	if in.clock < state {
		in.cutTo(state)
	}
	if d.extend(tx, in) {
		return
	}
	var left, right handle
	if in.origin.exists() {
		left = d.cleanEnd(in.origin)
	}
	if in.right.exists() {
		// Nearly always what was right of the origin then is so still.
		if left != 0 {
			right = d.blocks[left].right
		}
		if right == 0 || d.firstID(right) != in.right {
			right = d.cleanStart(in.right)
		}
	}
	list, ok := d.listFor(in, left, right)
	if !ok { // the parent is gone, so its contents are too
		d.addGC(in.client, in.length)
		return
	}
	h := d.newBlock()
	b := &d.blocks[h]
	b.clock, b.client, b.kind, b.list = in.clock, in.client, in.kind, list
	d.setLength(h, in.length)
	d.setOrigins(h, in.origin, in.right)
	d.place(tx, h, left, right, in)
}

// cutTo takes away what of a struct is before a clock.
func (in *incoming) cutTo(clock uint64) {
	cut := clock - in.clock
	in.origin = id{in.client, clock - 1}
	in.clock, in.length = clock, in.length-cut
	switch in.kind {
	case update.KindString:
		in.content = cutText(in.content, int(cut))
	case update.KindAny:
		in.content = in.content[skipValues(in.content, int(cut)):]
	case update.KindJSON:
		in.content = in.content[skipStrings(in.content, int(cut)):]
	}
}

// extend makes a struct a longer end of its client's last block, where integrating
// it and joining both when the transaction ends would come to the same. This is
// what typing is, and it allocates nothing.
func (d *Doc) extend(tx *Txn, in *incoming) bool {
	h := d.clients[in.client].last
	if h == 0 || in.origin.client != in.client || in.origin.clock+1 != in.clock {
		return false
	}
	b := &d.blocks[h]
	if b.kind != in.kind || b.flags&(flagDeleted|flagRedone) != 0 {
		return false
	}
	switch b.kind {
	case update.KindString, update.KindAny, update.KindJSON:
	default:
		return false
	}
	if in.right != d.rightOrigin(h) || uint64(b.length)+in.length >= longLength {
		return false
	}
	if b.right == 0 {
		if in.right.exists() {
			return false
		}
	} else if d.firstID(b.right) != in.right {
		return false
	}
	l := &d.lists[b.list]
	if item := d.types[l.typ].item; item != 0 && d.blocks[item].deleted() || l.key != noKey {
		return false
	}
	size := b.visible()
	if l.cursor != h {
		l.cursor = 0
	}
	if c := &d.clients[b.client]; b.kind == update.KindAny && c.tail.tx != tx.number {
		c.tail = tail{tx.number, b.clock, b.length, b.size}
	}
	d.extendContent(h, in.content)
	b.length += uint32(in.length)
	d.clients[in.client].state += in.length
	d.grown(h, size, b.visible())
	tx.change(l.typ, noKey)
	return true
}

// listFor returns the list that a struct belongs to, and false if that is gone.
func (d *Doc) listFor(in *incoming, left, right handle) (list uint32, ok bool) {
	if left != 0 && d.blocks[left].kind == update.KindGC || right != 0 && d.blocks[right].kind == update.KindGC {
		return 0, false
	}
	switch {
	case left != 0:
		return d.blocks[left].list, true
	case right != 0:
		return d.blocks[right].list, true
	}
	var t uint32
	if in.named {
		t = d.root(in.name)
	} else {
		h := d.blockOf(in.parent)
		if d.blocks[h].kind != update.KindType {
			return 0, false
		}
		t = d.blocks[h].content
	}
	if in.keyed {
		return d.addEntry(t, d.keyOf(in.key)), true
	}
	return d.sequence(t), true
}

// addGC adds units whose items were collected.
func (d *Doc) addGC(ci uint32, length uint64) {
	c := &d.clients[ci]
	if h := c.last; h != 0 && d.blocks[h].kind == update.KindGC {
		d.setLength(h, d.length(h)+length)
		c.state += length
		return
	}
	h := d.newBlock()
	b := &d.blocks[h]
	b.clock, b.client, b.kind, b.flags = c.state, ci, update.KindGC, flagDeleted
	b.origin, b.rightOrigin = noRef, noRef
	d.setLength(h, length)
	c.push(c.state, h)
	c.state += length
}

// place finds the place of a new block between left and right, puts it there, and
// lets it take effect.
func (d *Doc) place(tx *Txn, h, left, right handle, in *incoming) {
	l := &d.lists[d.blocks[h].list]
	if left == 0 && (right == 0 || d.blocks[right].left != 0) || left != 0 && d.blocks[left].right != right {
		first := l.start
		if left != 0 {
			first = d.blocks[left].right
		}
		left = d.resolve(h, left, first, right)
	}
	d.fill(tx, h, in)
	d.link(h, left)
	b := &d.blocks[h]
	c := &d.clients[b.client]
	if in.origin.client == b.client && in.origin.clock+1 == b.clock {
		tx.joins = append(tx.joins, in.origin)
		tx.joins[len(tx.joins)-1].clock++
	}
	c.push(b.clock, h)
	c.state = d.end(h)
	if l = &d.lists[b.list]; l.key != noKey && b.right == 0 && b.left != 0 {
		tx.delete(b.left) // it is the present value of the key no longer
		b, l = &d.blocks[h], &d.lists[d.blocks[h].list]
	}
	if b.kind == update.KindDeleted && (!tx.silent || d.formats) {
		tx.deletes = append(tx.deletes, idRange{b.client, b.clock, d.length(h)})
	}
	tx.change(l.typ, l.key)
	item := d.types[l.typ].item
	if item != 0 && d.blocks[item].deleted() || l.key != noKey && b.right != 0 {
		tx.delete(h)
	}
}

// resolve finds where a new block goes among those that others put between left and
// right at the same time, and returns the one before it. o is the first of them.
// Source: yjs@13.6.33/src/structs/Item.js#integrate.
func (d *Doc) resolve(h, left, o, right handle) handle {
	own := d.blocks[h]
	origin, rightOrigin := d.origin(h), d.rightOrigin(h)
	client := d.clients[own.client].id
	// Blocks that were passed have a stamp of base or more, those of them that
	// conflict one of conflicting or more.
	if len(d.stamps) < len(d.blocks) {
		d.stamps = append(d.stamps, make([]uint32, len(d.blocks)-len(d.stamps))...)
	}
	if d.stamp > 1<<31 {
		clear(d.stamps)
		d.stamp = 0
	}
	base := d.stamp + 1
	conflicting := base
	for ; o != 0 && o != right; o = d.blocks[o].right {
		d.stamp++
		d.stamps[o] = d.stamp
		b := &d.blocks[o]
		oo := d.origin(o)
		if oo == origin {
			if d.clients[b.client].id < client {
				left, conflicting = o, d.stamp+1
			} else if d.rightOrigin(o) == rightOrigin {
				break
			}
		} else if oo.exists() {
			at := d.stamps[d.blockOf(oo)]
			if at < base {
				break
			}
			if at < conflicting {
				left, conflicting = o, d.stamp+1
			}
		} else {
			break
		}
	}
	return left
}

// fill gives a new block its content.
// Source: yjs@13.6.33, the methods integrate of src/structs/Content*.js.
func (d *Doc) fill(tx *Txn, h handle, in *incoming) {
	b := &d.blocks[h]
	if in.any {
		b.flags |= flagAny
	}
	switch in.kind {
	case update.KindDeleted:
		b.flags |= flagDeleted
	case update.KindType:
		b.content = d.newType(typ{ref: in.ref, item: h, name: string(in.label)})
	case update.KindDoc:
		b.content = tx.addSubdoc(h, in)
	case update.KindFormat:
		b.size = d.keyOf(in.label)
		b.content = d.putBytes(in.content)
		t := &d.types[d.lists[b.list].typ]
		t.formatted, t.cleaned = true, true
		d.formats = true
	default:
		b.size = uint32(len(in.content))
		b.content = d.put(in.content)
	}
}
