package crdt

import (
	"encoding/binary"
	"math/bits"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// Most structs of most documents are plain: text or deleted content, put between two
// units that are still neighbours. What is here reads and integrates these, and does
// what read and integrate would do, in a third of the time.

// plainRoom is how many bytes there must be from the first of a plain struct on, so
// that whatever comes before its content can be read eight bytes at a time.
const plainRoom = 64

// readPlain reads a struct of format v1 into in if it is text or deleted content
// beside an origin, and returns how many bytes it has: 0 if it is not, or if anything
// about it is as no document writes it. What it reads need not have been checked.
func (d *Doc) readPlain(b []byte, in *incoming, own *ownClient, clock uint64) int {
	if len(b) < plainRoom || b[0]&infoOrigin == 0 {
		return 0
	}
	kind := update.Kind(b[0] &^ (infoOrigin | infoRightOrigin))
	if kind != update.KindString && kind != update.KindDeleted {
		return 0
	}
	var n, size int
	if in.origin, n = d.readPlainID(b[1:], own); n == 0 {
		return 0
	}
	i := 1 + n
	in.right = noID
	if b[0]&infoRightOrigin != 0 {
		if in.right, n = d.readPlainID(b[i:], own); n == 0 {
			return 0
		}
		i += n
	}
	in.kind, in.client, in.clock = kind, own.place, clock
	in.parent, in.named, in.keyed, in.any = noID, false, false, false
	x := binary.LittleEndian.Uint64(b[i:])
	v, size := plainUint(x)
	if v == 0 || size == 0 {
		return 0
	}
	i += size
	if kind == update.KindDeleted {
		in.length, in.content = v, nil
		return i
	}
	if v > uint64(len(b)-i) {
		return 0
	}
	text := b[i : i+int(v) : i+int(v)]
	in.content, in.length = text, v
	if !ascii(text) {
		units, ok := lib0.CountUTF16(text)
		if !ok {
			return 0
		}
		in.length = uint64(units)
	}
	return i + len(text)
}

// readPlainID reads an id whose client the document has, and returns how many bytes
// it has, or 0.
func (d *Doc) readPlainID(b []byte, own *ownClient) (i id, size int) {
	if binary.LittleEndian.Uint64(b)&own.mask == own.bits {
		clock, n := plainUint(binary.LittleEndian.Uint64(b[own.size:]))
		if n == 0 {
			return noID, 0
		}
		return id{own.place, clock}, own.size + n
	}
	return d.readOtherID(b)
}

func (d *Doc) readOtherID(b []byte) (i id, size int) {
	r := lib0.NewReader(b)
	c := d.clientOf(r.Uint("client"))
	i = id{c, r.Uint("clock")}
	if c == unknownClient || r.Failed() || r.Padded() {
		return noID, 0
	}
	return i, r.Offset()
}

const highBits = 0x8080808080808080

// plainUint reads a varUint of at most four bytes, of which none is wasted, and
// returns how many there are. Otherwise size is 0.
func plainUint(x uint64) (v uint64, size int) {
	stop := ^x & (highBits & (1<<32 - 1))
	size = (bits.TrailingZeros64(stop) + 1) / 8
	x &= stop ^ (stop - 1)
	v = x&0x7f | x>>1&(0x7f<<7) | x>>2&(0x7f<<14) | x>>3&(0x7f<<21)
	if stop == 0 || size > 1 && v>>(7*(size-1)) == 0 {
		return 0, 0
	}
	return v, size
}

// ascii reports whether text, of at least one byte, is ASCII only.
func ascii(text []byte) bool {
	n := len(text)
	if n < 8 {
		var all byte
		for _, c := range text {
			all |= c
		}
		return all < 0x80
	}
	for i := 8; i < n; i += 8 {
		if binary.LittleEndian.Uint64(text[i-8:])&highBits != 0 {
			return false
		}
	}
	return binary.LittleEndian.Uint64(text[n-8:])&highBits == 0
}

// fewAlike is how many blocks in a row that could be one are not joined at once.
const fewAlike = 4

// plain integrates text or deleted content with an origin, whose clock is the
// client's state, where nothing is between the two units that it was put between.
// It reports whether that was so; if not, nothing was done.
func (tx *Txn) plain(in *incoming) bool {
	d := tx.doc
	if in.origin.client >= uint32(len(d.clients)) || in.kind != update.KindString && in.kind != update.KindDeleted {
		return false
	}
	o := &d.clients[in.origin.client]
	var left handle
	switch {
	case in.origin.clock+1 == o.state:
		left = o.last
	case in.origin.clock < o.state:
		left = o.at(o.find(in.origin.clock))
	default:
		return false
	}
	l := &d.blocks[left]
	if l.clock+uint64(l.length) != in.origin.clock+1 || l.list == 0 || l.length == longLength ||
		in.length >= longLength || (in.origin.clock|in.right.clock)>>32 != 0 {
		return false
	}
	right := l.right
	if right == 0 {
		if in.right.exists() {
			return false
		}
	} else if r := &d.blocks[right]; r.client != in.right.client || r.clock != in.right.clock {
		return false
	}
	list := &d.lists[l.list]
	if list.key != noKey || list.root != 0 {
		return false
	}
	if item := d.types[list.typ].item; item != 0 && d.blocks[item].deleted() {
		return false
	}
	c := &d.clients[in.client]
	b := block{
		clock: in.clock, length: uint32(in.length), client: in.client,
		origin:      ref{in.origin.client, uint32(in.origin.clock)},
		rightOrigin: ref{in.right.client, uint32(in.right.clock)},
		left:        left, right: right,
		list: l.list, kind: in.kind,
	}
	next := in.origin.client == in.client && in.origin.clock+1 == in.clock
	same := l.rightOrigin == b.rightOrigin && (l.flags&flagHigh == 0)
	if next && same && in.kind == update.KindString && l.kind == update.KindString && l.flags&(flagDeleted|flagRedone) == 0 {
		// It can make the left one longer. But what a document wrote it will have to
		// be split from that again, unless there is more of the kind.
		if tx.alike++; !tx.bulk || tx.alike > fewAlike {
			return false
		}
	} else {
		tx.alike = 0
	}
	if in.kind == update.KindString {
		b.content, b.size = uint32(len(d.arena)), uint32(len(in.content))
		d.arena = append(d.arena, in.content...)
		list.visible += b.length
	} else {
		b.flags = flagDeleted
		if !tx.silent || d.formats {
			tx.deletes = append(tx.deletes, idRange{in.client, in.clock, in.length})
		}
	}
	if next && (same || l.flags&flagHigh != 0) {
		tx.joins = append(tx.joins, id{in.client, in.clock})
	}
	tx.touch(in.client)
	if n := len(tx.changed); n == 0 || tx.changed[n-1] != (change{list.typ, noKey}) {
		tx.change(list.typ, noKey)
	}
	d.units++
	h := handle(len(d.blocks))
	if d.freeBlock == 0 {
		d.blocks = append(d.blocks, b)
	} else {
		h = d.newBlock()
		d.blocks[h] = b
	}
	list.cursor = 0
	d.blocks[left].right = h
	if right == 0 {
		list.end = h
	} else {
		d.blocks[right].left = h
	}
	c.push(in.clock, h)
	c.state = in.clock + in.length
	return true
}
