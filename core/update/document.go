package update

import "github.com/weft-sync/weft/core/lib0"

// Doc is a document held as merged updates. It can be synced and stored, but not
// read. It holds whatever Apply was given: gaps, structs that depend on others
// which have not come, and deletes of ids that nobody has seen.
//
// Small updates are copied to the end of a log. When the log has grown, or
// somebody asks for what is in it, it is merged into a part, and parts are merged
// so that each is at most half of the one before it: a byte is merged again
// O(log n) times, however many updates come.
//
// A Doc is for one goroutine at a time.
type Doc struct {
	ids, deleted IDSet
	parts        []part   // structs only, largest first
	log          []byte   // updates, one after another
	ends         []uint32 // where each of them ends in log
	index        index    // of the update being applied; kept for its memory

	// Encoded; nil when they must be made anew.
	vector  []byte // the state vector
	deletes []byte // the delete set
	whole   []byte // the document
}

// part is an update whose structs are indexed. Its delete set is not used: the
// Doc's own stands for all of them.
type part struct {
	b     []byte
	index index
}

// logSize is how many bytes of small updates gather before they are merged.
const logSize = 64 << 10

// NewDoc returns an empty document.
func NewDoc() *Doc { return &Doc{} }

// Apply adds an update, and reports whether it had an id or a delete that was
// missing; if not, nothing is kept. u must not change afterwards. The error is a
// *lib0.Error: u is malformed, or would bring the document over MaxSize; the
// document is as before.
func (d *Doc) Apply(u []byte) (fresh bool, err error) {
	if len(u) > MaxSize-d.Size() {
		return false, &lib0.Error{Field: "update", Reason: lib0.TooLarge}
	}
	d.index.reset()
	odd, err := d.index.add(0, u, withJSON)
	if err != nil {
		return false, err
	}
	ids := false
	for i := range d.index.runs {
		r := &d.index.runs[i]
		ids = d.ids.Add(r.client, r.clock, r.end) || ids
	}
	deletes := false
	for _, r := range d.index.deletes {
		deletes = d.deleted.Add(r.client, r.Start, r.End) || deletes
	}
	if ids {
		d.vector = nil
		d.keep(u, odd)
	}
	if deletes {
		d.deletes = nil
	}
	if ids || deletes {
		d.whole = nil
	}
	return ids || deletes, nil
}

// Has reports whether the document has every id and every delete of an update, so
// that Apply would change nothing. The error is a *lib0.Error: u is malformed.
func (d *Doc) Has(u []byte) (bool, error) {
	d.index.reset()
	if _, err := d.index.add(0, u, withJSON); err != nil {
		return false, err
	}
	for i := range d.index.runs {
		if r := &d.index.runs[i]; !d.ids.Covers(r.client, r.clock, r.end) {
			return false, nil
		}
	}
	for _, r := range d.index.deletes {
		if r.Start < r.End && !d.deleted.Covers(r.client, r.Start, r.End) {
			return false, nil
		}
	}
	return true, nil
}

// keep adds an update that d.index is about.
func (d *Doc) keep(u []byte, odd bool) {
	if len(u) < logSize {
		d.log = append(d.log, u...)
		d.ends = append(d.ends, uint32(len(d.log)))
		if len(d.log) >= logSize {
			d.seal()
		}
		return
	}
	d.seal()
	if odd {
		u = canonical(u)
		d.index = index{}
		d.index.add(0, u, withJSON) // was checked before
	}
	d.index.deletes = nil
	d.push(part{u, d.index})
	d.index = index{}
}

// seal turns the log into a part.
func (d *Doc) seal() {
	if len(d.ends) == 0 {
		return
	}
	updates := make([][]byte, len(d.ends))
	from := uint32(0)
	for i, end := range d.ends {
		updates[i] = d.log[from:end:end]
		from = end
	}
	m := merger{queue: queue{heap: true}}
	m.mustLoad(updates)
	d.log, d.ends = nil, nil
	d.push(m.part())
}

// part merges what is loaded into a part.
func (m *merger) part() part {
	m.out.keep = &index{}
	m.plan()
	return part{m.out.bytes(0), *m.out.keep}
}

// push adds a part, and merges parts until each is at most half of the one before.
func (d *Doc) push(p part) {
	d.parts = append(d.parts, p)
	for {
		n := len(d.parts)
		if n < 2 || len(d.parts[n-1].b) <= len(d.parts[n-2].b)/2 {
			return
		}
		d.join(n - 2)
	}
}

// join merges the parts from k on into one.
func (d *Doc) join(k int) {
	m := merger{queue: queue{heap: true}}
	m.add(d.parts[k:])
	p := m.part()
	clear(d.parts[k:])
	d.parts = append(d.parts[:k], p)
}

// add loads parts.
func (m *merger) add(parts []part) {
	for i := range parts {
		m.out.sources = append(m.out.sources, parts[i].b)
		m.out.indexes = append(m.out.indexes, &parts[i].index)
	}
}

// StateVector returns the encoded state vector: of each client the clock up to
// which the document has everything from 0 on, clients descending. It is
// read-only, and never changes afterwards.
func (d *Doc) StateVector() []byte {
	if d.vector == nil {
		list := make(clockList, 0, len(d.ids.clients))
		for _, i := range d.ids.descending() {
			c := &d.ids.clients[i]
			if r := c.ranges.first(); r.Start == 0 && r.End > 0 {
				list = append(list, clientClock{c.client, r.End})
			}
		}
		d.vector = list.append(make([]byte, 0, 1+len(list)*8))
	}
	return d.vector
}

// Diff returns the update that the owner of an encoded state vector needs in
// order to have all that is here, the whole delete set with it. It is the
// caller's. The error is a *lib0.Error about sv.
func (d *Doc) Diff(sv []byte) ([]byte, error) {
	known, err := readClocks(sv)
	if err != nil {
		return nil, err
	}
	d.seal()
	m := merger{queue: queue{heap: true}, known: known}
	m.add(d.parts)
	m.plan()
	deletes := d.deleteSet()
	return append(m.out.bytes(len(deletes)), deletes...), nil
}

// Encode returns the whole document as one update. It is read-only, and never
// changes afterwards.
func (d *Doc) Encode() []byte {
	if d.whole != nil {
		return d.whole
	}
	d.seal()
	m := merger{queue: queue{heap: true}}
	m.add(d.parts)
	m.out.keep = &index{}
	m.plan()
	deletes := d.deleteSet()
	d.whole = append(m.out.bytes(len(deletes)), deletes...)
	if len(d.parts) > 0 {
		clear(d.parts)
		d.parts = append(d.parts[:0], part{d.whole, *m.out.keep})
	}
	return d.whole
}

// deleteSet returns the encoded delete set.
func (d *Doc) deleteSet() []byte {
	if d.deletes == nil {
		d.deletes = d.deleted.Append(make([]byte, 0, d.deleted.size()))
	}
	return d.deletes
}

// Size returns how many bytes of updates the document holds.
func (d *Doc) Size() int {
	n := len(d.log)
	for i := range d.parts {
		n += len(d.parts[i].b)
	}
	return n
}
