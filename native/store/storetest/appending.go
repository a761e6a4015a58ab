package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weft-sync/weft/native/store"
)

func testNew(t *T) {
	t.open()
	d := t.doc("a")
	t.equalParts(d.Parts(), nil)
	t.logSize(d)
	t.closeDoc(d)
	if infos, err := t.st.List(context.Background(), "", 0); err != nil || len(infos) != 0 {
		t.Fatalf("a document that was only opened is listed: %v, %v", infos, err)
	}
	t.reopen()
	t.equalParts(t.parts("a"), nil)
}

func testOrder(t *T) {
	t.open()
	d := t.doc("a")
	y := typist{client: 1}
	updates := y.updates(3000)
	var order []int // done functions are called one after the other
	var all sync.WaitGroup
	for i, u := range updates {
		all.Add(1)
		d.Append(u, func(err error) {
			if err != nil {
				t.Errorf("update %d: %v", i, err)
			}
			order = append(order, i)
			all.Done()
		})
	}
	all.Wait()
	if len(order) != len(updates) || !slices.IsSorted(order) {
		t.Fatalf("done was called out of order, or not once for each: %d calls", len(order))
	}
	t.logSize(d, updates...)
	t.equalParts(d.Parts(), nil) // they are what was loaded, not what was appended
	t.closeDoc(d)

	d = t.doc("a")
	t.equalParts(d.Parts(), updates)
	t.equalParts(d.Parts(), nil) // handed over once
	more := y.updates(10)
	t.save(d, more...)
	updates = append(updates, more...)
	t.logSize(d, updates...)
	t.closeDoc(d)
	t.equalParts(t.parts("a"), updates)

	t.reopen()
	t.equalParts(t.parts("a"), updates)
	d = t.doc("a")
	d.Append(y.types("no done function"), nil)
	t.closeDoc(d)
	if n := len(t.parts("a")); n != len(updates)+1 {
		t.Fatalf("%d parts, want %d", n, len(updates)+1)
	}
}

func testConcurrentAppends(t *T) {
	t.open()
	d := t.doc("a")
	const writers, each = 8, 300
	var all sync.WaitGroup
	var dones atomic.Int64
	for w := range uint64(writers) {
		all.Go(func() {
			y := typist{client: 1 + w}
			for _, u := range y.updates(each) {
				d.Append(u, func(err error) {
					if err == nil {
						dones.Add(1)
					}
				})
			}
		})
	}
	all.Wait()
	t.closeDoc(d)
	if n := dones.Load(); n != writers*each {
		t.Fatalf("%d updates saved when Close returned, want %d", n, writers*each)
	}
	next := make(map[byte]int)
	parts := t.parts("a")
	for _, p := range parts {
		client := p[2]
		y := typist{client: uint64(client)}
		want := y.updates(next[client] + 1)[next[client]]
		if !bytes.Equal(p, want) {
			t.Fatalf("update %d of writer %d is out of order", next[client], client)
		}
		next[client]++
	}
	if len(parts) != writers*each {
		t.Fatalf("%d parts, want %d", len(parts), writers*each)
	}
}

// testOwnership checks that a slice is the caller's again after done, and that
// parts are the caller's.
func testOwnership(t *T) {
	t.open()
	d := t.doc("a")
	y := typist{client: 1}
	u := y.types("hello")
	want := bytes.Clone(u)
	t.save(d, u)
	clear(u)
	s := y.snapshot()
	wantSnapshot := bytes.Clone(s)
	t.closeDoc(d)
	d = t.doc("a")
	parts := d.Parts()
	t.equalParts(parts, [][]byte{want})
	clear(parts[0])
	if err := d.Compact(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	clear(s)
	t.closeDoc(d)
	t.equalParts(t.parts("a"), [][]byte{wantSnapshot})
}

func testManyDocuments(t *T) {
	const documents, each = 400, 12
	t.open()
	name := func(i int) string { return fmt.Sprintf("document-%d", i) }
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := w; i < documents; i += 8 {
				d, err := t.st.Open(context.Background(), name(i))
				if err != nil {
					t.Error(err)
					return
				}
				y := typist{client: uint64(i + 1)}
				for _, u := range y.updates(each) {
					d.Append(u, func(err error) {
						if err != nil {
							t.Error(err)
						}
					})
				}
				if i%2 == 0 { // the others stay open until the store is closed
					if err := d.Close(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	t.reopen()
	for i := range documents {
		y := typist{client: uint64(i + 1)}
		t.equalParts(t.parts(name(i)), y.updates(each))
	}
}

func testLogSize(t *T) {
	t.open()
	d := t.doc("a")
	y := typist{client: 1}
	updates := y.updates(5)
	t.save(d, updates...)
	t.logSize(d, updates...)
	if err := d.Compact(context.Background(), y.snapshot()); err != nil {
		t.Fatal(err)
	}
	t.logSize(d)
	more := y.updates(3)
	t.save(d, more...)
	t.logSize(d, more...)
	t.closeDoc(d)
	d = t.doc("a")
	t.logSize(d, more...)
	t.closeDoc(d)
}

// testLarge stores updates that no database takes as one value.
func testLarge(t *T) {
	sizes := []int{64 << 20, 1, 3 << 20, 256 << 10, 256<<10 - 40, 1 << 20, 100}
	t.open()
	d := t.doc("a")
	y := typist{client: 1}
	var updates [][]byte
	for i, size := range sizes {
		updates = append(updates, typed(y.client, uint64(i), letters(size, uint64(i))))
	}
	t.save(d, updates...)
	t.closeDoc(d)
	t.equalParts(t.parts("a"), updates)
	t.reopen()
	t.equalParts(t.parts("a"), updates)

	// Every size around where an implementation may split.
	d = t.doc("b")
	var edges [][]byte
	for _, size := range []int{64 << 10, 192 << 10, 256 << 10, 512 << 10, 1 << 20} {
		for delta := -30; delta <= 4; delta++ {
			edges = append(edges, typed(y.client, uint64(len(edges)), letters(size+delta, 7)))
		}
	}
	t.save(d, edges...)
	t.closeDoc(d)
	t.equalParts(t.parts("b"), edges)
}

func testInUse(t *T) {
	t.open()
	d := t.doc("a")
	if _, err := t.st.Open(context.Background(), "a"); !errors.Is(err, store.ErrInUse) {
		t.Fatalf("second Open: %v", err)
	}
	if err := t.st.Delete(context.Background(), "a"); !errors.Is(err, store.ErrInUse) {
		t.Fatalf("Delete of an open document: %v", err)
	}
	t.closeDoc(t.doc("b")) // others are free
	y := typist{client: 1}
	t.save(d, y.types("x")) // and the handle still works
	t.closeDoc(d)
	t.equalParts(t.parts("a"), [][]byte{y.snapshot()})

	// Of many at once one wins.
	var won, lost atomic.Int64
	var all, closed sync.WaitGroup
	closed.Add(1)
	for range 16 {
		all.Go(func() {
			d, err := t.st.Open(context.Background(), "a")
			switch {
			case err == nil:
				won.Add(1)
				t.Cleanup(func() { _ = d.Close() })
			case errors.Is(err, store.ErrInUse):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	closed.Done()
	all.Wait()
	if won.Load() != 1 || lost.Load() != 15 {
		t.Fatalf("%d of 16 opened the document, %d were told that it is in use", won.Load(), lost.Load())
	}
}

// appendError appends and returns what done is called with.
func appendError(d store.Doc, update []byte) error {
	result := make(chan error, 2)
	d.Append(update, func(err error) { result <- err })
	return <-result
}

func testClosed(t *T) {
	ctx := context.Background()
	t.open()
	y := typist{client: 1}
	d, kept := t.doc("a"), t.doc("b")
	if err := appendError(d, nil); !errors.Is(err, store.ErrEmpty) {
		t.Errorf("empty update: %v", err)
	}
	t.save(d, y.types("x")) // that did no harm
	t.closeDoc(d)
	if err := d.Close(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("second Close: %v", err)
	}
	if err := appendError(d, typed(1, 1, "y")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Append after Close: %v", err)
	}
	if err := d.Compact(ctx, y.snapshot()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Compact after Close: %v", err)
	}
	t.close()
	if _, err := t.st.Open(ctx, "c"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Open after the store was closed: %v", err)
	}
	if _, err := t.st.List(ctx, "", 0); !errors.Is(err, store.ErrClosed) {
		t.Errorf("List after the store was closed: %v", err)
	}
	if err := t.st.Delete(ctx, "a"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Delete after the store was closed: %v", err)
	}
	if err := t.st.Close(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("second Close of the store: %v", err)
	}
	if err := appendError(kept, y.snapshot()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Append after the store was closed: %v", err)
	}
	if err := kept.Compact(ctx, y.snapshot()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Compact after the store was closed: %v", err)
	}
	if err := kept.Close(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Close after the store was closed: %v", err)
	}
	t.open()
	t.equalParts(t.parts("a"), [][]byte{y.snapshot()})
	t.equalParts(t.parts("b"), nil)
}

// testCloseWaits closes with appends outstanding: the document's Close, then the
// store's.
func testCloseWaits(t *T) {
	t.open()
	for i, closeIt := range []func(store.Doc) error{
		func(d store.Doc) error { return d.Close() },
		func(store.Doc) error { return t.st.Close() },
	} {
		name := fmt.Sprint("doc ", i)
		d := t.doc(name)
		y := typist{client: 1}
		updates := y.updates(500)
		var dones atomic.Int64
		for _, u := range updates {
			d.Append(u, func(err error) {
				if err != nil {
					t.Error(err)
				}
				dones.Add(1)
			})
		}
		if err := closeIt(d); err != nil {
			t.Fatal(err)
		}
		if n := dones.Load(); n != int64(len(updates)) {
			t.Fatalf("%d of %d updates were done when Close returned", n, len(updates))
		}
	}
	t.open()
	for i := range 2 {
		y := typist{client: 1}
		t.equalParts(t.parts(fmt.Sprint("doc ", i)), y.updates(500))
	}
}
