package crdt

import (
	"cmp"
	"slices"

	"github.com/weft-sync/weft/core/update"
)

// idSet is a set of ids. Its clients have an order, that in which they came in, which
// is the order in which undoing goes through them.
type idSet struct {
	ranges []idRange // by client and clock, those that touch joined
	order  []uint32  // clients
}

func (s *idSet) clone() idSet { return idSet{slices.Clone(s.ranges), slices.Clone(s.order)} }

func (s *idSet) has(i id) bool { return contains(s.ranges, i) }

// merge adds all that is in o.
// Source: yjs@13.6.33/src/utils/DeleteSet.js#mergeDeleteSets.
func (s *idSet) merge(o *idSet) {
	if len(o.ranges) == 0 {
		return
	}
	s.ranges = joinRanges(append(s.ranges, o.ranges...))
	for _, c := range o.order {
		if !slices.Contains(s.order, c) {
			s.order = append(s.order, c)
		}
	}
}

// insertions returns the ids of what a transaction, which is over, inserted.
func (tx *Txn) insertions() (s idSet) {
	for _, t := range tx.touched {
		if t.after > t.before {
			s.ranges = append(s.ranges, idRange{t.client, t.before, t.after - t.before})
			s.order = append(s.order, t.client)
		}
	}
	if len(s.order) > 1 {
		slices.SortFunc(s.order, func(a, b uint32) int {
			return cmp.Compare(tx.doc.clients[a].rank, tx.doc.clients[b].rank)
		})
	}
	s.ranges = joinRanges(s.ranges)
	return s
}

// eachBlock calls fn with each block of a set, which it splits where the set begins
// and ends within one. What fn splits must come after that.
// Source: yjs@13.6.33/src/utils/DeleteSet.js#iterateDeletedStructs.
func (tx *Txn) eachBlock(s *idSet, fn func(handle)) {
	d := tx.doc
	if d.tx == nil { // it is being cleaned up, and joins the parts again
		d.tx = tx
		defer func() { d.tx = nil }()
	}
	for _, ci := range s.order {
		at, _ := slices.BinarySearchFunc(s.ranges, idRange{client: ci}, idRange.compare)
		state := d.state(ci)
		for ; at < len(s.ranges) && s.ranges[at].client == ci && s.ranges[at].clock < state; at++ {
			r := s.ranges[at]
			for clock, end := r.clock, min(r.clock+r.length, state); clock < end; {
				h := d.cleanStart(id{ci, clock})
				if d.end(h) > end && d.blocks[h].kind != update.KindGC {
					d.split(h, end-d.blocks[h].clock)
				}
				clock = d.end(h)
				fn(h)
			}
		}
	}
}
