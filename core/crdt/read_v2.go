package crdt

import (
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// readV2 is read for format v2.
func (d *Doc) readV2(dec *update.DecoderV2, in *incoming, client uint64, ci uint32, clock uint64) {
	info := dec.Info()
	in.kind = update.Kind(info & infoKind)
	in.client, in.clock = ci, clock
	in.origin, in.right, in.parent = noID, noID, noID
	in.named, in.keyed, in.any = false, false, false
	switch in.kind {
	case update.KindGC:
		in.length = dec.Len()
		return
	case update.KindSkip:
		in.length = dec.SkipLen()
		return
	}
	if info&infoOrigin != 0 {
		in.origin, in.unknown[0] = d.known(dec.LeftID(), client, ci)
	}
	if info&infoRightOrigin != 0 {
		in.right, in.unknown[1] = d.known(dec.RightID(), client, ci)
	}
	if info&(infoOrigin|infoRightOrigin) == 0 {
		if dec.NamedParent() {
			in.named = true
			in.name, _ = dec.Text()
		} else {
			in.parent, in.unknown[2] = d.known(dec.LeftID(), client, ci)
		}
		if info&infoKey != 0 {
			in.keyed = true
			in.key, _ = dec.Text()
		}
	}
	in.length = 1
	switch in.kind {
	case update.KindString:
		text, units := dec.Text()
		in.content, in.length = text, uint64(units)
	case update.KindDeleted:
		in.content, in.length = nil, dec.Len()
	case update.KindAny:
		n := dec.AnyCount()
		in.length = uint64(n)
		d.joined = d.joined[:0]
		for range n {
			d.joined = append(d.joined, dec.Any("value")...)
		}
		in.content = d.joined
	case update.KindJSON:
		n := dec.JSONCount()
		in.length = uint64(n)
		d.joined = d.joined[:0]
		for range n {
			text, _ := dec.Text()
			d.joined = lib0.AppendBytes(d.joined, text)
		}
		in.content = d.joined
	case update.KindFormat:
		in.label = dec.Key()
		in.content, in.any = dec.Any("value"), true
	case update.KindEmbed:
		in.content, in.any = dec.Any("value"), true
	case update.KindType:
		in.ref, in.label = dec.TypeRef(), nil
		if in.ref == update.TypeXMLElement || in.ref == update.TypeXMLHook {
			in.label = dec.Key()
		}
	case update.KindDoc:
		in.label, _ = dec.Text()
		in.content = dec.Any("options")
	default: // Binary
		in.content = dec.Bytes()
	}
}

// known returns an id as the document has it. unknown is the client, where the
// document has nothing of it.
func (d *Doc) known(i update.ID, client uint64, ci uint32) (_ id, unknown uint64) {
	if i.Client == client {
		return id{ci, i.Clock}, 0
	}
	return id{d.clientOf(i.Client), i.Clock}, i.Client
}

// appendIncoming appends a struct that was read, in format v1.
func (d *Doc) appendIncoming(b []byte, in *incoming) []byte {
	if in.kind == update.KindGC {
		return lib0.AppendUint(append(b, byte(in.kind)), in.length)
	}
	info := byte(in.kind)
	if in.origin.exists() {
		info |= infoOrigin
	}
	if in.right.exists() {
		info |= infoRightOrigin
	}
	if in.keyed {
		info |= infoKey
	}
	b = append(b, info)
	wire := func(b []byte, i id, unknown uint64) []byte {
		if i.client == unknownClient {
			return lib0.AppendUint(lib0.AppendUint(b, unknown), i.clock)
		}
		return d.appendID(b, i)
	}
	if in.origin.exists() {
		b = wire(b, in.origin, in.unknown[0])
	}
	if in.right.exists() {
		b = wire(b, in.right, in.unknown[1])
	}
	if !in.origin.exists() && !in.right.exists() {
		if in.named {
			b = lib0.AppendBytes(append(b, 1), in.name)
		} else {
			b = wire(append(b, 0), in.parent, in.unknown[2])
		}
		if in.keyed {
			b = lib0.AppendBytes(b, in.key)
		}
	}
	switch in.kind {
	case update.KindDeleted:
		return lib0.AppendUint(b, in.length)
	case update.KindAny, update.KindJSON:
		return append(lib0.AppendUint(b, in.length), in.content...)
	case update.KindFormat:
		b = lib0.AppendBytes(b, in.label)
		return lib0.AppendBytes(b, jsonFromAny(in.content))
	case update.KindEmbed:
		return lib0.AppendBytes(b, jsonFromAny(in.content))
	case update.KindType:
		b = lib0.AppendUint(b, uint64(in.ref))
		if in.ref == update.TypeXMLElement || in.ref == update.TypeXMLHook {
			b = lib0.AppendBytes(b, in.label)
		}
		return b
	case update.KindDoc:
		return append(lib0.AppendBytes(b, in.label), in.content...)
	}
	return lib0.AppendBytes(b, in.content) // String, Binary
}
