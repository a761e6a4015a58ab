package badgerstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
	"go.uber.org/goleak"

	"github.com/weft-sync/weft/native/store"
)

func openStore(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	if o.Logger == nil {
		o.Logger = testLog(t)
	}
	st, err := o.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

func openDoc(t *testing.T, st *Store, name string) store.Doc {
	t.Helper()
	d, err := st.Open(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// appendWait appends and returns what done was called with.
func appendWait(d store.Doc, update []byte) error {
	result := make(chan error, 1)
	d.Append(update, func(err error) { result <- err })
	return <-result
}

func mustAppend(t *testing.T, d store.Doc, updates ...[]byte) {
	t.Helper()
	for _, u := range updates {
		if err := appendWait(d, u); err != nil {
			t.Fatal(err)
		}
	}
}

func closeAll(t *testing.T, closers ...interface{ Close() error }) {
	t.Helper()
	for _, c := range closers {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// onCommit lets fn decide about every commit from now on.
func (s *Store) onCommit(fn func() error) {
	s.committing.Lock()
	defer s.committing.Unlock()
	s.beforeCommit = fn
}

// onMeasure lets fn say what is left, before every commit.
func (s *Store) onMeasure(fn func() (resources, error)) {
	s.leave.mu.Lock()
	defer s.leave.mu.Unlock()
	s.leave.measure = fn
	var now time.Time
	s.leave.now = func() time.Time { now = now.Add(time.Hour); return now } // no answer is good for long
	s.leave.until = time.Time{}
}

// keys lists the keys in the database.
func keys(t *testing.T, st *Store) []string {
	t.Helper()
	var list []string
	err := st.db.View(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			list = append(list, string(it.Item().Key()))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// typing returns n updates of one character each, and the snapshot of the first
// so many of them.
func typing(n int) (updates [][]byte, snapshot func(n int) []byte) {
	for i := range n {
		u := []byte{1, 1, 1, byte(i), 0x84, 1, byte(i - 1), 1, 'x', 0}
		if i == 0 {
			u = []byte{1, 1, 1, 0, 4, 1, 1, 't', 1, 'x', 0}
		}
		if i >= 0x80 {
			panic("one byte for each clock")
		}
		updates = append(updates, u)
	}
	return updates, func(n int) []byte {
		b := []byte{1, 1, 1, 0, 4, 1, 1, 't', byte(n)}
		return append(append(b, bytes.Repeat([]byte("x"), n)...), 0)
	}
}

// TestBrokenStore lets a commit fail: whoever was in it and whoever comes later
// is told, and the log on disk has no hole.
func TestBrokenStore(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	quiet := Options{Logger: quietLog()}
	st := openStore(t, dir, quiet)
	updates, _ := typing(40)
	a, b := openDoc(t, st, "a"), openDoc(t, st, "b")
	mustAppend(t, a, updates[:20]...)
	mustAppend(t, b, updates[:5]...)

	boom := errors.New("the disk has left")
	st.onCommit(func() error { return boom })
	var failed atomic.Int64
	var all sync.WaitGroup
	for _, u := range updates[20:] {
		all.Add(1)
		a.Append(u, func(err error) {
			if errors.Is(err, boom) {
				failed.Add(1)
			}
			all.Done()
		})
	}
	all.Wait()
	if failed.Load() != 20 {
		t.Fatalf("%d of 20 were told of the error", failed.Load())
	}
	st.onCommit(nil) // too late
	if err := appendWait(b, updates[5]); !errors.Is(err, boom) {
		t.Errorf("another document's Append: %v", err)
	}
	if err := a.Compact(context.Background(), []byte{0, 0}); !errors.Is(err, boom) {
		t.Errorf("Compact: %v", err)
	}
	if _, err := st.Open(context.Background(), "c"); !errors.Is(err, boom) {
		t.Errorf("Open: %v", err)
	}
	if _, err := st.List(context.Background(), "", 0); !errors.Is(err, boom) {
		t.Errorf("List: %v", err)
	}
	if err := st.Delete(context.Background(), "c"); !errors.Is(err, boom) {
		t.Errorf("Delete: %v", err)
	}
	if err := st.Err(); !errors.Is(err, boom) {
		t.Errorf("Err: %v", err)
	}
	if err := a.Close(); !errors.Is(err, boom) {
		t.Errorf("Close of a document: %v", err)
	}
	if err := st.Close(); !errors.Is(err, boom) {
		t.Errorf("Close: %v", err)
	}
	st = openStore(t, dir, quiet)
	for name, n := range map[string]int{"a": 20, "b": 5} {
		d := openDoc(t, st, name)
		if parts := d.Parts(); len(parts) != n {
			t.Errorf("%s has %d parts, want %d", name, len(parts), n)
		}
	}
	closeAll(t, st)
}

// TestNoRoom lets the disk fill up: nothing is written, handles fail, and all is
// well again when there is room.
func TestNoRoom(t *testing.T) {
	for what, left := range map[string]resources{
		"disk":        {100 << 20, -1, -1},
		"inodes":      {1 << 40, 10, -1},
		"descriptors": {1 << 40, 1000, 3},
	} {
		t.Run(what, func(t *testing.T) {
			st := openStore(t, t.TempDir(), Options{MinFree: 128 << 20})
			updates, snapshot := typing(60)
			d, e := openDoc(t, st, "d"), openDoc(t, st, "e")
			mustAppend(t, d, updates[:10]...)
			mustAppend(t, e, updates[:10]...)
			before := keys(t, st)
			plenty := true
			st.onMeasure(func() (resources, error) {
				if plenty {
					return resources{1 << 40, -1, -1}, nil
				}
				return left, nil
			})

			plenty = false
			if err := appendWait(d, updates[10]); !errors.Is(err, store.ErrNoRoom) {
				t.Fatalf("Append: %v", err)
			}
			if err := e.Compact(context.Background(), snapshot(10)); !errors.Is(err, store.ErrNoRoom) {
				t.Fatalf("Compact: %v", err)
			}
			if after := keys(t, st); !slices.Equal(before, after) {
				t.Error("something was written")
			}
			if err := st.Err(); err != nil {
				t.Errorf("the store gave up: %v", err)
			}
			plenty = true
			// The handle stays failed, so that there is no hole.
			if err := appendWait(d, updates[11]); !errors.Is(err, store.ErrNoRoom) {
				t.Fatalf("Append after a failed one: %v", err)
			}
			if err := d.Close(); !errors.Is(err, store.ErrNoRoom) {
				t.Fatalf("Close: %v", err)
			}
			d = openDoc(t, st, "d")
			if n := len(d.Parts()); n != 10 {
				t.Fatalf("%d parts, want 10", n)
			}
			mustAppend(t, d, snapshot(12)) // the whole state, as the contract says
			closeAll(t, d)
			// A failed Compact has done no harm.
			mustAppend(t, e, updates[10])
			if err := e.Compact(context.Background(), snapshot(11)); err != nil {
				t.Fatal(err)
			}
			closeAll(t, e)
			// Room can be made by deleting.
			if what == "disk" {
				plenty = false
				if err := st.Delete(context.Background(), "e"); err != nil {
					t.Errorf("Delete: %v", err)
				}
			}
			closeAll(t, st)
		})
	}
}

// TestLargeAppendGivenUp stops an update of several parts after some of them, at
// every point, and writes a shorter one and then a longer one in its place.
func TestLargeAppendGivenUp(t *testing.T) {
	defer goleak.VerifyNone(t)
	large := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16)
	for stop := 0; ; stop++ {
		o := &opener{t: t, dir: t.TempDir(), options: Options{Logger: quietLog()}}
		st := openStore(t, o.dir, o.options)
		d := openDoc(t, st, "d")
		mustAppend(t, d, []byte("first"))
		n := 0
		st.onMeasure(func() (resources, error) {
			if n++; n > stop {
				return resources{}, syscall.EIO
			}
			return resources{1 << 40, -1, -1}, nil
		})
		err := appendWait(d, large)
		if err == nil {
			if stop < 4 {
				t.Fatalf("3 MiB took %d transactions", stop)
			}
			closeAll(t, d, st)
			return
		}
		if !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		parts := len(keys(t, st))
		if err := o.Crash(st); err != nil {
			t.Fatal(err)
		}
		_ = st.Close()

		st = openStore(t, o.dir, o.options)
		clean := len(keys(t, st))
		d = openDoc(t, st, "d")
		if swept := len(keys(t, st)); clean != parts || swept > parts || stop > 1 && swept == parts {
			t.Errorf("stopped at transaction %d: %d keys, %d after a crash, %d after Open", stop, parts, clean, swept)
		}
		want := [][]byte{[]byte("first"), []byte("short"), large, []byte("last")}
		if got := d.Parts(); len(got) != 1 {
			t.Fatalf("stopped at transaction %d: %d parts", stop, len(got))
		}
		mustAppend(t, d, want[1:]...)
		closeAll(t, d, st)
		st = openStore(t, o.dir, o.options)
		d = openDoc(t, st, "d")
		if got := d.Parts(); !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("stopped at transaction %d: %d parts afterwards", stop, len(got))
		}
		closeAll(t, d, st)
	}
}

// TestCompactInterrupted stops Compact before each of its transactions, with a
// crash, and checks that the document is whole and that nothing is left over.
func TestCompactInterrupted(t *testing.T) {
	defer goleak.VerifyNone(t)
	updates, snapshot := typing(100)
	for _, earlier := range []bool{false, true} {
		for stop := 0; ; stop++ {
			o := &opener{t: t, dir: t.TempDir(), options: Options{Logger: quietLog()}}
			st := openStore(t, o.dir, o.options)
			d := openDoc(t, st, "d")
			mustAppend(t, d, updates[:40]...)
			if earlier {
				if err := d.Compact(context.Background(), snapshot(40)); err != nil {
					t.Fatal(err)
				}
			}
			mustAppend(t, d, updates[40:90]...)
			n := 0
			st.onCommit(func() error {
				if n++; n > stop {
					return errors.New("a crash")
				}
				return nil
			})
			err := d.Compact(context.Background(), snapshot(90))
			if err := o.Crash(st); err != nil {
				t.Fatal(err)
			}
			_ = st.Close()

			st = openStore(t, o.dir, o.options)
			d = openDoc(t, st, "d")
			parts := d.Parts()
			if verr := store.Verify(parts, snapshot(90)); verr != nil {
				t.Fatalf("stopped at transaction %d: %v", stop, verr)
			}
			if err == nil && len(parts) != 1 {
				t.Errorf("stopped at transaction %d: compacted, and there are %d parts", stop, len(parts))
			}
			mustAppend(t, d, updates[90:]...)
			if err := d.Compact(context.Background(), snapshot(100)); err != nil {
				t.Fatalf("stopped at transaction %d: %v", stop, err)
			}
			closeAll(t, d)
			// format, counter, name, head, one chunk
			if left := keys(t, st); len(left) != 5 {
				t.Errorf("stopped at transaction %d: %d keys are left: %q", stop, len(left), left)
			}
			closeAll(t, st)
			if n <= stop {
				if stop < 4 {
					t.Errorf("Compact took %d transactions", stop)
				}
				break
			}
		}
	}
}

// TestDeleteInterrupted does the same to Delete.
func TestDeleteInterrupted(t *testing.T) {
	defer goleak.VerifyNone(t)
	for stop := 0; ; stop++ {
		o := &opener{t: t, dir: t.TempDir(), options: Options{Logger: quietLog()}}
		st := openStore(t, o.dir, o.options)
		d, kept := openDoc(t, st, "d"), openDoc(t, st, "kept")
		updates, _ := typing(100)
		for range 25 {
			mustAppend(t, d, updates...)
		}
		mustAppend(t, kept, updates...)
		closeAll(t, d, kept)
		n := 0
		st.onCommit(func() error {
			if n++; n > stop {
				return errors.New("a crash")
			}
			return nil
		})
		err := st.Delete(context.Background(), "d")
		if err := o.Crash(st); err != nil {
			t.Fatal(err)
		}
		_ = st.Close()

		st = openStore(t, o.dir, o.options)
		d = openDoc(t, st, "d")
		if got := len(d.Parts()); err == nil && got != 0 || err != nil && got != 2500 {
			t.Errorf("stopped at transaction %d: Delete returned %v, and there are %d parts", stop, err, got)
		}
		closeAll(t, d)
		if err := st.Delete(context.Background(), "d"); err != nil {
			t.Error(err)
		}
		st.calls.Wait() // for what is being removed
		// format, counter, and name, head and log of the other one
		if left := keys(t, st); len(left) != 4+100 {
			t.Errorf("stopped at transaction %d: %d keys are left", stop, len(left))
		}
		closeAll(t, st)
		if n <= stop {
			if stop < 4 {
				t.Errorf("Delete took %d transactions", stop)
			}
			return
		}
	}
}

// TestDamageWhileOpen breaks the log of an open document: Compact notices, keeps
// everything, and the handle writes nothing more.
func TestDamageWhileOpen(t *testing.T) {
	st := openStore(t, t.TempDir(), Options{Logger: quietLog()})
	updates, snapshot := typing(20)
	d := openDoc(t, st, "d")
	mustAppend(t, d, updates...)
	number := d.(*doc).number
	err := st.db.Update(func(txn *badger.Txn) error {
		return txn.Delete(appendItemKey(nil, number, kindLog, 7, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	before := keys(t, st)
	var corrupt *store.CorruptError
	if err := d.Compact(context.Background(), snapshot(20)); !errors.As(err, &corrupt) {
		t.Fatalf("Compact: %v", err)
	}
	if err := appendWait(d, updates[0]); !errors.As(err, &corrupt) {
		t.Errorf("Append: %v", err)
	}
	if err := d.Close(); !errors.As(err, &corrupt) {
		t.Errorf("Close: %v", err)
	}
	if _, err := st.Open(context.Background(), "d"); !errors.As(err, &corrupt) {
		t.Errorf("Open: %v", err)
	}
	if !slices.Equal(before, keys(t, st)) {
		t.Error("something was written")
	}
	closeAll(t, st)
}

// TestQueueBound floods a store from many goroutines.
func TestQueueBound(t *testing.T) {
	const limit, size = 64 << 10, 1000
	st := openStore(t, t.TempDir(), Options{QueueBytes: limit})
	var most atomic.Int64
	st.onCommit(func() error {
		st.mu.Lock()
		defer st.mu.Unlock()
		most.Store(max(most.Load(), int64(st.queued)))
		return nil
	})
	var all sync.WaitGroup
	var saved atomic.Int64
	for i := range 8 {
		d := openDoc(t, st, fmt.Sprint(i))
		all.Go(func() {
			for range 500 {
				d.Append(make([]byte, size), func(err error) {
					if err == nil {
						saved.Add(1)
					}
				})
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if saved.Load() != 8*500 || most.Load() > limit || most.Load() < size {
		t.Errorf("%d of %d saved, at most %d bytes were queued", saved.Load(), 8*500, most.Load())
	}
	// One update larger than the bound goes through.
	d := openDoc(t, st, "large")
	mustAppend(t, d, make([]byte, 10*limit))
	closeAll(t, d)

	// Close wakes whoever waits for room.
	release := make(chan struct{})
	st.onCommit(func() error { <-release; return nil })
	d = openDoc(t, st, "last")
	results := make(chan error, 3*limit/size)
	var flood sync.WaitGroup
	flood.Go(func() {
		for range cap(results) {
			d.Append(make([]byte, size), func(err error) { results <- err })
		}
	})
	closed := make(chan error, 1)
	go func() { closed <- st.Close() }()
	flood.Wait() // Append returns although nothing is written
	close(release)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	refused := 0
	for range cap(results) {
		if err := <-results; errors.Is(err, store.ErrClosed) {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}
