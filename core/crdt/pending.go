package crdt

import (
	"errors"

	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// ErrPending is returned when more structs and deletes have to wait for others than
// the document may hold; see WithPendingLimit.
var ErrPending = errors.New("crdt: too much is waiting for updates that have not come")

// defaultPending is how many bytes may wait: a few times what one large update has.
const defaultPending = 64 << 20

// pending is what was received and depends on updates that have not come.
type pending struct {
	structs []byte       // an update of format v1 without deletes; nil: nothing
	missing []update.ID  // units whose coming lets some of it go on
	deletes update.IDSet // of units that have not come
}

// rest collects what of one update has to wait.
type rest struct {
	sections int
	bytes    []byte
	missing  []update.ID
	deletes  update.IDSet
	kept     bool  // whether any of it is new to the document
	err      error // ErrPending
}

// miss notes that units of a client are missing from about a clock on.
func (r *rest) miss(client, clock uint64) {
	r.missing = lowest(r.missing, update.ID{Client: client, Clock: clock})
}

// lowest adds an id to a list that has one of each client, the lowest.
func lowest(list []update.ID, id update.ID) []update.ID {
	for i := range list {
		if list[i].Client == id.Client {
			list[i].Clock = min(list[i].Clock, id.Clock)
			return list
		}
	}
	return append(list, id)
}

// add adds the structs that are left of a section.
func (r *rest) add(client, clock uint64, n int, structs []byte) {
	r.sections++
	r.bytes = lib0.AppendUint(r.bytes, uint64(n))
	r.bytes = lib0.AppendUint(r.bytes, client)
	r.bytes = lib0.AppendUint(r.bytes, clock)
	r.bytes = append(r.bytes, structs...)
}

// update returns the structs as an update.
func (r *rest) update() []byte {
	u := lib0.AppendUint(make([]byte, 0, len(r.bytes)+4), uint64(r.sections))
	return append(append(u, r.bytes...), 0)
}

// keepPending adds what has to wait to what waits already, and reports whether some
// of that can go on now.
func (d *Doc) keepPending(r *rest) (retry bool) {
	p := &d.pending
	for _, m := range p.missing {
		if d.state(d.clientOf(m.Client)) > m.Clock {
			retry = true
			break
		}
	}
	if r.sections == 0 {
		return retry
	}
	u := r.update()
	if len(p.structs) > 0 {
		merged, err := update.Merge(p.structs, u)
		if err != nil {
			r.err = err
			return retry
		}
		r.kept = string(merged) != string(p.structs)
		u = merged
	} else {
		r.kept = true
	}
	if len(u) > d.pendingLimit {
		r.err = ErrPending
		return retry
	}
	p.structs = u
	for _, m := range r.missing {
		p.missing = lowest(p.missing, m)
	}
	return retry
}

// pendingDeletes returns the deletes that wait as an update, or nil.
func (d *Doc) pendingDeletes() []byte {
	if d.pending.deletes.IsEmpty() {
		return nil
	}
	return d.pending.deletes.Append([]byte{0})
}

// pendingParts returns what waits as updates: the deletes if there are any, then
// the structs if there are any.
func (d *Doc) pendingParts() (parts [][]byte) {
	if u := d.pendingDeletes(); u != nil {
		parts = append(parts, u)
	}
	if u := d.pending.structs; u != nil {
		parts = append(parts, u)
	}
	return parts
}

// Pending returns what was received and waits for updates that have not come, as
// an update of format v1, or nil. It is part of what Encode returns.
func (d *Doc) Pending() []byte {
	parts := d.pendingParts()
	if len(parts) == 0 {
		return nil
	}
	u, err := update.Merge(parts...)
	if err != nil {
		panic("crdt: what waits is malformed: " + err.Error())
	}
	return u
}
