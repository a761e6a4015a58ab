package crdt

import (
	"cmp"
	"iter"
	"slices"

	"github.com/weft-sync/weft/core/update"
)

// idSet is a set of ids of a document. Its clients have an order, that in which they
// came in, which is the order in which undoing goes through them.
type idSet struct {
	ids   update.IDSet
	order []uint32
}

// add adds a range.
func (s *idSet) add(d *Doc, r idRange) {
	s.ids.Add(d.clients[r.client].id, r.clock, r.clock+r.length)
	if n := len(s.order); n > 0 && s.order[n-1] == r.client || slices.Contains(s.order, r.client) {
		return
	}
	s.order = append(s.order, r.client)
}

func (s *idSet) has(d *Doc, i id) bool { return s.ids.Contains(d.clients[i.client].id, i.clock) }

// all returns the ranges, client by client.
func (s *idSet) all(d *Doc) iter.Seq[idRange] {
	return func(yield func(idRange) bool) {
		for _, ci := range s.order {
			for r := range s.ids.Ranges(d.clients[ci].id) {
				if !yield(idRange{ci, r.Start, r.End - r.Start}) {
					return
				}
			}
		}
	}
}

// addInserted adds what a transaction, which is over, inserted: the clients in the
// order in which the document got to know them.
func (s *idSet) addInserted(tx *Txn) {
	d := tx.doc
	list := tx.touched
	if len(list) > 1 {
		list = slices.Clone(list)
		slices.SortFunc(list, func(a, b touched) int { return cmp.Compare(d.clients[a.client].rank, d.clients[b.client].rank) })
	}
	for _, t := range list {
		if t.after > t.before {
			s.add(d, idRange{t.client, t.before, t.after - t.before})
		}
	}
}

// addDeleted adds what a transaction, which is over, deleted: the clients in the order
// in which they lost units.
func (s *idSet) addDeleted(tx *Txn) {
	for _, ci := range tx.lost {
		at, _ := slices.BinarySearchFunc(tx.deletes, idRange{client: ci}, idRange.compare)
		for ; at < len(tx.deletes) && tx.deletes[at].client == ci; at++ {
			s.add(tx.doc, tx.deletes[at])
		}
	}
}

// eachBlock calls fn with each block of ranges, which it splits where a range begins
// and ends within one. What fn splits must come after that.
// Source: yjs@13.6.33/src/utils/DeleteSet.js#iterateDeletedStructs.
func (tx *Txn) eachBlock(ranges iter.Seq[idRange], fn func(handle)) {
	d := tx.doc
	if d.tx == nil { // it is being cleaned up, and joins the parts again
		d.tx = tx
		defer func() { d.tx = nil }()
	}
	for r := range ranges {
		for clock, end := r.clock, min(r.clock+r.length, d.state(r.client)); clock < end; {
			h := d.cleanStart(id{r.client, clock})
			if d.end(h) > end && d.blocks[h].kind != update.KindGC {
				d.split(h, end-d.blocks[h].clock)
			}
			clock = d.end(h)
			fn(h)
		}
	}
}
