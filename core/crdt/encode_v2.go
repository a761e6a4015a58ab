package crdt

import (
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// EncodeV2 is Encode in format v2: what Y.encodeStateAsUpdateV2 returns.
func (d *Doc) EncodeV2() []byte {
	b, err := d.DiffV2([]byte{0})
	if err != nil {
		panic("crdt: " + err.Error()) // an empty state vector is never malformed
	}
	return b
}

// DiffV2 is Diff in format v2.
func (d *Doc) DiffV2(sv []byte) ([]byte, error) {
	known, err := update.DecodeStateVector(sv)
	if err != nil {
		return nil, err
	}
	w := d.writer()
	w.structs(d.lacking(known), len(known) == 0)
	deleted := w.deleted
	if len(known) > 0 {
		deleted = d.allDeleted()
	}
	w.ranges(deleted)
	b := w.e.AppendTo(make([]byte, 0, w.e.MaxLen()))
	if d.pending.structs == nil && d.pending.deletes.IsEmpty() {
		return b, nil
	}
	updates := [][]byte{b}
	for _, u := range d.pendingParts() {
		if u, err = update.ConvertV1ToV2(u); err != nil {
			return nil, err
		}
		updates = append(updates, u)
	}
	if n := len(updates) - 1; d.pending.structs != nil {
		if updates[n], err = update.DiffV2(updates[n], sv); err != nil {
			return nil, err
		}
	}
	return update.MergeV2(updates...)
}

// writerV2 writes blocks in format v2.
type writerV2 struct {
	d *Doc
	e update.EncoderV2

	// Who wants all structs wants all that is deleted too: it is gathered meanwhile,
	// which spares looking at every block again.
	deletes bool
	deleted []idRange // as allDeleted returns it
}

// writer returns the document's writer, emptied.
func (d *Doc) writer() *writerV2 {
	if d.v2 == nil {
		d.v2 = &writerV2{d: d}
	}
	d.v2.e.Reset()
	d.v2.deleted = d.v2.deleted[:0]
	return d.v2
}

// structs is appendStructs for format v2.
func (w *writerV2) structs(from []touched, deletes bool) {
	w.deletes = deletes
	w.e.Sections(len(from))
	for _, f := range from {
		c := &w.d.clients[f.client]
		p := c.find(f.before)
		w.e.Section(c.countFrom(p), c.id, f.before)
		h := c.at(p)
		w.item(h, f.before-w.d.blocks[h].clock)
		w.noteDeleted(h)
		skip := int(p.i) + 1
		for k := int(p.chunk); k < len(c.chunks); k++ {
			w.items(c.chunks[k].entries[skip:])
			skip = 0
		}
	}
}

// items writes whole blocks.
func (w *writerV2) items(entries []entry) {
	d, e := w.d, &w.e
	var from, to uint32 // text that is still to be written, in the arena
	for _, at := range entries {
		s := &d.blocks[at.h]
		if !d.isPlain(s) {
			e.TextBytes(d.arena[from:to])
			from = to
			w.item(at.h, 0)
			w.noteDeleted(at.h)
			continue
		}
		switch client := d.clients[s.origin.client].id; s.rightOrigin.client {
		case s.origin.client:
			e.Info(byte(s.kind) | infoOrigin | infoRightOrigin)
			e.IDs(client, uint64(s.origin.clock), uint64(s.rightOrigin.clock))
		case noClient:
			e.Info(byte(s.kind) | infoOrigin)
			e.LeftID(update.ID{Client: client, Clock: uint64(s.origin.clock)})
		default:
			e.Info(byte(s.kind) | infoOrigin | infoRightOrigin)
			e.LeftID(update.ID{Client: client, Clock: uint64(s.origin.clock)})
			e.RightID(update.ID{Client: d.clients[s.rightOrigin.client].id, Clock: uint64(s.rightOrigin.clock)})
		}
		if s.kind == update.KindDeleted {
			e.Len(uint64(s.length))
			w.noteDeleted(at.h)
		} else {
			if s.deleted() { // and not collected
				w.noteDeleted(at.h)
			}
			if s.content != to { // in a document that was loaded it is seldom elsewhere
				e.TextBytes(d.arena[from:to])
				from = s.content
			}
			to = s.content + s.size
			e.TextUnits(int(s.length))
		}
	}
	e.TextBytes(d.arena[from:to])
}

// noteDeleted adds a block to what is deleted, if it is and that is wanted.
func (w *writerV2) noteDeleted(h handle) {
	if s := &w.d.blocks[h]; w.deletes && s.deleted() {
		w.deleted = addRange(w.deleted, idRange{s.client, s.clock, w.d.length(h)})
	}
}

// item writes a block without its first cut units; see appendStruct.
func (w *writerV2) item(h handle, cut uint64) {
	d, e := w.d, &w.e
	s := &d.blocks[h]
	if s.kind == update.KindGC {
		e.Info(byte(update.KindGC))
		e.Len(d.length(h) - cut)
		return
	}
	origin, right, info := d.head(h, cut)
	e.Info(info)
	if origin.exists() {
		e.LeftID(d.wireID(origin))
	}
	if right.exists() {
		e.RightID(d.wireID(right))
	}
	if info&(infoOrigin|infoRightOrigin) == 0 {
		l := &d.lists[s.list]
		t := &d.types[l.typ]
		e.NamedParent(t.item == 0)
		if t.item == 0 {
			e.String([]byte(t.name))
		} else {
			e.LeftID(d.wireID(d.firstID(t.item)))
		}
		if l.key != noKey {
			e.String([]byte(d.keys[l.key]))
		}
	}
	w.content(h, cut)
}

// content writes what a block holds; see appendContent.
func (w *writerV2) content(h handle, cut uint64) {
	d, e := w.d, &w.e
	s := &d.blocks[h]
	switch s.kind {
	case update.KindDeleted:
		e.Len(d.length(h) - cut)
	case update.KindString:
		text, units := d.bytesOf(s), int(s.length)
		if cut > 0 {
			text, units = d.textFrom(s, uint32(cut)), units-int(cut)
		}
		e.Text(text, units)
	case update.KindAny:
		e.Len(uint64(s.length) - cut)
		v := d.bytesOf(s)
		e.Any(v[d.cutValues(s, uint32(cut)):])
	case update.KindJSON:
		e.Len(uint64(s.length) - cut)
		v := d.bytesOf(s)
		r := lib0.NewReader(v[skipStrings(v, int(cut)):])
		for r.Len() > 0 {
			e.String(r.Bytes("value"))
		}
	case update.KindFormat:
		e.Key([]byte(d.keys[s.size]))
		w.value(s)
	case update.KindEmbed:
		w.value(s)
	case update.KindType:
		t := &d.types[s.content]
		e.TypeRef(t.ref)
		if t.ref == update.TypeXMLElement || t.ref == update.TypeXMLHook {
			e.Key([]byte(t.name))
		}
	case update.KindDoc:
		sub := &d.subdocs[s.content]
		e.String([]byte(sub.guid))
		e.Any(sub.options)
	default: // Binary
		e.Bytes(d.bytesOf(s))
	}
}

// value writes the value of an embed or a format.
func (w *writerV2) value(s *block) {
	if s.flags&flagAny != 0 {
		w.e.Any(w.d.bytesOf(s))
		return
	}
	v, _ := lib0.ParseJSON(w.d.bytesOf(s))
	w.e.Any(lib0.AppendAny(nil, v))
}

// ranges is appendRanges for format v2.
func (w *writerV2) ranges(ranges []idRange) {
	w.e.DeleteClients(countClients(ranges))
	for len(ranges) > 0 {
		n := sameClient(ranges)
		w.e.DeleteClient(w.d.clients[ranges[0].client].id, n)
		for _, r := range ranges[:n] {
			w.e.DeleteRange(update.Range{Start: r.clock, End: r.clock + r.length})
		}
		ranges = ranges[n:]
	}
}

// wireID returns an id as it is written.
func (d *Doc) wireID(i id) update.ID {
	return update.ID{Client: d.clients[i.client].id, Clock: i.clock}
}
