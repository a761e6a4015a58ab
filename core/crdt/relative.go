package crdt

import (
	"errors"
	"math"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// RelativePosition is a place in a sequence that stays where it is when the sequence
// changes: it is tied to a unit and not to an index, or to the start or end of the
// type. Cursors and comments are kept as relative positions. It can be copied, and
// compared with ==.
//
// Source: yjs@13.6.33/src/utils/RelativePosition.js.
type RelativePosition struct {
	// Assoc is at least 0 if the position is tied to the unit after it, or the end of
	// the type, and below 0 if it is tied to the unit before it, or the start.
	Assoc int64

	parts     uint8
	item, typ update.ID
	name      string
}

// What a relative position is tied to. Yjs looks at the item first, then at the name.
const (
	partItem = 1 << iota
	partName // of a root
	partType // the item of a type that is not a root
)

// The usual values of RelativePosition.Assoc.
const (
	AssocBefore int64 = -1
	AssocAfter  int64 = 0
)

// AbsolutePosition is an index in a type.
type AbsolutePosition struct {
	Type  Shared
	Index int
	Assoc int64
}

// ErrPosition is returned when a relative position is tied to nothing.
var ErrPosition = errors.New("crdt: a relative position that is tied to nothing")

// Item returns the unit that the position is tied to, and false if it is tied to the
// start or end of its type.
func (p RelativePosition) Item() (update.ID, bool) { return p.item, p.parts&partItem != 0 }

// Position returns an index as a relative position. assoc says which unit it is tied
// to: see RelativePosition. The error is ErrRange or ErrDeleted.
// Source: yjs@13.6.33/src/utils/RelativePosition.js#createRelativePositionFromTypeIndex.
func (s shared) Position(index int, assoc int64) (RelativePosition, error) {
	if !s.alive() {
		return RelativePosition{}, ErrDeleted
	}
	if index < 0 || index > s.Len() {
		return RelativePosition{}, ErrRange
	}
	d := s.d
	p := RelativePosition{Assoc: assoc}
	if item := d.types[s.t].item; item != 0 {
		p.parts, p.typ = partType, d.wireID(d.firstID(item))
	} else {
		p.parts, p.name = partName, d.types[s.t].name
	}
	if assoc < 0 {
		index--
	}
	if index < 0 || index == s.Len() {
		return p, nil
	}
	h, first := d.locate(d.types[s.t].seq, uint32(index)+1)
	unit := d.firstID(h)
	unit.clock += uint64(index) - uint64(first)
	p.parts |= partItem
	p.item = d.wireID(unit)
	return p, nil
}

// Resolve returns where a relative position is now. A unit that an undo brought back
// is where this document's undo manager put it; others, who were not told, see it
// where it was deleted (ResolveShared). It returns false if the document has not got
// the unit or the type, or has collected the type it was in.
// Source: yjs@13.6.33/src/utils/RelativePosition.js#createAbsolutePositionFromRelativePosition.
func (d *Doc) Resolve(p RelativePosition) (AbsolutePosition, bool) { return d.resolvePosition(p, true) }

// ResolveShared is Resolve with the same result for everyone who has the same
// document: it does not follow what an undo brought back.
func (d *Doc) ResolveShared(p RelativePosition) (AbsolutePosition, bool) {
	return d.resolvePosition(p, false)
}

func (d *Doc) resolvePosition(p RelativePosition, follow bool) (a AbsolutePosition, ok bool) {
	a.Assoc = p.Assoc
	switch {
	case p.parts&partItem != 0:
		h, off, ok := d.unit(p.item, follow)
		if !ok || d.blocks[h].kind == update.KindGC {
			return a, false
		}
		b := &d.blocks[h]
		t := d.lists[b.list].typ
		if a.Type = d.shared(t); a.Type.Deleted() {
			return a, true
		}
		if b.visible() > 0 {
			a.Index = int(off)
			if p.Assoc < 0 {
				a.Index++
			}
		}
		a.Index += int(d.positionOf(h))
		return a, true
	case p.parts&partName != 0:
		t, ok := d.roots[p.name]
		if !ok {
			return a, false
		}
		a.Type = d.shared(t)
	case p.parts&partType != 0:
		h, _, ok := d.unit(p.typ, follow)
		if !ok || d.blocks[h].kind != update.KindType {
			return a, false
		}
		a.Type = d.shared(d.blocks[h].content)
	default:
		return a, false
	}
	if p.Assoc >= 0 {
		a.Index = a.Type.handle().Len()
	}
	return a, true
}

// unit returns the block that holds a unit, and where in it. It returns false if the
// document has not got it.
func (d *Doc) unit(i update.ID, follow bool) (h handle, off uint64, ok bool) {
	ci := d.clientOf(i.Client)
	if d.state(ci) <= i.Clock {
		return 0, 0, false
	}
	at := id{ci, i.Clock}
	if follow {
		h, off = d.followRedone(at)
		return h, off, true
	}
	h = d.blockOf(at)
	return h, at.clock - d.blocks[h].clock, true
}

// followRedone returns the block that holds a unit, or the copy that undos put in its
// place, and where in it the unit is.
// Source: yjs@13.6.33/src/structs/Item.js#followRedone.
func (d *Doc) followRedone(i id) (h handle, off uint64) {
	for {
		h = d.blockOf(i)
		off = i.clock - d.blocks[h].clock
		if d.blocks[h].flags&flagRedone == 0 {
			return h, off
		}
		i = d.redone[h]
		i.clock += off
	}
}

// Append appends the position as bytes, which Y.decodeRelativePosition reads. They
// have the unit, or else the type, and the association. The error is ErrPosition.
func (p RelativePosition) Append(b []byte) ([]byte, error) {
	switch {
	case p.parts&partItem != 0:
		b = appendWireID(append(b, 0), p.item)
	case p.parts&partName != 0:
		b = lib0.AppendString(append(b, 1), p.name)
	case p.parts&partType != 0:
		b = appendWireID(append(b, 2), p.typ)
	default:
		return b, ErrPosition
	}
	if p.Assoc < 0 {
		return lib0.AppendInt(b, -uint64(p.Assoc), true), nil
	}
	return lib0.AppendInt(b, uint64(p.Assoc), false), nil
}

func appendWireID(b []byte, i update.ID) []byte {
	return lib0.AppendUint(lib0.AppendUint(b, i.Client), i.Clock)
}

// DecodePosition reads what Append or Y.encodeRelativePosition writes. The error is
// a *lib0.Error.
func DecodePosition(b []byte) (p RelativePosition, err error) {
	r := lib0.NewReader(b)
	switch at := r.Offset(); r.Uint("position") {
	case 0:
		p.parts, p.item = partItem, update.ID{Client: r.Uint("client"), Clock: r.Uint("clock")}
	case 1:
		p.parts, p.name = partName, string(r.String("name"))
	case 2:
		p.parts, p.typ = partType, update.ID{Client: r.Uint("client"), Clock: r.Uint("clock")}
	default:
		r.FailAt(at, "position", lib0.UnknownType)
	}
	if r.Err() == nil && r.Len() > 0 { // early versions of Yjs wrote no association
		assoc, negative := r.Int("association")
		if p.Assoc = int64(assoc); negative {
			p.Assoc = -p.Assoc
		}
	}
	if err := r.End("position"); err != nil {
		return RelativePosition{}, err
	}
	return p, nil
}

// AppendJSON appends the position as the JSON text of what Y.relativePositionToJSON
// returns: the unit, the type, and the association.
func (p RelativePosition) AppendJSON(b []byte) []byte {
	object := func(members ...lib0.Member) lib0.Any { return lib0.Any{Kind: lib0.KindObject, Object: members} }
	number := func(key string, n float64) lib0.Member { return lib0.Member{Key: []byte(key), Value: lib0.Number(n)} }
	unit := func(key string, i update.ID) lib0.Member {
		return lib0.Member{Key: []byte(key), Value: object(number("client", float64(i.Client)), number("clock", float64(i.Clock)))}
	}
	var members []lib0.Member
	if p.parts&partType != 0 {
		members = append(members, unit("type", p.typ))
	}
	if p.parts&partName != 0 && p.name != "" {
		members = append(members, lib0.Member{Key: []byte("tname"), Value: lib0.Any{Kind: lib0.KindString, Bytes: []byte(p.name)}})
	}
	if p.parts&partItem != 0 {
		members = append(members, unit("item", p.item))
	}
	b, _ = lib0.AppendJSON(b, object(append(members, number("assoc", float64(p.Assoc)))...)) // it has nothing that JSON lacks
	return b
}

// ParsePosition reads what AppendJSON or Y.relativePositionToJSON writes. A root whose
// name is empty is lost there, as in Yjs. The error is a *lib0.Error.
// Source: yjs@13.6.33/src/utils/RelativePosition.js#createRelativePositionFromJSON.
func ParsePosition(text []byte) (p RelativePosition, err error) {
	v, ok := lib0.ParseJSON(text)
	if !ok {
		return p, &lib0.Error{Field: "position", Reason: lib0.InvalidJSON}
	}
	fail := func(field string) (RelativePosition, error) {
		return RelativePosition{}, &lib0.Error{Field: field, Reason: lib0.UnknownType}
	}
	if v.Kind != lib0.KindObject {
		return fail("position")
	}
	if m := member(v, "type"); m.Kind != lib0.KindUndefined {
		if p.typ, ok = unitOf(m); !ok {
			return fail("type")
		}
		p.parts |= partType
	}
	if m := member(v, "tname"); m.Kind != lib0.KindUndefined {
		if m.Kind != lib0.KindString {
			return fail("tname")
		}
		p.parts, p.name = p.parts|partName, string(m.Bytes)
	}
	if m := member(v, "item"); m.Kind != lib0.KindUndefined {
		if p.item, ok = unitOf(m); !ok {
			return fail("item")
		}
		p.parts |= partItem
	}
	if m := member(v, "assoc"); m.Kind != lib0.KindUndefined {
		f := m.Number
		if !isNumber(m) || f != math.Trunc(f) || math.Abs(f) > lib0.MaxSafeInteger {
			return fail("assoc")
		}
		p.Assoc = int64(f)
	}
	return p, nil
}

// member returns the value of a key of an object, and undefined for null as well.
func member(v lib0.Any, key string) lib0.Any {
	for _, m := range v.Object {
		if string(m.Key) == key && m.Value.Kind != lib0.KindNull {
			return m.Value
		}
	}
	return lib0.Any{Kind: lib0.KindUndefined}
}

func isNumber(v lib0.Any) bool {
	return v.Kind == lib0.KindInteger || v.Kind == lib0.KindFloat32 || v.Kind == lib0.KindFloat64
}

// unitOf returns an object with a client and a clock as an id.
func unitOf(v lib0.Any) (i update.ID, ok bool) {
	for key, to := range map[string]*uint64{"client": &i.Client, "clock": &i.Clock} {
		m := member(v, key)
		if !isNumber(m) || m.Number < 0 || m.Number != math.Trunc(m.Number) || m.Number > lib0.MaxSafeInteger {
			return i, false
		}
		*to = uint64(m.Number)
	}
	return i, true
}
