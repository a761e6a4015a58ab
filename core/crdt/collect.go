package crdt

import "github.com/weft-sync/weft/core/update"

// collect takes the content of what a transaction deleted, and of all that was in
// deleted types, out of memory. Ids and places stay, for those who refer to them.
// Source: yjs@13.6.33/src/utils/Transaction.js#tryGcDeleteSet.
func (d *Doc) collect(tx *Txn) {
	for i := len(tx.deletes) - 1; i >= 0; i-- {
		r := tx.deletes[i]
		c := &d.clients[r.client]
		p := c.find(r.clock)
		for ok := true; ok; p, ok = c.next(p) {
			h := c.at(p)
			b := &d.blocks[h]
			if b.clock >= r.clock+r.length {
				break
			}
			if b.kind != update.KindGC && b.kind != update.KindDeleted && b.deleted() && b.flags&flagKeep == 0 && d.mayCollect(h) {
				d.collectBlock(h)
			}
		}
	}
}

func (d *Doc) mayCollect(h handle) bool {
	if d.gcFilter == nil {
		return true
	}
	b := &d.blocks[h]
	return d.gcFilter(update.ID{Client: d.clients[b.client].id, Clock: b.clock}, d.length(h))
}

// collectBlock takes the content of a deleted block away. What is in a type becomes
// GC, since nothing can refer to places in it any more.
// Source: yjs@13.6.33/src/structs/Item.js#gc, ContentType.js#gc.
func (d *Doc) collectBlock(h handle) {
	b := &d.blocks[h]
	var types []uint32
	if b.kind == update.KindType {
		d.emptied = true
		types = append(types, b.content)
	}
	d.dropContent(b)
	delete(d.copies, h)
	b.kind = update.KindDeleted
	for len(types) > 0 {
		t := types[len(types)-1]
		types = types[:len(types)-1]
		if seq := d.types[t].seq; seq != 0 {
			types = d.collectList(seq, types)
		}
		for _, e := range d.types[t].entries {
			types = d.collectList(e.list, types)
		}
		if len(d.cleanups) > 1 {
			for _, tx := range d.cleanups {
				tx.unchange(t) // or its handlers would get another type
			}
		}
		d.types[t] = typ{gen: d.types[t].gen + 1}
		d.freeTypes = append(d.freeTypes, t)
	}
}

// collectList makes all blocks of a list GC, and appends the types among them.
func (d *Doc) collectList(at uint32, types []uint32) []uint32 {
	d.treeDrop(at)
	for h := d.lists[at].start; h != 0; {
		b := &d.blocks[h]
		next := b.right
		if b.kind == update.KindType {
			types = append(types, b.content)
		}
		d.dropContent(b)
		delete(d.copies, h)
		if b.flags&flagHigh != 0 {
			delete(d.high, h)
		}
		if b.flags&flagRedone != 0 {
			delete(d.redone, h)
		}
		b.origin, b.rightOrigin = noRef, noRef
		b.left, b.right, b.list, b.kind, b.flags = 0, 0, 0, update.KindGC, flagDeleted
		h = next
	}
	d.lists[at] = list{}
	d.freeLists = append(d.freeLists, at)
	return types
}

// joinDeleted joins what a transaction deleted with its neighbours.
// Source: yjs@13.6.33/src/utils/Transaction.js#tryMergeDeleteSet.
func (d *Doc) joinDeleted(tx *Txn) {
	for i := len(tx.deletes) - 1; i >= 0; i-- {
		r := tx.deletes[i]
		if !d.emptied && r.clock >= tx.stateBefore(r.client) {
			continue // new, and joined as that
		}
		c := &d.clients[r.client]
		p := c.find(r.clock + r.length - 1)
		p, _ = c.next(p)
		for d.blocks[c.at(p)].clock >= r.clock {
			p, _ = d.mergeWithLefts(r.client, p)
			var ok bool
			if p, ok = d.clients[r.client].prev(p); !ok {
				break
			}
		}
	}
}

// joinNew joins new blocks with each other and with the one before them.
func (d *Doc) joinNew(tx *Txn) {
	if !d.emptied && len(d.cleanups) == 1 && (!tx.skipped || len(tx.deletes) == 0) {
		// Only these can be joined, whatever was deleted since.
		var p place
		for _, at := range tx.joins {
			p, _ = d.mergeWithLefts(at.client, d.clients[at.client].seek(p, at.clock))
		}
		return
	}
	for _, t := range tx.touched {
		c := &d.clients[t.client]
		if t.before == t.after || t.after == 0 {
			continue
		}
		for _, later := range d.cleanups[tx.slot+1:] {
			for i := range later.touched {
				later.touched[i].joined = later.touched[i].joined || later.touched[i].client == t.client
			}
		}
		first := c.at(c.find(t.before))
		if t.before == 0 {
			first = c.at(place{0, 0})
		}
		stop := d.blocks[first].clock
		p := c.lastPlace()
		for d.blocks[c.at(p)].clock >= stop {
			p, _ = d.mergeWithLefts(t.client, p)
			var ok bool
			if p, ok = d.clients[t.client].prev(p); !ok {
				break
			}
		}
	}
}

// joinSplits joins the blocks that were split, where nothing came in between.
func (d *Doc) joinSplits(tx *Txn) {
	for i := len(tx.splits) - 1; i >= 0; i-- {
		s := tx.splits[i]
		c := &d.clients[s.client]
		p := c.find(s.clock)
		if next, ok := c.next(p); ok {
			_, merged := d.mergeWithLefts(s.client, next)
			if merged > 1 {
				continue
			}
			p = d.clients[s.client].find(s.clock)
		}
		d.mergeWithLefts(s.client, p)
	}
}
