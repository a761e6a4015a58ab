package badgerstore

import (
	"sync/atomic"

	"github.com/weft-sync/weft/native/store"
)

// doc is an open document, or one being deleted.
type doc struct {
	store *Store
	name  string
	epoch store.Epoch // as in the head, which changes

	// Under store.mu.
	closed    bool
	gathering *record // in the queue, and may take more updates
	parts     [][]byte
	entries   int   // updates in the log or on their way to it
	bytes     int64 // of those

	// The committer's from the first Append on; others look only behind a
	// barrier.
	number uint64
	stored bool   // number, name and head are in the database, or on their way
	next   uint64 // sequence number of the next log record

	// Held by whoever compacts or closes: a channel, so that waiting can end.
	compacting chan struct{}
	head       head // as stored

	failed atomic.Pointer[error]
}

// failure returns what the handle failed with, if it did.
func (d *doc) failure() error {
	if err := d.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// fail makes err the answer to every later Append.
func (d *doc) fail(err error) { d.failed.CompareAndSwap(nil, &err) }

// Parts is described in package store.
func (d *doc) Parts() [][]byte {
	d.store.mu.Lock()
	defer d.store.mu.Unlock()
	parts := d.parts
	d.parts = nil
	return parts
}

// Epoch is described in package store.
func (d *doc) Epoch() store.Epoch { return d.epoch }

// LogSize is described in package store.
func (d *doc) LogSize() (entries int, bytes int64) {
	d.store.mu.Lock()
	defer d.store.mu.Unlock()
	return d.entries, d.bytes
}

// Close is described in package store.
func (d *doc) Close() error {
	s := d.store
	s.mu.Lock()
	if d.closed || s.closing {
		s.mu.Unlock()
		return store.ErrClosed
	}
	d.closed = true
	s.calls.Add(1)
	s.room.Broadcast()
	s.mu.Unlock()
	defer s.calls.Done()

	d.compacting <- struct{}{}
	defer func() { <-d.compacting }()
	s.mu.Lock()
	s.wait(d, nil)
	s.mu.Unlock()
	d.remember()
	s.release(d)
	return d.failure()
}

// putHead makes the document exist, with the first thing that is written to it.
// For the committer.
func (d *doc) putHead(b *batch) {
	if d.stored {
		return
	}
	d.stored = true
	// No number is given twice, so that nothing that was left of a deleted
	// document can become part of another one.
	d.store.number++
	d.number = d.store.number
	b.setNumber([]byte{prefixCounter}, d.number)
	b.setNumber(appendNameKey(b.alloc(1+len(d.name)), d.name), d.number)
	b.setHead(d.number, &d.head)
}

// giveEpoch gives an epoch to a document of before there were any. If that fails
// it has none for now: one that is not kept would be no use.
func (d *doc) giveEpoch() {
	if d.epoch = d.head.epoch; d.epoch != (store.Epoch{}) {
		return
	}
	h := d.head
	h.epoch = store.NewEpoch()
	var b batch
	b.setHead(d.number, &h)
	if err := d.store.commit(&b); err != nil {
		d.store.log.Warn("a document was given no epoch", "document", d.name, "err", err)
		return
	}
	d.head, d.epoch = h, h.epoch
}

// remember writes down how far the log reaches, so that its end cannot get lost
// without being missed. Nothing is wrong if that fails: less will be noticed.
func (d *doc) remember() {
	if !d.stored || d.failure() != nil || d.head.reached == d.next {
		return
	}
	h := d.head
	h.reached = d.next
	var b batch
	b.setHead(d.number, &h)
	if err := d.store.commit(&b); err != nil {
		d.store.log.Warn("the length of a log was not written down", "document", d.name, "err", err)
		return
	}
	d.head = h
}
