package crdt

import (
	"cmp"
	"iter"
	"slices"

	"github.com/weft-sync/weft/core/update"
)

// cleanGap deletes the formats between a block and the next content after it that have
// no effect: those that another one follows, and those that say what is in force
// anyway. curr is the place of an edit, whose attributes are kept right.
// Source: yjs@13.6.33/src/types/YText.js#cleanupFormattingGap.
func (tx *Txn) cleanGap(start, curr handle, before attrs, now *attrs) (n int) {
	d := tx.doc
	end := start
	var last attrs // the last format of each key
	for end != 0 && d.blocks[end].visible() == 0 {
		if d.isFormat(end) {
			last.set(d.blocks[end].size, attrValue{h: end})
		}
		end = d.blocks[end].right
	}
	reached := false
	for h := start; h != end; h = d.blocks[h].right {
		reached = reached || h == curr
		if !d.isFormat(h) {
			continue
		}
		key, value := d.blocks[h].size, attrValue{h: h}
		was := before.get(key)
		if last.get(key).h != h || d.identical(was, value) {
			tx.delete(h)
			n++
			if !reached && d.identical(now.get(key), value) && !d.identical(was, value) {
				if d.isNull(was) {
					now.remove(key)
				} else {
					now.set(key, was)
				}
			}
		} else if !reached {
			d.applyFormat(now, h)
		}
	}
	return n
}

// cleanContextless deletes, in the gap that a deleted block is in, the formats that
// another one of the same key follows.
// Source: yjs@13.6.33/src/types/YText.js#cleanupContextlessFormattingGap.
func (tx *Txn) cleanContextless(h handle) {
	d := tx.doc
	for r := d.blocks[h].right; r != 0 && d.blocks[r].visible() == 0; r = d.blocks[r].right {
		h = r
	}
	var seen attrs
	for ; h != 0 && d.blocks[h].visible() == 0; h = d.blocks[h].left {
		if !d.isFormat(h) {
			continue
		}
		if key := d.blocks[h].size; seen.find(key) >= 0 {
			tx.delete(h)
		} else {
			seen.set(key, attrValue{h: h})
		}
	}
}

// cleanFormats cleans up the formats of a type. What Yjs does here looks like more,
// but after the first content it finds each gap empty.
// Source: yjs@13.6.33/src/types/YText.js#cleanupYTextFormatting.
func (tx *Txn) cleanFormats(t uint32) (n int) {
	d := tx.doc
	if d.types[t].seq == 0 {
		return 0
	}
	start := d.lists[d.types[t].seq].start
	var now attrs
	for h := start; h != 0; h = d.blocks[h].right {
		b := &d.blocks[h]
		switch {
		case b.deleted():
		case b.kind == update.KindFormat:
			d.applyFormat(&now, h)
		default:
			return tx.cleanGap(start, h, nil, &now)
		}
	}
	return 0
}

// CleanUpFormats deletes formats that have no effect, as Yjs does after changes that
// come from elsewhere, and returns how many there were.
// The error is ErrDeleted, ErrTxn or ErrClient.
func (t Text) CleanUpFormats(tx *Txn) (n int, err error) {
	if err := t.check(tx); err != nil {
		return 0, err
	}
	return tx.cleanFormats(t.t), nil
}

// needsCleaning reports whether a transaction that brought changes from elsewhere
// changed a text with formats.
// Source: yjs@13.6.33/src/types/YText.js#_callObserver.
func (d *Doc) needsCleaning(tx *Txn) bool {
	for _, c := range tx.changed {
		ty := &d.types[c.typ]
		if ty.cleaned && !ty.untyped && (ty.ref == update.TypeText || ty.ref == update.TypeXMLText) &&
			!d.of(c.typ).Deleted() {
			return true
		}
	}
	return false
}

// cleanAfter cleans up the formats of what a transaction changed, in a new one.
// Source: yjs@13.6.33/src/types/YText.js#cleanupYTextAfterTransaction.
func (d *Doc) cleanAfter(of *Txn) {
	whole := map[uint32]bool{} // types that got or lost a format
	var order []uint32
	add := func(t uint32) {
		if !whole[t] {
			whole[t] = true
			order = append(order, t)
		}
	}
	for _, t := range of.touched {
		c := &d.clients[t.client]
		if t.before == t.after {
			continue
		}
		for p, ok := c.find(t.before), true; ok; p, ok = c.next(p) {
			if h := c.at(p); d.isFormat(h) {
				add(d.lists[d.blocks[h].list].typ)
			}
		}
	}
	tx := d.begin(true)
	defer d.finish(tx)
	for _, ci := range of.lost {
		i, _ := slices.BinarySearchFunc(of.deletes, ci, func(r idRange, ci uint32) int { return cmp.Compare(r.client, ci) })
		for ; i < len(of.deletes) && of.deletes[i].client == ci; i++ {
			for h := range d.blocksIn(of.deletes[i]) {
				b := &d.blocks[h]
				if b.list == 0 {
					continue
				}
				switch t := d.lists[b.list].typ; {
				case !d.types[t].cleaned || whole[t]:
				case b.kind == update.KindFormat:
					add(t)
				default:
					tx.cleanContextless(h)
				}
			}
		}
	}
	for _, t := range order {
		tx.cleanFormats(t)
	}
}

// noteDeleters notes the clients of which units were deleted, in the order in which
// that began: what cleanAfter and undo managers do depends on it.
func (tx *Txn) noteDeleters() {
	tx.lost = tx.lost[:0]
	for i, r := range tx.deletes {
		if i > 0 && r.client == tx.deletes[i-1].client || slices.Contains(tx.lost, r.client) {
			continue
		}
		tx.lost = append(tx.lost, r.client)
	}
}

// blocksIn returns the blocks of a range, which does not begin or end inside of one.
func (d *Doc) blocksIn(r idRange) iter.Seq[handle] {
	return func(yield func(handle) bool) {
		c := &d.clients[r.client]
		for p, ok := c.find(r.clock), true; ok; p, ok = c.next(p) {
			h := c.at(p)
			if d.blocks[h].clock >= r.clock+r.length || !yield(h) {
				return
			}
		}
	}
}
