package crdt

import (
	"unicode/utf8"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// What a block holds is bytes in the document's arena, or a place in a table:
//
//	kind      content                     size
//	String    arena offset                bytes of UTF-8
//	Any       arena offset                bytes of length values, one after another
//	JSON      arena offset                bytes of length strings, each with its length before it
//	Binary    arena offset                bytes
//	Embed     arena offset                bytes of one value
//	Format    arena offset of the value:  place of the key in Doc.keys
//	          its length, its bytes
//	Type      place in Doc.types
//	Doc       place in Doc.subdocs
//	Deleted, GC: nothing
//
// The value of an embed or a format is JSON text, or, with flagAny, an Any: as it
// came, which is the one in updates of version 1 and the other in version 2.
//
// The arena only grows at its end. What a block leaves behind when its content is
// collected, or moves to the end to grow, is dead; when more is dead than alive,
// all that is alive moves into a new arena.

// put copies b to the end of the arena and returns its offset.
func (d *Doc) put(b []byte) uint32 {
	at := uint32(len(d.arena))
	d.arena = append(d.arena, b...)
	return at
}

// putBytes is put with the length before the bytes.
func (d *Doc) putBytes(b []byte) uint32 {
	at := uint32(len(d.arena))
	d.arena = lib0.AppendBytes(d.arena, b)
	return at
}

// bytesOf returns the bytes in the arena of a block of a kind that has them. They
// are good until the arena changes.
func (d *Doc) bytesOf(b *block) []byte {
	if b.kind == update.KindFormat {
		r := lib0.NewReader(d.arena[b.content:])
		return r.Bytes("value")
	}
	return d.arena[b.content : b.content+b.size : b.content+b.size]
}

// jsonOf returns the value of an embed or a format as JSON text. It may alias the
// arena. What JSON cannot say (a big integer) is null; Yjs throws there.
func (d *Doc) jsonOf(b *block) []byte {
	v := d.bytesOf(b)
	if b.flags&flagAny == 0 {
		return v
	}
	return jsonFromAny(v)
}

// jsonFromAny returns an encoded Any as JSON text.
func jsonFromAny(v []byte) []byte {
	r := lib0.NewReader(v)
	text, ok := lib0.AppendJSON(nil, r.Any("value"))
	if !ok {
		return []byte("null")
	}
	return text
}

// anyOf returns the value of an embed or a format as Any.
func (d *Doc) anyOf(b *block) lib0.Any {
	v := d.bytesOf(b)
	if b.flags&flagAny == 0 {
		a, _ := lib0.ParseJSON(v)
		return a
	}
	r := lib0.NewReader(v)
	return r.Any("value")
}

// inArena reports whether blocks of a kind have bytes in the arena.
func inArena(k update.Kind) bool {
	switch k {
	case update.KindString, update.KindAny, update.KindJSON, update.KindBinary, update.KindEmbed, update.KindFormat:
		return true
	}
	return false
}

// extendContent adds to the bytes of a client's last block, which is of a kind with
// several units a block. Bytes are added in place where there is room.
func (d *Doc) extendContent(h handle, more []byte) {
	b := &d.blocks[h]
	c := &d.clients[b.client]
	end := b.content + b.size
	switch {
	case int(end) == len(d.arena):
		d.arena = append(d.arena, more...)
	case end+uint32(len(more)) <= c.room:
		copy(d.arena[end:], more)
		d.dead -= len(more)
	default:
		// Elsewhere something was added: move to the end, with room to grow
		// again, or two people typing in turns would move their text each time.
		at := len(d.arena)
		room := int(b.size)/2 + len(more) + 32
		d.arena = append(d.arena, d.arena[b.content:end]...)
		d.arena = append(d.arena, more...)
		d.arena = append(d.arena, make([]byte, room)...)
		d.dead += int(b.size) + room
		b.content = uint32(at)
		c.room = uint32(len(d.arena))
	}
	b.size += uint32(len(more))
}

// splitContent gives the right part of a block, from unit at on, to a new block,
// whose kind is set.
func (d *Doc) splitContent(left, right handle, at uint32) {
	l, r := &d.blocks[left], &d.blocks[right]
	switch l.kind {
	case update.KindString:
		if l.size == l.length { // ASCII, and the length is not yet reduced
			r.content, r.size, l.size = l.content+at, l.size-at, at
			return
		}
		text := d.bytesOf(l)
		cut, inside := lib0.CutUTF16(text, int(at))
		if !inside {
			r.content, r.size, l.size = l.content+uint32(cut), l.size-uint32(cut), uint32(cut)
			return
		}
		d.splitPair(l, r, uint32(cut))
	case update.KindAny:
		cut := skipValues(d.bytesOf(l), int(at))
		r.content, r.size, l.size = l.content+cut, l.size-cut, cut
	case update.KindJSON:
		cut := skipStrings(d.bytesOf(l), int(at))
		r.content, r.size, l.size = l.content+cut, l.size-cut, cut
	}
}

// replacement is what Yjs puts in the place of half a surrogate pair.
const replacement = "\uFFFD"

// splitPair splits text in the middle of the code point at byte cut: both halves
// become U+FFFD, because half a pair cannot be written.
// Source: yjs@13.6.33/src/structs/ContentString.js#splice.
func (d *Doc) splitPair(l, r *block, cut uint32) {
	tail := d.arena[l.content+cut+4 : l.content+l.size]
	at := len(d.arena)
	d.arena = append(append(d.arena, replacement...), tail...)
	r.content, r.size = uint32(at), uint32(len(d.arena)-at)
	copy(d.arena[l.content+cut:], replacement)
	d.dead += int(l.size-cut) - len(replacement)
	l.size = cut + uint32(len(replacement))
}

// cutText returns text without its first units. Of a code point that is cut in the
// middle, U+FFFD is left.
func cutText(text []byte, units int) []byte {
	at, inside := lib0.CutUTF16(text, units)
	if !inside {
		return text[at:]
	}
	return append([]byte(replacement), text[at+4:]...)
}

// textFrom returns the text of a block without its first units, as cutText does. What
// was just typed is at the end of a long block, so it is looked for from the nearer end.
func (d *Doc) textFrom(b *block, units uint32) []byte {
	text := d.bytesOf(b)
	if b.size == b.length { // ASCII
		return text[units:]
	}
	rest := int(b.length - units)
	if rest > int(units) {
		return cutText(text, int(units))
	}
	at := len(text)
	for rest > 0 {
		r, size := utf8.DecodeLastRune(text[:at])
		at -= size
		rest--
		if r >= 0x10000 {
			rest--
		}
	}
	if rest < 0 {
		return append([]byte(replacement), text[at+4:]...)
	}
	return text[at:]
}

// cutValues returns how many bytes the first cut values of a block take. It is known
// of those that were there before the transaction which made the block longer.
func (d *Doc) cutValues(b *block, cut uint32) uint32 {
	if t := &d.clients[b.client].tail; t.clock == b.clock && t.units == cut {
		return t.bytes
	}
	return skipValues(d.bytesOf(b), int(cut))
}

// skipValues returns how many bytes the first n of several Any values take.
func skipValues(b []byte, n int) uint32 {
	r := lib0.NewReader(b)
	for ; n > 0; n-- {
		r.SkipAny("value")
	}
	return uint32(r.Offset())
}

// skipStrings returns how many bytes the first n of several strings take.
func skipStrings(b []byte, n int) uint32 {
	r := lib0.NewReader(b)
	for ; n > 0; n-- {
		r.Bytes("value")
	}
	return uint32(r.Offset())
}

// joinContent adds the content of right to that of left, of the same kind.
func (d *Doc) joinContent(left, right handle) {
	l, r := &d.blocks[left], &d.blocks[right]
	switch l.kind {
	case update.KindString, update.KindAny, update.KindJSON:
	default:
		return
	}
	switch {
	case l.content+l.size == r.content:
		l.size += r.size
	case int(l.content+l.size) == len(d.arena):
		d.arena = append(d.arena, d.bytesOf(r)...)
		d.dead += int(r.size)
		l.size += r.size
	default:
		at := len(d.arena)
		d.arena = append(append(d.arena, d.bytesOf(l)...), d.bytesOf(r)...)
		d.dead += int(l.size + r.size)
		l.content, l.size = uint32(at), l.size+r.size
	}
}

// dropContent forgets the bytes of a block whose content is collected.
func (d *Doc) dropContent(b *block) {
	if inArena(b.kind) {
		d.dead += d.held(b)
	}
	if b.kind == update.KindDoc {
		d.collectSubdoc(b.content)
	}
	b.content, b.size = 0, 0
	b.flags &^= flagAny
}

// held returns how many bytes of the arena a block refers to.
func (d *Doc) held(b *block) int {
	if b.kind != update.KindFormat {
		return int(b.size)
	}
	n := len(d.bytesOf(b))
	return n + lib0.SizeUint(uint64(n))
}

// compact moves what is alive into a new arena, when less is alive than dead.
func (d *Doc) compact() {
	const little = 16 << 10
	if d.dead <= little || d.dead <= len(d.arena)/2 {
		return
	}
	old := d.arena
	alive := len(old) - d.dead
	d.arena = make([]byte, 0, alive+alive/4+little/4)
	d.dead = 0
	for i := range d.blocks {
		b := &d.blocks[i]
		if !inArena(b.kind) {
			continue
		}
		size := b.size
		if b.kind == update.KindFormat {
			r := lib0.NewReader(old[b.content:])
			r.Bytes("value")
			size = uint32(r.Offset())
		}
		b.content = d.put(old[b.content : b.content+size])
	}
	for i := range d.clients {
		d.clients[i].room = 0
	}
}
