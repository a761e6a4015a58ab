package update

import (
	"slices"

	"github.com/weft-sync/weft/core/lib0"
)

// clientOrder notes the clients of an update's sections.
type clientOrder struct {
	list      []uint64
	unordered bool // not strictly descending
}

func (o *clientOrder) add(client uint64) {
	if n := len(o.list); n > 0 && o.list[n-1] <= client {
		o.unordered = true
	}
	o.list = append(o.list, client)
}

// reset makes the list empty.
func (o *clientOrder) reset() { *o = clientOrder{list: o.list[:0]} }

// repeated reports whether a client has more than one section. It sorts the list.
func (o *clientOrder) repeated() bool {
	if !o.unordered {
		return false
	}
	slices.Sort(o.list)
	return len(slices.Compact(slices.Clone(o.list))) < len(o.list)
}

// rewritten returns an update, which was checked, as one that Yjs might write:
// without padded integers, and with one section a client. Yjs never writes the
// other kind, and mistakes a client's second section for a part of the first.
func rewritten(u []byte, l layout, odd, repeated bool) []byte {
	if odd {
		u = canonical(u)
	}
	if repeated {
		m := merger{queue: queue{heap: true}, layout: l}
		deletes := m.mustLoad([][]byte{u})
		m.plan()
		deletes = mergeDeletes(deletes)
		u = appendDeletes(m.out.bytes(deletesSize(deletes)), deletes)
	}
	return u
}

// canonical returns an update, which was checked, with every integer and flag
// outside of values written the way Yjs writes them. No known encoder pads its
// integers; but Yjs reads such updates, and what is merged from them must be the
// same bytes that it would write. What was of version 2 is never so.
func canonical(u []byte) []byte {
	s := scan(u, withJSON)
	b := lib0.AppendUint(make([]byte, 0, len(u)), uint64(s.sections))
	for s.section() {
		b = lib0.AppendUint(b, uint64(s.structs))
		b = lib0.AppendUint(b, s.client)
		b = lib0.AppendUint(b, s.clock)
		for s.next() {
			st := s.decoded(u)
			b = st.appendTo(b)
		}
	}
	clients := s.startDeletes()
	b = lib0.AppendUint(b, uint64(clients))
	for s.deleteClient() {
		b = lib0.AppendUint(b, s.client)
		b = lib0.AppendUint(b, uint64(s.deleteRanges))
		for s.deleteRange() {
			b = lib0.AppendUint(b, s.deleted.Start)
			b = lib0.AppendUint(b, s.deleted.End-s.deleted.Start)
		}
	}
	return b
}

// appendTo appends the struct.
func (st *Struct) appendTo(b []byte) []byte {
	if st.Kind == KindGC || st.Kind == KindSkip {
		return lib0.AppendUint(append(b, byte(st.Kind)), st.Len)
	}
	b = st.Place.appendTo(b, st.Kind)
	r := lib0.NewReader(st.Content)
	switch st.Kind {
	case KindDeleted:
		return lib0.AppendUint(b, st.Len)
	case KindJSON:
		b = lib0.AppendUint(b, r.Uint("count"))
		for r.Len() > 0 {
			b = lib0.AppendBytes(b, r.Bytes("json"))
		}
	case KindFormat:
		b = lib0.AppendBytes(b, r.Bytes("key"))
		b = lib0.AppendBytes(b, r.Bytes("value"))
	case KindType:
		b = lib0.AppendUint(b, r.Uint("type"))
		if r.Len() > 0 {
			b = lib0.AppendBytes(b, r.Bytes("name"))
		}
	case KindAny:
		b = lib0.AppendUint(b, r.Uint("count"))
		b = append(b, r.Rest()...)
	case KindDoc:
		b = lib0.AppendBytes(b, r.Bytes("guid"))
		b = append(b, r.Rest()...)
	default:
		b = lib0.AppendBytes(b, r.Bytes("content"))
	}
	return b
}
