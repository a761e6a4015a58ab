package crdt

import "slices"

// capture makes what a transaction did a step, or a part of the last one. It is
// called when the observers were.
func (u *UndoManager) capture(tx *Txn) {
	if tx == u.popping {
		u.poppedIn = tx.parents
	}
	if u.config.Captures != nil && !u.config.Captures(tx) || !u.concerns(tx) || !u.tracks(tx.origin) {
		return
	}
	undoing, redoing := u.undoing, u.redoing
	stack := &u.undo
	switch {
	case undoing:
		stack = &u.redo
		u.StopCapturing() // the next undo is no part of this one
	case !redoing:
		u.clear(false, true)
	}
	joins := u.last > 0 && u.doc.time-u.last < u.timeout && len(*stack) > 0 && !undoing && !redoing
	if !joins {
		*stack = append(*stack, &StackItem{Meta: map[any]any{}})
	}
	last := (*stack)[len(*stack)-1]
	last.inserted.addInserted(tx)
	last.deleted.addDeleted(tx)
	if !undoing && !redoing {
		u.last = u.doc.time
	}
	if len(tx.deletes) > 0 {
		u.keepDeleted(tx)
	}
	e := StackEvent{Item: last, Redo: undoing, Origin: tx.origin, parents: tx.parents}
	list := u.added.list
	if joins {
		list = u.updated.list
	}
	for _, fn := range list {
		(*fn)(e)
	}
}

// keepDeleted spares what a transaction deleted from being collected.
func (u *UndoManager) keepDeleted(tx *Txn) {
	tx.eachBlock(slices.Values(tx.deletes), func(h handle) {
		if u.covers(h) {
			u.doc.keep(h, true)
		}
	})
}

// tracks reports whether transactions of an origin are captured.
func (u *UndoManager) tracks(origin any) bool {
	if _, ok := u.origins[origin]; ok {
		return true
	}
	return origin != nil && u.config.TracksOrigin != nil && u.config.TracksOrigin(origin)
}

// concerns reports whether a transaction changed anything in the scope.
func (u *UndoManager) concerns(tx *Txn) bool {
	if u.whole {
		return true
	}
	d := u.doc
	for _, c := range tx.changed {
		if !d.types[c.typ].untyped && !d.of(c.typ).Deleted() && u.coversType(c.typ) {
			return true
		}
	}
	return false
}

// covers reports whether a block, not a GC, is in a type of the scope.
// Source: yjs@13.6.33/src/utils/isParentOf.js.
func (u *UndoManager) covers(h handle) bool {
	b := &u.doc.blocks[h]
	return b.list != 0 && (u.whole || u.coversType(u.doc.lists[b.list].typ))
}

// coversType reports whether a type is in the scope, or in a type that is.
func (u *UndoManager) coversType(t uint32) bool {
	d := u.doc
	for {
		if _, ok := u.scope[d.of(t)]; ok {
			return true
		}
		item := d.types[t].item
		if item == 0 {
			return false
		}
		t = d.lists[d.blocks[item].list].typ
	}
}

// keep says whether a block, with the types that it is in, is spared when deleted
// content is collected.
// Source: yjs@13.6.33/src/structs/Item.js#keepItem.
func (d *Doc) keep(h handle, keep bool) {
	for h != 0 && (d.blocks[h].flags&flagKeep != 0) != keep {
		d.blocks[h].flags ^= flagKeep
		h = d.parentItem(h)
	}
}

// parentItem returns the block that holds the type that a block is in, 0 of a root.
func (d *Doc) parentItem(h handle) handle { return d.types[d.lists[d.blocks[h].list].typ].item }
