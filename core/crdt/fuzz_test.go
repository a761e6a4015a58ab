package crdt

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/weft-sync/weft/core/update"
)

// fuzzSeeds returns updates that say much in few bytes.
func fuzzSeeds(tb testing.TB) (seeds [][]byte) {
	d := NewDoc(WithClientID(1))
	d.OnUpdate(func(u []byte, _ *Txn) { seeds = append(seeds, u) })
	for _, edit := range []func(*Txn) error{
		func(tx *Txn) error { return d.Text("t").Insert(tx, 0, "a😀é") },
		func(tx *Txn) error { return d.Text("t").Insert(tx, 2, "x") }, // between the halves of a pair
		func(tx *Txn) error { return d.Text("t").Delete(tx, 0, 1) },
		func(tx *Txn) error { return d.Array("a").Insert(tx, 0, 1, "two", nil, []byte{3}, Undefined{}) },
		func(tx *Txn) error {
			m, err := d.Array("a").InsertMap(tx, 1)
			if err != nil {
				return err
			}
			return m.Set(tx, "k", Object{{"x", BigInt(7)}})
		},
		func(tx *Txn) error { return d.Map("m").Set(tx, "k", 1.5) },
		func(tx *Txn) error { return d.Map("m").Set(tx, "k", []any{true}) },
		func(tx *Txn) error { return d.Array("a").Delete(tx, 1, 1) },
	} {
		if err := d.Transact(edit); err != nil {
			tb.Fatal(err)
		}
	}
	return append(seeds, d.Encode(), []byte{0, 0},
		[]byte{1, 1, 1, 5, 0, 3, 0},                                           // a gap before it
		[]byte{1, 1, 7, 0, 0x84, 7, 9, 1, 'a', 0},                             // an origin that comes later
		[]byte{0, 1, 1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f}, // everything deleted
		[]byte{1, 2, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 1, 0})
}

// FuzzApply applies two updates that nobody in his right mind would send: an error
// leaves the document as it was, what is taken can be written and read again, and
// memory stays in proportion. With -tags invariants every structure is checked.
func FuzzApply(f *testing.F) {
	seeds := fuzzSeeds(f)
	for i, u := range seeds {
		f.Add(u, seeds[(i+1)%len(seeds)])
		f.Add(u, seeds[len(seeds)/2])
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d := NewDoc(WithClientID(99), WithPendingLimit(1<<20))
		for _, u := range [][]byte{first, second, first} {
			before := d.Encode()
			var m0, m1 runtime.MemStats
			runtime.ReadMemStats(&m0)
			_, err := d.Apply(u)
			runtime.ReadMemStats(&m1)
			if valid := update.Validate(u) == nil; valid != (err == nil) && err != ErrPending {
				t.Fatalf("%x: %v, and valid is %v", u, err, valid)
			}
			if err != nil && err != ErrPending && !bytes.Equal(d.Encode(), before) {
				t.Fatalf("%x was refused (%v) and changed the document", u, err)
			}
			const factor, constant = 400, 1 << 20
			if grown := m1.TotalAlloc - m0.TotalAlloc; grown > uint64(factor*(len(u)+len(before))+constant) {
				t.Fatalf("%d bytes were allocated for an update of %d", grown, len(u))
			}
			if err == nil && d.pending.structs == nil && d.pending.deletes.IsEmpty() {
				if has, err := d.Has(u); err != nil || !has {
					t.Fatalf("%x was applied, and Has says %v, %v", u, has, err)
				}
			}
		}
		again(t, d)
	})
}

// again checks that what a document writes can be read, in both versions, and has
// the same units and deletes then. The bytes of the copy may be others: of structs
// that no document writes, such as one whose right origin is its left one, reading
// may cut and join what the first document did not, as in Yjs. That documents are
// written as they were read is what tests/document shows.
func again(t *testing.T, d *Doc) {
	t.Helper()
	state := d.Encode()
	copied := NewDoc(WithClientID(98))
	if _, err := copied.Apply(state); err != nil {
		t.Fatalf("%x cannot be read again: %v", state, err)
	}
	if d.pending.structs == nil { // what waits may find that what it waits for is gone
		same(t, state, copied.Encode())
	}
	v2 := d.EncodeV2()
	copied = NewDoc(WithClientID(98))
	if _, err := copied.ApplyV2(v2); err != nil {
		t.Fatalf("%x, in version 2 of %x, cannot be read: %v", v2, state, err)
	}
	if d.pending.structs == nil {
		same(t, state, copied.Encode())
	}
}

// same checks that two updates have the same units and deletes.
func same(t *testing.T, a, b []byte) {
	t.Helper()
	units, deletes, err := update.Contents(a)
	if err != nil {
		t.Fatal(err)
	}
	otherUnits, otherDeletes, err := update.Contents(b)
	if err != nil {
		t.Fatal(err)
	}
	if !units.Equal(otherUnits) || !deletes.Equal(otherDeletes) {
		t.Fatalf("%x was read, and written as %x", a, b)
	}
}

// FuzzApplyV2 is FuzzApply for version 2.
func FuzzApplyV2(f *testing.F) {
	for _, u := range fuzzSeeds(f) {
		if v2, err := update.ConvertV1ToV2(u); err == nil {
			f.Add(v2)
		}
	}
	f.Fuzz(func(t *testing.T, u []byte) {
		d := NewDoc(WithClientID(99), WithPendingLimit(1<<20))
		_, err := d.ApplyV2(u)
		if valid := update.ValidateV2(u) == nil; !valid && err == nil {
			t.Fatalf("%x was taken and is malformed", u)
		}
		if err != nil && err != ErrPending && len(d.clients) > 0 {
			t.Fatalf("%x was refused (%v) and changed the document", u, err)
		}
		if err == nil {
			again(t, d)
		}
	})
}
