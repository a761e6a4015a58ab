//go:build invariants

package crdt

import (
	"strconv"

	"github.com/weft-sync/weft/core/update"
)

// checkInvariants panics unless every structure of the document is as it must be
// after a transaction.
func (d *Doc) checkInvariants() {
	refs := make([]int, len(d.blocks))
	for h := d.freeBlock; h != 0; h = d.blocks[h].right {
		refs[h]++
	}
	for i := range d.clients {
		d.checkClient(uint32(i), refs)
	}
	for h := range refs {
		if h > 0 && refs[h] != 1 {
			broken("block", h, "is among its client's and the free ones", refs[h], "times")
		}
	}
	seen := 0
	for t := range d.types {
		d.checkType(uint32(t), &seen)
	}
	inLists := 0
	for h := range d.blocks {
		if b := &d.blocks[h]; h > 0 && b.list != 0 {
			inLists++
		}
	}
	if seen != inLists {
		broken("the lists have", seen, "blocks of", inLists)
	}
	for h := range d.blocks {
		if b := &d.blocks[h]; b.kind == update.KindDoc && (d.subdocs[b.content].item != handle(h) || d.subdocs[b.content].refs == 0) {
			broken("block", h, "is not the one of its subdocument", b.content)
		}
	}
	if alive := d.aliveBytes(); alive+d.dead != len(d.arena) {
		broken("the arena has", len(d.arena), "bytes, of which", alive, "are alive and", d.dead, "dead")
	}
}

// checkClient checks that a client's blocks follow each other without a gap.
func (d *Doc) checkClient(ci uint32, refs []int) {
	c := &d.clients[ci]
	if d.clientPlaces[c.id] != ci {
		broken("client", c.id, "is not where it is looked up")
	}
	clock, last := uint64(0), handle(0)
	for k := range c.chunks {
		if n := len(c.chunks[k].entries); n == 0 || n > chunkLen {
			broken("a chunk has", n, "entries")
		}
		for i, e := range c.chunks[k].entries {
			b := &d.blocks[e.h]
			refs[e.h]++
			at := c.chunks[k].base + uint64(e.rel)
			if b.client != ci || b.clock != clock || at != clock || i == 0 && e.rel != 0 || d.length(e.h) == 0 {
				broken("block", e.h, "of client", c.id, "at", at, "has clock", b.clock, "instead of", clock)
			}
			if (b.length == longLength) != (d.long[e.h] != 0) || (b.flags&flagRedone != 0) != d.hasRedone(e.h) {
				broken("block", e.h, "and the tables beside it differ")
			}
			clock, last = d.end(e.h), e.h
		}
	}
	if clock != c.state || last != c.last {
		broken("client", c.id, "has state", c.state, "instead of", clock)
	}
}

func (d *Doc) hasRedone(h handle) bool { _, ok := d.redone[h]; return ok }

// checkType checks the lists of a type.
func (d *Doc) checkType(t uint32, seen *int) {
	ty := &d.types[t]
	if ty.item != 0 {
		if b := &d.blocks[ty.item]; b.kind != update.KindType || b.content != t {
			broken("type", t, "is not what its block", ty.item, "holds")
		}
	}
	if ty.seq != 0 {
		d.checkList(ty.seq, t, noKey, seen)
		d.checkMarks(t)
	}
	for i, e := range ty.entries {
		d.checkList(e.list, t, e.key, seen)
		if ty.entry(e.key) != e.list || ty.places != nil && ty.places[e.key] != uint32(i) {
			broken("key", e.key, "of type", t, "is not where it is looked up")
		}
	}
}

// checkMarks checks what a text has noted about the attributes in force in it.
func (d *Doc) checkMarks(t uint32) {
	m := d.types[t].marks
	if m == nil {
		return
	}
	var now attrs
	n := 0
	for h := d.lists[d.types[t].seq].start; h != 0; h = d.blocks[h].right {
		if d.isFormat(h) {
			d.applyFormat(&now, h)
		}
		noted, marked := m.after[h]
		if marked != (d.blocks[h].flags&flagMark != 0) || marked && (n >= len(m.order) || m.order[n] != h) {
			broken("block", h, "of type", t, "is not among the marks where it should be")
		}
		if !marked {
			continue
		}
		n++
		if len(noted) != len(now) {
			broken("block", h, "is noted to have", len(noted), "attributes after it instead of", len(now))
		}
		for i := range now {
			if noted[i].key != now[i].key || noted[i].value.h != now[i].value.h {
				broken("block", h, "is noted to have other attributes after it")
			}
		}
	}
	if n != len(m.order) || n != len(m.after) {
		broken("type", t, "has", len(m.order), "and", len(m.after), "marks instead of", n)
	}
}

// checkList checks that a list is linked both ways, and its positions. Of a key's
// values only the last counts, but those before it need not be deleted: the head of a
// value of several units, which no document writes, stays when it is cut.
func (d *Doc) checkList(at, t, key uint32, seen *int) {
	l := &d.lists[at]
	if l.typ != t || l.key != key {
		broken("list", at, "is not that of type", t, "and key", key)
	}
	var order []handle
	left, visible := handle(0), uint32(0)
	for h := l.start; h != 0; h = d.blocks[h].right {
		b := &d.blocks[h]
		if b.list != at || b.left != left || b.kind == update.KindGC {
			broken("block", h, "of list", at, "is not linked as it should be")
		}
		if h == l.cursor && (b.visible() == 0 || l.cursorAt != visible) {
			broken("the cursor of list", at, "is at", l.cursorAt, "instead of", visible)
		}
		order = append(order, h)
		visible += b.visible()
		left = h
		*seen++
	}
	if l.end != left || l.visible != visible {
		broken("list", at, "has", l.visible, "positions instead of", visible)
	}
	if l.cursor != 0 && d.blocks[l.cursor].list != at {
		broken("the cursor of list", at, "is in list", d.blocks[l.cursor].list)
	}
	if l.root != 0 {
		var got []handle
		d.checkNode(l.root, 0, &got)
		if len(got) != len(order) {
			broken("the tree of list", at, "has", len(got), "blocks instead of", len(order))
		}
		for i := range got {
			if got[i] != order[i] {
				broken("the tree of list", at, "has block", got[i], "in the place of", order[i])
			}
		}
	}
}

// checkNode checks a node of a tree and returns its sum.
func (d *Doc) checkNode(i, parent uint32, blocks *[]handle) (sum uint32) {
	n := &d.nodes[i]
	if n.parent != parent || n.n == 0 {
		broken("node", i, "has parent", n.parent, "instead of", parent, "and", int(n.n), "children")
	}
	for k, c := range n.child[:n.n] {
		size := uint32(0)
		if n.leaf {
			size = d.blocks[c].visible()
			*blocks = append(*blocks, c)
			if d.leafOf[c] != i {
				broken("block", c, "is in leaf", i, "and not", d.leafOf[c])
			}
		} else {
			size = d.checkNode(c, i, blocks)
		}
		if size != n.size[k] {
			broken("node", i, "says", n.size[k], "of a child with", size)
		}
		sum += size
	}
	return sum
}

// aliveBytes returns how many bytes of the arena blocks refer to.
func (d *Doc) aliveBytes() (n int) {
	for h := range d.blocks {
		b := &d.blocks[h]
		if h == 0 || !inArena(b.kind) {
			continue
		}
		n += d.held(b)
	}
	return n
}

// broken panics with what is wrong.
func broken(parts ...any) {
	s := "crdt: broken invariant:"
	for _, p := range parts {
		s += " "
		switch p := p.(type) {
		case string:
			s += p
		case int:
			s += strconv.Itoa(p)
		case uint32:
			s += strconv.Itoa(int(p))
		case uint64:
			s += strconv.FormatUint(p, 10)
		}
	}
	panic(s)
}
