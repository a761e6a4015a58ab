package crdt

import (
	"cmp"
	"slices"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// Encode returns the whole document, what is pending among it, as one update of
// format v1: byte for byte what Y.encodeStateAsUpdate of Yjs 13.6 returns for the
// same history. It is the caller's.
func (d *Doc) Encode() []byte {
	b, err := d.Diff([]byte{0})
	if err != nil {
		panic("crdt: " + err.Error()) // an empty state vector is never malformed
	}
	return b
}

// Diff returns the update of format v1 that the owner of an encoded state vector
// needs in order to have all that is here, with the whole delete set. It is the
// caller's. The error is a *lib0.Error about sv.
// Source: yjs@13.6.33/src/utils/encoding.js#encodeStateAsUpdate.
func (d *Doc) Diff(sv []byte) ([]byte, error) {
	known, err := update.DecodeStateVector(sv)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, d.encodedSize(len(known)))
	b = d.appendStructs(b, d.lacking(known))
	b = d.appendRanges(b, d.allDeleted())
	if d.pending.structs == nil && d.pending.deletes.IsEmpty() {
		return b, nil
	}
	updates := append([][]byte{b}, d.pendingParts()...)
	if n := len(updates) - 1; d.pending.structs != nil {
		if updates[n], err = update.Diff(updates[n], sv); err != nil {
			return nil, err
		}
	}
	return update.Merge(updates...)
}

// lacking returns the clients of which the owner of a state vector lacks units, and
// from which clock on. The list is good until the next call.
func (d *Doc) lacking(known update.StateVector) []touched {
	d.vector = d.vector[:0]
	for _, ci := range d.descending {
		c := &d.clients[ci]
		if from := known[c.id]; c.state > from {
			d.vector = append(d.vector, touched{client: ci, before: from})
		}
	}
	return d.vector
}

// encodedSize returns about how many bytes the whole document takes.
func (d *Doc) encodedSize(clientsKnown int) int {
	if clientsKnown > 0 {
		return 256
	}
	return len(d.arena) - d.dead + len(d.blocks)*24 + 64
}

// StateVector returns the encoded state vector, clients descending: of each client
// the clock up to which the document has everything. It is the caller's.
// Source: yjs@13.6.33/src/utils/encoding.js#encodeStateVector.
func (d *Doc) StateVector() []byte {
	n := 0
	for i := range d.clients {
		if d.clients[i].state > 0 {
			n++
		}
	}
	b := lib0.AppendUint(make([]byte, 0, 2+n*8), uint64(n))
	for _, ci := range d.descending {
		if c := &d.clients[ci]; c.state > 0 {
			b = lib0.AppendUint(lib0.AppendUint(b, c.id), c.state)
		}
	}
	return b
}

// appendStructs appends the structs of clients, which are descending, from a clock
// of each on.
// Source: yjs@13.6.33/src/utils/encoding.js#writeClientsStructs.
func (d *Doc) appendStructs(b []byte, from []touched) []byte {
	b = lib0.AppendUint(b, uint64(len(from)))
	for _, f := range from {
		c := &d.clients[f.client]
		p := c.find(f.before)
		b = lib0.AppendUint(b, uint64(c.countFrom(p)))
		b = lib0.AppendUint(b, c.id)
		b = lib0.AppendUint(b, f.before)
		h := c.at(p)
		b = d.appendStruct(b, h, f.before-d.blocks[h].clock)
		if h == c.last {
			continue
		}
		own := newOwnClient(c.id, f.client)
		skip := int(p.i) + 1
		for k := int(p.chunk); k < len(c.chunks); k++ {
			for _, e := range c.chunks[k].entries[skip:] {
				if s := &d.blocks[e.h]; d.isPlain(s) {
					if more := d.appendPlain(b, s, &own); more != nil {
						b = more
						continue
					}
				}
				b = d.appendStruct(b, e.h, 0)
			}
			skip = 0
		}
	}
	return b
}

// appendStruct appends a block without its first cut units.
// Source: yjs@13.6.33/src/structs/Item.js#write, GC.js#write.
func (d *Doc) appendStruct(b []byte, h handle, cut uint64) []byte {
	s := &d.blocks[h]
	if s.kind == update.KindGC {
		return lib0.AppendUint(append(b, byte(update.KindGC)), d.length(h)-cut)
	}
	origin, right, info := d.head(h, cut)
	b = append(b, info)
	if origin.exists() {
		b = d.appendID(b, origin)
	}
	if right.exists() {
		b = d.appendID(b, right)
	}
	if info&(infoOrigin|infoRightOrigin) == 0 {
		l := &d.lists[s.list]
		t := &d.types[l.typ]
		if t.item == 0 {
			b = lib0.AppendString(append(b, 1), t.name)
		} else {
			b = d.appendID(append(b, 0), d.firstID(t.item))
		}
		if l.key != noKey {
			b = lib0.AppendString(b, d.keys[l.key])
		}
	}
	return d.appendContent(b, h, cut)
}

// head returns the origins and the info byte of a block without its first cut units.
func (d *Doc) head(h handle, cut uint64) (origin, right id, info byte) {
	s := &d.blocks[h]
	origin, right, info = d.origin(h), d.rightOrigin(h), byte(s.kind)
	if cut > 0 {
		origin = id{s.client, s.clock + cut - 1}
	}
	if d.lists[s.list].key != noKey {
		info |= infoKey
	}
	if origin.exists() {
		info |= infoOrigin
	}
	if right.exists() {
		info |= infoRightOrigin
	}
	return origin, right, info
}

func (d *Doc) appendID(b []byte, i id) []byte {
	return lib0.AppendUint(lib0.AppendUint(b, d.clients[i.client].id), i.clock)
}

// appendContent appends what a block holds, without its first cut units.
func (d *Doc) appendContent(b []byte, h handle, cut uint64) []byte {
	s := &d.blocks[h]
	switch s.kind {
	case update.KindDeleted:
		return lib0.AppendUint(b, d.length(h)-cut)
	case update.KindString:
		text := d.bytesOf(s)
		if cut > 0 {
			text = d.textFrom(s, uint32(cut))
		}
		return lib0.AppendBytes(b, text)
	case update.KindAny:
		b = lib0.AppendUint(b, uint64(s.length)-cut)
		v := d.bytesOf(s)
		return append(b, v[d.cutValues(s, uint32(cut)):]...)
	case update.KindJSON:
		b = lib0.AppendUint(b, uint64(s.length)-cut)
		v := d.bytesOf(s)
		return append(b, v[skipStrings(v, int(cut)):]...)
	case update.KindFormat:
		b = lib0.AppendString(b, d.keys[s.size])
		return lib0.AppendBytes(b, d.jsonOf(s))
	case update.KindEmbed:
		return lib0.AppendBytes(b, d.jsonOf(s))
	case update.KindType:
		t := &d.types[s.content]
		b = lib0.AppendUint(b, uint64(t.ref))
		if t.ref == update.TypeXMLElement || t.ref == update.TypeXMLHook {
			b = lib0.AppendString(b, t.name)
		}
		return b
	case update.KindDoc:
		sub := &d.subdocs[s.content]
		return append(lib0.AppendString(b, sub.guid), sub.options...)
	}
	return lib0.AppendBytes(b, d.bytesOf(s)) // Binary
}

// allDeleted returns what is deleted in the whole document, clients descending. The
// list is good until the next call.
// Source: yjs@13.6.33/src/utils/DeleteSet.js#createDeleteSetFromStructStore.
func (d *Doc) allDeleted() []idRange {
	d.ranges = d.ranges[:0]
	for _, ci := range d.descending {
		d.ranges = d.deletedOf(d.ranges, ci)
	}
	return d.ranges
}

// deletedOf appends what of a client is deleted.
func (d *Doc) deletedOf(ranges []idRange, ci uint32) []idRange {
	c := &d.clients[ci]
	for k := range c.chunks {
		for _, e := range c.chunks[k].entries {
			if b := &d.blocks[e.h]; b.deleted() {
				ranges = addRange(ranges, idRange{ci, b.clock, d.length(e.h)})
			}
		}
	}
	return ranges
}

// addRange adds a range that is after all others of its client.
func addRange(ranges []idRange, r idRange) []idRange {
	if n := len(ranges); n > 0 {
		if l := &ranges[n-1]; l.client == r.client && l.clock+l.length == r.clock {
			l.length += r.length
			return ranges
		}
	}
	return append(ranges, r)
}

// appendRanges appends ranges, those of one client together and the clients in the
// order in which they are to be written, as a delete set.
func (d *Doc) appendRanges(b []byte, ranges []idRange) []byte {
	b = lib0.AppendUint(b, uint64(countClients(ranges)))
	for len(ranges) > 0 {
		n := sameClient(ranges)
		b = lib0.AppendUint(b, d.clients[ranges[0].client].id)
		b = lib0.AppendUint(b, uint64(n))
		for _, r := range ranges[:n] {
			b = lib0.AppendUint(lib0.AppendUint(b, r.clock), r.length)
		}
		ranges = ranges[n:]
	}
	return b
}

// sameClient returns how many of the first ranges are the first one's client's.
func sameClient(ranges []idRange) int {
	n := 1
	for n < len(ranges) && ranges[n].client == ranges[0].client {
		n++
	}
	return n
}

func countClients(ranges []idRange) (n int) {
	for len(ranges) > 0 {
		ranges = ranges[sameClient(ranges):]
		n++
	}
	return n
}

// updateOf returns what the update of a transaction has: the clients that got units,
// and the deletes, clients descending.
// Source: yjs@13.6.33/src/utils/Transaction.js#writeUpdateMessageFromTransaction.
func (d *Doc) updateOf(tx *Txn) (units []touched, deletes []idRange) {
	if len(tx.touched)+len(tx.deletes) == 0 {
		return nil, nil
	}
	tx.touched = tx.withLater(tx.touched)
	descending := func(a, b uint32) int { return cmp.Compare(d.clients[b].id, d.clients[a].id) }
	units, deletes = tx.touched, tx.deletes
	if len(units) > 1 {
		slices.SortFunc(units, func(a, b touched) int { return descending(a.client, b.client) })
	}
	if n := len(deletes); n > 1 && deletes[0].client != deletes[n-1].client {
		d.ranges = append(d.ranges[:0], deletes...)
		deletes = d.ranges
		slices.SortStableFunc(deletes, func(a, b idRange) int { return descending(a.client, b.client) })
	}
	return units, deletes
}
