package badgerstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dgraph-io/badger/v4"
	"go.uber.org/goleak"

	"github.com/weft-sync/weft/native/store"
	"github.com/weft-sync/weft/native/store/storetest"
)

func TestStore(t *testing.T) {
	for _, sync := range []Sync{SyncNever, SyncAlways} {
		t.Run(sync.String(), func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Opener {
				return &opener{t: t, dir: t.TempDir(), options: Options{Sync: sync, Logger: testLog(t)}}
			})
		})
	}
}

// testLog is a logger that writes to the test's log, from warnings on, without
// failing after its end.
func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// quietLog is for tests that provoke errors, and for benchmarks.
func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opener opens stores in a directory, and after a crash in a copy of it.
type opener struct {
	t       *testing.T
	dir     string
	options Options
}

func (o *opener) Open() (store.Store, error) { return o.options.Open(o.dir) }

// Crash copies the directory while the store has it open: what kill -9 would
// leave. The files must not change meanwhile, so it copies until they have not.
func (o *opener) Crash(store.Store) error {
	for {
		before, err := fingerprint(o.dir)
		if err != nil {
			return err
		}
		to := o.t.TempDir()
		if err := copyDir(to, o.dir); err != nil {
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			return err
		}
		after, err := fingerprint(o.dir)
		if err != nil {
			return err
		}
		if slices.Equal(before, after) {
			o.dir = to
			return nil
		}
	}
}

func fingerprint(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var list []string
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			return fingerprint(dir)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, fmt.Sprint(e.Name(), info.Size(), info.ModTime()))
	}
	return list, err
}

func copyDir(to, from string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		in, err := os.Open(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		out, err := os.Create(filepath.Join(to, e.Name()))
		if err == nil {
			_, err = io.Copy(out, in)
			err = errors.Join(err, out.Close())
		}
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
	}
	return nil
}

// raw opens the database under a store.
func (o *opener) raw(fn func(*badger.Txn) error) error {
	db, err := badger.Open(o.options.withDefaults().badger(o.dir))
	if err != nil {
		return err
	}
	return errors.Join(db.Update(fn), db.Close())
}

// numberFor looks a document's number up, by its head: the name may be what is
// damaged.
func numberFor(txn *badger.Txn, name string) (uint64, error) {
	it := txn.NewIterator(badger.IteratorOptions{})
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		key := it.Item().KeyCopy(nil)
		if len(key) == 0 || key[0] != prefixData {
			continue
		}
		number, _ := numberOf(key)
		value, err := it.Item().ValueCopy(nil)
		if err != nil {
			return 0, err
		}
		if kind, _, _, _ := itemKey(key); kind == kindHead && bytes.Contains(value, []byte(name)) {
			return number, nil
		}
	}
	return 0, fmt.Errorf("there is no %q", name)
}

// Dump returns all keys and values of a document.
func (o *opener) Dump(name string) ([]byte, error) {
	var dump []byte
	err := o.raw(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{})
		defer it.Close()
		number := dumpNumber
		if n, err := numberFor(txn, name); err == nil {
			number = n
		}
		prefix := appendDataPrefix(nil, number)
		for it.Rewind(); it.Valid(); it.Next() {
			key := it.Item().Key()
			if !bytes.HasPrefix(key, prefix) && !bytes.Equal(key, appendNameKey(nil, name)) {
				continue
			}
			value, err := it.Item().ValueCopy(nil)
			if err != nil {
				return err
			}
			dump = fmt.Appendf(dump, "%x: %x\n", key, value)
		}
		return nil
	})
	return dump, err
}

// dumpNumber is the number of a document whose head was removed: Damage finds it.
var dumpNumber uint64

func (o *opener) Ways() int { return len(damages) }

func (o *opener) Damage(name string, way int) (string, error) {
	return damages[way].what, o.raw(func(txn *badger.Txn) error {
		number, err := numberFor(txn, name)
		if err != nil {
			return err
		}
		dumpNumber = number
		h, err := readHead(txn, number)
		if err != nil {
			return err
		}
		return damages[way].do(damage{txn, name, number, h})
	})
}

// damage is what a way to damage a document has to work with.
type damage struct {
	txn    *badger.Txn
	name   string
	number uint64
	head   head
}

func (d damage) chunk(n uint32) []byte {
	return appendItemKey(nil, d.number, kindSnapshot, d.head.generation, n)
}

func (d damage) record(n uint64, part uint32) []byte {
	return appendItemKey(nil, d.number, kindLog, d.head.first+n, part)
}

// last returns the sequence number of the last log record, counted from the
// first.
func (d damage) last() uint64 { return d.head.reached - d.head.first - 1 }

func (d damage) get(key []byte) ([]byte, error) {
	item, err := d.txn.Get(key)
	if err != nil {
		return nil, err
	}
	return item.ValueCopy(nil)
}

// change changes a value by one bit, or, with sum, by one bit and the checksum
// with it.
func (d damage) change(key []byte, at int, sum bool) error {
	value, err := d.get(key)
	if err != nil {
		return err
	}
	value[at] ^= 1
	if sum {
		value = appendChecksum(value[:len(value)-checksumLen], key)
	}
	return d.txn.Set(key, value)
}

func (d damage) swap(a, b []byte) error {
	va, err := d.get(a)
	if err != nil {
		return err
	}
	vb, err := d.get(b)
	if err != nil {
		return err
	}
	return errors.Join(d.txn.Set(a, vb), d.txn.Set(b, va))
}

func (d damage) cut(key []byte, n int) error {
	value, err := d.get(key)
	if err != nil {
		return err
	}
	return d.txn.Set(key, value[:n])
}

// damages: the log has six small records, a large one of three parts, and a
// small one; the snapshot has three chunks or more.
var damages = []struct {
	what string
	do   func(damage) error
}{
	{"a bit of the snapshot changed", func(d damage) error { return d.change(d.chunk(1), 1000, false) }},
	{"the first chunk of the snapshot lost", func(d damage) error { return d.txn.Delete(d.chunk(0)) }},
	{"a middle chunk of the snapshot lost", func(d damage) error { return d.txn.Delete(d.chunk(1)) }},
	{"the last chunk of the snapshot lost", func(d damage) error { return d.txn.Delete(d.chunk(uint32(d.head.chunks - 1))) }},
	{"two chunks of the snapshot exchanged", func(d damage) error { return d.swap(d.chunk(0), d.chunk(1)) }},
	{"a chunk of the snapshot cut off", func(d damage) error { return d.cut(d.chunk(1), 100) }},
	{"a chunk of the snapshot emptied", func(d damage) error { return d.cut(d.chunk(1), 0) }},
	{"a bit of a log record changed", func(d damage) error { return d.change(d.record(2, 0), 9, false) }},
	{"the first log record lost", func(d damage) error { return d.txn.Delete(d.record(0, 0)) }},
	{"a middle log record lost", func(d damage) error { return d.txn.Delete(d.record(3, 0)) }},
	{"the last log record lost", func(d damage) error { return d.txn.Delete(d.record(d.last(), 0)) }},
	{"two log records exchanged", func(d damage) error { return d.swap(d.record(1, 0), d.record(2, 0)) }},
	{"a log record cut off", func(d damage) error { return d.cut(d.record(1, 0), 8) }},
	{"the first part of a log record lost", func(d damage) error { return d.txn.Delete(d.record(d.last()-1, 0)) }},
	{"a middle part of a log record lost", func(d damage) error { return d.txn.Delete(d.record(d.last()-1, 1)) }},
	{"the last part of a log record lost", func(d damage) error { return d.txn.Delete(d.record(d.last()-1, 2)) }},
	{"two parts of a log record exchanged", func(d damage) error { return d.swap(d.record(d.last()-1, 1), d.record(d.last()-1, 2)) }},
	{"a log record with an impossible number of parts", func(d damage) error { return d.change(d.record(0, 0), 0, true) }},
	{"a log record with an impossible length", func(d damage) error { return d.change(d.record(0, 0), 1, true) }},
	{"an update with an impossible length", func(d damage) error { return d.change(d.record(0, 0), 2, true) }},
	{"all of the log lost", func(d damage) error {
		var errs error
		for n := range d.last() + 1 {
			for part := range uint32(3) {
				errs = errors.Join(errs, d.txn.Delete(d.record(n, part)))
			}
		}
		return errs
	}},
	{"an entry of an unknown kind", func(d damage) error {
		return d.txn.Set(append(appendDataPrefix(nil, d.number), 'z'), []byte("?"))
	}},
	{"a bit of the head changed", func(d damage) error { return d.change(appendHeadKey(nil, d.number), 1, false) }},
	{"the head of another name", func(d damage) error {
		key := appendHeadKey(nil, d.number)
		value, err := d.get(key)
		if err != nil {
			return err
		}
		return d.change(key, len(value)-checksumLen-1, true)
	}},
	{"the head lost", func(d damage) error { return d.txn.Delete(appendHeadKey(nil, d.number)) }},
	{"a bit of the document's number changed", func(d damage) error { return d.change(appendNameKey(nil, d.name), 0, false) }},
	{"another document's number", func(d damage) error { return d.change(appendNameKey(nil, d.name), 0, true) }},
}
