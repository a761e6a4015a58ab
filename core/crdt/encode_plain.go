package crdt

import (
	"encoding/binary"

	"github.com/weft-sync/weft/core/update"
)

// isPlain reports whether a block is text or deleted content whose head is only ids,
// as most are; see plain.go. They are written in a short way.
func (d *Doc) isPlain(s *block) bool {
	return (s.kind == update.KindString || s.kind == update.KindDeleted) && s.flags&flagHigh == 0 &&
		s.length != longLength && s.origin.client != noClient && d.lists[s.list].key == noKey
}

// appendPlain appends a plain block, or returns nil where b has not enough room. own
// is the client of the section.
func (d *Doc) appendPlain(b []byte, s *block, own *ownClient) []byte {
	const head = 1 + 2*(8+5) + 5 + 16 // with what is written past its end
	n := len(b)
	p := b[n:cap(b)]
	if len(p) < head+int(s.size) {
		return nil
	}
	i := 1
	info := byte(s.kind) | infoOrigin
	i += d.putID(p[i:], s.origin, own)
	if s.rightOrigin.client != noClient {
		info |= infoRightOrigin
		i += d.putID(p[i:], s.rightOrigin, own)
	}
	p[0] = info
	if s.kind == update.KindDeleted {
		i += putUint(p[i:], s.length)
		return b[:n+i]
	}
	i += putUint(p[i:], s.size)
	if from := d.arena[s.content:]; s.size <= 16 && len(from) >= 16 {
		binary.LittleEndian.PutUint64(p[i:], binary.LittleEndian.Uint64(from))
		binary.LittleEndian.PutUint64(p[i+8:], binary.LittleEndian.Uint64(from[8:]))
	} else {
		copy(p[i:], from[:s.size])
	}
	return b[:n+i+int(s.size)]
}

// putID writes an id at the start of p, in which there is room, and returns its size.
func (d *Doc) putID(p []byte, r ref, own *ownClient) int {
	if r.client != own.place {
		return putID(p, d.clients[r.client].id, r.clock)
	}
	binary.LittleEndian.PutUint64(p, own.bits)
	return own.size + putUint(p[own.size:], r.clock)
}

func putID(p []byte, client uint64, clock uint32) int {
	n := binary.PutUvarint(p, client)
	return n + putUint(p[n:], clock)
}

// putUint writes a varUint at the start of p, in which there is room for eight bytes,
// and returns its size.
func putUint(p []byte, v uint32) int {
	switch {
	case v < 1<<7:
		p[0] = byte(v)
		return 1
	case v < 1<<14:
		binary.LittleEndian.PutUint16(p, uint16(v&0x7f|0x80|v>>7<<8))
		return 2
	case v < 1<<21:
		binary.LittleEndian.PutUint32(p, v&0x7f|v<<1&0x7f00|v<<2&0x7f0000|0x8080)
		return 3
	}
	return binary.PutUvarint(p, uint64(v))
}
