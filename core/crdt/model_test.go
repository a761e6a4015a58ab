package crdt_test

import (
	"slices"
	"testing"

	"github.com/weft-sync/weft/core/coretest"
	"github.com/weft-sync/weft/core/crdt"
	"github.com/weft-sync/weft/core/lib0"
)

// TestLocalModel edits a document and plain slices alike.
func TestLocalModel(t *testing.T) {
	for seed := range uint64(20) {
		r := coretest.NewRand(seed)
		d := crdt.NewDoc(crdt.WithClientID(1 + r.Uint64()%1000))
		text, array, dict := d.Text("t"), d.Array("a"), d.Map("m")
		var runes []rune
		values := []any{}
		keys := map[string]any{}
		for step := range 300 {
			err := d.Transact(func(tx *crdt.Txn) error {
				switch r.Intn(6) {
				case 0, 1:
					s := word(r)
					at := r.Intn(len(runes) + 1)
					runes = slices.Insert(runes, at, []rune(s)...)
					return text.Insert(tx, at, s)
				case 2:
					at, n := cut(r, len(runes))
					runes = slices.Delete(runes, at, at+n)
					return text.Delete(tx, at, n)
				case 3:
					list := []any{float64(step), word(r), nil}[r.Intn(3):]
					at := r.Intn(len(values) + 1)
					values = slices.Insert(values, at, list...)
					return array.Insert(tx, at, list...)
				case 4:
					at, n := cut(r, len(values))
					values = slices.Delete(values, at, at+n)
					return array.Delete(tx, at, n)
				}
				key := string(rune('a' + r.Intn(5)))
				if r.Chance(250) {
					delete(keys, key)
					return dict.Delete(tx, key)
				}
				keys[key] = float64(step)
				return dict.Set(tx, key, step)
			})
			if err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
			if got := text.String(); got != string(runes) || text.Len() != len(runes) {
				t.Fatalf("seed %d, step %d: text %q, want %q", seed, step, got, string(runes))
			}
			if got := array.Values(); !slices.Equal(got, values) {
				t.Fatalf("seed %d, step %d: array %v, want %v", seed, step, got, values)
			}
			if at := r.Intn(len(values) + 1); at < len(values) && array.Get(at) != values[at] {
				t.Fatalf("seed %d, step %d: array has %v at %d, want %v", seed, step, array.Get(at), at, values[at])
			}
			for _, key := range []string{"a", "b", "c", "d", "e"} {
				got, ok := dict.Get(key)
				if want, is := keys[key]; ok != is || is && got != want {
					t.Fatalf("seed %d, step %d: map has %v at %s, want %v", seed, step, got, key, want)
				}
			}
		}
	}
}

// TestYATA lets several clients edit at once, and gives their updates to a document
// and to a naive model, in different orders.
func TestYATA(t *testing.T) {
	runs := uint64(30)
	if testing.Short() {
		runs = 8
	}
	for seed := range runs {
		r := coretest.NewRand(seed)
		var updates [][]byte
		docs := make([]*crdt.Doc, 2+r.Intn(4))
		for i := range docs {
			docs[i] = crdt.NewDoc(crdt.WithClientID(1+r.Uint64()%(1<<53-1)), crdt.WithoutGC())
			docs[i].OnUpdate(func(u []byte, tx *crdt.Txn) {
				if tx.Local() {
					updates = append(updates, u)
				}
			})
		}
		for step := range 120 {
			d := docs[r.Intn(len(docs))]
			if err := d.Transact(func(tx *crdt.Txn) error { return scribble(r, tx, step) }); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
			for range min(len(updates), r.Intn(3)) {
				if _, err := docs[r.Intn(len(docs))].Apply(updates[r.Intn(len(updates))]); err != nil {
					t.Fatalf("seed %d, step %d: %v", seed, step, err)
				}
			}
		}
		ours, model := crdt.NewDoc(crdt.WithoutGC()), newNaive()
		for i := range updates { // in any order
			swap(r, updates[i:])
			if _, err := ours.Apply(updates[i]); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		for i := range updates {
			swap(r, updates[i:])
			if err := model.apply(updates[i]); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		if len(model.waiting) > 0 {
			t.Fatalf("seed %d: %d units never had what they wait for", seed, len(model.waiting))
		}
		for _, d := range append(docs, ours) {
			for _, u := range updates {
				if _, err := d.Apply(u); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
			if got, want := d.Text("t").String(), model.text("t"); got != want {
				t.Fatalf("seed %d: text\n%q, want\n%q", seed, got, want)
			}
			var values []string
			for _, v := range d.Array("a").All() {
				values = append(values, string(lib0.AppendAny(nil, lib0.Number(v.(float64)))))
			}
			if want := model.values("a"); !slices.Equal(values, want) {
				t.Fatalf("seed %d: array\n%q, want\n%q", seed, values, want)
			}
			for _, key := range []string{"a", "b", "c"} {
				v, ok := d.Map("m").Get(key)
				got := ""
				if ok {
					got = string(lib0.AppendAny(nil, lib0.Number(v.(float64))))
				}
				if want, is := model.get("m", key); ok != is || got != want {
					t.Fatalf("seed %d: map at %s: %q, want %q", seed, key, got, want)
				}
			}
		}
	}
}

// scribble makes a change to a text, an array or a map.
func scribble(r *coretest.Rand, tx *crdt.Txn, step int) error {
	d := tx.Doc()
	text, array, dict := d.Text("t"), d.Array("a"), d.Map("m")
	switch r.Intn(6) {
	case 0, 1:
		return text.Insert(tx, r.Intn(min(text.Len(), 4)+1), word(r)) // mostly at one place
	case 2:
		return text.Delete(tx, 0, min(text.Len(), r.Intn(4)))
	case 3:
		return array.Insert(tx, r.Intn(array.Len()+1), step, step+1000)
	case 4:
		at, n := cut(r, array.Len())
		return array.Delete(tx, at, n)
	}
	key := string(rune('a' + r.Intn(3)))
	if r.Chance(250) {
		return dict.Delete(tx, key)
	}
	return dict.Set(tx, key, step)
}

// swap puts one of the updates first.
func swap(r *coretest.Rand, updates [][]byte) {
	k := r.Intn(len(updates))
	updates[0], updates[k] = updates[k], updates[0]
}

// word returns a few characters of one 16-bit unit each.
func word(r *coretest.Rand) string {
	letters := []rune("abcdef \né漢")
	s := ""
	for range 1 + r.Intn(5) {
		s += string(letters[r.Intn(len(letters))])
	}
	return s
}

// cut returns a range of at most four.
func cut(r *coretest.Rand, length int) (at, n int) {
	at = r.Intn(length + 1)
	return at, min(length-at, r.Intn(5))
}
