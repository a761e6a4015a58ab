package badgerstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"github.com/weft-sync/weft/native/store"
)

// loaded is what is stored of a document.
type loaded struct {
	exists bool
	number uint64
	head   head

	snapshot []byte   // nil if there is none
	log      [][]byte // updates
	counts   []int    // how many of them are in each log record
	logBytes int64    // of those
	next     uint64   // sequence number after the last log record
	debris   bool     // there are parts of a log record that was never completed
}

// parts returns the snapshot, if there is one, and the log.
func (l *loaded) parts() [][]byte {
	if l.snapshot == nil {
		return l.log
	}
	return slices.Concat([][]byte{l.snapshot}, l.log)
}

// load reads a document whole, and changes nothing. It is a *store.CorruptError
// if anything is missing or not as it was written.
func (s *Store) load(ctx context.Context, name string) (l loaded, err error) {
	err = s.view(func(txn *badger.Txn) error {
		item, err := txn.Get(appendNameKey(nil, name))
		if errors.Is(err, badger.ErrKeyNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("badgerstore: %w", err)
		}
		if l.number, err = readNumber(item); err != nil {
			return &store.CorruptError{Name: name, Reason: "its number cannot be read", Err: err}
		}
		l.exists = true
		return l.read(ctx, txn, name, noEnd)
	})
	return l, quarantine(name, err)
}

// noEnd is the end of a log that is read to its end.
const noEnd = ^uint64(0)

// read reads the document with number l.number, the log up to the record before
// end.
func (l *loaded) read(ctx context.Context, txn *badger.Txn, name string, end uint64) error {
	corrupt := func(err error, format string, args ...any) error {
		return &store.CorruptError{Name: name, Reason: fmt.Sprintf(format, args...), Err: err}
	}
	var err error
	if l.head, err = readHead(txn, l.number); err != nil {
		return corrupt(err, "its head cannot be read")
	}
	if l.head.name != name {
		return corrupt(nil, "its head is that of %q", l.head.name)
	}

	it := txn.NewIterator(badger.IteratorOptions{Prefix: appendDataPrefix(nil, l.number)})
	defer it.Close()
	key := make([]byte, 0, itemKeyLen)

	// The snapshot: exactly these chunks.
	if l.head.chunks > 0 {
		pieces := make([][]byte, 0, min(l.head.chunks, 1024))
		it.Seek(appendItemKey(key, l.number, kindSnapshot, l.head.generation, 0))
		for chunk := range l.head.chunks {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if !it.Valid() || !bytes.Equal(it.Item().Key(), appendItemKey(key, l.number, kindSnapshot, l.head.generation, uint32(chunk))) {
				return corrupt(nil, "chunk %d of its snapshot is missing", chunk)
			}
			content, err := readValue(it.Item())
			if err != nil {
				return corrupt(err, "chunk %d of its snapshot cannot be read", chunk)
			}
			pieces = append(pieces, content)
			it.Next()
		}
		if l.snapshot = pieces[0]; len(pieces) > 1 {
			l.snapshot = slices.Concat(pieces...)
		}
		if uint64(len(l.snapshot)) != l.head.size {
			return corrupt(nil, "its snapshot has %d bytes instead of %d", len(l.snapshot), l.head.size)
		}
	}

	// The log: records in sequence, each with all its parts.
	l.next = l.head.first
	var r logRecord
	begun := false      // r is a record of which parts are to come
	strays := uint64(0) // number of a record without a part 0; 0: none
	for it.Seek(appendItemKey(key, l.number, kindLog, l.next, 0)); it.Valid(); it.Next() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		kind, serial, part, ok := itemKey(it.Item().Key())
		if !ok || kind != kindLog {
			return corrupt(nil, "it has an entry of an unknown kind")
		}
		if serial >= end {
			break
		}
		switch {
		case strays != 0 && serial == strays:
			continue
		case strays != 0:
			return corrupt(nil, "log record %d has no beginning", strays)
		case begun && (serial != l.next || uint64(part) != uint64(len(r.pieces))):
			return corrupt(nil, "part %d of log record %d is missing", len(r.pieces), l.next)
		case begun || part == 0 && serial == l.next:
		case serial == l.next:
			strays = serial
			continue
		case part > 0 && serial == l.next-1 && serial >= l.head.first:
			// Left of a longer record that was begun under this number, and
			// given up in a crash.
			continue
		default:
			return corrupt(nil, "log record %d is missing", l.next)
		}
		content, err := readValue(it.Item())
		if err != nil {
			return corrupt(err, "log record %d cannot be read", serial)
		}
		if begun {
			err = r.add(content)
		} else {
			err = r.begin(content)
		}
		if begun = !r.complete(); err == nil && !begun {
			n := len(l.log)
			l.log, err = r.updates(l.log)
			for _, u := range l.log[n:] {
				l.logBytes += int64(len(u))
			}
			l.counts = append(l.counts, len(l.log)-n)
			l.next++
		}
		if err != nil {
			return corrupt(err, "log record %d cannot be read", serial)
		}
	}
	if begun {
		return corrupt(nil, "part %d of log record %d is missing", len(r.pieces), l.next)
	}
	if reached := min(l.head.reached, end); l.next < reached {
		return corrupt(nil, "its log ends before record %d and reached %d", l.next, reached)
	}
	l.debris = strays != 0
	return nil
}

// view reads the database. Badger panics on some kinds of damage, and a page of
// a mapped file that the disk cannot deliver is a fault; both become errors.
func (s *Store) view(fn func(*badger.Txn) error) (err error) {
	if err := s.Err(); err != nil {
		return err
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = &readPanic{p}
		}
		if broken := s.Err(); broken != nil {
			err = broken // whatever was read may not be so
		}
	}()
	return s.db.View(fn)
}

// readPanic is what Badger panicked with while reading.
type readPanic struct{ value any }

func (e *readPanic) Error() string {
	return fmt.Sprintf("badgerstore: the database cannot be read: %v", e.value)
}

// quarantine makes a panic while a document was read the document's fault.
func quarantine(name string, err error) error {
	if p, ok := err.(*readPanic); ok {
		return &store.CorruptError{Name: name, Reason: "the database under it is damaged", Err: p}
	}
	return err
}

// readValue returns a copy of an item's content.
func readValue(item *badger.Item) (content []byte, err error) {
	err = item.Value(func(value []byte) error {
		c, err := checkValue(item.Key(), value)
		content = bytes.Clone(c)
		return err
	})
	return content, err
}

func readNumber(item *badger.Item) (n uint64, err error) {
	err = item.Value(func(value []byte) error {
		content, err := checkValue(item.Key(), value)
		if err == nil {
			n, err = decodeNumber(content)
		}
		return err
	})
	return n, err
}

func readHead(txn *badger.Txn, number uint64) (h head, err error) {
	item, err := txn.Get(appendHeadKey(nil, number))
	if err != nil {
		return head{}, err
	}
	content, err := readValue(item)
	if err != nil {
		return head{}, err
	}
	return decodeHead(content)
}
