package crdt_test

import (
	"strconv"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
)

// BenchmarkUndoCapture types at one place while an undo manager watches.
func BenchmarkUndoCapture(b *testing.B) {
	d := newDoc(1)
	text := d.Text("t")
	if _, err := crdt.NewUndoManager(d, crdt.UndoConfig{Scope: []crdt.Shared{text}}); err != nil {
		b.Fatal(err)
	}
	insert := func(tx *crdt.Txn) error { return text.Insert(tx, text.Len(), "a") }
	b.ReportAllocs()
	now := int64(0)
	for b.Loop() {
		now += 10
		d.SetTime(now)
		if err := d.Transact(insert); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUndoDelete brings a deleted text back, whose runs do not come in the order
// in which they were made.
func BenchmarkUndoDelete(b *testing.B) {
	for _, runs := range []int{1000, 10_000} {
		b.Run(strconv.Itoa(runs), func(b *testing.B) {
			d := newDoc(1)
			m := d.Map("m")
			u, err := crdt.NewUndoManager(d, crdt.UndoConfig{CaptureTimeout: -1})
			if err != nil {
				b.Fatal(err)
			}
			err = d.Transact(func(tx *crdt.Txn) error {
				text, err := m.SetText(tx, "k")
				for i := 0; i < runs && err == nil; i++ {
					err = text.InsertWith(tx, text.Len(), "ab", crdt.Attrs{{Key: "bold", Value: i%2 == 0}})
				}
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				b.StopTimer()
				if err := d.Transact(func(tx *crdt.Txn) error { return m.Delete(tx, "k") }); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if item, err := u.Undo(); item == nil || err != nil {
					b.Fatal(item, err)
				}
			}
		})
	}
}
