package storetest

import (
	"context"

	"github.com/weft-sync/weft/native/store"
)

// testEpoch checks that a document has one epoch for as long as it is stored, and
// no two histories have the same.
func testEpoch(t *T) {
	t.open()
	seen := map[store.Epoch]bool{}
	fresh := func(d store.Doc, when string) store.Epoch {
		t.Helper()
		e := d.Epoch()
		if e == (store.Epoch{}) || seen[e] {
			t.Fatalf("%s the epoch is %x, which is not new", when, e)
		}
		seen[e] = true
		return e
	}
	d := t.doc("other")
	fresh(d, "before anything")
	t.closeDoc(d)
	d = t.doc("other")
	fresh(d, "opened again, with nothing stored,")
	t.closeDoc(d)

	for i := range uint64(3) {
		y := typist{client: i + 1}
		d := t.doc("a")
		e := fresh(d, "of a new document")
		same := func(when string) {
			t.Helper()
			if got := d.Epoch(); got != e {
				t.Fatalf("%s the epoch is %x, it was %x", when, got, e)
			}
		}
		t.save(d, y.updates(3)...)
		same("after an append")
		t.closeDoc(d)
		d = t.doc("a")
		same("opened again")
		if err := d.Compact(context.Background(), y.snapshot()); err != nil {
			t.Fatal(err)
		}
		same("after Compact")
		t.closeDoc(d)
		t.reopen()
		d = t.doc("a")
		same("after the store was opened again")
		t.closeDoc(d)
		if crasher, ok := t.opener.(Crasher); ok {
			if err := crasher.Crash(t.st); err != nil {
				t.Fatal(err)
			}
			t.open()
			d = t.doc("a")
			same("after a crash")
			t.closeDoc(d)
		}
		if err := t.st.Delete(context.Background(), "a"); err != nil {
			t.Fatal(err)
		}
	}
}
