package badgerstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/dgraph-io/badger/v4"

	"github.com/weft-sync/weft/native/store"
)

// sweepAtOpen removes what a crash has left of a document that has just been
// loaded whole and has no writer yet.
func (d *doc) sweepAtOpen(ctx context.Context, debris bool) error {
	switch {
	case d.head.sweep && debris:
		return d.sweep(ctx, 0, 0, d.next)
	case d.head.sweep:
		return d.sweep(ctx, 0, 0, 0)
	case debris:
		return d.removeLogFrom(ctx, d.next)
	}
	return nil
}

// sweep removes the chunks of generations from the given one on, but not those
// of the current one, and the log records from the given one up to the first;
// also, if debris is not 0, what there is from that record on. Then it says so in
// the head.
func (d *doc) sweep(ctx context.Context, generation, record, debris uint64) error {
	s, h := d.store, d.head
	snapshot := func(generation uint64, chunk uint32) []byte {
		return appendItemKey(nil, d.number, kindSnapshot, generation, chunk)
	}
	for _, r := range [...][2][]byte{
		{snapshot(generation, 0), snapshot(h.generation, 0)},
		{snapshot(h.generation, uint32(h.chunks)), snapshot(math.MaxUint64, math.MaxUint32)},
		{appendItemKey(nil, d.number, kindLog, record, 0), appendItemKey(nil, d.number, kindLog, h.first, 0)},
	} {
		if err := s.remove(ctx, r[0], r[1]); err != nil {
			return err
		}
	}
	if debris != 0 {
		if err := d.removeLogFrom(ctx, debris); err != nil {
			return err
		}
	}
	h.sweep = false
	var b batch
	b.setHead(d.number, &h)
	if err := s.commit(&b); err != nil {
		return err
	}
	d.head = h
	return nil
}

func (d *doc) removeLogFrom(ctx context.Context, record uint64) error {
	return d.store.remove(ctx,
		appendItemKey(nil, d.number, kindLog, record, 0),
		appendItemKey(nil, d.number, kindLog, math.MaxUint64, math.MaxUint32))
}

// removeAtOnce is how many keys are removed in one transaction.
const removeAtOnce = 1000

// remove removes all keys from the first up to, not including, the second.
func (s *Store) remove(ctx context.Context, from, to []byte) error {
	b := batch{frees: true}
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := s.view(func(txn *badger.Txn) error {
			it := txn.NewIterator(badger.IteratorOptions{Prefix: commonPrefix(from, to)})
			defer it.Close()
			for it.Seek(from); it.Valid() && len(b.writes) < removeAtOnce; it.Next() {
				key := it.Item().Key()
				if bytes.Compare(key, to) >= 0 {
					break
				}
				b.remove(bytes.Clone(key))
			}
			return nil
		})
		if err != nil || len(b.writes) == 0 {
			return err
		}
		n := len(b.writes)
		from = append(b.writes[n-1].key, 0)
		if err := s.commit(&b); err != nil || n < removeAtOnce {
			return err
		}
	}
}

// commonPrefix returns what both slices begin with.
func commonPrefix(a, b []byte) []byte {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// Delete is described in package store.
func (s *Store) Delete(ctx context.Context, name string) error {
	if err := store.CheckName(name); err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	defer s.calls.Done()
	d := &doc{store: s, name: name}
	if err := s.claim(d); err != nil {
		return err
	}
	defer s.release(d)

	key := appendNameKey(nil, name)
	var number uint64
	err := s.view(func(txn *badger.Txn) error {
		item, err := txn.Get(key)
		if err != nil {
			return err
		}
		if number, err = readNumber(item); err != nil {
			return err
		}
		if h, err := readHead(txn, number); err == nil && h.name != name {
			return fmt.Errorf("%w: it is that of %q", errContent, h.name)
		}
		return nil
	})
	switch {
	case errors.Is(err, badger.ErrKeyNotFound):
		return nil
	case errors.Is(err, errChecksum) || errors.Is(err, errContent):
		return &store.CorruptError{Name: name, Reason: "its number is unknown", Err: err}
	case err != nil:
		return quarantine(name, err)
	}

	// From here on the document is gone, and its data is debris.
	b := batch{frees: true}
	b.remove(key)
	b.remove(appendHeadKey(nil, number))
	removal := appendRemovalKey(nil, number)
	b.set(removal, b.alloc(checksumLen))
	if err := s.commit(&b); err != nil {
		return err
	}
	ctx, cancel := s.while(ctx)
	defer cancel()
	if err := s.removeData(ctx, number); err != nil {
		s.log.Warn("data of a deleted document was not removed; the next start will try again", "document", name, "err", err)
	}
	return nil
}

// removeData removes the data of a deleted document, and the key that asks for
// it.
func (s *Store) removeData(ctx context.Context, number uint64) error {
	if err := s.remove(ctx, appendDataPrefix(nil, number), appendDataPrefix(nil, number+1)); err != nil {
		return err
	}
	b := batch{frees: true}
	b.remove(appendRemovalKey(nil, number))
	return s.commit(&b)
}

// finishRemovals goes on with what a crash has interrupted.
func (s *Store) finishRemovals(ctx context.Context) error {
	var numbers []uint64
	err := s.view(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{prefixRemoval}})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			number, ok := numberOf(it.Item().Key())
			if !ok {
				return fmt.Errorf("badgerstore: a removal key: %w", errContent)
			}
			numbers = append(numbers, number)
		}
		return nil
	})
	for _, number := range numbers {
		if err == nil {
			err = s.removeData(ctx, number)
		}
	}
	return err
}
