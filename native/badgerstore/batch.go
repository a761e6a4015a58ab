package badgerstore

import (
	"encoding/binary"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

const (
	// maxBatch bounds the bytes of a transaction. Badger takes 15 percent of a
	// memtable.
	maxBatch = memTableSize / 10

	// maxEntries bounds the keys of a transaction. Badger takes 15 percent of a
	// memtable divided by the size of a skip list node, about 13,000.
	maxEntries = 4096

	// batchOverhead is what an entry counts for beside its key and value.
	batchOverhead = 32

	// keepArena is the largest buffer that is kept between transactions.
	keepArena = 256 << 10
)

// batch is a list of writes that are committed together: all or nothing, also
// over a crash. Keys and values live in one buffer, which the next transaction
// uses again, because Badger has copied them when a commit returns.
type batch struct {
	writes []write
	arena  []byte
	last   int // where the newest value began
	bytes  int
	frees  bool // it is one of several that remove something
	slab   []badger.Entry
}

type write struct {
	key, value []byte // no value: a deletion; every value has a checksum at least
}

// fits tells if there is room for a value of so many bytes.
func (b *batch) fits(size int) bool {
	return b.bytes+size+4*batchOverhead+itemKeyLen <= maxBatch && len(b.writes) < maxEntries-4
}

// alloc returns an empty slice with the given capacity.
func (b *batch) alloc(size int) []byte {
	if cap(b.arena)-len(b.arena) < size {
		// The writes so far keep the old buffer.
		b.arena = make([]byte, 0, max(2*cap(b.arena), size, 4<<10))
	}
	b.last = len(b.arena)
	b.arena = b.arena[:b.last+size]
	return b.arena[b.last:b.last:len(b.arena)]
}

// set adds a value, which gets its checksum here. The value must have come from
// the newest alloc and have room for the checksum.
func (b *batch) set(key, value []byte) {
	value = appendChecksum(value, key)
	b.arena = b.arena[:b.last+len(value)] // give back what was not needed
	b.writes = append(b.writes, write{key, value})
	b.bytes += len(key) + len(value) + batchOverhead
}

// setNumber adds a value that is one number.
func (b *batch) setNumber(key []byte, number uint64) {
	b.set(key, binary.AppendUvarint(b.alloc(binary.MaxVarintLen64+checksumLen), number))
}

// setHead adds a document's head.
func (b *batch) setHead(number uint64, h *head) {
	key := appendHeadKey(b.alloc(headKeyLen), number)
	b.set(key, h.append(b.alloc(6*binary.MaxVarintLen64+len(h.name)+checksumLen)))
}

// remove adds a deletion. The key is not copied.
func (b *batch) remove(key []byte) {
	b.writes = append(b.writes, write{key: key})
	b.bytes += len(key) + batchOverhead
}

// reset empties the batch for another use.
func (b *batch) reset() {
	clear(b.slab[:min(len(b.slab), len(b.writes))])
	clear(b.writes)
	b.writes = b.writes[:0]
	b.arena = b.arena[:0]
	if cap(b.arena) > keepArena {
		b.arena = nil
	}
	if cap(b.slab) > maxEntries/4 {
		b.slab = nil
	}
	b.bytes = 0
}

// commit writes a batch and empties it. After an error the batch is not known to
// be written, and not known not to be.
//
// All writes of the store come through here, one at a time: a Badger whose
// commit has failed ends the process if it is asked for another one.
func (s *Store) commit(b *batch) error {
	if len(b.writes) == 0 {
		return nil
	}
	defer b.reset()
	s.committing.Lock()
	defer s.committing.Unlock()
	if err := s.Err(); err != nil {
		return err
	}
	if err := s.leave.take(b.bytes, b.frees); err != nil {
		return err
	}
	if err := s.transact(b); err != nil {
		return s.fail(err)
	}
	return nil
}

func (s *Store) transact(b *batch) error {
	if s.beforeCommit != nil {
		if err := s.beforeCommit(); err != nil {
			return err
		}
	}
	if cap(b.slab) < len(b.writes) {
		b.slab = make([]badger.Entry, max(2*cap(b.slab), len(b.writes)))
	}
	txn := s.db.NewTransaction(true)
	defer txn.Discard()
	for i, w := range b.writes {
		var err error
		if w.value == nil {
			err = txn.Delete(w.key)
		} else {
			e := &b.slab[:len(b.writes)][i]
			*e = badger.Entry{Key: w.key, Value: w.value}
			err = txn.SetEntry(e)
		}
		if err != nil {
			return fmt.Errorf("badgerstore: %w", err)
		}
	}
	if err := txn.Commit(); err != nil {
		return fmt.Errorf("badgerstore: commit: %w", err)
	}
	return s.syncNewFiles()
}
