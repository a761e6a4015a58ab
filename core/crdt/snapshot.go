package crdt

import (
	"errors"

	"github.com/weft-sync/weft/core/update"
)

// A snapshot says which units of a document there were at a moment and which of them
// were deleted: see update.Snapshot, which has its bytes. What a document was then is
// shown by a document that has not collected what was deleted since (WithoutGC).

// Errors about snapshots.
var (
	// ErrCollects is returned when a document that collects what is deleted is to be
	// restored: some of it may be gone.
	ErrCollects = errors.New("crdt: the document collects what is deleted")
	// ErrSnapshot is returned when a snapshot knows more than the document.
	ErrSnapshot = errors.New("crdt: the snapshot knows more than the document")
)

// Snapshot returns a snapshot of the document as it is.
// Source: yjs@13.6.33/src/utils/Snapshot.js#snapshot.
func (d *Doc) Snapshot() update.Snapshot {
	s := update.Snapshot{Known: update.StateVector{}}
	for i := range d.clients {
		if c := &d.clients[i]; c.state > 0 {
			s.Known[c.id] = c.state
		}
	}
	for _, r := range d.allDeleted() {
		s.Deleted.Add(d.clients[r.client].id, r.clock, r.clock+r.length)
	}
	return s
}

// Restore returns a new document that is what this one was at a snapshot. It is the
// same for everyone who restores it. The error is ErrCollects or ErrSnapshot.
// Source: yjs@13.6.33/src/utils/Snapshot.js#createDocFromSnapshot.
func (d *Doc) Restore(s update.Snapshot, options ...Option) (*Doc, error) {
	if d.gc {
		return nil, ErrCollects
	}
	sections := 0
	for client, clock := range s.Known {
		if clock > d.state(d.clientOf(client)) {
			return nil, ErrSnapshot
		}
		if clock > 0 {
			sections++
		}
	}
	var u []byte
	_ = d.Transact(func(tx *Txn) error {
		w := d.writer()
		w.e.Sections(sections)
		for _, ci := range d.descending {
			if clock := s.Known[d.clients[ci].id]; clock > 0 {
				tx.splitBefore(id{ci, clock})
				w.until(ci, clock)
			}
		}
		w.idSet(&s.Deleted)
		u = w.e.AppendTo(nil)
		return nil
	})
	restored := NewDoc(options...)
	_, err := restored.ApplyV2From(u, "snapshot")
	return restored, err
}

// until writes the blocks of a client that come before a clock.
func (w *writerV2) until(ci uint32, clock uint64) {
	c := &w.d.clients[ci]
	last := c.find(clock - 1)
	w.e.Section(c.countFrom(place{})-c.countFrom(last)+1, c.id, 0)
	for p := (place{}); ; p, _ = c.next(p) {
		w.item(c.at(p), 0)
		if p == last {
			return
		}
	}
}

// idSet writes a set of ids as a delete set.
func (w *writerV2) idSet(s *update.IDSet) {
	clients := map[uint64]int{}
	for client := range s.All() {
		clients[client]++
	}
	w.e.DeleteClients(len(clients))
	for client, r := range s.All() {
		if n := clients[client]; n > 0 {
			w.e.DeleteClient(client, n)
			clients[client] = 0
		}
		w.e.DeleteRange(r)
	}
}

// splitBefore lets a block begin with a unit, if the document has it.
func (tx *Txn) splitBefore(i id) {
	if i.clock < tx.doc.state(i.client) {
		tx.doc.cleanStart(i)
	}
}

// view is a snapshot as a document sees it.
type view struct {
	d       *Doc
	known   []uint64 // by client: how many units
	deleted update.IDSet
}

// shows reports whether a block, which does not reach over what the view ends at, is
// there.
// Source: yjs@13.6.33/src/utils/Snapshot.js#isVisible.
func (v *view) shows(h handle) bool {
	b := &v.d.blocks[h]
	return b.clock < v.known[b.client] && !v.deleted.Contains(v.d.clients[b.client].id, b.clock)
}

// view returns a snapshot as a view, and splits blocks that reach over where it ends.
// Source: yjs@13.6.33/src/utils/Snapshot.js#splitSnapshotAffectedStructs.
func (tx *Txn) view(s update.Snapshot) *view {
	d := tx.doc
	v := &view{d: d, known: make([]uint64, len(d.clients)), deleted: s.Deleted}
	for client, clock := range s.Known {
		if ci := d.clientOf(client); ci != unknownClient {
			v.known[ci] = clock
			tx.splitBefore(id{ci, clock})
		}
	}
	for client, r := range s.Deleted.All() {
		ci := d.clientOf(client)
		if ci == unknownClient {
			continue
		}
		tx.splitBefore(id{ci, r.Start})
		tx.splitBefore(id{ci, r.End})
	}
	return v
}

// at calls fn with a snapshot as a view. The blocks that were split are joined again
// afterwards.
func (d *Doc) at(s update.Snapshot, fn func(*view)) {
	_ = d.Transact(func(tx *Txn) error {
		fn(tx.view(s))
		return nil
	}, WithOrigin(viewing))
}

// viewing is the origin of transactions that only look at a snapshot, as in Yjs.
const viewing = "cleanup"

// Changed says of text how it differs between two snapshots: Kind is "added" or
// "removed", First the first unit of it.
type Changed struct {
	Kind  string
	First update.ID
}

// ToDeltaAt returns the text as it was at a snapshot.
func (t Text) ToDeltaAt(s update.Snapshot) []DeltaOp { return t.Compare(&s, nil, nil) }

// StringAt returns the text as it was at a snapshot, without attributes and embedded
// values.
func (t Text) StringAt(s update.Snapshot) string {
	var b []byte
	for _, op := range t.ToDeltaAt(s) {
		if text, ok := op.Insert.(string); ok {
			b = append(b, text...)
		}
	}
	return string(b)
}

// Compare returns the text as it was at one snapshot, with what had been there at an
// earlier one and was no more. What differs has the attribute "ychange", whose value is
// mark's; without mark it is {type: "added"} or {type: "removed"}, and each run of it is
// an op of its own. Runs of one kind whose mark has the client as "user" and the kind as
// "type" are joined. now may be nil: what is there now; and before too: then nothing is
// compared.
// Source: yjs@13.6.33/src/types/YText.js#toDelta.
func (t Text) Compare(now, before *update.Snapshot, mark func(Changed) Attrs) (ops []DeltaOp) {
	if !t.alive() || now == nil && before == nil {
		return t.ToDelta()
	}
	_ = t.d.Transact(func(tx *Txn) error {
		var is, was func(handle) bool
		if now != nil {
			is = tx.view(*now).shows
		}
		if before != nil {
			was = tx.view(*before).shows
		}
		ops = t.delta(is, was, mark)
		return nil
	}, WithOrigin(viewing))
	return ops
}

// ValuesAt returns the values as they were at a snapshot. Yjs shows whole runs of
// values of which a part was there; this shows what was.
// Source: yjs@13.6.33/src/types/AbstractType.js#typeListToArraySnapshot.
func (a Array) ValuesAt(s update.Snapshot) []any {
	list := []any{}
	if !a.alive() {
		return list
	}
	a.d.at(s, func(v *view) {
		for h := a.seq().start; h != 0; h = a.d.blocks[h].right {
			if countable(a.d.blocks[h].kind) && v.shows(h) {
				for value := range a.d.blockValues(h) {
					list = append(list, value)
				}
			}
		}
	})
	return list
}

// AllAt returns the keys and values as they were at a snapshot.
// Source: yjs@13.6.33/src/types/AbstractType.js#typeMapGetAllSnapshot.
func (m Map) AllAt(s update.Snapshot) Object { return m.membersAt(s) }

// AttributesAt returns the attributes as they were at a snapshot.
func (x XMLElement) AttributesAt(s update.Snapshot) Attrs { return x.membersAt(s) }

// AttributesAt returns the attributes of the text as a whole as they were at a
// snapshot.
func (t Text) AttributesAt(s update.Snapshot) Attrs { return t.membersAt(s) }

func (s shared) membersAt(at update.Snapshot) (o Object) {
	if !s.alive() {
		return nil
	}
	d := s.d
	d.at(at, func(v *view) {
		for _, e := range d.types[s.t].entries {
			h := d.lists[e.list].end
			for h != 0 && d.blocks[h].clock >= v.known[d.blocks[h].client] {
				h = d.blocks[h].left // it was set later
			}
			if h != 0 && v.shows(h) && countable(d.blocks[h].kind) {
				o = append(o, Member{d.keys[e.key], d.lastValue(h)})
			}
		}
	})
	return o.ordered()
}
