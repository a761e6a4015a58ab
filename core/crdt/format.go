package crdt

import (
	"cmp"
	"math"
	"slices"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// textEdit is a change of a text at a place, which moves on as it changes or passes
// what is there.
// Source: yjs@13.6.33/src/types/YText.js#ItemTextListPosition.
type textEdit struct {
	d           *Doc
	tx          *Txn
	t           uint32 // the type
	list        uint32
	left, right handle
	index       uint32
	now         attrs // in force here
}

// edit returns an edit that begins at an index of a text.
func (t Text) edit(tx *Txn, index uint32) textEdit {
	d := t.d
	e := textEdit{d: d, tx: tx, t: t.t, list: d.sequence(t.t), now: d.now[:0]}
	e.seek(index)
	d.now = e.now
	return e
}

// seek goes to the place right after the unit before an index.
func (e *textEdit) seek(index uint32) {
	g := e.d.gapAt(e.list, index)
	e.left, e.right, e.index = g.left, g.right, index
	e.now = append(e.now[:0], e.d.attrsAfter(e.t, g.left)...)
}

// forward passes the block on the right.
func (e *textEdit) forward() {
	b := &e.d.blocks[e.right]
	if b.kind == update.KindFormat {
		if !b.deleted() {
			e.d.applyFormat(&e.now, e.right)
		}
	} else {
		e.index += b.visible()
	}
	e.left, e.right = e.right, b.right
}

// put puts a new block here and passes it.
func (e *textEdit) put(in *incoming) handle {
	h := e.tx.insert(e.list, gap{e.left, e.right}, in)
	if h == e.left { // it was made longer
		e.index += uint32(in.length)
		e.right = e.d.blocks[h].right
		return h
	}
	e.right = h
	e.forward()
	return h
}

// format puts a format here and passes it.
func (e *textEdit) format(a attr) {
	d := e.d
	json := a.value.json
	if a.value.h != 0 {
		json, _ = lib0.AppendJSON(nil, d.anyOfValue(a.value))
		if json == nil {
			json = []byte("null")
		}
	}
	h := e.put(&incoming{kind: update.KindFormat, length: 1, label: []byte(d.keys[a.key]), content: json})
	d.copied(a.value, h)
}

// skipEqual passes what is deleted, and formats that say what is wanted anyway.
// Source: yjs@13.6.33/src/types/YText.js#minimizeAttributeChanges.
func (e *textEdit) skipEqual(want attrs) {
	d := e.d
	for e.right != 0 {
		b := &d.blocks[e.right]
		if !b.deleted() && (b.kind != update.KindFormat || !d.equal(want.get(b.size), attrValue{h: e.right})) {
			return
		}
		e.forward()
	}
}

// open puts the formats that attributes need here, and returns those that end them.
// Source: yjs@13.6.33/src/types/YText.js#insertAttributes.
func (e *textEdit) open(want attrs) (negated attrs) {
	for _, a := range want {
		if now := e.now.get(a.key); !e.d.equal(now, a.value) {
			negated.set(a.key, now)
			e.format(a)
		}
	}
	return negated
}

// close puts the formats here that end others, as far as they are not there.
// Source: yjs@13.6.33/src/types/YText.js#insertNegatedAttributes.
func (e *textEdit) close(negated attrs) {
	d := e.d
	for e.right != 0 {
		if b := &d.blocks[e.right]; !b.deleted() {
			if b.kind != update.KindFormat {
				break
			}
			i := negated.find(b.size)
			if i < 0 || !d.equal(negated[i].value, attrValue{h: e.right}) {
				break
			}
			negated.remove(b.size)
		}
		e.forward()
	}
	for _, a := range negated {
		e.format(a)
	}
}

// insert puts content with attributes here. want is changed.
// Source: yjs@13.6.33/src/types/YText.js#insertText.
func (e *textEdit) insert(in *incoming, want attrs) handle {
	d := e.d
	for _, a := range e.now {
		if want.find(a.key) < 0 {
			want = append(want, attr{a.key, nullValue})
		}
	}
	want = d.inOrder(want)
	e.skipEqual(want)
	negated := e.open(want)
	h := e.put(in)
	e.close(negated)
	l := &d.lists[e.list]
	l.cursor, l.cursorAt = h, e.index-d.blocks[h].visible()
	return h
}

// apply changes the attributes of the next units.
// Source: yjs@13.6.33/src/types/YText.js#formatText.
func (e *textEdit) apply(length uint32, want attrs) error {
	d := e.d
	if rest := d.lists[e.list].visible - e.index; length > rest && int(length-rest) > update.MaxSize-d.Size() {
		return ErrTooLarge
	}
	e.skipEqual(want)
	negated := e.open(want)
	for e.right != 0 {
		b := &d.blocks[e.right]
		if length == 0 && (len(negated) == 0 || !b.deleted() && b.kind != update.KindFormat) {
			break
		}
		switch {
		case b.deleted():
		case b.kind != update.KindFormat:
			if length < b.length {
				d.split(e.right, uint64(length))
			}
			length -= d.blocks[e.right].length
		default:
			i := want.find(b.size)
			if i < 0 {
				break
			}
			value := attrValue{h: e.right}
			if d.equal(want[i].value, value) {
				negated.remove(b.size)
			} else {
				if length == 0 {
					e.close(negated)
					return nil
				}
				negated.set(b.size, value)
			}
			e.tx.delete(e.right)
		}
		e.forward()
	}
	// An editor that thinks of a text as ending with a line break may format that.
	if length > 0 {
		lines := make([]byte, length)
		for i := range lines {
			lines[i] = '\n'
		}
		e.put(&incoming{kind: update.KindString, length: uint64(length), content: lines})
	}
	e.close(negated)
	return nil
}

// retain passes units: apply without attributes.
func (e *textEdit) retain(length uint32) error {
	d := e.d
	if length > d.lists[e.list].visible-e.index {
		return e.apply(length, nil)
	}
	goal := e.index + length
	const near = 512 // blocks: going farther is for the tree
	for n := 0; n < near && e.index < goal; n++ {
		if b := &d.blocks[e.right]; b.visible() > goal-e.index {
			d.split(e.right, uint64(goal-e.index))
		}
		e.forward()
	}
	if e.index < goal {
		e.seek(goal)
	}
	e.close(nil)
	return nil
}

// delete deletes the next units, as many as there are, and formats that have no use
// any more then.
// Source: yjs@13.6.33/src/types/YText.js#deleteText.
func (e *textEdit) delete(length uint32) {
	d := e.d
	before := append(attrs(nil), e.now...)
	start := e.right
	for length > 0 && e.right != 0 {
		if b := &d.blocks[e.right]; !b.deleted() && b.kind != update.KindFormat {
			switch b.kind {
			case update.KindType, update.KindEmbed, update.KindString:
				if length < b.length {
					d.split(e.right, uint64(length))
				}
				length -= d.blocks[e.right].length
				e.tx.delete(e.right)
			}
		}
		e.forward()
	}
	if start != 0 {
		e.tx.cleanGap(start, e.right, before, &e.now)
	}
}

// inOrder puts attributes into the order that JavaScript gives the keys of an object:
// array indexes in front of the others, ascending.
func (d *Doc) inOrder(a attrs) attrs {
	rank := func(e attr) uint64 {
		if i, ok := lib0.ArrayIndex(d.keys[e.key]); ok {
			return i
		}
		return math.MaxUint64
	}
	if slices.ContainsFunc(a, func(e attr) bool { return rank(e) != math.MaxUint64 }) {
		slices.SortStableFunc(a, func(x, y attr) int { return cmp.Compare(rank(x), rank(y)) })
	}
	return a
}

// attrsOf returns attributes that a caller gave. The error is ErrValue or ErrUTF8.
func (d *Doc) attrsOf(given Attrs) (attrs, error) {
	if len(given) == 0 {
		return nil, nil
	}
	list := make(attrs, 0, len(given))
	for _, m := range given.ordered() {
		if !validKey(m.Key) {
			return nil, ErrUTF8
		}
		json, err := toJSON(m.Value)
		if err != nil {
			return nil, err
		}
		list = append(list, attr{d.keyOf([]byte(m.Key)), attrValue{json: json}})
	}
	return list, nil
}
