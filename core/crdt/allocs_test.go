package crdt_test

import (
	"bytes"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
)

// Typing allocates nothing, apart from the memory of the text itself, which grows
// by more each time and does not count here.
func TestTypingAllocates(t *testing.T) {
	d := newDoc(1)
	text := d.Text("t")
	insert := func(tx *crdt.Txn) error { return text.Insert(tx, text.Len(), "a") }
	for range 5000 {
		change(t, d, insert)
	}
	if got := testing.AllocsPerRun(1000, func() { _ = d.Transact(insert) }); got != 0 {
		t.Errorf("%v allocations a transaction without handlers", got)
	}
}

// A run of typing that comes from elsewhere allocates nothing, nor does asking
// whether an update is had.
func TestApplyingAllocates(t *testing.T) {
	var updates [][]byte
	from := newDoc(1)
	from.OnUpdate(func(u []byte, _ *crdt.Txn) { updates = append(updates, u) })
	text := from.Text("t")
	for range 7000 {
		change(t, from, func(tx *crdt.Txn) error { return text.Insert(tx, text.Len(), "a") })
	}
	d := newDoc(2)
	next := func() {
		if _, err := d.Apply(updates[0]); err != nil {
			t.Fatal(err)
		}
		updates = updates[1:]
	}
	for range 5000 {
		next()
	}
	if got := testing.AllocsPerRun(1000, next); got != 0 {
		t.Errorf("%v allocations an update of typing", got)
	}
	whole := from.Encode()
	for _, u := range [][]byte{updates[0], whole} {
		had := false
		got := testing.AllocsPerRun(100, func() { had, _ = d.Has(u) })
		if had || got != 0 {
			t.Errorf("had: %v, %v allocations to find out", had, got)
		}
	}
	if had, err := from.Has(whole); !had || err != nil {
		t.Errorf("a document has all of itself: %v, %v", had, err)
	}
}

// A document that is only synced has no positions to look up.
func TestSyncingBuildsNoTree(t *testing.T) {
	from, updates := played(t, madeSession(3000))
	if crdt.TreeNodes(from) == 0 {
		t.Error("an edited document has no tree")
	}
	d := crdt.NewDoc()
	for _, u := range updates {
		if _, err := d.Apply(u); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.Encode(); !bytes.Equal(got, from.Encode()) || crdt.TreeNodes(d) != 0 {
		t.Errorf("%d bytes, %d nodes", len(got), crdt.TreeNodes(d))
	}
	loaded := crdt.NewDoc()
	if _, err := loaded.ApplyV2(d.EncodeV2()); err != nil || crdt.TreeNodes(loaded) != 0 {
		t.Errorf("%v, %d nodes", err, crdt.TreeNodes(loaded))
	}
}
