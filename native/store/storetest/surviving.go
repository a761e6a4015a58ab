package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/weft-sync/weft/core/update"
	"github.com/weft-sync/weft/native/store"
)

// span returns the ids that an update of a single typist carries, and fails the
// test if they have a gap.
func span(t interface{ Fatalf(string, ...any) }, u []byte) (from, to uint64) {
	structs, _, err := update.Contents(u)
	if err != nil {
		t.Fatalf("a stored update cannot be decoded: %v", err)
	}
	n := 0
	for _, r := range structs.All() {
		from, to = r.Start, r.End
		n++
	}
	if n != 1 {
		t.Fatalf("a stored update has %d ranges of ids", n)
	}
	return from, to
}

func testCrash(t *T) {
	crasher, ok := t.opener.(Crasher)
	if !ok {
		t.Skip("this implementation cannot play a crash")
	}
	ctx := context.Background()
	t.open()
	var typists [5]typist
	var stored [len(typists)][][]byte // what must be there
	name := func(i int) string { return fmt.Sprint("doc ", i) }
	for round := range 4 {
		for i := range typists {
			y := &typists[i]
			y.client = uint64(i + 1)
			d := t.doc(name(i))
			t.equalParts(d.Parts(), stored[i])
			updates := append(y.updates(30), y.types(letters(600<<10, uint64(round))))
			t.save(d, updates...)
			stored[i] = append(stored[i], updates...)
			if (i+round)%3 == 0 {
				stored[i] = [][]byte{y.snapshot(), nil}
				if err := d.Compact(ctx, stored[i][0]); err != nil {
					t.Fatal(err)
				}
				stored[i][1] = y.types("after")
				t.save(d, stored[i][1])
			}
			if i%2 == 0 {
				t.closeDoc(d)
			}
		}
		gone := t.doc("gone")
		t.save(gone, typed(1, 0, "x"))
		t.closeDoc(gone)
		if err := t.st.Delete(ctx, "gone"); err != nil {
			t.Fatal(err)
		}
		if err := crasher.Crash(t.st); err != nil {
			t.Fatalf("playing a crash: %v", err)
		}
		t.open()
		t.equalParts(t.parts("gone"), nil)
	}
}

func testDamage(t *T) {
	damager, ok := t.opener.(Damager)
	if !ok {
		t.Skip("this implementation cannot be damaged")
	}
	ctx := context.Background()
	t.open()
	healthy := typist{client: 99}
	d := t.doc("healthy")
	t.save(d, healthy.updates(10)...)
	t.closeDoc(d)
	tried := 0
	for way := range damager.Ways() {
		name := fmt.Sprint("victim ", way)
		y := typist{client: 1}
		d := t.doc(name)
		t.save(d, y.updates(20)...)
		if err := d.Compact(ctx, y.snapshot()); err != nil {
			t.Fatal(err)
		}
		t.save(d, y.types(letters(700<<10, 1))) // in several parts, if there are any
		if err := d.Compact(ctx, y.snapshot()); err != nil {
			t.Fatal(err)
		}
		for range 6 { // one by one, so that there are several records
			t.save(d, y.types(letters(30, 2)))
		}
		t.save(d, y.types(letters(700<<10, 3)))
		t.save(d, y.types("the end"))
		t.closeDoc(d)
		t.close()

		what, err := damager.Damage(name, way)
		if err != nil {
			t.Fatalf("way %d: %v", way, err)
		}
		if what == "" {
			t.open()
			continue
		}
		tried++
		before, err := damager.Dump(name)
		if err != nil {
			t.Fatal(err)
		}
		t.open()
		for range 3 {
			d, err := t.st.Open(ctx, name)
			var corrupt *store.CorruptError
			if !errors.As(err, &corrupt) || corrupt.Name != name || corrupt.Reason == "" {
				t.Fatalf("%s: Open: %v, %v", what, d, err)
			}
			t.Logf("%s: %v", what, err)
		}
		if listed := t.list(100); !slices.Contains(listed, name) {
			t.Errorf("%s: listed %q", what, listed)
		}
		t.equalParts(t.parts("healthy"), (&typist{client: 99}).updates(10)) // others are not concerned
		t.close()
		after, err := damager.Dump(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(before, after) {
			t.Errorf("%s: what is stored was changed", what)
		}

		// An operator may decide to delete it, if it is known what belongs to it.
		t.open()
		var corrupt *store.CorruptError
		if err := t.st.Delete(ctx, name); err == nil {
			t.equalParts(t.parts(name), nil)
		} else if !errors.As(err, &corrupt) {
			t.Errorf("%s: Delete: %v", what, err)
		}
	}
	if tried == 0 {
		t.Fatal("there was no way to damage anything")
	}
}
