package crdt

import (
	"github.com/weft-sync/weft/core/update"
)

// Added returns nothing: the delta of a text says what was added.
func (e *TextEvent) Added() []Item { return nil }

// Deleted returns nothing: the delta of a text says how much was deleted.
func (e *TextEvent) Deleted() []Item { return nil }

// Delta returns the change of the text and its formats. While it is worked out,
// formats that have no effect are deleted, in a transaction of their own.
// Source: yjs@13.6.33/src/types/YText.js#YTextEvent.
func (e *TextEvent) Delta() []DeltaOp {
	if e.deltaKnown || !e.live() {
		return e.delta
	}
	e.deltaKnown = true
	d := e.target.d
	tx := d.tx
	if tx == nil {
		tx = d.begin(true)
		defer d.finish(tx)
	}
	w := textDelta{d: d, of: e.tx, tx: tx}
	for h := e.target.seq().start; h != 0; h = d.blocks[h].right {
		w.block(h)
	}
	w.flush()
	e.delta = w.ops.trimmed()
	return e.delta
}

// textDelta makes the delta of a text.
type textDelta struct {
	d   *Doc
	of  *Txn // the transaction that the delta is about
	tx  *Txn // the one in which formats without effect are deleted
	ops deltaOps

	current, old attrs // formats here now, and before the transaction
	changed      attrs // what of that a retain has to change
	action       deltaAction
	text         []byte // to be inserted
	n            int    // units to be retained or deleted
}

type deltaAction uint8

const (
	deltaNone deltaAction = iota
	deltaInsert
	deltaRetain
	deltaDelete
)

// to begins another action, if it is not the present one.
func (w *textDelta) to(a deltaAction) {
	if w.action != a {
		w.flush()
		w.action = a
	}
}

// flush ends the present action.
func (w *textDelta) flush() {
	switch w.action {
	case deltaInsert:
		if len(w.text) > 0 {
			w.insert(string(w.text))
		}
		w.text = w.text[:0]
	case deltaRetain:
		if w.n > 0 {
			w.ops = append(w.ops, DeltaOp{Retain: w.n, Attributes: w.d.object(w.changed)})
		}
	case deltaDelete:
		if w.n > 0 {
			w.ops = append(w.ops, DeltaOp{Delete: w.n})
		}
	}
	w.action, w.n = deltaNone, 0
}

// insert adds an op that inserts. Of the attributes those that are null are none.
func (w *textDelta) insert(v any) {
	var in attrs
	for _, a := range w.current {
		if !w.d.isNull(a.value) {
			in = append(in, a)
		}
	}
	w.ops = append(w.ops, DeltaOp{Insert: v, Attributes: w.d.object(in)})
}

func (w *textDelta) block(h handle) {
	d := w.d
	switch b := &d.blocks[h]; b.kind {
	case update.KindType, update.KindEmbed:
		switch {
		case w.of.adds(h):
			if !w.of.deletesBlock(h) {
				w.flush()
				w.insert(d.value(h, 0))
			}
		case w.of.deletesBlock(h):
			w.to(deltaDelete)
			w.n++
		case !b.deleted():
			w.to(deltaRetain)
			w.n++
		}
	case update.KindString:
		w.string(h)
	case update.KindFormat:
		w.format(h)
	}
}

func (w *textDelta) string(h handle) {
	d := w.d
	b := &d.blocks[h]
	old := int(w.of.oldUnits(h))
	deleted := w.of.deletesBlock(h)
	if old > 0 {
		switch {
		case deleted:
			w.to(deltaDelete)
			w.n += old
		case !b.deleted():
			w.to(deltaRetain)
			w.n += old
		}
	}
	if old < int(b.length) && !deleted {
		w.to(deltaInsert)
		w.text = append(w.text, d.textFrom(b, uint32(old))...)
	}
}

func (w *textDelta) format(h handle) {
	d := w.d
	key, value := d.blocks[h].size, attrValue{h: h}
	switch {
	case w.of.adds(h):
		if w.of.deletesBlock(h) {
			break
		}
		if !d.equal(w.current.get(key), value) {
			w.endRetain()
			if d.equal(value, w.old.get(key)) {
				w.changed.remove(key)
			} else {
				w.changed.set(key, value)
			}
		} else if !d.isNull(value) {
			w.tx.delete(h)
		}
	case w.of.deletesBlock(h):
		w.old.set(key, value)
		if now := w.current.get(key); !d.equal(now, value) {
			w.endRetain()
			w.changed.set(key, now)
		}
	case !d.blocks[h].deleted():
		w.old.set(key, value)
		i := w.changed.find(key)
		if i < 0 {
			break
		}
		if is := w.changed[i].value; !d.equal(is, value) {
			w.endRetain()
			if d.isNull(value) {
				w.changed.remove(key)
			} else {
				w.changed.set(key, value)
			}
		} else if !d.isNull(is) {
			w.tx.delete(h) // the clean-up without context does the rest
		}
	}
	if d.isFormat(h) {
		if w.action == deltaInsert {
			w.flush()
		}
		d.applyFormat(&w.current, h)
	}
}

func (w *textDelta) endRetain() {
	if w.action == deltaRetain {
		w.flush()
	}
}
