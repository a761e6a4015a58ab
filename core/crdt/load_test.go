package crdt_test

import (
	"errors"
	"math/rand"
	"strconv"
	"testing"

	"github.com/weft-sync/weft/core/crdt"
	"github.com/weft-sync/weft/core/update"
)

// made returns some people's document, edited at random and partly at the same time.
func made(r *rand.Rand) *crdt.Doc {
	words := []string{"a", "bc", "hello world", "é", "x😀y", "a somewhat longer piece of text, typed or pasted"}
	docs := make([]*crdt.Doc, 1+r.Intn(3))
	for i := range docs {
		docs[i] = crdt.NewDoc(crdt.WithClientID(r.Uint64()>>uint(11+r.Intn(52)) + 1))
	}
	for range 20 + r.Intn(60) {
		d := docs[r.Intn(len(docs))]
		_ = d.Transact(func(tx *crdt.Txn) error {
			text, array, m := d.Text("t"), d.Array("a"), d.Map("m")
			for range 1 + r.Intn(3) {
				switch r.Intn(9) {
				case 0, 1, 2:
					_ = text.Insert(tx, r.Intn(text.Len()+1), words[r.Intn(len(words))])
				case 3, 4:
					at := r.Intn(text.Len() + 1)
					_ = text.Delete(tx, at, r.Intn(min(text.Len()-at, 9)+1))
				case 5:
					_ = array.Insert(tx, r.Intn(array.Len()+1), r.Intn(100), "s", []byte{1}, nil)
				case 6:
					_ = m.Set(tx, strconv.Itoa(r.Intn(4)), r.Intn(1000))
				case 7:
					if nested, err := m.SetText(tx, strconv.Itoa(r.Intn(4))); err == nil {
						_ = nested.Insert(tx, 0, words[r.Intn(len(words))])
					}
				case 8:
					at := r.Intn(text.Len() + 1)
					_ = text.Format(tx, at, r.Intn(min(text.Len()-at, 9)+1), crdt.Attrs{{Key: "bold", Value: true}})
				}
			}
			return nil
		})
		if r.Intn(3) == 0 {
			_, _ = docs[r.Intn(len(docs))].Apply(d.Encode())
		}
	}
	if r.Intn(4) > 0 { // or something may be missing
		for _, d := range docs[1:] {
			_, _ = docs[0].Apply(d.Encode())
		}
	}
	return docs[0]
}

// outcome is all that can be told of a document that was given an update.
func outcome(u []byte, v2, watched bool) string {
	d := crdt.NewDoc(crdt.WithClientID(7))
	crdt.LoadAll(d)
	text := d.Text("t")
	if watched { // then it is not loaded in one pass
		d.OnTransaction(func(*crdt.Txn) {})
	}
	apply := d.Apply
	if v2 {
		apply = d.ApplyV2
	}
	fresh, err := apply(u)
	s := strconv.FormatBool(fresh)
	if err != nil {
		s += " " + err.Error()
		if sv := d.StateVector(); err != nil && !errors.Is(err, crdt.ErrPending) && (len(sv) != 1 || text.Len() != 0) {
			s += " is not as before"
		}
	}
	// What was handed out before is good afterwards, and the document can be edited.
	if err := d.Transact(func(tx *crdt.Txn) error { return text.Insert(tx, text.Len(), "!") }); err != nil {
		s += " " + err.Error()
	}
	return s + " " + text.String() + " " + string(d.Encode()) + string(d.EncodeV2())
}

// sameOutcome checks that one pass over an update comes to the same as two.
func sameOutcome(t *testing.T, u []byte, v2 bool) {
	t.Helper()
	if got, want := outcome(u, v2, false), outcome(u, v2, true); got != want {
		t.Fatalf("an update (v2: %v) of %d bytes\n%x\ngave %q\nwant %q", v2, len(u), u, got, want)
	}
	err := update.Validate(u)
	d := crdt.NewDoc()
	_, got := d.Apply(u)
	if v2 {
		err = update.ValidateV2(u)
		d = crdt.NewDoc()
		_, got = d.ApplyV2(u)
	}
	if (err == nil) != (got == nil) {
		t.Fatalf("%x (v2: %v): %v, and %v when it is only checked", u, v2, got, err)
	}
}

// An update that fills an empty document is checked while it is integrated. That
// comes to the same as when it is checked before.
func TestLoad(t *testing.T) {
	for seed := range int64(60) {
		d := made(rand.New(rand.NewSource(seed)))
		for _, v2 := range []bool{false, true} {
			u := d.Encode()
			if v2 {
				u = d.EncodeV2()
			}
			sameOutcome(t, u, v2)
		}
	}
}
