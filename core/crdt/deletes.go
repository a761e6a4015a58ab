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
		client := r.Uint("client")
		for m := r.Uint("ranges"); m > 0; m-- {
			clock := r.Uint("clock")
			a.tx.applyDelete(&a.rest.deletes, client, clock, clock+r.Uint("length"))
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
		a.tx.applyDelete(wait, client, r.Start, r.End)
	}
	const size = 16 // bytes of a range
	if _, n := wait.Len(); n*size > a.d.pendingLimit {
		a.rest.err = ErrPending
		return
	}
	p.deletes = *wait
}

// applyDelete deletes the units of a range that the document has, and adds to wait
// those that it does not have.
func (tx *Txn) applyDelete(wait *update.IDSet, client, start, end uint64) {
	d := tx.doc
	ci := d.clientOf(client)
	state := d.state(ci)
	wait.Add(client, max(start, state), end)
	if start >= min(end, state) {
		return
	}
	p := d.clients[ci].find(start)
	for ok := true; ok; {
		h := d.clients[ci].at(p)
		b := &d.blocks[h]
		if b.clock >= end {
			return
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
}
