package crdt

import (
	"encoding/binary"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// Bits of a struct's info byte, as in docs/wire/update-v1.md.
const (
	infoKind        = 0x1f
	infoKey         = 0x20
	infoRightOrigin = 0x40
	infoOrigin      = 0x80
)

// read reads one struct of format v1, which was checked, into in. The slices of in
// alias what r reads.
func (d *Doc) read(r *lib0.Reader, in *incoming, own *ownClient, clock uint64) {
	info := r.Byte("info")
	in.kind = update.Kind(info & infoKind)
	in.client, in.clock = own.place, clock
	in.origin, in.right, in.parent = noID, noID, noID
	in.named, in.keyed, in.any = false, false, false
	switch in.kind {
	case update.KindGC, update.KindSkip:
		in.length = r.Uint("length")
		return
	}
	if info&infoOrigin != 0 {
		in.origin, in.unknown[0] = d.readID(r, own)
	}
	if info&infoRightOrigin != 0 {
		in.right, in.unknown[1] = d.readID(r, own)
	}
	if info&(infoOrigin|infoRightOrigin) == 0 {
		if r.Uint("parent form") == 1 {
			in.named, in.name = true, r.Bytes("parent name")
		} else {
			in.parent, in.unknown[2] = d.readID(r, own)
		}
		if info&infoKey != 0 {
			in.keyed, in.key = true, r.Bytes("parent key")
		}
	}
	in.length = 1
	switch in.kind {
	case update.KindString:
		in.content = r.Bytes("string")
		n, _ := lib0.CountUTF16(in.content)
		in.length = uint64(n)
	case update.KindDeleted:
		in.length = r.Uint("length")
		in.content = nil
	case update.KindAny:
		in.length = r.Uint("count")
		in.content = consumed(r, func(r *lib0.Reader) {
			for n := in.length; n > 0; n-- {
				r.SkipAny("value")
			}
		})
	case update.KindJSON:
		in.length = r.Uint("count")
		in.content = consumed(r, func(r *lib0.Reader) {
			for n := in.length; n > 0; n-- {
				r.Bytes("value")
			}
		})
	case update.KindFormat:
		in.label = r.Bytes("key")
		in.content = r.Bytes("value")
	case update.KindType:
		in.ref = update.TypeRef(r.Uint("type"))
		in.label = nil
		if in.ref == update.TypeXMLElement || in.ref == update.TypeXMLHook {
			in.label = r.Bytes("name")
		}
	case update.KindDoc:
		in.label = r.Bytes("guid")
		in.content = consumed(r, func(r *lib0.Reader) { r.SkipAny("options") })
	default: // Binary, Embed
		in.content = r.Bytes("content")
	}
}

// ownClient is the client whose structs are being read. Most ids in them are its
// own, so its bytes are compared before they are decoded.
type ownClient struct {
	id         uint64
	place      uint32
	size       int    // bytes of the id
	bits, mask uint64 // these bytes, and where they are, in little endian
}

func newOwnClient(id uint64, place uint32) ownClient {
	var b [16]byte
	size := len(lib0.AppendUint(b[:0], id))
	return ownClient{id, place, size, binary.LittleEndian.Uint64(b[:]), 1<<(8*size) - 1}
}

// readID reads an id. unknown is the client, where the document has nothing of it.
func (d *Doc) readID(r *lib0.Reader, own *ownClient) (i id, unknown uint64) {
	if b := r.Rest(); len(b) >= 8 && binary.LittleEndian.Uint64(b)&own.mask == own.bits {
		r.Skip(own.size)
		return id{own.place, r.Uint("clock")}, 0
	}
	c := r.Uint("client")
	return d.known(update.ID{Client: c, Clock: r.Uint("clock")}, own.id, own.place)
}

// consumed returns the bytes that f reads.
func consumed(r *lib0.Reader, f func(*lib0.Reader)) []byte {
	rest, from := r.Rest(), r.Offset()
	f(r)
	return rest[: r.Offset()-from : r.Offset()-from]
}
