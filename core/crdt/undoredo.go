package crdt

import "github.com/weft-sync/weft/core/update"

// pop takes steps back until one changes the document.
// Source: yjs@13.6.33/src/utils/UndoManager.js#popStackItem.
func (u *UndoManager) pop(stack *[]*StackItem, redo bool) (*StackItem, error) {
	d := u.doc
	if d.clientID == 0 {
		return nil, ErrClient
	}
	u.err = nil
	_ = d.Transact(func(tx *Txn) error {
		u.popping = tx
		for len(*stack) > 0 && u.popped == nil && u.err == nil {
			n := len(*stack) - 1
			step := (*stack)[n]
			*stack = (*stack)[:n]
			if u.revert(tx, step) {
				u.popped = step
			}
		}
		return nil
	}, WithOrigin(u))
	step, parents := u.popped, u.poppedIn
	u.popping, u.popped, u.poppedIn = nil, nil, parentEvents{}
	if step != nil {
		for _, fn := range u.taken.list {
			(*fn)(StackEvent{Item: step, Redo: redo, Origin: u, parents: parents})
		}
	}
	return step, u.err
}

// revert deletes what a step inserted and inserts copies of what it deleted, and
// reports whether anything was left to do.
func (u *UndoManager) revert(tx *Txn, step *StackItem) (did bool) {
	d := u.doc
	var doomed []handle
	tx.eachBlock(step.inserted.all(d), func(h handle) {
		if d.blocks[h].flags&flagRedone != 0 {
			var off uint64
			if h, off = d.followRedone(d.firstID(h)); off > 0 {
				h = d.cleanStart(id{d.blocks[h].client, d.blocks[h].clock + off})
			}
		}
		if !d.blocks[h].deleted() && u.covers(h) {
			doomed = append(doomed, h)
		}
	})
	r := redoer{u: u, tx: tx, inserted: &step.inserted, items: map[handle]struct{}{}, moved: map[handle]*movedList{}}
	var order []handle
	tx.eachBlock(step.deleted.all(d), func(h handle) {
		// What the step itself inserted was never there before.
		if d.blocks[h].kind != update.KindGC && u.covers(h) && !step.inserted.has(d, d.firstID(h)) {
			r.items[h] = struct{}{}
			order = append(order, h)
		}
	})
	for _, h := range order {
		if r.redo(h) {
			did = true
		}
	}
	// Children come after their parents: from the end on, filters see more.
	for i := len(doomed) - 1; i >= 0; i-- {
		if h := doomed[i]; u.config.MayDelete == nil || u.config.MayDelete(d.item(h, stretch{0, int(d.length(h)), false})) {
			tx.delete(h)
			did = true
		}
	}
	return did
}

// redoer brings deleted blocks back.
type redoer struct {
	u        *UndoManager
	tx       *Txn
	inserted *idSet                // by the step that deleted the blocks
	items    map[handle]struct{}   // all blocks that are to be brought back
	moved    map[handle]*movedList // by the block that holds the type that takes a list's place
}

// redo puts a copy of a deleted block into the place where that was, or where its
// neighbors' copies are, and reports whether there is one now. It returns false if its
// parent is gone or somebody else has set its key.
// Source: yjs@13.6.33/src/structs/Item.js#redoItem.
func (r *redoer) redo(h handle) bool {
	d := r.tx.doc
	if d.blocks[h].flags&flagRedone != 0 {
		d.cleanStart(d.redone[h])
		return true
	}
	parent := d.parentItem(h)
	if parent != 0 && d.blocks[parent].deleted() {
		if d.blocks[parent].flags&flagRedone == 0 {
			if _, ok := r.items[parent]; !ok || !r.redo(parent) {
				return false
			}
		}
		for d.blocks[parent].flags&flagRedone != 0 {
			parent = d.cleanStart(d.redone[parent])
		}
	}
	key := d.lists[d.blocks[h].list].key
	var t uint32
	switch {
	case parent == 0:
		t = d.lists[d.blocks[h].list].typ
	case d.blocks[parent].kind == update.KindType:
		t = d.blocks[parent].content
	default:
		return false // it was collected in spite of all
	}
	var left, right handle
	list := uint32(0)
	if key == noKey {
		list = d.sequence(t)
		left, right = r.neighbors(h, parent)
	} else {
		last := d.lists[d.types[t].entry(key)].end
		left = last
		if d.blocks[h].right != 0 && !r.u.config.OverRemoteMaps {
			left = r.lastOwn(h)
			if d.blocks[left].kind == update.KindGC || d.blocks[left].right != 0 {
				return false
			}
			if d.parentItem(left) != parent {
				left = last
			}
		}
		list = d.addEntry(t, key)
	}
	return r.insert(h, list, left, right)
}

// lastOwn returns the last of the values of a key from a block on that were all set,
// or undone, by the manager's own steps.
func (r *redoer) lastOwn(h handle) handle {
	d := r.tx.doc
	for right := d.blocks[h].right; right != 0; right = d.blocks[h].right {
		if i := d.firstID(right); d.blocks[right].flags&flagRedone == 0 && !r.inserted.has(d, i) &&
			!r.deletedBy(r.u.undo, i) && !r.deletedBy(r.u.redo, i) {
			break
		}
		for h = right; d.blocks[h].flags&flagRedone != 0; {
			h = d.cleanStart(d.redone[h])
		}
	}
	return h
}

// deletedBy reports whether a step deleted a unit.
func (r *redoer) deletedBy(steps []*StackItem, i id) bool {
	for _, s := range steps {
		if s.deleted.has(r.tx.doc, i) {
			return true
		}
	}
	return false
}

// insert puts a copy of a block between two others.
func (r *redoer) insert(h handle, list uint32, left, right handle) bool {
	tx, d := r.tx, r.tx.doc
	in := d.copyOf(h)
	if len(in.content) > update.MaxSize-d.Size() {
		r.u.err = ErrTooLarge
		return false
	}
	in.client = d.addClient(d.clientID)
	in.clock = d.clients[in.client].state
	in.origin, in.right = noID, noID
	if left != 0 {
		in.origin = d.lastID(left)
	}
	if right != 0 {
		in.right = d.firstID(right)
	}
	tx.touch(in.client)
	d.units++
	n := d.newBlock()
	b := &d.blocks[n]
	b.clock, b.client, b.kind, b.list = in.clock, in.client, in.kind, list
	d.setLength(n, in.length)
	d.setOrigins(n, in.origin, in.right)
	if d.redone == nil {
		d.redone = map[handle]id{}
	}
	d.redone[h] = d.firstID(n)
	d.blocks[h].flags |= flagRedone
	d.keep(n, true)
	r.copied(h, d.parentItem(n))
	d.place(tx, n, left, right, &in)
	if in.kind == update.KindFormat {
		d.copied(attrValue{h: h}, n)
	}
	return true
}

// copyOf returns what a block holds as a new struct. It may alias the arena.
// Source: yjs@13.6.33, the methods copy of src/structs/Content*.js.
func (d *Doc) copyOf(h handle) incoming {
	b := &d.blocks[h]
	in := incoming{kind: b.kind, length: d.length(h), any: b.flags&flagAny != 0}
	switch b.kind {
	case update.KindType:
		t := &d.types[b.content]
		in.ref, in.label = t.ref, []byte(t.name)
	case update.KindDoc:
		s := &d.subdocs[b.content]
		in.label, in.content = []byte(s.guid), s.options
	case update.KindFormat:
		in.label, in.content = []byte(d.keys[b.size]), d.bytesOf(b)
	case update.KindDeleted:
	default:
		in.content = d.bytesOf(b)
	}
	return in
}
