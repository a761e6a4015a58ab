package badgerstore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"github.com/weft-sync/weft/native/store"
)

// Compact is described in package store. Its steps, and what a crash leaves:
//
//  1. Wait until all that was appended before is in the database. Read that and
//     the old snapshot back; store.Verify compares them with the new snapshot.
//  2. Write the new snapshot under the next generation. A crash leaves chunks
//     that nothing refers to, which the next Compact overwrites or sweeps.
//  3. Read it back, byte for byte.
//  4. One transaction: the head names the new generation and the first record
//     after it, and says that there is something to sweep.
//  5. Remove the old chunks and records, some at a time. A crash leaves some,
//     which the next Open removes because the head says so.
//  6. The head says that all is swept.
func (d *doc) Compact(ctx context.Context, snapshot []byte) error {
	s := d.store
	if err := s.begin(); err != nil {
		return err
	}
	defer s.calls.Done()
	ctx, cancel := s.while(ctx)
	defer cancel()
	select {
	case d.compacting <- struct{}{}:
		defer func() { <-d.compacting }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}

	var stored bool
	var end uint64 // the first record to stay
	s.mu.Lock()
	if d.closed {
		s.mu.Unlock()
		return store.ErrClosed
	}
	s.wait(d, func() { stored, end = d.stored, d.next })
	s.mu.Unlock()
	if err := d.failure(); err != nil {
		return err
	}
	if !stored {
		return store.Verify(nil, snapshot) // there is nothing to replace
	}
	c, err := d.verify(ctx, snapshot, end)
	if err != nil {
		return err
	}
	if err := d.writeSnapshot(ctx, snapshot); err != nil {
		return err
	}

	from := d.head
	h := head{
		name: d.name, sweep: true,
		generation: from.generation + 1, chunks: chunksOf(snapshot), size: uint64(len(snapshot)),
		first: c.first, reached: end, epoch: from.epoch,
	}
	var b batch
	b.setHead(d.number, &h)
	if len(c.rest) > 0 {
		b.setRecord(d.number, c.first, c.rest, sizeBody(c.rest))
	}
	if err := s.commit(&b); err != nil {
		return err
	}
	d.head = h
	s.mu.Lock()
	d.entries -= c.entries
	d.bytes -= c.bytes
	s.mu.Unlock()

	if from.sweep { // something is left of earlier times
		from.generation, from.first = 0, 0
	}
	if err := d.sweep(ctx, from.generation, from.first, 0); err != nil {
		s.log.Warn("what a compaction replaced was not removed; the next one will try again", "document", d.name, "err", err)
	}
	return nil
}

func chunksOf(snapshot []byte) uint64 { return uint64(len(snapshot)+chunkLen-1) / chunkLen }

// cut is where a snapshot ends in the log that it replaces a part of.
type cut struct {
	entries int      // updates replaced
	bytes   int64    // of those
	first   uint64   // the first log record to stay
	rest    [][]byte // what is to stay of it, if not all of it is
}

// verify compares a snapshot with what is stored up to the record before end.
func (d *doc) verify(ctx context.Context, snapshot []byte, end uint64) (cut, error) {
	l := loaded{number: d.number}
	err := d.store.view(func(txn *badger.Txn) error { return l.read(ctx, txn, d.name, end) })
	if err == nil && l.next != end {
		err = &store.CorruptError{Name: d.name, Reason: fmt.Sprintf("its log ends before record %d and reached %d", l.next, end)}
	}
	if err = quarantine(d.name, err); err != nil {
		if corrupt, ok := err.(*store.CorruptError); ok {
			d.store.log.Error("a stored document is damaged; nothing more is written to it", "document", d.name, "err", err)
			d.fail(corrupt)
		}
		return cut{}, err
	}
	parts := l.parts()
	n, err := store.Replaces(parts, snapshot)
	if err != nil {
		return cut{}, err
	}
	n -= len(parts) - len(l.log) // the old snapshot
	c := cut{entries: n, first: l.head.first}
	for _, u := range l.log[:n] {
		c.bytes += int64(len(u))
	}
	for _, count := range l.counts {
		if count > n {
			if n > 0 {
				c.rest = l.log[c.entries : c.entries+count-n]
			}
			break
		}
		n -= count
		c.first++
	}
	return c, nil
}

// writeSnapshot writes a snapshot under the generation after the current one, and
// reads it back.
func (d *doc) writeSnapshot(ctx context.Context, snapshot []byte) error {
	s := d.store
	generation := d.head.generation + 1
	piece := func(chunk uint64) []byte {
		return snapshot[chunk*chunkLen : min((chunk+1)*chunkLen, uint64(len(snapshot)))]
	}
	var b batch
	for chunk := range chunksOf(snapshot) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p := piece(chunk)
		if !b.fits(len(p)) {
			if err := s.commit(&b); err != nil {
				return err
			}
		}
		key := appendItemKey(b.alloc(itemKeyLen), d.number, kindSnapshot, generation, uint32(chunk))
		b.set(key, append(b.alloc(len(p)+checksumLen), p...))
	}
	if err := s.commit(&b); err != nil {
		return err
	}

	return s.view(func(txn *badger.Txn) error {
		for chunk := range chunksOf(snapshot) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			item, err := txn.Get(appendItemKey(nil, d.number, kindSnapshot, generation, uint32(chunk)))
			if err != nil {
				return fmt.Errorf("badgerstore: reading back a snapshot: %w", err)
			}
			content, err := readValue(item)
			if err == nil && !bytes.Equal(content, piece(chunk)) {
				err = errContent
			}
			if err != nil {
				return fmt.Errorf("badgerstore: reading back a snapshot: %w", err)
			}
		}
		return nil
	})
}
