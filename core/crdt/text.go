package crdt

import (
	"slices"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// Text is a shared text with formats and embedded values. Positions and lengths
// count UTF-16 units, as in JavaScript; an embedded value counts one.
type Text struct{ shared }

// String returns the text without formats and embedded values.
// Source: yjs@13.6.33/src/types/YText.js#toString.
func (t Text) String() string { return string(t.AppendTo(nil)) }

// AppendTo appends what String returns to b.
func (t Text) AppendTo(b []byte) []byte {
	d := t.d
	b = slices.Grow(b, t.Len())
	for h := t.seq().start; h != 0; h = d.blocks[h].right {
		if s := &d.blocks[h]; s.kind == update.KindString && !s.deleted() {
			b = appendShort(b, d.arena[s.content:s.content+s.size])
		}
	}
	return b
}

// Insert puts text at an index. It takes the formats of what is before it.
// The error is ErrRange, ErrUTF8, ErrTooLarge, ErrDeleted, ErrTxn or ErrClient.
// Source: yjs@13.6.33/src/types/YText.js#insert.
func (t Text) Insert(tx *Txn, index int, text string) error {
	in, err := t.prepare(tx, index, text)
	if in == nil {
		return err
	}
	d := t.d
	if d.types[t.t].formatted {
		e := t.edit(tx, uint32(index))
		d.want = append(d.want[:0], e.now...)
		e.insert(in, d.want)
		return nil
	}
	at := d.sequence(t.t)
	g := d.gapAt(at, uint32(index))
	for g.right != 0 && d.blocks[g.right].deleted() {
		g = gap{g.right, d.blocks[g.right].right}
	}
	tx.insertAt(at, g, in, uint32(index))
	return nil
}

// prepare returns text as a block that is to be inserted at an index, or nil if there
// is nothing to be done.
func (t Text) prepare(tx *Txn, index int, text string) (*incoming, error) {
	if err := t.check(tx); err != nil {
		return nil, err
	}
	if index < 0 || index > t.Len() {
		return nil, ErrRange
	}
	if len(text) == 0 {
		return nil, nil
	}
	return t.d.textContent(text)
}

// textContent returns text as the content of a block, which is good until the next
// call.
func (d *Doc) textContent(text string) (*incoming, error) {
	if len(text) > update.MaxSize-d.Size() {
		return nil, ErrTooLarge
	}
	// The text is copied to where it can be looked at as bytes.
	d.scratch = append(d.scratch[:0], text...)
	units, ok := lib0.CountUTF16(d.scratch)
	if !ok {
		return nil, ErrUTF8
	}
	d.in = incoming{kind: update.KindString, length: uint64(units), content: d.scratch}
	return &d.in, nil
}

// Delete deletes length units from an index on.
// The error is ErrRange, ErrDeleted, ErrTxn or ErrClient.
// Source: yjs@13.6.33/src/types/YText.js#delete.
func (t Text) Delete(tx *Txn, index, length int) error {
	if err := t.check(tx); err != nil {
		return err
	}
	if index < 0 || length < 0 || index > t.Len()-length {
		return ErrRange
	}
	if length == 0 {
		return nil
	}
	if t.d.types[t.t].formatted {
		e := t.edit(tx, uint32(index))
		e.delete(uint32(length))
		return nil
	}
	tx.remove(t.d.sequence(t.t), uint32(index), uint32(length))
	return nil
}

// insertAt inserts a block at a position, and remembers where the next one goes if
// the person goes on there.
func (tx *Txn) insertAt(at uint32, g gap, in *incoming, position uint32) handle {
	h := tx.insert(at, g, in)
	if h != g.left {
		l := &tx.doc.lists[at]
		l.cursor, l.cursorAt = h, position
	}
	return h
}
