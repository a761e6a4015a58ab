package crdt

import (
	"github.com/weft-sync/weft/core/lib0"
	"github.com/weft-sync/weft/core/update"
)

// applyDeletes applies the delete set of an update, then the deletes that wait.
// Source: yjs@13.6.33/src/utils/DeleteSet.js#readAndApplyDeleteSet.
func (a *applier) applyDeletes() {
	r := lib0.NewReader(a.u)
	r.Skip(a.deletes)
	for n := r.Uint("clients"); n > 0; n-- {
		client, at := r.Uint("client"), place{}
		for m := r.Uint("ranges"); m > 0; m-- {
			clock := r.Uint("clock")
			at = a.tx.applyDelete(at, &a.rest.deletes, client, clock, clock+r.Uint("length"))
		}
	}
	a.applyWaiting()
}

// applyWaiting applies the deletes that wait, and keeps those that still do.
func (a *applier) applyWaiting() {
	wait, p := &a.rest.deletes, &a.d.pending
	if p.deletes.IsEmpty() && wait.IsEmpty() {
		return
	}
	for client, r := range wait.All() {
		a.rest.kept = a.rest.kept || !p.deletes.Covers(client, r.Start, r.End)
	}
	for client, r := range p.deletes.All() {
		a.tx.applyDelete(place{}, wait, client, r.Start, r.End)
	}
	const size = 16 // bytes of a range
	if _, n := wait.Len(); n*size > a.d.pendingLimit {
		a.rest.err = ErrPending
		return
	}
	p.deletes = *wait
}

// applyDelete deletes the units of a range that the document has, and adds to wait
// those that it does not have. near is a place to look from, and the one where it
// ended is returned.
func (tx *Txn) applyDelete(near place, wait *update.IDSet, client, start, end uint64) place {
	d := tx.doc
	ci := d.clientOf(client)
	state := d.state(ci)
	if end > state {
		wait.Add(client, max(start, state), end)
	}
	if start >= min(end, state) {
		return near
	}
	p := d.clients[ci].seek(near, start)
	for ok := true; ok; {
		h := d.clients[ci].at(p)
		b := &d.blocks[h]
		if b.clock >= end {
			return p
		}
		if !b.deleted() {
			if b.clock < start {
				h = d.splitAt(h, p, start-b.clock)
				p = d.clients[ci].find(start)
			}
			if d.end(h) > end {
				d.splitAt(h, p, end-d.blocks[h].clock)
				p = d.clients[ci].find(d.blocks[h].clock)
			}
			tx.delete(h)
		}
		p, ok = d.clients[ci].next(p)
	}
	return p
}
