package badgerstore

import (
	"encoding/binary"
	"time"

	"github.com/weft-sync/weft/native/store"
)

// Group commit.
//
// Append puts an update into the queue, into the record that its document
// already has waiting there if it has one. The committer takes the whole queue,
// so that while it writes, the next records grow:
//
//	queue      [ doc 1: a b c ][ doc 7: d ][ doc 1, after a Compact: e ] ...
//	              one log record  one          one
//	           `------------ one transaction, up to maxBatch ----------'
//
// A keystroke on an idle server is a record, a transaction and a wake-up of its
// own. With Options.Interval set, the next ones wait until that has passed since:
// see pause. Under load the price of a transaction is shared by all documents, and the
// price of a Badger entry by all updates that its document had waiting.

const (
	// maxRecord bounds the bytes of updates that share a log record, so that the
	// record fits into one key. A larger update has a record to itself.
	maxRecord = chunkLen - 64<<10

	// maxUpdates bounds how many updates share a log record, so that lengths fit
	// between maxRecord and chunkLen.
	maxUpdates = 4096
)

// record is a log record on its way, or a barrier.
type record struct {
	doc     *doc
	updates [][]byte
	dones   []func(error)
	bytes   int // of updates

	// barrier is called by the committer when everything before it was dealt
	// with. A record with a barrier has no updates.
	barrier func()

	err error // set by the committer
}

// Append is described in package store.
func (d *doc) Append(update []byte, done func(error)) {
	s := d.store
	s.mu.Lock()
	for s.queued > 0 && s.queued+len(update) > s.options.QueueBytes && !d.closed && !s.closing {
		s.room.Wait()
	}
	if len(update) == 0 || d.closed || s.closing {
		s.mu.Unlock()
		if done != nil {
			err := store.ErrClosed
			if len(update) == 0 {
				err = store.ErrEmpty
			}
			go done(err) // not from within Append, as promised
		}
		return
	}
	r := d.gathering
	if r == nil || r.bytes+len(update) > maxRecord || len(r.updates) == maxUpdates {
		r = s.newRecord(d)
		s.enqueue(r)
		d.gathering = r
	}
	r.updates = append(r.updates, update)
	r.dones = append(r.dones, done)
	r.bytes += len(update)
	s.queued += len(update)
	if s.queued > s.options.QueueBytes/2 {
		s.hurry()
	}
	d.entries++
	d.bytes += int64(len(update))
	s.mu.Unlock()
}

// enqueue adds a record to the queue. The caller holds s.mu.
func (s *Store) enqueue(r *record) {
	s.queue = append(s.queue, r)
	if r.barrier != nil {
		s.hurry() // somebody waits for it
	}
	if s.idle {
		s.idle = false
		s.more.Signal()
	}
}

// wait returns when all updates of d that are queued now have been dealt with.
// Updates appended after the call do not share a record with those before it. The
// committer calls look, which may be nil, at the moment between the two. The
// caller holds s.mu, which is released meanwhile.
func (s *Store) wait(d *doc, look func()) {
	d.gathering = nil
	passed := make(chan struct{})
	s.enqueue(&record{doc: d, barrier: func() {
		if look != nil {
			look()
		}
		close(passed)
	}})
	s.mu.Unlock()
	<-passed
	s.mu.Lock()
}

// newRecord returns an empty record. The caller holds s.mu.
func (s *Store) newRecord(d *doc) *record {
	if n := len(s.spare); n > 0 {
		r := s.spare[n-1]
		s.spare = s.spare[:n-1]
		r.doc = d
		return r
	}
	return &record{doc: d}
}

// maxSpare bounds the records kept for another use.
const maxSpare = 1024

// recycle keeps a record for another use. The caller holds s.mu.
func (s *Store) recycle(r *record) {
	if len(s.spare) < maxSpare && r.barrier == nil && cap(r.updates) <= 64 {
		clear(r.updates)
		clear(r.dones)
		*r = record{updates: r.updates[:0], dones: r.dones[:0]}
		s.spare = append(s.spare, r)
	}
}

// hurry ends the committer's pause, or spares it the next one. The caller holds
// s.mu.
func (s *Store) hurry() {
	if !s.urgent {
		s.urgent = true
		select {
		case s.resume <- struct{}{}:
		default:
		}
	}
}

// pause returns when the interval since the last commit is over, or at once when
// there is hurry. The caller holds s.mu, which is released meanwhile.
func (s *Store) pause(last time.Time) {
	rest := s.options.Interval - time.Since(last)
	if rest <= 0 || s.urgent {
		return
	}
	select { // what an earlier hurry left
	case <-s.resume:
	default:
	}
	s.mu.Unlock()
	timer := time.NewTimer(rest)
	select {
	case <-timer.C:
	case <-s.resume:
		timer.Stop()
	}
	s.mu.Lock()
}

// runCommitter writes what is queued until stop is set and the queue is empty.
func (s *Store) runCommitter() {
	defer close(s.committed)
	var (
		batch []*record
		last  time.Time // when the last commit began
	)
	for {
		s.mu.Lock()
		for len(s.queue) == 0 {
			if s.stop {
				s.mu.Unlock()
				return
			}
			s.idle = true
			s.more.Wait()
		}
		s.idle = false
		if s.options.Interval > 0 {
			s.pause(last)
			last = time.Now()
		}
		s.urgent = s.stop
		batch, s.queue = s.queue, batch[:0]
		for _, r := range batch {
			if r.doc.gathering == r {
				r.doc.gathering = nil
			}
		}
		s.mu.Unlock()

		for _, r := range batch {
			s.group.add(r)
		}
		s.group.flush()
		clear(batch)
	}
}

// group is a transaction being put together. Only the committer touches it.
type group struct {
	store   *Store
	write   batch
	records []*record // what it deals with, in order
}

// add puts a record into the transaction, and writes the transaction first if it
// is full.
func (g *group) add(r *record) {
	switch {
	case r.barrier != nil:
	case r.bytes > maxRecord: // it has a single update
		r.err = g.addLarge(r.doc, r.updates[0])
	default:
		r.err = g.addSmall(r.doc, r)
	}
	g.records = append(g.records, r)
}

func (g *group) addSmall(d *doc, r *record) error {
	body := sizeBody(r.updates)
	_ = g.makeRoom(body) // told to the records it concerns, which may be d's
	if err := d.failure(); err != nil {
		return err
	}
	d.putHead(&g.write)
	g.write.setRecord(d.number, d.next, r.updates, body)
	d.next++
	return nil
}

// addLarge writes an update that needs several keys: first all parts but the
// first, in transactions of their own if need be, then the one that makes it
// count.
func (g *group) addLarge(d *doc, update []byte) error {
	prefix := sizeUvarint(uint64(len(update)))
	body := prefix + len(update)
	parts := (body + chunkLen - 1) / chunkLen
	put := func(part, need int, content func([]byte) []byte) error {
		err := g.makeRoom(need)
		if failed := d.failure(); failed != nil {
			return failed
		} else if err != nil {
			d.fail(err) // some parts may be lost, so the rest must not follow
			return err
		}
		d.putHead(&g.write)
		key := appendItemKey(g.write.alloc(itemKeyLen), d.number, kindLog, d.next, uint32(part))
		g.write.set(key, content(g.write.alloc(need+checksumLen)))
		return nil
	}
	for part := 1; part < parts; part++ {
		// All parts but the first are cut from the update alone.
		piece := update[part*chunkLen-prefix : min((part+1)*chunkLen-prefix, len(update))]
		if err := put(part, len(piece), func(b []byte) []byte { return append(b, piece...) }); err != nil {
			return err
		}
	}
	first := update[:min(chunkLen-prefix, len(update))]
	err := put(0, len(first)+3*binary.MaxVarintLen64, func(b []byte) []byte {
		b = binary.AppendUvarint(b, uint64(parts))
		b = binary.AppendUvarint(b, uint64(body))
		b = binary.AppendUvarint(b, uint64(len(update)))
		return append(b, first...)
	})
	if err == nil {
		d.next++
	}
	return err
}

// makeRoom flushes if the transaction has no room for another value.
func (g *group) makeRoom(size int) error {
	if g.write.fits(size) {
		return nil
	}
	return g.flush()
}

// flush writes the transaction and reports to everybody who waits for it.
func (g *group) flush() error {
	s := g.store
	err := s.commit(&g.write)
	written := 0
	for _, r := range g.records {
		if r.err == nil && r.barrier == nil {
			r.err = err
		}
		if r.err != nil {
			r.doc.fail(r.err)
		}
		for _, done := range r.dones {
			if done != nil {
				done(r.err)
			}
		}
		if r.barrier != nil {
			r.barrier()
		}
		written += r.bytes
	}
	if len(g.records) > 0 {
		s.mu.Lock()
		s.queued -= written
		for _, r := range g.records {
			s.recycle(r)
		}
		s.room.Broadcast()
		s.mu.Unlock()
		clear(g.records)
		g.records = g.records[:0]
	}
	return err
}
