package crdt

import "github.com/weft-sync/weft/core/update"

// InsertWith puts text at an index, with just the attributes given.
// The error is as that of Insert, or ErrValue of an attribute.
// Source: yjs@13.6.33/src/types/YText.js#insert.
func (t Text) InsertWith(tx *Txn, index int, text string, attributes Attrs) error {
	in, err := t.prepare(tx, index, text)
	if in == nil {
		return err
	}
	want, err := t.d.attrsOf(attributes)
	if err != nil {
		return err
	}
	e := t.edit(tx, uint32(index))
	e.insert(in, want)
	return nil
}

// InsertEmbed puts a value that counts one unit at an index: an object, as a rule, and
// neither text nor null. The error is as that of InsertWith, or ErrValue of a value
// that JSON cannot say.
// Source: yjs@13.6.33/src/types/YText.js#insertEmbed.
func (t Text) InsertEmbed(tx *Txn, index int, value any, attributes Attrs) error {
	if err := t.check(tx); err != nil {
		return err
	}
	if index < 0 || index > t.Len() {
		return ErrRange
	}
	in, err := t.d.embedContent(value)
	if err != nil {
		return err
	}
	want, err := t.d.attrsOf(attributes)
	if err != nil {
		return err
	}
	e := t.edit(tx, uint32(index))
	e.insert(in, want)
	return nil
}

// embedContent returns a value as the content of a block.
func (d *Doc) embedContent(value any) (*incoming, error) {
	switch value.(type) {
	case string, nil:
		return nil, ErrValue
	}
	json, err := toJSON(value)
	if err != nil {
		return nil, err
	}
	if len(json) > update.MaxSize-d.Size() {
		return nil, ErrTooLarge
	}
	return &incoming{kind: update.KindEmbed, length: 1, content: json}, nil
}

// insertType puts a new shared type, which counts one unit, at an index.
func (t Text) insertType(tx *Txn, index int, attributes Attrs, ref update.TypeRef, name string) (shared, error) {
	if err := t.check(tx); err != nil {
		return shared{}, err
	}
	if index < 0 || index > t.Len() {
		return shared{}, ErrRange
	}
	want, err := t.d.attrsOf(attributes)
	if err != nil {
		return shared{}, err
	}
	e := t.edit(tx, uint32(index))
	h := e.insert(&incoming{kind: update.KindType, length: 1, ref: ref, label: []byte(name)}, want)
	return t.d.of(t.d.blocks[h].content), nil
}

// InsertText puts a new text, which counts one unit, at an index. The error is as that
// of InsertWith.
func (t Text) InsertText(tx *Txn, index int, attributes Attrs) (Text, error) {
	s, err := t.insertType(tx, index, attributes, update.TypeText, "")
	return Text{s}, err
}

// InsertArray puts a new array, which counts one unit, at an index. The error is as
// that of InsertWith.
func (t Text) InsertArray(tx *Txn, index int, attributes Attrs) (Array, error) {
	s, err := t.insertType(tx, index, attributes, update.TypeArray, "")
	return Array{s}, err
}

// InsertMap puts a new map, which counts one unit, at an index. The error is as that
// of InsertWith.
func (t Text) InsertMap(tx *Txn, index int, attributes Attrs) (Map, error) {
	s, err := t.insertType(tx, index, attributes, update.TypeMap, "")
	return Map{s}, err
}

// Format changes the attributes of length units from an index on. The value nil takes
// an attribute away. The error is as that of InsertWith.
// Source: yjs@13.6.33/src/types/YText.js#format.
func (t Text) Format(tx *Txn, index, length int, attributes Attrs) error {
	if err := t.check(tx); err != nil {
		return err
	}
	if index < 0 || length < 0 || index > t.Len()-length {
		return ErrRange
	}
	want, err := t.d.attrsOf(attributes)
	if err != nil || length == 0 {
		return err
	}
	e := t.edit(tx, uint32(index))
	return e.apply(uint32(length), want)
}

// ApplyDelta makes the changes of a delta, from the start of the text on. What is
// inserted is a string, or a value as in InsertEmbed. A text that is retained past its
// end gets line breaks there; what is to be deleted may be more than there is.
//
// The error is ErrRange of an op that has not just one of its parts, or else as that of
// InsertEmbed; the ops before it took effect.
// Source: yjs@13.6.33/src/types/YText.js#applyDelta.
func (t Text) ApplyDelta(tx *Txn, delta []DeltaOp) error {
	if err := t.check(tx); err != nil {
		return err
	}
	e := t.edit(tx, 0)
	for i := range delta {
		if err := e.op(&delta[i]); err != nil {
			return err
		}
	}
	return nil
}

func (e *textEdit) op(op *DeltaOp) error {
	d := e.d
	want, err := d.attrsOf(op.Attributes)
	if err != nil {
		return err
	}
	n := op.Retain + op.Delete
	switch {
	case op.Retain < 0 || op.Delete < 0 || n > update.MaxSize || n > min(op.Retain, op.Delete)+max(op.Retain, op.Delete),
		op.Retain > 0 && op.Delete > 0, n > 0 && op.Insert != nil:
		return ErrRange
	case op.Delete > 0:
		e.delete(uint32(op.Delete))
		return nil
	case op.Retain > 0 && len(want) == 0:
		return e.retain(uint32(op.Retain))
	case op.Retain > 0:
		return e.apply(uint32(op.Retain), want)
	}
	var in *incoming
	if s, ok := op.Insert.(string); !ok {
		in, err = d.embedContent(op.Insert)
	} else if s != "" {
		in, err = d.textContent(s)
	}
	if in == nil {
		return err
	}
	e.insert(in, want)
	return nil
}

// ToDelta returns the text with its attributes, as a delta that inserts all of it. An
// embedded shared type is a Shared.
// Source: yjs@13.6.33/src/types/YText.js#toDelta.
func (t Text) ToDelta() []DeltaOp { return t.delta(nil, nil, nil) }

// delta is ToDelta of what was visible at one time, with what was visible before that
// and is not any more, each marked by the attribute "ychange": see Compare. nil stands
// for now, and for no time before.
func (t Text) delta(now, before func(h handle) bool, mark func(Changed) Attrs) []DeltaOp {
	d := t.d
	w := deltaText{d: d, value: mark}
	compared := now != nil
	if now == nil {
		now = func(h handle) bool { return !d.blocks[h].deleted() }
	}
	for h := t.seq().start; h != 0; h = d.blocks[h].right {
		is := now(h)
		was := before != nil && before(h)
		if !is && !was {
			continue
		}
		switch b := &d.blocks[h]; b.kind {
		case update.KindString:
			change := ""
			if compared && !is {
				change = "removed"
			} else if before != nil && !was {
				change = "added"
			}
			w.mark(change, h)
			w.text = append(w.text, d.bytesOf(b)...)
		case update.KindType, update.KindEmbed:
			w.flush()
			w.ops = append(w.ops, DeltaOp{Insert: d.value(h, 0), Attributes: w.attributes()})
		case update.KindFormat:
			if is {
				w.flush()
				if w.change != nil && d.keys[b.size] == changeKey {
					w.change = nil
				}
				d.applyFormat(&w.now, h)
			}
		}
	}
	w.flush()
	return w.ops
}

// changeKey is the attribute of what changed between two snapshots.
const changeKey = "ychange"

// deltaText makes a delta that inserts.
type deltaText struct {
	d      *Doc
	ops    []DeltaOp
	text   []byte
	now    attrs
	change Attrs // the value of changeKey; nil: none
	value  func(Changed) Attrs
}

// mark begins text of a block that was changed in a way; "" is not at all.
func (w *deltaText) mark(change string, h handle) {
	i := -1
	if key := w.d.findKey(changeKey); key != noKey {
		i = w.now.find(key)
	}
	if change == "" && w.change == nil && i < 0 {
		return
	}
	first := w.d.wireID(w.d.firstID(h))
	if user, ok := number(w.change.Get("user")); change != "" && ok && user == float64(first.Client) && w.change.Get("type") == change {
		return
	}
	w.flush()
	if i >= 0 {
		w.now.remove(w.now[i].key)
	}
	switch {
	case change == "":
		w.change = nil
	case w.value == nil:
		w.change = Attrs{{"type", change}}
	default:
		w.change = w.value(Changed{change, first})
	}
}

func (w *deltaText) attributes() Attrs {
	o := w.d.object(w.now)
	if w.change != nil {
		o = append(o, Member{changeKey, w.change})
	}
	return o
}

func (w *deltaText) flush() {
	if len(w.text) > 0 {
		w.ops = append(w.ops, DeltaOp{Insert: string(w.text), Attributes: w.attributes()})
		w.text = w.text[:0]
	}
}

// SetAttribute sets an attribute of the text as a whole. The error is as that of
// Map.Set.
func (t Text) SetAttribute(tx *Txn, name string, value any) error { return t.set(tx, name, value) }

// RemoveAttribute takes an attribute of the text as a whole away. The error is as that
// of Map.Delete.
func (t Text) RemoveAttribute(tx *Txn, name string) error { return t.deleteKey(tx, name) }

// Attribute returns an attribute of the text as a whole, and whether it is set.
func (t Text) Attribute(name string) (value any, ok bool) { return t.get(name) }

// Attributes returns the attributes of the text as a whole, in the order of
// JavaScript's objects.
func (t Text) Attributes() Attrs { return t.members().ordered() }

// members returns all keys with their values.
func (s shared) members() Object {
	var o Object
	for key, v := range s.allKeys() {
		o = append(o, Member{key, v})
	}
	return o
}
