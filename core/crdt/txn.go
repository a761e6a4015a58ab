package crdt

import (
	"cmp"
	"slices"

	"github.com/weft-sync/weft/core/update"
)

// Txn is a transaction: changes of a document that observers, update handlers and
// undo managers see as one. It is good from the call of the function that Transact
// was given until that function returns; event handlers may read it until they
// return.
type Txn struct {
	doc    *Doc
	origin any
	local  bool
	number uint32
	slot   int // in Doc.cleanups

	touched []touched           // clients that got units
	deletes []idRange           // what was deleted, in order after the observers' calls began
	lost    []uint32            // clients that lost units, in the order they did, where somebody asks; see noteDeleters
	joins   []id                // first units of new blocks that come right after their origin
	bulk    bool                // a large update is applied
	skipped bool                // joins has not those whose kinds differ
	alike   int                 // how many blocks in a row could have been one, see plain
	silent  bool                // nobody asks which of the new units are deleted
	splits  []id                // blocks that may be joined with what is left of them again
	changed []change            // types and keys that were changed, in order, each once
	index   map[change]struct{} // of changed; nil while there are few

	subdocsAdded, subdocsLoaded, subdocsRemoved []uint32
	parents                                     parentEvents // the events of all that was changed, see observe.go
	running                                     bool
}

// idRange is a run of ids of one client.
type idRange struct {
	client        uint32
	clock, length uint64
}

// change is a type that was changed: its sequence, or one of its keys.
type change struct{ typ, key uint32 }

// Transact calls fn with a transaction. In it, fn and what it calls change the
// document; within the call of another Transact, fn joins the outer transaction.
// When fn returns, with an error or without, the transaction ends: there is no going
// back. Observers are called, then what was deleted is collected, then the update
// handlers are called.
//
// Transact returns fn's error.
func (d *Doc) Transact(fn func(*Txn) error, options ...TxnOption) error {
	if d.tx != nil {
		return fn(d.tx)
	}
	tx := d.begin(true)
	for _, o := range options {
		o(tx)
	}
	defer d.finish(tx) // even if fn panics: the document must stay sound
	return fn(tx)
}

// TxnOption is an option of a transaction.
type TxnOption func(*Txn)

// WithOrigin says where a transaction comes from. Handlers get it, and an undo
// manager decides by it whether to track the transaction. The value must be
// comparable.
func WithOrigin(origin any) TxnOption { return func(tx *Txn) { tx.origin = origin } }

// Doc returns the document that the transaction changes.
func (tx *Txn) Doc() *Doc { return tx.doc }

// Origin returns what WithOrigin was given, or nil.
func (tx *Txn) Origin() any { return tx.origin }

// Local reports whether the changes are made here, not brought by an update.
func (tx *Txn) Local() bool { return tx.local }

// begin starts a transaction. The caller ends it with finish.
func (d *Doc) begin(local bool) *Txn {
	tx := d.spare
	if tx == nil {
		tx = &Txn{doc: d}
	}
	d.spare = nil
	d.txCount++
	tx.number, tx.local, tx.running, tx.slot = d.txCount, local, true, len(d.cleanups)
	d.tx = tx
	d.cleanups = append(d.cleanups, tx)
	d.announce(tx)
	return tx
}

// finish ends a transaction. Where it is the outermost, all that were begun since
// are cleaned up, those that observers begin meanwhile as well, one after another.
// Source: yjs@13.6.33/src/utils/Transaction.js#transact.
func (d *Doc) finish(tx *Txn) {
	tx.running = false
	d.tx = nil
	if d.cleanups[0] != tx || d.cleaning {
		return
	}
	d.cleaning = true
	d.cleanupFrom(0)
}

// cleanupFrom cleans up the transactions from one on. If a handler panics, those
// after it are cleaned up all the same.
func (d *Doc) cleanupFrom(i int) {
	done := false
	defer func() {
		if !done {
			d.cleanupFrom(i + 1)
		}
	}()
	for ; i < len(d.cleanups); i++ {
		d.cleanup(d.cleanups[i])
	}
	done = true
	d.cleaning = false
	first := d.cleanups[0]
	if list := d.handlers.allEnd.list; len(list) > 0 {
		txs := d.cleanups
		d.cleanups = nil
		for _, fn := range list {
			(*fn)(txs)
		}
	} else {
		clear(d.cleanups)
		d.cleanups = d.cleanups[:0]
	}
	d.recycle(first)
	d.compact()
}

// recycle keeps a transaction for the next. Events that somebody kept know by its
// number that it is over.
func (d *Doc) recycle(tx *Txn) {
	if cap(tx.deletes)+cap(tx.joins)+cap(tx.splits)+cap(tx.touched)+cap(tx.changed) > 1024 {
		return
	}
	*tx = Txn{doc: d, touched: tx.touched[:0], deletes: tx.deletes[:0], splits: tx.splits[:0], joins: tx.joins[:0],
		changed: tx.changed[:0]}
	d.spare = tx
}

// cleanup does what comes after a transaction.
// Source: yjs@13.6.33/src/utils/Transaction.js#cleanupTransactions.
func (d *Doc) cleanup(tx *Txn) {
	defer d.settle(tx) // even if a handler panics
	if !tx.local && d.formats || d.undoers > 0 {
		tx.noteDeleters()
	}
	tx.deletes = joinRanges(tx.deletes)
	tx.touched = tx.withLater(tx.touched)
	for i := range tx.touched {
		tx.touched[i].after = d.clients[tx.touched[i].client].state
	}
	d.notify(tx)
}

// settle collects what a transaction deleted, joins blocks, and tells others. The
// handlers may have begun transactions of their own, which are further on in
// d.cleanups.
func (d *Doc) settle(tx *Txn) {
	d.emptied = false
	if d.gc {
		d.collect(tx)
	}
	d.joinDeleted(tx)
	d.joinNew(tx)
	d.joinSplits(tx)
	d.checkInvariants()
	if !tx.local && d.clientTaken(tx) {
		d.clientID = randomClient()
	}
	if tx.bulk {
		for i := range d.clients {
			d.clients[i].guide = nil
		}
	}
	d.emit(tx)
	d.announceSubdocs(tx)
}

// clientTaken reports whether a transaction brought units of this document's own
// client from elsewhere.
func (d *Doc) clientTaken(tx *Txn) bool {
	for _, t := range tx.touched {
		if d.clients[t.client].id == d.clientID {
			return true
		}
	}
	return false
}

// touched is a client that got units, and its state before and after.
type touched struct {
	client        uint32
	before, after uint64
	joined        bool // units before and after may be in one block, as in Yjs
}

// withLater adds to clients that got units those of the transactions that handlers
// have begun since: the state after a transaction is the one when its turn comes.
func (tx *Txn) withLater(ts []touched) []touched {
	for _, later := range tx.doc.cleanups[tx.slot+1:] {
		for _, t := range later.touched {
			if !slices.ContainsFunc(ts, func(o touched) bool { return o.client == t.client }) {
				ts = append(ts, t)
			}
		}
	}
	return ts
}

// touch notes the state of a client before its first new unit in the transaction.
func (tx *Txn) touch(ci uint32) {
	c := &tx.doc.clients[ci]
	if c.began == tx.number {
		return
	}
	c.began, c.before = tx.number, c.state
	if c.state == 0 {
		tx.doc.ranks++
		c.rank = tx.doc.ranks
	}
	tx.touched = append(tx.touched, touched{client: ci, before: c.state})
}

// stateBefore returns the state of a client before the transaction.
func (tx *Txn) stateBefore(ci uint32) uint64 {
	c := &tx.doc.clients[ci]
	if c.began == tx.number {
		return c.before
	}
	if !tx.running && tx.slot+1 < len(tx.doc.cleanups) {
		// Transactions that observers began may have touched the client since.
		for _, later := range tx.doc.cleanups[tx.slot:] {
			for i := range later.touched {
				if later.touched[i].client == ci {
					return later.touched[i].before
				}
			}
		}
	}
	return c.state
}

// change notes that a type was changed. A type that is new in the transaction, or
// deleted, is left out.
// Source: yjs@13.6.33/src/utils/Transaction.js#addChangedTypeToTransaction.
func (tx *Txn) change(t, key uint32) {
	d := tx.doc
	if item := d.types[t].item; item != 0 {
		b := &d.blocks[item]
		if b.deleted() || b.clock >= tx.stateBefore(b.client) {
			return
		}
	}
	ch := change{t, key}
	if n := len(tx.changed); n > 0 && tx.changed[n-1] == ch {
		return
	}
	const few = 8
	switch {
	case tx.index != nil:
		if _, ok := tx.index[ch]; ok {
			return
		}
		tx.index[ch] = struct{}{}
	case slices.Contains(tx.changed, ch):
		return
	case len(tx.changed) == few:
		tx.index = map[change]struct{}{ch: {}}
		for _, c := range tx.changed {
			tx.index[c] = struct{}{}
		}
	}
	tx.changed = append(tx.changed, ch)
}

// unchange takes a type out of those that were changed, because it was deleted.
func (tx *Txn) unchange(t uint32) {
	tx.changed = slices.DeleteFunc(tx.changed, func(c change) bool {
		if c.typ != t {
			return false
		}
		delete(tx.index, c)
		return true
	})
}

// joinRanges sorts ranges by client and clock, and joins those that touch.
// Source: yjs@13.6.33/src/utils/DeleteSet.js#sortAndMergeDeleteSet.
func joinRanges(rs []idRange) []idRange {
	if len(rs) < 2 {
		return rs
	}
	if !slices.IsSortedFunc(rs, idRange.compare) {
		slices.SortFunc(rs, idRange.compare)
	}
	n := 0
	for _, r := range rs[1:] {
		if l := &rs[n]; l.client == r.client && l.clock+l.length >= r.clock {
			l.length = max(l.length, r.clock+r.length-l.clock)
			continue
		}
		n++
		rs[n] = r
	}
	return rs[:n+1]
}

func (r idRange) compare(o idRange) int {
	if c := cmp.Compare(r.client, o.client); c != 0 {
		return c
	}
	return cmp.Compare(r.clock, o.clock)
}

// contains reports whether an id is in sorted ranges.
func contains(rs []idRange, i id) bool {
	at, ok := slices.BinarySearchFunc(rs, i, func(r idRange, i id) int {
		return idRange.compare(r, idRange{client: i.client, clock: i.clock})
	})
	return ok || at > 0 && rs[at-1].client == i.client && i.clock < rs[at-1].clock+rs[at-1].length
}

// delete deletes a block, and if it holds a type all that is in the type.
// Source: yjs@13.6.33/src/structs/Item.js#delete, ContentType.js#delete.
func (tx *Txn) delete(h handle) {
	d := tx.doc
	if d.blocks[h].deleted() {
		return
	}
	work := append(d.work[:0], h)
	for len(work) > 0 {
		h := work[len(work)-1]
		work = work[:len(work)-1]
		b := &d.blocks[h]
		if b.deleted() {
			if b.clock < tx.stateBefore(b.client) {
				// It will be collected, and could then be joined with its neighbours,
				// but it is not among what this transaction deletes.
				tx.splits = append(tx.splits, d.firstID(h))
			}
			continue
		}
		size := b.visible()
		b.flags |= flagDeleted
		d.hide(h, size)
		l := &d.lists[b.list]
		tx.deletes = append(tx.deletes, idRange{b.client, b.clock, d.length(h)})
		tx.change(l.typ, l.key)
		switch b.kind {
		case update.KindType:
			work = tx.deleteContents(b.content, work)
		case update.KindDoc:
			tx.removeSubdoc(b.content)
		case update.KindFormat:
			d.formatMoved(h)
		}
	}
	d.work = work
}

// deleteContents appends what is in a type to work, what is deleted already as well.
func (tx *Txn) deleteContents(t uint32, work []handle) []handle {
	d := tx.doc
	done := len(work)
	if seq := d.types[t].seq; seq != 0 {
		for h := d.lists[seq].start; h != 0; h = d.blocks[h].right {
			work = append(work, h)
		}
	}
	for _, e := range d.types[t].entries {
		if end := d.lists[e.list].end; end != 0 {
			work = append(work, end)
		}
	}
	slices.Reverse(work[done:]) // the last is taken first
	tx.unchange(t)
	return work
}
