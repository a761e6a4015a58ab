package update

import "github.com/weft-sync/weft/core/lib0"

// DecoderV2 reads the fields of an update in version 2, in which each kind of
// field has a column of its own, so that the fields of structs that are alike take
// next to no bytes. The caller knows which field comes next, as in the Yjs source:
//
//	d.Reset(u)
//	for range d.Sections() {
//		structs, client, clock := d.Section()
//		for range structs {
//			switch info := d.Info(); { ... }
//			if d.Failed() { ... }
//		}
//	}
//	for range d.DeleteClients() {
//		client, ranges := d.DeleteClient()
//		for range ranges { r := d.DeleteRange() }
//	}
//	err := d.End()
//
// The first error stays, and zeros are read from then on; counts are 0. A Decoder
// checks what is needed to read on, and not what fields mean together: lengths of
// 0, clocks that go past lib0.MaxSafeInteger, unknown kinds and types are the
// caller's to refuse, with Fail.
//
// What it returns aliases the update. The zero value is ready for Reset, and must
// not be copied after that.
//
// Source: yjs@13.6.33/src/utils/UpdateDecoder.js#UpdateDecoderV2.
type DecoderV2 struct {
	rest       lib0.Reader
	keyClock   lib0.DiffColumnReader
	client     lib0.UintColumnReader
	leftClock  lib0.DiffColumnReader
	rightClock lib0.DiffColumnReader
	info       lib0.ByteColumnReader
	text       lib0.StringColumnReader
	parentInfo lib0.ByteColumnReader
	typeRef    lib0.UintColumnReader
	units      lib0.UintColumnReader

	keys    [][]byte // those read, in case one is read again
	claims  uint64   // how much more may be read that takes no bytes
	deleted uint64   // the clock after the delete range last read
}

// A struct can take no bytes at all, if it is like the one before it, and nor does
// a key that was read before. To bound what a few bytes can claim, the structs of
// an update and the bytes of such keys together are at most freeClaims, and
// claimsPerByte more for each byte of the update. Documents stay far below.
const (
	freeClaims    = 1 << 20
	claimsPerByte = 16
)

// Reset makes the decoder read u, which must not change while anything of it is in
// use.
func (d *DecoderV2) Reset(u []byte) {
	clear(d.keys)
	*d = DecoderV2{
		rest:   lib0.NewReader(u),
		keys:   d.keys[:0],
		claims: freeClaims + claimsPerByte*uint64(len(u)),
	}
	r := &d.rest
	if len(u) > MaxSize {
		r.Fail("update", lib0.TooLarge)
	}
	if r.Uint("features") != 0 {
		r.FailAt(0, "features", lib0.UnknownType)
	}
	d.keyClock = r.DiffColumn("key clock")
	d.client = r.UintColumn("client")
	d.leftClock = r.DiffColumn("left clock")
	d.rightClock = r.DiffColumn("right clock")
	d.info = r.ByteColumn("struct info")
	d.text = r.StringColumn("string")
	d.parentInfo = r.ByteColumn("parent form")
	d.typeRef = r.UintColumn("type")
	d.units = r.UintColumn("length")
}

// Failed reports whether there was an error.
func (d *DecoderV2) Failed() bool { return d.rest.Failed() }

// Err returns the first error, a *lib0.Error, or nil.
func (d *DecoderV2) Err() error { return d.rest.Err() }

// Fail records an error, unless there is one already. Its offset is that of the
// bytes which have no column.
func (d *DecoderV2) Fail(field string, reason lib0.Reason) { d.rest.Fail(field, reason) }

// End fails with lib0.TrailingBytes unless everything was read, in every column,
// and returns Err.
func (d *DecoderV2) End() error {
	if err := d.rest.End("update"); err != nil {
		return err
	}
	d.keyClock.End()
	d.client.End()
	d.leftClock.End()
	d.rightClock.End()
	d.info.End()
	d.text.End()
	d.parentInfo.End()
	d.typeRef.End()
	d.units.End()
	return d.rest.Err()
}

// Sections reads the number of client sections.
func (d *DecoderV2) Sections() int { return d.rest.Count("client sections", 2) }

// Section begins a client section: the number of its structs, and the first
// one's client and clock.
func (d *DecoderV2) Section() (structs int, client, clock uint64) {
	n := d.rest.Uint("structs")
	d.claim("structs", n)
	client = d.client.Next()
	clock = d.rest.Uint("clock")
	if d.rest.Failed() {
		return 0, 0, 0
	}
	return int(n), client, clock
}

// claim fails if n more is more than may be claimed.
func (d *DecoderV2) claim(field string, n uint64) {
	if n > d.claims {
		d.rest.Fail(field, lib0.TooLarge)
		return
	}
	d.claims -= n
}

// Info reads a struct's info byte.
func (d *DecoderV2) Info() byte { return d.info.Next() }

// Len reads a length: of a GC, or of an item's deleted content.
func (d *DecoderV2) Len() uint64 { return d.units.Next() }

// SkipLen reads the length of a Skip.
func (d *DecoderV2) SkipLen() uint64 { return d.rest.Uint("skip length") }

// LeftID reads the id of an item's origin, or of the item that is its parent.
func (d *DecoderV2) LeftID() ID { return ID{d.client.Next(), d.leftClock.Next()} }

// RightID reads the id of an item's right origin.
func (d *DecoderV2) RightID() ID { return ID{d.client.Next(), d.rightClock.Next()} }

// NamedParent reads which form the parent has: a name (Text), or an id (LeftID).
func (d *DecoderV2) NamedParent() bool { return d.parentInfo.Next() == 1 }

// Text reads a string, and its length in UTF-16 units: a parent's name, its key,
// text, a JSON value of JSON content, the guid of a subdocument. Half a surrogate
// pair is read as U+FFFD.
func (d *DecoderV2) Text() (text []byte, units int) { return d.text.Next() }

// Key reads the key of a format or the name of an XML type. Yjs has a number for
// each, so that one can refer to a key from before, and reads such references;
// but it has never written any: each of its keys has the next number.
// Source: yjs@13.6.33/src/utils/UpdateEncoder.js#writeKey.
func (d *DecoderV2) Key() []byte {
	if n := d.keyClock.Next(); n < uint64(len(d.keys)) {
		d.claim("key", uint64(len(d.keys[n])))
		return d.keys[n]
	}
	key, _ := d.text.Next()
	d.keys = append(d.keys, key)
	return key
}

// TypeRef reads which shared type an item is.
func (d *DecoderV2) TypeRef() TypeRef { return TypeRef(d.typeRef.Next()) }

// JSONCount reads how many values JSON content has. As many can be read.
func (d *DecoderV2) JSONCount() int { return d.count("json count", d.text.Left()) }

// AnyCount reads how many values Any content has. As many can be read.
func (d *DecoderV2) AnyCount() int { return d.count("any count", d.rest.Len()) }

// count reads how many values follow that take a byte each at least.
func (d *DecoderV2) count(field string, left int) int {
	n := d.units.Next()
	if n > uint64(left) {
		d.rest.Fail(field, lib0.Truncated)
		return 0
	}
	return int(n)
}

// Any reads a value, checks it, and returns its bytes: one of Any content, an
// embed, the value of a format, the options of a subdocument.
func (d *DecoderV2) Any(field string) []byte { return d.rest.AnyBytes(field) }

// Bytes reads binary content.
func (d *DecoderV2) Bytes() []byte { return d.rest.Bytes("binary") }

// DeleteClients reads the number of clients in the delete set.
func (d *DecoderV2) DeleteClients() int { return d.rest.Count("delete set clients", 2) }

// DeleteClient begins a client of the delete set.
func (d *DecoderV2) DeleteClient() (client uint64, ranges int) {
	d.deleted = 0
	client = d.rest.Uint("delete set client")
	return client, d.rest.Count("delete ranges", 2)
}

// DeleteRange reads a range of the client, which is never empty, and never begins
// before the end of the one before it.
func (d *DecoderV2) DeleteRange() Range { return deleteRangeV2(&d.rest, &d.deleted) }

// deleteRangeV2 reads a range, and moves end to the clock after it.
// Source: yjs@13.6.33/src/utils/UpdateDecoder.js#DSDecoderV2.
func deleteRangeV2(r *lib0.Reader, end *uint64) Range {
	at := r.Offset()
	from := *end + r.Uint("delete clock")
	n := r.Uint("delete length") + 1
	if from > lib0.MaxSafeInteger || n > lib0.MaxSafeInteger-from {
		r.FailAt(at, "delete length", lib0.Overflow)
	}
	if r.Failed() {
		return Range{}
	}
	*end = from + n
	return Range{from, *end}
}
