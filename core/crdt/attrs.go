package crdt

import (
	"bytes"
	"slices"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// attrValue is the value of an attribute: that of a format block, or else JSON text.
type attrValue struct {
	h    handle
	json []byte
}

var nullValue = attrValue{json: []byte("null")}

// attr is an attribute that is in force somewhere in a text.
type attr struct {
	key   uint32 // place in Doc.keys
	value attrValue
}

// attrs are attributes in the order in which they came into force: what Yjs has in a
// Map.
type attrs []attr

func (a attrs) find(key uint32) int {
	return slices.IndexFunc(a, func(e attr) bool { return e.key == key })
}

// get returns the value of a key, null if there is none.
func (a attrs) get(key uint32) attrValue {
	if i := a.find(key); i >= 0 {
		return a[i].value
	}
	return nullValue
}

// set sets the value of a key, in its place if it has one.
func (a *attrs) set(key uint32, v attrValue) {
	if i := a.find(key); i >= 0 {
		(*a)[i].value = v
		return
	}
	*a = append(*a, attr{key, v})
}

func (a *attrs) remove(key uint32) {
	if i := a.find(key); i >= 0 {
		*a = slices.Delete(*a, i, i+1)
	}
}

// apply lets a format block take effect.
// Source: yjs@13.6.33/src/types/YText.js#updateCurrentAttributes.
func (d *Doc) applyFormat(a *attrs, h handle) {
	key := d.blocks[h].size
	if v := (attrValue{h: h}); d.isNull(v) {
		a.remove(key)
	} else {
		a.set(key, v)
	}
}

// anyOfValue returns the value of an attribute as Any.
func (d *Doc) anyOfValue(v attrValue) lib0.Any {
	if v.h != 0 {
		return d.anyOf(&d.blocks[v.h])
	}
	return parsed(v.json)
}

func parsed(json []byte) lib0.Any {
	v, _ := lib0.ParseJSON(json)
	return v
}

func (d *Doc) isNull(v attrValue) bool {
	json := v.json
	if v.h != 0 {
		b := &d.blocks[v.h]
		json = d.bytesOf(b)
		if b.flags&flagAny != 0 {
			return len(json) == 1 && json[0] == byte(lib0.KindNull)
		}
	}
	return len(json) >= 4 && (json[0] == 'n' || json[0] <= ' ') && string(bytes.TrimSpace(json)) == "null"
}

// object returns attributes as an object, in the order that JavaScript gives its keys.
func (d *Doc) object(a attrs) Attrs {
	if len(a) == 0 {
		return nil
	}
	o := make(Attrs, 0, len(a))
	for _, e := range a {
		o = append(o, Member{d.keys[e.key], fromAny(d.anyOfValue(e.value))})
	}
	return o.ordered()
}

// identical reports whether JavaScript's === would hold of two values: of objects
// and arrays only if one is a copy of the other that the document made itself.
func (d *Doc) identical(a, b attrValue) bool {
	if a.h != 0 && (a.h == b.h || len(d.copies) > 0 && d.copies[a.h] != 0 && d.copies[a.h] == d.copies[b.h]) {
		return true
	}
	return sameScalar(d.anyOfValue(a), d.anyOfValue(b))
}

// equal reports whether Yjs takes two values for equal: identical ones, and objects
// and arrays of the same identical values.
// Source: yjs@13.6.33/src/types/YText.js#equalAttrs, lib0@0.2.120/src/object.js#equalFlat.
func (d *Doc) equal(a, b attrValue) bool {
	if d.identical(a, b) {
		return true
	}
	x, y := d.anyOfValue(a), d.anyOfValue(b)
	if !container(x) || !container(y) {
		return false
	}
	p, q := members(x), members(y)
	if len(p) != len(q) {
		return false
	}
	for _, m := range p {
		i := slices.IndexFunc(q, func(n lib0.Member) bool { return bytes.Equal(m.Key, n.Key) })
		if i < 0 || !sameScalar(m.Value, q[i].Value) {
			return false
		}
	}
	return true
}

func container(v lib0.Any) bool { return v.Kind == lib0.KindObject || v.Kind == lib0.KindArray }

// members returns the members of an object, or the elements of an array by index.
func members(v lib0.Any) []lib0.Member {
	if v.Kind == lib0.KindObject {
		return v.Object
	}
	list := make([]lib0.Member, len(v.Array))
	for i, e := range v.Array {
		list[i] = lib0.Member{Key: appendDecimal(nil, i), Value: e}
	}
	return list
}

// sameScalar reports whether two values are the same and neither object nor array.
func sameScalar(a, b lib0.Any) bool {
	switch a.Kind {
	case lib0.KindInteger, lib0.KindFloat32, lib0.KindFloat64:
		switch b.Kind {
		case lib0.KindInteger, lib0.KindFloat32, lib0.KindFloat64:
			return a.Number == b.Number
		}
	case lib0.KindString:
		return b.Kind == lib0.KindString && bytes.Equal(a.Bytes, b.Bytes)
	case lib0.KindBigInt:
		return b.Kind == lib0.KindBigInt && a.BigInt == b.BigInt
	case lib0.KindUndefined, lib0.KindNull, lib0.KindTrue, lib0.KindFalse:
		return a.Kind == b.Kind
	}
	return false
}

// copied notes that a format block has the very value of another: where Yjs compares
// objects it tells that from an equal one.
func (d *Doc) copied(from attrValue, to handle) {
	if from.h == 0 || !container(d.anyOfValue(from)) {
		return
	}
	if d.copies == nil {
		d.copies = map[handle]uint32{}
	}
	group := d.copies[from.h]
	if group == 0 {
		d.copyGroups++
		group = d.copyGroups
		d.copies[from.h] = group
	}
	d.copies[to] = group
}

// isFormat reports whether a block is a format that is in force.
func (d *Doc) isFormat(h handle) bool {
	b := &d.blocks[h]
	return b.kind == update.KindFormat && !b.deleted()
}
