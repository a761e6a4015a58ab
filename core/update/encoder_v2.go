package update

import "github.com/weft-sync/weft/core/lib0"

// EncoderV2 writes the fields of an update in version 2, in the order in which
// DecoderV2 reads them, with methods of the same names. The caller knows how many
// of a thing there are before the first of them.
//
// What it is given it copies. The zero value is ready; after AppendTo it must be
// Reset before it is used again, which keeps its memory.
//
// Source: yjs@13.6.33/src/utils/UpdateEncoder.js#UpdateEncoderV2.
type EncoderV2 struct {
	keyClock   lib0.DiffColumnWriter
	client     lib0.UintColumnWriter
	leftClock  lib0.DiffColumnWriter
	rightClock lib0.DiffColumnWriter
	info       lib0.ByteColumnWriter
	text       lib0.StringColumnWriter
	parentInfo lib0.ByteColumnWriter
	typeRef    lib0.UintColumnWriter
	units      lib0.UintColumnWriter
	rest       []byte

	keys    uint64 // how many were written
	deleted uint64 // the clock after the delete range last written
}

// Reset makes the encoder ready for another update.
func (e *EncoderV2) Reset() {
	e.keyClock.Reset()
	e.client.Reset()
	e.leftClock.Reset()
	e.rightClock.Reset()
	e.info.Reset()
	e.text.Reset()
	e.parentInfo.Reset()
	e.typeRef.Reset()
	e.units.Reset()
	e.rest = e.rest[:0]
	e.keys, e.deleted = 0, 0
}

// AppendTo appends the update.
func (e *EncoderV2) AppendTo(b []byte) []byte {
	b = append(b, 0) // features: none are known
	b = e.keyClock.AppendTo(b)
	b = e.client.AppendTo(b)
	b = e.leftClock.AppendTo(b)
	b = e.rightClock.AppendTo(b)
	b = e.info.AppendTo(b)
	b = e.text.AppendTo(b)
	b = e.parentInfo.AppendTo(b)
	b = e.typeRef.AppendTo(b)
	b = e.units.AppendTo(b)
	return append(b, e.rest...)
}

// MaxLen returns a number of bytes that AppendTo does not exceed, by little.
func (e *EncoderV2) MaxLen() int {
	return 1 + e.keyClock.MaxLen() + e.client.MaxLen() + e.leftClock.MaxLen() + e.rightClock.MaxLen() +
		e.info.MaxLen() + e.text.MaxLen() + e.parentInfo.MaxLen() + e.typeRef.MaxLen() + e.units.MaxLen() +
		len(e.rest)
}

// Sections writes the number of client sections.
func (e *EncoderV2) Sections(n int) { e.rest = lib0.AppendUint(e.rest, uint64(n)) }

// Section begins a client section: the number of its structs, and the first
// one's client and clock.
func (e *EncoderV2) Section(structs int, client, clock uint64) {
	e.rest = lib0.AppendUint(e.rest, uint64(structs))
	e.client.Add(client)
	e.rest = lib0.AppendUint(e.rest, clock)
}

// Info writes a struct's info byte.
func (e *EncoderV2) Info(info byte) { e.info.Add(info) }

// Len writes a length: of a GC, or of an item's content as a count of units or
// values.
func (e *EncoderV2) Len(n uint64) { e.units.Add(n) }

// SkipLen writes the length of a Skip.
func (e *EncoderV2) SkipLen(n uint64) { e.rest = lib0.AppendUint(e.rest, n) }

// LeftID writes the id of an item's origin, or of the item that is its parent.
func (e *EncoderV2) LeftID(id ID) {
	e.client.Add(id.Client)
	e.leftClock.Add(id.Clock)
}

// RightID writes the id of an item's right origin.
func (e *EncoderV2) RightID(id ID) {
	e.client.Add(id.Client)
	e.rightClock.Add(id.Clock)
}

// IDs writes what LeftID and RightID write, of one client.
func (e *EncoderV2) IDs(client, left, right uint64) {
	e.client.AddN(client, 2)
	e.leftClock.Add(left)
	e.rightClock.Add(right)
}

// NamedParent writes which form the parent has: a name, or an id.
func (e *EncoderV2) NamedParent(named bool) {
	form := byte(0)
	if named {
		form = 1
	}
	e.parentInfo.Add(form)
}

// Text writes a string, of valid UTF-8, and its length in UTF-16 units.
func (e *EncoderV2) Text(text []byte, units int) { e.text.Add(text, units) }

// TextBytes and TextUnits are Text for several strings whose bytes are one after
// another: each call of TextUnits is one of them.
func (e *EncoderV2) TextBytes(text []byte) { e.text.AddText(text) }
func (e *EncoderV2) TextUnits(units int)   { e.text.AddUnits(units) }

// String is Text for who does not have the length.
func (e *EncoderV2) String(text []byte) {
	units, _ := lib0.CountUTF16(text)
	e.text.Add(text, units)
}

// Key writes the key of a format or the name of an XML type.
func (e *EncoderV2) Key(key []byte) {
	e.keyClock.Add(e.keys)
	e.keys++
	e.String(key)
}

// TypeRef writes which shared type an item is.
func (e *EncoderV2) TypeRef(ref TypeRef) { e.typeRef.Add(uint64(ref)) }

// Any writes values that are encoded already.
func (e *EncoderV2) Any(wire []byte) { e.rest = append(e.rest, wire...) }

// Bytes writes binary content.
func (e *EncoderV2) Bytes(v []byte) { e.rest = lib0.AppendBytes(e.rest, v) }

// DeleteClients writes the number of clients in the delete set.
func (e *EncoderV2) DeleteClients(n int) { e.rest = lib0.AppendUint(e.rest, uint64(n)) }

// DeleteClient begins a client of the delete set.
func (e *EncoderV2) DeleteClient(client uint64, ranges int) {
	e.rest = lib0.AppendUint(e.rest, client)
	e.rest = lib0.AppendUint(e.rest, uint64(ranges))
	e.deleted = 0
}

// DeleteRange writes a range of the client: not an empty one, and none that begins
// before the end of the one before it.
func (e *EncoderV2) DeleteRange(r Range) { e.rest = appendRangeV2(e.rest, r, &e.deleted) }

// appendRangeV2 appends a range, and moves end to the clock after it.
// Source: yjs@13.6.33/src/utils/UpdateEncoder.js#DSEncoderV2.
func appendRangeV2(b []byte, r Range, end *uint64) []byte {
	b = lib0.AppendUint(b, r.Start-*end)
	b = lib0.AppendUint(b, r.End-r.Start-1)
	*end = r.End
	return b
}
