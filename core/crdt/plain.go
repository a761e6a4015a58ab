package crdt

import (
	"encoding/binary"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// Most structs of most documents are plain: text or deleted content, put between two
// units that are still neighbours. What is here reads and integrates these, and does
// what read and integrate would do, in a third of the time.

// plainRoom is how many bytes there must be from the first of a plain struct on, so
// that whatever comes before its content can be read eight bytes at a time.
const plainRoom = 64

// readPlain reads a struct of format v1 into in, all but its text, if it is text or
// deleted content beside an origin, and returns how many bytes it has: 0 if it is not,
// or if anything about it is as no document writes it. What it reads need not have
// been checked.
func (d *Doc) readPlain(b []byte, in *incoming, own *ownClient, clock uint64) (size int, text []byte) {
	if len(b) < plainRoom || b[0]&infoOrigin == 0 {
		return 0, nil
	}
	kind := update.Kind(b[0] &^ (infoOrigin | infoRightOrigin))
	if kind != update.KindString && kind != update.KindDeleted {
		return 0, nil
	}
	in.right = noID
	i, to := 1, &in.origin
	for n := int(b[0] >> 6 & 3); n > 1; n-- { // 2 or 3: one id, or two
		if binary.LittleEndian.Uint64(b[i:])&own.mask == own.bits {
			clock, n := plainUint(binary.LittleEndian.Uint64(b[i+own.size:]))
			if n == 0 {
				return 0, nil
			}
			*to = id{own.place, clock}
			i += own.size + n
		} else {
			other, n := d.readOtherID(b[i:])
			if n == 0 {
				return 0, nil
			}
			*to = other
			i += n
		}
		to = &in.right
	}
	in.kind, in.client, in.clock = kind, own.place, clock
	in.parent, in.named, in.keyed, in.any = noID, false, false, false
	v, n := plainUint(binary.LittleEndian.Uint64(b[i:]))
	if v == 0 || n == 0 {
		return 0, nil
	}
	i += n
	in.length = v
	if kind == update.KindDeleted {
		return i, nil
	}
	if v > uint64(len(b)-i) {
		return 0, nil
	}
	text = b[i : i+int(v)]
	if !ascii(text) {
		units, ok := lib0.CountUTF16(text)
		if !ok {
			return 0, nil
		}
		in.length = uint64(units)
	}
	return i + len(text), text
}

// readOtherID reads an id whose client is another one that the document has, and
// returns how many bytes it has, or 0.
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
// returns how many there are. Otherwise size is 0. It branches on the size, because
// that is nearly always as before, and the next bytes are read meanwhile.
func plainUint(x uint64) (v uint64, size int) {
	switch {
	case x&0x80 == 0:
		return x & 0x7f, 1
	case x&0x800000 == 0 && x&0x8000 != 0:
		v, size = x&0x7f|x>>1&(0x7f<<7)|x>>2&(0x7f<<14), 3
	case x&0x8000 == 0:
		v, size = x&0x7f|x>>1&(0x7f<<7), 2
	case x&0x80000000 == 0:
		v, size = x&0x7f|x>>1&(0x7f<<7)|x>>2&(0x7f<<14)|x>>3&(0x7f<<21), 4
	default:
		return 0, 0
	}
	if v>>(7*(size-1)) == 0 {
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

// appendShort appends text that is mostly short.
func appendShort(b, text []byte) []byte {
	const short = 16
	n := len(b)
	if len(text) > short || cap(text) < short || cap(b)-n < short {
		return append(b, text...)
	}
	to, from := b[n:n+short], text[:short]
	binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
	binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
	return b[:n+len(text)]
}

// plain integrates text or deleted content with an origin, whose clock is the
// client's state, where nothing is between the two units that it was put between.
// It reports whether that was so; if not, nothing was done.
func (tx *Txn) plain(in *incoming, text []byte) bool {
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
		left = d.blockAt(o, in.origin)
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
	rightOrigin := ref{in.right.client, uint32(in.right.clock)}
	next := in.origin.client == in.client && in.origin.clock+1 == in.clock
	same := l.rightOrigin == rightOrigin || l.flags&flagHigh != 0
	if next && same && in.kind == update.KindString && l.kind == update.KindString && l.flags&(flagDeleted|flagRedone) == 0 {
		// It can make the left one longer. But what a document wrote it will have to
		// be split from that again, unless there is more of the kind.
		if tx.alike++; !tx.bulk || tx.alike > fewAlike {
			return false
		}
	} else {
		tx.alike = 0
	}
	if next && same {
		if tx.bulk && l.kind != in.kind {
			tx.skipped = true
		} else {
			tx.joins = append(tx.joins, id{in.client, in.clock})
		}
	}
	tx.touch(in.client)
	if n := len(tx.changed); n == 0 || tx.changed[n-1] != (change{list.typ, noKey}) {
		tx.change(list.typ, noKey)
	}
	d.units++
	inList := l.list
	h := d.newBlock()
	b := &d.blocks[h]
	b.clock, b.length, b.client = in.clock, uint32(in.length), in.client
	b.origin, b.rightOrigin = ref{in.origin.client, uint32(in.origin.clock)}, rightOrigin
	b.left, b.right, b.list, b.kind = left, right, inList, in.kind
	if in.kind == update.KindString {
		b.content, b.size = uint32(len(d.arena)), uint32(len(text))
		d.arena = appendShort(d.arena, text)
		list.visible += b.length
	} else {
		b.flags = flagDeleted
		if !tx.silent || d.formats {
			tx.deletes = append(tx.deletes, idRange{in.client, in.clock, in.length})
		}
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
